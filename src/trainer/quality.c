/* Silhouette, Davies-Bouldin, Calinski-Harabasz. */
#include "trainer/quality.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/rng.h"

enum {
    LANES = 8,
    BLOCK_ROWS = 64,         /* of the silhouette, per block of work */
    SAMPLE_STREAM = 1 << 21, /* a random stream that k-means does not use */
};

/* The rows of the silhouette, sorted by cluster, column by column. */
struct silhouette {
    double (*distance_sum)(const struct silhouette *s, size_t of, size_t from, size_t to);
    size_t rows, cols, k;
    double *column; /* cols x rows */
    size_t *begin;  /* k + 1: cluster c is rows begin[c] .. begin[c + 1] - 1 */
    double *sums;   /* per block: sum of the rows' coefficients */
};

/*
 * Sum of the distances of row `of` to rows [from, to): 8 running sums, so that the compiler may use vectors. Square
 * roots are exactly rounded by every instruction set, so all builds below give the same bits.
 */
static inline __attribute__((always_inline)) double sum_of_distances(const struct silhouette *s, size_t of, size_t from,
                                                                     size_t to)
{
    double point[MATRIX_MAX_COLS], lane[LANES] = {0};
    for (size_t j = 0; j < s->cols; j++)
        point[j] = s->column[j * s->rows + of];
    for (; from + LANES <= to; from += LANES) {
        double squared[LANES] = {0};
        for (size_t j = 0; j < s->cols; j++) {
            const double *x = s->column + j * s->rows + from;
            for (size_t i = 0; i < LANES; i++)
                squared[i] += (x[i] - point[j]) * (x[i] - point[j]);
        }
        for (size_t i = 0; i < LANES; i++)
            lane[i] += sqrt(squared[i]);
    }
    for (; from < to; from++) {
        double squared = 0;
        for (size_t j = 0; j < s->cols; j++) {
            double delta = s->column[j * s->rows + from] - point[j];
            squared += delta * delta;
        }
        lane[0] += sqrt(squared);
    }
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

typedef double (*distance_sum_fn)(const struct silhouette *s, size_t of, size_t from, size_t to);

static double distance_sum_baseline(const struct silhouette *s, size_t of, size_t from, size_t to)
{
    return sum_of_distances(s, of, from, to);
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static double distance_sum_avx2(const struct silhouette *s, size_t of, size_t from,
                                                                size_t to)
{
    return sum_of_distances(s, of, from, to);
}

__attribute__((target("avx512f,avx512dq,avx512vl"))) static double
distance_sum_avx512(const struct silhouette *s, size_t of, size_t from, size_t to)
{
    return sum_of_distances(s, of, from, to);
}

#else
#define distance_sum_avx2   distance_sum_baseline
#define distance_sum_avx512 distance_sum_baseline
#endif

static const distance_sum_fn distance_sums[KERNEL_ISAS] = {
    [KERNEL_BASELINE] = distance_sum_baseline,
    [KERNEL_AVX2] = distance_sum_avx2,
    [KERNEL_AVX512] = distance_sum_avx512,
};

static double coefficient(const struct silhouette *s, size_t row, size_t own)
{
    double inside = 0, nearest = INFINITY;
    size_t size = s->begin[own + 1] - s->begin[own];
    if (size < 2)
        return 0;
    for (size_t c = 0; c < s->k; c++) {
        size_t from = s->begin[c], to = s->begin[c + 1];
        if (from == to)
            continue;
        double sum = s->distance_sum(s, row, from, to);
        if (c == own)
            inside = sum / (double)(size - 1);
        else
            nearest = fmin(nearest, sum / (double)(to - from));
    }
    double larger = fmax(inside, nearest);
    return larger > 0 ? (nearest - inside) / larger : 0; /* 0 / 0: all the points coincide */
}

static void silhouette_block(void *ctx, size_t block, unsigned worker)
{
    (void)worker;
    struct silhouette *s = ctx;
    size_t row = block * BLOCK_ROWS, end = row + BLOCK_ROWS, own = 0;
    double sum = 0;
    for (; row < end && row < s->rows; row++) {
        while (row >= s->begin[own + 1])
            own++;
        sum += coefficient(s, row, own);
    }
    s->sums[block] = sum;
}

/* All rows, or a sample in row order (selection sampling, Knuth, TAOCP 2, 3.4.2, algorithm S). */
static void choose_rows(size_t *chosen, size_t count, size_t rows, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed, SAMPLE_STREAM);
    for (size_t row = 0, taken = 0; taken < count; row++)
        if (count == rows || rng_below(&rng, rows - row) < count - taken)
            chosen[taken++] = row;
}

static void sort_by_cluster(struct silhouette *s, const struct matrix *data, const uint16_t *labels,
                            const size_t *chosen)
{
    for (size_t i = 0; i < s->rows; i++)
        s->begin[labels[chosen[i]] + 1]++;
    for (size_t c = 0; c < s->k; c++)
        s->begin[c + 1] += s->begin[c];
    for (size_t i = 0; i < s->rows; i++) {
        size_t at = s->begin[labels[chosen[i]]]++;
        for (size_t j = 0; j < s->cols; j++)
            s->column[j * s->rows + at] = *matrix_at(data, chosen[i], j);
    }
    /* Filling has moved each begin to its cluster's end, which is the next one's begin. */
    memmove(s->begin + 1, s->begin, s->k * sizeof *s->begin);
    s->begin[0] = 0;
}

static size_t clusters_present(const struct silhouette *s)
{
    size_t present = 0;
    for (size_t c = 0; c < s->k; c++)
        present += s->begin[c + 1] > s->begin[c];
    return present;
}

static int measure_silhouette(struct quality *q, enum kernel_isa isa, const struct matrix *data, const uint16_t *labels,
                              size_t k, uint64_t seed, struct pool *pool, struct pasar_err *err)
{
    size_t rows = data->rows <= QUALITY_SILHOUETTE_ROWS ? data->rows : QUALITY_SILHOUETTE_SAMPLE;
    size_t blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    int result = -1;
    struct silhouette s = {
        .distance_sum = distance_sums[isa],
        .rows = rows,
        .cols = data->cols,
        .k = k,
        .column = malloc(rows * data->cols * sizeof *s.column),
        .begin = calloc(k + 2, sizeof *s.begin),
        .sums = malloc(blocks * sizeof *s.sums),
    };
    size_t *chosen = malloc(rows * sizeof *chosen);
    if (!s.column || !s.begin || !s.sums || !chosen) {
        pasar_err_nomem(err, "silhouette");
        goto out;
    }
    choose_rows(chosen, rows, data->rows, seed);
    sort_by_cluster(&s, data, labels, chosen);
    q->silhouette_rows = rows;
    result = 0;
    if (clusters_present(&s) < 2)
        goto out;
    if (pool_run(pool, blocks, rows < 512, silhouette_block, &s, err) != 0) {
        result = -1;
        goto out;
    }
    double sum = 0;
    for (size_t b = 0; b < blocks; b++)
        sum += s.sums[b];
    q->silhouette = sum / (double)rows;
out:
    free(chosen);
    free(s.sums);
    free(s.begin);
    free(s.column);
    return result;
}

/* Means, sizes and scatter of the clusters as the labels make them. */
struct scatter {
    double *mean;     /* k x cols */
    double *count;    /* k */
    double *distance; /* k: mean distance to the mean */
    double inside;    /* sum of squared distances to the own mean */
    double total_mean[MATRIX_MAX_COLS];
};

static int measure_means(struct scatter *s, const struct matrix *data, const uint16_t *labels, size_t k,
                         struct pool *pool, struct pasar_err *err)
{
    size_t cols = data->cols;
    for (size_t row = 0; row < data->rows; row++) {
        if (pool_check_row(pool, row, err) != 0)
            return -1;
        s->count[labels[row]] += 1;
        for (size_t j = 0; j < cols; j++)
            s->mean[labels[row] * cols + j] += *matrix_at(data, row, j);
    }
    for (size_t c = 0; c < k; c++)
        for (size_t j = 0; j < cols; j++) {
            s->total_mean[j] += s->mean[c * cols + j] / (double)data->rows;
            if (s->count[c] > 0)
                s->mean[c * cols + j] /= s->count[c];
        }
    return 0;
}

static int measure_distances(struct scatter *s, const struct matrix *data, const uint16_t *labels, size_t k,
                             struct pool *pool, struct pasar_err *err)
{
    for (size_t row = 0; row < data->rows; row++) {
        if (pool_check_row(pool, row, err) != 0)
            return -1;
        const double *mean = s->mean + labels[row] * data->cols;
        double squared = 0;
        for (size_t j = 0; j < data->cols; j++) {
            double delta = *matrix_at(data, row, j) - mean[j];
            squared += delta * delta;
        }
        s->inside += squared;
        s->distance[labels[row]] += sqrt(squared);
    }
    for (size_t c = 0; c < k; c++)
        if (s->count[c] > 0)
            s->distance[c] /= s->count[c];
    return 0;
}

static double mean_gap(const struct scatter *s, size_t cols, size_t a, size_t b)
{
    double squared = 0;
    for (size_t j = 0; j < cols; j++) {
        double delta = s->mean[a * cols + j] - s->mean[b * cols + j];
        squared += delta * delta;
    }
    return sqrt(squared);
}

/* Mean over the clusters of their worst similarity to another; clusters with one mean count as not similar. */
static double davies_bouldin(const struct scatter *s, size_t cols, size_t k)
{
    double sum = 0, present = 0;
    for (size_t a = 0; a < k; a++) {
        double worst = 0;
        if (s->count[a] == 0)
            continue; /* a run that was ended by --max-iter may leave such a cluster */
        present++;
        for (size_t b = 0; b < k; b++) {
            double gap = mean_gap(s, cols, a, b);
            if (a != b && s->count[b] > 0 && gap > 0)
                worst = fmax(worst, (s->distance[a] + s->distance[b]) / gap);
        }
        sum += worst;
    }
    return sum / present;
}

static double calinski_harabasz(const struct scatter *s, size_t cols, size_t k, size_t rows)
{
    double between = 0;
    for (size_t c = 0; c < k; c++)
        for (size_t j = 0; j < cols; j++) {
            double delta = s->mean[c * cols + j] - s->total_mean[j];
            between += s->count[c] * delta * delta;
        }
    if (s->inside == 0)
        return 1;
    return between * (double)(rows - k) / (s->inside * (double)(k - 1));
}

int quality_measure(struct quality *quality, const struct matrix *data, const uint16_t *labels, size_t k, uint64_t seed,
                    struct pool *pool, struct pasar_err *err)
{
    return quality_measure_with(kernel_best_isa(), quality, data, labels, k, seed, pool, err);
}

int quality_measure_with(enum kernel_isa isa, struct quality *quality, const struct matrix *data,
                         const uint16_t *labels, size_t k, uint64_t seed, struct pool *pool, struct pasar_err *err)
{
    *quality = (struct quality){NAN, NAN, NAN, 0};
    if (k < 2 || k >= data->rows)
        return 0;
    struct scatter s = {
        .mean = calloc(k * data->cols, sizeof *s.mean),
        .count = calloc(k, sizeof *s.count),
        .distance = calloc(k, sizeof *s.distance),
    };
    int result = -1;
    if (!s.mean || !s.count || !s.distance) {
        pasar_err_nomem(err, "cluster quality");
    } else if (measure_means(&s, data, labels, k, pool, err) == 0 &&
               measure_distances(&s, data, labels, k, pool, err) == 0) {
        quality->davies_bouldin = davies_bouldin(&s, data->cols, k);
        quality->calinski_harabasz = calinski_harabasz(&s, data->cols, k, data->rows);
        result = measure_silhouette(quality, isa, data, labels, k, seed, pool, err);
    }
    free(s.mean);
    free(s.count);
    free(s.distance);
    return result;
}
