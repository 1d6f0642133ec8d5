/* Tells the group what is published, as a hint for lag tools and for directories whose files were moved away. */
#ifndef CONSUMER_COMMIT_H
#define CONSUMER_COMMIT_H

#include <stdint.h>

#include "consumer/assignment.h"

/* At most every 250 ms, without waiting. */
void commit_published(struct assignment *assignment, int64_t now_ns);

/* The same at the end, waiting up to timeout_ms. */
void commit_finally(struct assignment *assignment, int timeout_ms);

#endif
