/* The consumer's life: connect, read, drain, close. */
#ifndef CONSUMER_CONSUMER_H
#define CONSUMER_CONSUMER_H

#include <stdbool.h>

#include "consumer/config.h"
#include "consumer/stats.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

/*
 * Runs until a stop is requested or an --exit condition holds. 0 when all that was taken is published, or -1 with err.
 * In both cases *stats (initialised by the caller) is filled, and *threads_left says that a silent broker or disk kept
 * threads busy beyond the time for stopping: the process should then end without clean-up (_exit).
 */
int consumer_run(const struct consumer_config *config, struct stats *stats, bool *threads_left,
                 struct pasar_err *err) PASAR_MUSTCHECK;

#endif
