/* What the clusters look like in real units: mean and median of each feature. */
#ifndef TRAINER_CLUSTERS_H
#define TRAINER_CLUSTERS_H

#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/generation.h"
#include "trainer/pool.h"

/*
 * Fills mean and median of each cluster of `model` (k, rows, feature_count, clusters[].size given) from the raw
 * values[feature][row], over the rows that have the value; NaN where none has. 8 bytes a row are used meanwhile. 0, or
 * -1 with err when out of memory or when `pool` was cancelled.
 */
int clusters_measure(struct pasar_model *model, const uint16_t *labels, double *const *values, struct pool *pool,
                     struct pasar_err *err) PASAR_MUSTCHECK;

/* The median of `count` > 0 finite numbers, which are put in another order; of an even number, between the middle two.
 */
double clusters_median(double *x, size_t count);

#endif
