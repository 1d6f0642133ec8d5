/* Makes partitions ready: lock, clean up after a crash, find the offset to resume from. */
#ifndef CONSUMER_RECOVERY_H
#define CONSUMER_RECOVERY_H

#include <stdbool.h>

#include "consumer/assignment.h"

enum recovery_result {
    RECOVERY_DONE,      /* done what could be done; *all_ready tells whether that was everything */
    RECOVERY_LATER,     /* broker or disk in the way: try again after a pause (said in the log) */
    RECOVERY_IMPOSSIBLE /* err says why: data lost, topic replaced, directory inconsistent */
};

/* Works through the partitions that are not ready. The publisher must be idle. */
enum recovery_result recovery_run(struct assignment *assignment, bool *all_ready,
                                  struct pasar_err *err) PASAR_MUSTCHECK;

#endif
