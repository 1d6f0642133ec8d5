/* The producer's loop: rows in, sink out, and a count of everything. */
#ifndef PRODUCER_PRODUCER_H
#define PRODUCER_PRODUCER_H

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "producer/config.h"
#include "producer/runid.h"
#include "producer/summary.h"

/*
 * Sends the files' rows in order. `run` receives the run's id and must live as long as `summary`, which is filled in
 * every case. 0 when every row and the end of the run were acknowledged; -1 with err: a stop (PASAR_ETEMP), bad data,
 * no broker, a row that was not stored.
 */
int producer_run(const struct producer_config *config, char *const *files, int file_count, char run[RUNID_MAX],
                 struct summary *summary, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
