/* The options of pasar-trainer. */
#ifndef TRAINER_CONFIG_H
#define TRAINER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/options.h"
#include "trainer/features.h"

struct config {
    struct pasar_common common;
    char *batches;
    char *models;
    char *k;          /* "auto" or a number */
    int64_t clusters; /* what k says; 0: auto. Set by config_check */
    int64_t seed;
    int64_t threads; /* 0: one per processor */
    char *features;
    char *transform;
    int init; /* enum config_init */
    bool warm_start;
    int64_t n_init;
    int64_t max_iter;
    double tol;
    int64_t keep;
    bool watch;
    double every; /* seconds */
    int64_t min_rows;
    char *metrics_bind;
    int64_t metrics_port;
    char *check;   /* a mode of its own: a directory of generations, or one generation */
    char *predict; /* a mode of its own: a CSV */
    char *expect;  /* 64 hex digits */
};

enum config_init { CONFIG_INIT_KMEANS_PP, CONFIG_INIT_RANDOM };

extern const struct pasar_options config_options;

/*
 * What the table cannot check: reads --features and --transform into *set, --k into config->clusters; options that do
 * not go together. 0, or -1 with err (PASAR_EUSAGE).
 */
int config_check(struct config *config, struct feature_set *set, struct pasar_err *err) PASAR_MUSTCHECK;

/* The number of threads to use: --threads, or one per processor that this process may use. */
unsigned config_threads(const struct config *config);

#endif
