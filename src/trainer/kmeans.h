/*
 * k-means of a matrix: search for the best centroids (on samples when there are very many rows), then Lloyd's
 * iteration and single-point moves on all rows. The result depends on data and parameters only, never on threads or
 * machine.
 */
#ifndef TRAINER_KMEANS_H
#define TRAINER_KMEANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "trainer/lloyd.h"
#include "trainer/matrix.h"
#include "trainer/pool.h"

enum {
    KMEANS_SAMPLE_ABOVE = 1 << 16, /* with more rows than this, samples, drawn by the seed, are searched first ... */
    KMEANS_SAMPLES = 3,            /* ... so many ... */
    KMEANS_SAMPLE_ROWS = 1 << 14,  /* ... of so many rows */
    KMEANS_PATIENCE = 100,         /* and 2 more per cluster: found enough on many kinds of data, k 2 to 50 */
};

struct kmeans_params {
    size_t k; /* clusters wanted, >= 1; fewer when the data have fewer distinct rows */
    uint64_t seed;
    unsigned n_init;     /* independent k-means++ starts, >= 1 */
    unsigned max_iter;   /* of a Lloyd run, >= 1 */
    double tol;          /* stop when the centroids move less, in scikit-learn's measure; 0: until they stand still */
    unsigned patience;   /* fruitless attempts in a row that end the search after the starts; 0: starts only */
    bool random_init;    /* starts from k random rows instead of k-means++ */
    const double *start; /* one more start, k x cols, used when the data have k distinct rows; or NULL */
    struct lloyd_meter *meter; /* told how far the fit is; or NULL */
};

/* What pasar-trainer uses by default. */
void kmeans_params_init(struct kmeans_params *params, size_t k, uint64_t seed);

struct kmeans_fit {
    size_t k;
    double *centroids;   /* k x cols, row-major; owned */
    uint64_t *sizes;     /* k; owned */
    double inertia;      /* sum of squared distances to the nearest centroid */
    unsigned iterations; /* Lloyd iterations that led to these centroids */
    unsigned restarts;
    enum lloyd_stop stop;
};

/*
 * Fits `data` (>= 1 row, columns centred). labels[row] = id of the nearest centroid of the result, the lowest on a tie.
 * 0, or -1 with err (PASAR_ETEMP when cancelled). Free *fit with kmeans_fit_fini.
 */
int kmeans_fit(struct kmeans_fit *fit, uint16_t *labels, const struct matrix *data, const struct kmeans_params *params,
               struct pool *pool, struct pasar_err *err) PASAR_MUSTCHECK;
void kmeans_fit_fini(struct kmeans_fit *fit);

/* "converged", "tol", "max_iter". */
const char *kmeans_stop_name(enum lloyd_stop stop);

/* The number of distinct rows, but no more than `enough`. */
size_t kmeans_distinct(const struct matrix *data, size_t enough);

#endif
