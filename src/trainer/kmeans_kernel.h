/*
 * The inner loops of k-means over tiles of a matrix: nearest centroid with sums per cluster, the distance update of
 * k-means++, the screen for single-point moves. Built three times (baseline, AVX2, AVX-512) from one source and chosen
 * at run time. All three do the same additions and multiplications in the same order, without fused multiply-add
 * (-ffp-contract=off), so their results are equal to the last bit. The two faster ones first look for the nearest
 * centroid in single precision and take its answer where it is proven to be that of double precision
 * (kmeans_kernel_filter.h).
 *
 * Distances are not taken apart into |x|^2 - 2 x.c + |c|^2 with the products from a BLAS: with so few columns that
 * mostly writes and reads a matrix of rows x k. tests/bench/bench_dgemm.c compares: on an idle machine with two cores
 * OpenBLAS's dgemm, in blocks that fit the cache, took 6.4 to 7.0 ms for the products alone at 1M x 5, k = 64, and a
 * whole step here (products, nearest, sums) 9.0 to 9.4 ms, before it had the filter; on a busy one, by processor time
 * and from k = 16 to 256, the products alone took 1.2 to 1.8 times as long as that. With nearest and sums it is several
 * times as long in any case. BLAS results also differ by processor, these do not.
 */
#ifndef TRAINER_KMEANS_KERNEL_H
#define TRAINER_KMEANS_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "trainer/matrix.h"

enum {
    KERNEL_LANES = 8,      /* running sums that a block is added up in */
    KERNEL_MASKED_MAX = 4, /* up to this k, sums are kept per lane and cluster; above, per row modulo 4 and cluster */
    KERNEL_COPIES = 4,
};

/* Label the rows of tiles [tile_begin, tile_end) and add them up. */
struct kernel_assign {
    const struct matrix *data;
    size_t tile_begin, tile_end;
    size_t k;             /* 1 .. UINT16_MAX */
    const double *packed; /* both from kernel_pack */
    const float *rough;
    double *sums;     /* out: k x (cols + 1): sum of each column, then the count; NULL: not wanted */
    double *scratch;  /* kernel_scratch_len doubles, 64-byte aligned; unused when sums is NULL */
    uint16_t *labels; /* out: of the whole matrix, indexed by row; NULL: not wanted */
};

/* Distances of the rows of tiles [tile_begin, tile_end) to one point. */
struct kernel_nearest {
    const struct matrix *data;
    size_t tile_begin, tile_end;
    const double *point; /* cols */
    float *nearest; /* by row: squared distance to the nearest centre so far, 0 in the padding; it only weighs rows */
    int keep;       /* non-zero: nearest becomes min(nearest, distance to point) */
};

/* Which rows of tiles [tile_begin, tile_end) would lower the inertia by changing their cluster (hartigan.h). */
struct kernel_screen {
    const struct matrix *data;
    size_t tile_begin, tile_end;
    size_t k;
    const double *centroids; /* k x cols, row-major */
    const double *joining;   /* k: factor on the squared distance to a cluster that the row would join */
    const double *leaving;   /* k: factor on that to its own */
    const uint16_t *labels;  /* of the whole matrix */
    uint16_t *wants;         /* out: by tile, one bit per row */
};

struct kernel {
    const char *name;
    void (*assign)(const struct kernel_assign *job);
    double (*nearest)(const struct kernel_nearest *job); /* returns the sum of min(nearest, distance to point) */
    void (*screen)(const struct kernel_screen *job);
};

enum kernel_isa { KERNEL_BASELINE, KERNEL_AVX2, KERNEL_AVX512, KERNEL_ISAS };

/* The kernel for one instruction set, or NULL when this machine cannot run it. */
const struct kernel *kernel_get(enum kernel_isa isa);

/* The fastest that this machine can run. */
enum kernel_isa kernel_best_isa(void);
const struct kernel *kernel_best(void);

/*
 * Packs centroids (k x cols, row-major) for assign: k x (cols + 1) doubles, |c|^2 / 2 and then -c. The nearest centroid
 * has the least |c|^2 / 2 - x.c, ties go to the lowest index. Rows should be centred (features_fill does that): far
 * from the origin the difference loses digits. `rough` (kernel_rough_len floats) gets what kmeans_kernel_filter.h
 * needs to decide most rows in single precision.
 */
void kernel_pack(double *packed, float *rough, const double *centroids, size_t k, size_t cols);
size_t kernel_rough_len(size_t k, size_t cols);

/* Doubles of scratch that assign needs per thread. */
size_t kernel_scratch_len(size_t k, size_t cols);

/* Sum over the rows of tiles [tile_begin, tile_end) of the squared distance to the centroid of their label. */
double kernel_inertia(const struct matrix *data, size_t tile_begin, size_t tile_end, const double *centroids,
                      const uint16_t *labels);

#endif
