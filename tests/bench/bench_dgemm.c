/*
 * What would OpenBLAS make of the distances? One step of k-means (nearest centroid of each row, sums per cluster) with
 * the trainer's kernel, against cblas_dgemm on the same rows: the products rows x centroids alone, and with the nearest
 * centroid and the sums taken from them. Blocks of rows that fit the cache; both sides with one thread per processor
 * given. Milliseconds of processor time divided by the threads, best of the repeats, so that other work on the machine
 * disturbs little. Usage: bench_dgemm [ROWS [REPEATS [THREADS]]]
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cblas.h>

#include "trainer/lloyd.h"
#include "trainer/rng.h"

enum { BLOCK = 512 }; /* rows: with k = 256 the products are 1 MiB */

struct problem {
    size_t rows, cols, k;
    double *points;          /* row-major, for dgemm */
    double *centroids;       /* k x cols */
    double *halves;          /* |c|^2 / 2 */
    double *products, *sums; /* per thread: BLOCK x k, k x (cols + 1) */
    bool whole;              /* not the products alone */
};

static double cpu_ms(void)
{
    return 1000.0 * (double)clock() / CLOCKS_PER_SEC;
}

static void dgemm_block(void *ctx, size_t block, unsigned worker)
{
    const struct problem *p = ctx;
    size_t first = block * BLOCK, rows = p->rows - first < BLOCK ? p->rows - first : BLOCK;
    double *products = p->products + worker * BLOCK * p->k, *sums = p->sums + worker * p->k * (p->cols + 1);
    const double *points = p->points + first * p->cols;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)p->k, (int)p->cols, 1, points, (int)p->cols,
                p->centroids, (int)p->cols, 0, products, (int)p->k);
    for (size_t row = 0; p->whole && row < rows; row++) {
        const double *product = products + row * p->k;
        double best = INFINITY;
        size_t nearest = 0;
        for (size_t c = 0; c < p->k; c++) {
            double score = p->halves[c] - product[c];
            nearest = score < best ? c : nearest;
            best = score < best ? score : best;
        }
        for (size_t j = 0; j < p->cols; j++)
            sums[nearest * (p->cols + 1) + j] += points[row * p->cols + j];
        sums[nearest * (p->cols + 1) + p->cols] += 1;
    }
}

/* Best time of `repeats` passes, or a negative one. */
static double time_dgemm(struct problem *p, bool whole, unsigned repeats, struct pool *pool)
{
    double best = INFINITY;
    struct pasar_err err = PASAR_ERR_INIT;
    p->whole = whole;
    for (unsigned i = 0; i < repeats; i++) {
        double began = cpu_ms();
        if (pool_run(pool, (p->rows + BLOCK - 1) / BLOCK, false, dgemm_block, p, &err) != 0)
            return -1;
        best = fmin(best, cpu_ms() - began);
    }
    return best / pool_threads(pool);
}

static double time_kernel(const struct problem *p, unsigned repeats, struct pool *pool)
{
    double best = INFINITY;
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix m;
    struct lloyd l;
    uint16_t *labels = malloc(p->rows * sizeof *labels);
    if (!labels || matrix_init(&m, p->rows, p->cols, &err) != 0)
        return -1;
    for (size_t row = 0; row < p->rows; row++)
        for (size_t j = 0; j < p->cols; j++)
            *matrix_at(&m, row, j) = p->points[row * p->cols + j];
    if (lloyd_init(&l, &m, p->k, labels, pool, &err) == 0) {
        for (unsigned i = 0; i < repeats; i++) {
            double began = cpu_ms();
            if (lloyd_assign(&l, p->centroids, false, &err) != 0)
                return -1;
            best = fmin(best, cpu_ms() - began);
        }
        lloyd_fini(&l);
    }
    matrix_fini(&m);
    free(labels);
    return best / pool_threads(pool);
}

static int run(size_t rows, size_t cols, size_t k, unsigned repeats, struct pool *pool)
{
    unsigned threads = pool_threads(pool);
    struct problem p = {
        .rows = rows,
        .cols = cols,
        .k = k,
        .points = malloc(rows * cols * sizeof(double)),
        .centroids = malloc(k * cols * sizeof(double)),
        .halves = calloc(k, sizeof(double)),
        .products = malloc(threads * BLOCK * k * sizeof(double)),
        .sums = calloc(threads * k * (cols + 1), sizeof(double)),
    };
    struct rng rng;
    int status = -1;
    rng_init(&rng, 1, k);
    if (p.points && p.centroids && p.halves && p.products && p.sums) {
        for (size_t i = 0; i < rows * cols; i++)
            p.points[i] = rng_double(&rng) - 0.5;
        for (size_t i = 0; i < k * cols; i++) {
            p.centroids[i] = rng_double(&rng) - 0.5;
            p.halves[i / cols] += p.centroids[i] * p.centroids[i] / 2;
        }
        printf("| %zu x %zu, k = %zu | %.1f | %.1f | %.1f |\n", rows, cols, k, time_kernel(&p, repeats, pool),
               time_dgemm(&p, false, repeats, pool), time_dgemm(&p, true, repeats, pool));
        fflush(stdout);
        status = 0;
    }
    free(p.points);
    free(p.centroids);
    free(p.halves);
    free(p.products);
    free(p.sums);
    return status;
}

int main(int argc, char **argv)
{
    struct pasar_err err = PASAR_ERR_INIT;
    size_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    unsigned repeats = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 7;
    struct pool *pool = pool_new(argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 2, NULL, NULL, &err);
    int status = pool ? 0 : -1;
    openblas_set_num_threads(1); /* its own threads off inside our parallel part */
    printf("| | kernel, whole step, ms | dgemm, products alone, ms | dgemm, whole step, ms |\n| --- | --: | --: | --: "
           "|\n");
    for (size_t k = 16; k <= 256 && status == 0; k *= 4)
        for (size_t cols = 5; cols <= 8 && status == 0; cols += 3)
            status = run(rows, cols, k, repeats, pool);
    pool_free(pool);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
