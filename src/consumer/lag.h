/* How far behind the broker our partitions are: for the metrics, and for the progress of --exit-at-end. */
#ifndef CONSUMER_LAG_H
#define CONSUMER_LAG_H

#include <stdint.h>

#include "consumer/assignment.h"

/* Notes what librdkafka knows of the partitions' ends, and shows lag and batch age. Asks nobody. */
void lag_refresh(struct assignment *assignment, int64_t now_ns);

/* How many offsets of the owned partitions we have taken since we own them, of how many. */
void lag_progress(const struct assignment *assignment, uint64_t *done, uint64_t *total);

#endif
