/*
 * Lloyd's iteration from given centroids, the local search under everything else in k-means, and what its users share:
 * the working memory of one problem (data, k, pool).
 */
#ifndef TRAINER_LLOYD_H
#define TRAINER_LLOYD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "trainer/kmeans_kernel.h"
#include "trainer/matrix.h"
#include "trainer/pool.h"

/* How far a fit is. Kept by whoever wants to show it; all calls come from the thread that fits. */
struct lloyd_meter {
    void (*show)(void *ctx, uint64_t rows, double share); /* after each pass over the rows */
    void *ctx;
    uint64_t rows; /* rows compared with the centroids so far, all passes together */
    double share;  /* of the work that is done, 0 to 1: a guess, as nobody knows how long a search will be */
};

/* Memory for one (data, k); nothing in it survives from one call to the next except what is named as input. */
struct lloyd {
    const struct matrix *data;
    size_t k;
    struct pool *pool;
    const struct kernel *kernel;
    bool serial;      /* the data are so few that threads cost more than they give */
    double squares;   /* sum of the squares of all cells */
    double variance;  /* mean of the columns' variances: the unit of tol, as in scikit-learn */
    double *sums;     /* k x (cols + 1): sum per column, then count */
    uint16_t *labels; /* rows; owned by the caller of lloyd_init */
    double *packed;
    float *rough;
    double *block_sums;  /* per block */
    double *block_value; /* per block */
    double *scratch;     /* per thread */
    size_t scratch_len;
    struct lloyd_meter *meter; /* may be set after lloyd_init */
};

enum lloyd_stop { LLOYD_CONVERGED, LLOYD_TOL, LLOYD_MAX_ITER, LLOYD_HOPELESS };

struct lloyd_limits {
    unsigned max_iter;
    double tol;     /* stop when the centroids move less, in units of the variance; 0: when they stand still */
    double give_up; /* stop when it does not look as if the inertia will come below this; INFINITY: never */
};

struct lloyd_run {
    unsigned iterations;
    enum lloyd_stop stop;
    double inertia; /* of the final centroids and labels; LLOYD_HOPELESS: of those that were given up */
};

/*
 * Prepares for `k` clusters (1 .. UINT16_MAX) of `data`, `labels` having room for data->rows. Keeps pointers to all
 * arguments. 0, or -1 with err. Free with lloyd_fini, which leaves the arguments alone.
 */
int lloyd_init(struct lloyd *l, const struct matrix *data, size_t k, uint16_t *labels, struct pool *pool,
               struct pasar_err *err) PASAR_MUSTCHECK;
void lloyd_fini(struct lloyd *l);

/* One step: l->sums (and with `labelled` l->labels) from `centroids` (k x cols). 0, or -1 with err when cancelled. */
int lloyd_assign(struct lloyd *l, const double *centroids, bool labelled, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * lloyd_assign compares |c|^2 / 2 - x.c, where centroids nearer than some 1e-8 of their distance from the origin cannot
 * be told apart. This labels each row by its distances themselves, where another centroid is nearer by more than a
 * rounding error; *moved = rows that got another label. 0, or -1 with err when cancelled.
 */
int lloyd_settle(struct lloyd *l, const double *centroids, size_t *moved, struct pasar_err *err) PASAR_MUSTCHECK;

/* The row farthest from the centroid of its label among the clusters of more than one row, SIZE_MAX if all lie on
 * theirs. */
size_t lloyd_farthest(const struct lloyd *l, const double *centroids, const uint64_t *sizes);

/* *inertia = sum of squared distances of all rows to the centroid of their label. 0, or -1 when cancelled. */
int lloyd_inertia(struct lloyd *l, const double *centroids, double *inertia, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * The inertia of the assignment in l->sums about its own means, from the sums alone. As exact as the columns are
 * centred: good to compare, not to publish.
 */
double lloyd_scatter(const struct lloyd *l);

/*
 * Iterates from `centroids` (k x cols, row-major; overwritten by the result) until no centroid moves any more, until
 * the squared movement of all is at most tol x variance (tol > 0), `max_iter` times, or until it gives up. l->labels
 * are the nearest centroids of the result, ties to the lowest index (undefined when given up). A cluster that loses all
 * its rows takes the row farthest from its own centroid (ties: the first row; several empty clusters: in order of
 * index, each another row). 0, or -1 with err when cancelled.
 */
int lloyd_iterate(struct lloyd *l, double *centroids, const struct lloyd_limits *limits, struct lloyd_run *run,
                  struct pasar_err *err) PASAR_MUSTCHECK;

#endif
