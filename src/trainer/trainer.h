/* One training: batches in, a published generation out. */
#ifndef TRAINER_TRAINER_H
#define TRAINER_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/batch.h"
#include "pasar/err.h"
#include "pasar/generation.h"
#include "pasar/hash.h"
#include "trainer/config.h"

/* What a training did, for the summary line and the metrics. */
struct trainer_report {
    uint64_t generation; /* 0: none was published */
    uint64_t batches, rows;
    uint64_t missing[PASAR_FEATURES_MAX]; /* values that were imputed in model 3, per feature */
    size_t k[PASAR_MODELS];
    uint64_t model_rows[PASAR_MODELS];
    double inertia[PASAR_MODELS], silhouette[PASAR_MODELS];
    double agreement[PASAR_MODELS - 1]; /* adjusted Rand index of models 1 and 2, 2 and 3 */
    double seconds;
};

/*
 * Reads the batches of `list` in config->batches, trains the three models, writes the next generation into
 * config->models and swaps `current`. A stop (pasar_stop_requested) ends it within a fraction of a second. 0, or -1
 * with err; then nothing was published and what was begun is removed.
 */
int trainer_train(const struct config *config, const struct feature_set *set, const struct pasar_batch_list *list,
                  struct trainer_report *report, struct pasar_err *err) PASAR_MUSTCHECK;

/* Lists config->batches and trains once. */
int trainer_run_once(const struct config *config, const struct feature_set *set, struct trainer_report *report,
                     struct pasar_err *err) PASAR_MUSTCHECK;

/* What the manifest tells of the options. */
struct pasar_training trainer_training(const struct config *config);

/* The checksum of the three model files, one after the other: what --expect takes. 0, or -1 with err. */
int trainer_models_sha256(const struct pasar_model models[PASAR_MODELS], char hex[PASAR_SHA256_HEX + 1],
                          struct pasar_err *err) PASAR_MUSTCHECK;

/* Appends "generation 7: 3 batches, 1465 rows, …" without a newline. */
void trainer_report_text(const struct trainer_report *report, const struct feature_set *set, struct pasar_buf *buf);

#endif
