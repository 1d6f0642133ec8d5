/* The consumer's life: connect, read, drain, close. */
#ifndef CONSUMER_CONSUMER_H
#define CONSUMER_CONSUMER_H

#include "consumer/config.h"
#include "consumer/stats.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

/*
 * Runs until a stop is requested or an --exit condition holds. 0 when all that was taken is published, or -1 with err.
 * *stats (initialised by the caller) is filled in both cases.
 */
int consumer_run(const struct consumer_config *config, struct stats *stats, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
