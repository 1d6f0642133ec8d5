/* The three cumulative models of a dataset: model 1 on the first third of the rows, 2 on two thirds, 3 on all. */
#ifndef TRAINER_MODELS_H
#define TRAINER_MODELS_H

#include <stdbool.h>
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
    struct pasar_agreement agreement[PASAR_MODEL_PAIRS];
    double drift[PASAR_MODELS];      /* of this model's centroids to model 3's, in its standard deviations; last: 0 */
    uint64_t *nearest[PASAR_MODELS]; /* per cluster: the row nearest to its centroid, UINT64_MAX if empty; owned */
};

/* What is trained, and how. */
struct models_wanted {
    const struct feature_set *set;
    struct kmeans_params params;      /* k 0: chosen, see models_train; start is set by models_train */
    const struct pasar_model *before; /* the three models of the previous generation, or NULL */
    bool warm_start;                  /* their centroids are one more start */
};

/* Told before each model is trained. May be NULL. */
typedef void (*models_progress_fn)(void *ctx, int number, uint64_t rows);

/* With n rows and t = ceil(n / 3): t, min(2t, n), n. */
void models_rows(uint64_t n, uint64_t rows[PASAR_MODELS]);

/*
 * Trains all three: scales, k-means, quality, principal components, ids that keep their meaning, means, medians and
 * labels of the clusters; everything of struct pasar_model but top categories and the text of the nearest products.
 * Ids: model 3's are those of the previous generation's model 3 when the features are the same, else the largest
 * cluster gets 0; models 1 and 2 follow model 3. With k = 0, k is the one of MODELS_K_MIN..MODELS_K_MAX with the best
 * silhouette on all rows (ties: the smallest), for all three. The result depends on `ds` and `wanted` only. 0, or -1
 * with err (PASAR_ETEMP when the pool was cancelled). Free with models_fini.
 */
enum { MODELS_K_MIN = 2, MODELS_K_MAX = 10, MODELS_K_DEFAULT = 3 }; /* the default where no k has a silhouette */
int models_train(struct models *models, const struct dataset *ds, const struct models_wanted *wanted, struct pool *pool,
                 models_progress_fn progress, void *ctx, struct pasar_err *err) PASAR_MUSTCHECK;
void models_fini(struct models *models);

/* The cluster of row `row` in each model, -1 past a model's rows. */
void models_clusters(const struct models *models, uint64_t row, int cluster[PASAR_MODELS]);

#endif
