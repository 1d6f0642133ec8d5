/* --watch: train anew when new batch files have come. */
#ifndef TRAINER_WATCH_H
#define TRAINER_WATCH_H

#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "trainer/config.h"
#include "trainer/trainer.h"

struct watch_totals {
    uint64_t generations, failures;
    struct trainer_report last; /* of the last training that succeeded */
};

/*
 * Looks at config->batches every config->every seconds (SIGHUP: at once, and trains whatever it finds) until a stop is
 * asked for. Trains when at least config->min_rows rows are new, or when there are new rows and a run has come to its
 * end (the end records of all its partitions are there). New is what the current generation was not made of, if that
 * was trained with the same options; else everything.
 * A training that fails is logged and counted, and tried again when the directory has changed, or after a while when
 * the cause may go away by itself. 0 when stopped; -1 with err when it cannot begin (metrics port taken).
 */
int watch_run(const struct config *config, const struct feature_set *set, struct watch_totals *totals,
              struct pasar_err *err) PASAR_MUSTCHECK;

#endif
