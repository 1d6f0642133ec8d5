/*
 * Starting centroids by greedy k-means++: D^2 sampling (Arthur, Vassilvitskii: "k-means++: the advantages of careful
 * seeding", SODA 2007) where each new centre is the best of several candidates, as scikit-learn does it
 * (n_local_trials = 2 + floor(ln k)).
 */
#ifndef TRAINER_KMEANS_INIT_H
#define TRAINER_KMEANS_INIT_H

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "trainer/lloyd.h"
#include "trainer/rng.h"

/*
 * Fills `centroids` (l->k x cols) with rows of the data. `nearest` has room for the rows rounded up to whole tiles
 * and is 64-byte aligned. When the data have fewer distinct rows than k, the last centroids repeat earlier ones.
 * 0, or -1 with err when cancelled.
 */
int kmeans_init(struct lloyd *l, struct rng *rng, double *centroids, float *nearest,
                struct pasar_err *err) PASAR_MUSTCHECK;

/* Fills `centroids` with l->k different rows, each as likely as any other (two rows may hold the same point). */
void kmeans_init_random(const struct lloyd *l, struct rng *rng, double *centroids);

/*
 * A row drawn with probability proportional to `nearest`, whose sum `total` is (blocks added up in order). When
 * total is 0, any row.
 */
size_t kmeans_init_draw(const struct matrix *data, struct rng *rng, const float *nearest, double total);

/*
 * Sum over the rows of min(nearest, squared distance to point); with `keep`, nearest becomes that minimum.
 * 0, or -1 with err when cancelled.
 */
int kmeans_init_measure(struct lloyd *l, const double *point, float *nearest, bool keep, double *sum,
                        struct pasar_err *err) PASAR_MUSTCHECK;

/* nearest[row] = infinity (0 in the padding): no centre yet. */
void kmeans_init_reset(const struct matrix *data, float *nearest);

#endif
