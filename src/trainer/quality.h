/* How good a clustering is, by three measures, each as scikit-learn defines it. */
#ifndef TRAINER_QUALITY_H
#define TRAINER_QUALITY_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "trainer/kmeans_kernel.h"
#include "trainer/matrix.h"
#include "trainer/pool.h"

enum {
    QUALITY_SILHOUETTE_ROWS = 20000,   /* with more rows the silhouette is that ... */
    QUALITY_SILHOUETTE_SAMPLE = 10000, /* ... of so many, drawn by the seed: good for some two digits */
};

struct quality {
    double silhouette;        /* mean; Rousseeuw 1987; a cluster of one row counts 0 */
    double davies_bouldin;    /* Davies, Bouldin 1979 */
    double calinski_harabasz; /* Caliński, Harabasz 1974 */
    uint64_t silhouette_rows; /* rows that the silhouette was measured on */
};

/*
 * Measures `labels` (0 .. k-1 per row) of `data`. All three are NaN unless 2 <= k < rows, as scikit-learn refuses
 * those; the silhouette also when the sample hits a single cluster. Exact up to QUALITY_SILHOUETTE_ROWS rows, by all
 * pairs; memory O(sample), time O(sample^2). 0, or -1 with err (PASAR_ETEMP when cancelled).
 */
int quality_measure(struct quality *quality, const struct matrix *data, const uint16_t *labels, size_t k, uint64_t seed,
                    struct pool *pool, struct pasar_err *err) PASAR_MUSTCHECK;

/* The same with the silhouette of one instruction set, which this machine must be able to run: all give the same bits.
 */
int quality_measure_with(enum kernel_isa isa, struct quality *quality, const struct matrix *data,
                         const uint16_t *labels, size_t k, uint64_t seed, struct pool *pool,
                         struct pasar_err *err) PASAR_MUSTCHECK;

#endif
