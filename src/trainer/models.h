/* The three cumulative models of a dataset: model 1 on the first third of the rows, 2 on two thirds, 3 on all. */
#ifndef TRAINER_MODELS_H
#define TRAINER_MODELS_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/generation.h"
#include "trainer/dataset.h"
#include "trainer/features.h"
#include "trainer/kmeans.h"
#include "trainer/pool.h"

struct models {
    struct pasar_model model[PASAR_MODELS];
    uint16_t *labels[PASAR_MODELS]; /* per row of the model, in arrival order; owned */
    double agreement[PASAR_MODELS]; /* with the next model: adjusted Rand index over this model's rows; last: 1 */
    double drift[PASAR_MODELS];     /* of this model's centroids to model 3's, in its standard deviations; last: 0 */
};

/* Told before each model is trained. May be NULL. */
typedef void (*models_progress_fn)(void *ctx, int number, uint64_t rows);

/* With n rows and t = ceil(n / 3): t, min(2t, n), n. */
void models_rows(uint64_t n, uint64_t rows[PASAR_MODELS]);

/*
 * Trains all three: scales, k-means, quality, ids that keep their meaning (model 3's, largest cluster first), means,
 * medians and labels of the clusters; everything of struct pasar_model but the top categories. The result depends on
 * `ds`, `set` and `params` only. 0, or -1 with err (PASAR_ETEMP when the pool was cancelled). Free with models_fini.
 */
int models_train(struct models *models, const struct dataset *ds, const struct feature_set *set,
                 const struct kmeans_params *params, struct pool *pool, models_progress_fn progress, void *ctx,
                 struct pasar_err *err) PASAR_MUSTCHECK;
void models_fini(struct models *models);

/* The cluster of row `row` in each model, -1 past a model's rows. */
void models_clusters(const struct models *models, uint64_t row, int cluster[PASAR_MODELS]);

#endif
