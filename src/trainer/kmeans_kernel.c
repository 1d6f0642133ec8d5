/* Chooses among the builds of the k-means kernels, and holds what they share. */
#include "trainer/kmeans_kernel.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    KERNEL_SMALL_K = 3, /* up to these there are kernels for constant k */
    KERNEL_SMALL_COLS = 3,
    KERNEL_AHEAD = 4,        /* tiles: about a page, where the processor's own prefetching stops */
    KERNEL_FIRST_TRIES = 64, /* of the filter in each block; then it may fail in one of so many tiles */
    KERNEL_TRIES_PER_MISS = 8,
    QUAD = 4,
};

/* Scores with less doubt than this stay far from the limits of single precision. */
#define KERNEL_MAX_DOUBT 1e30f

typedef double quad __attribute__((vector_size(32))); /* columns of one row */

static double sum_lanes(const double lane[KERNEL_LANES])
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* The sums and the count of one cluster, padded to whole vectors. */
static inline __attribute__((always_inline)) size_t padded_len(size_t cols)
{
    return (cols + 1 + QUAD - 1) / QUAD * QUAD;
}

/* Per cluster, column and count: 8 lanes for small k, 4 copies (row modulo 4) else. */
size_t kernel_scratch_len(size_t k, size_t cols)
{
    return k <= KERNEL_MASKED_MAX ? k * (cols + 1) * KERNEL_LANES : k * padded_len(cols) * KERNEL_COPIES;
}

static void clear_scratch(const struct kernel_assign *job)
{
    memset(job->scratch, 0, kernel_scratch_len(job->k, job->data->cols) * sizeof *job->scratch);
}

static void reduce_scratch(const struct kernel_assign *job)
{
    size_t len = job->data->cols + 1, padded = padded_len(job->data->cols), copy = job->k * padded;
    const double *s = job->scratch;
    if (job->k <= KERNEL_MASKED_MAX) {
        for (size_t i = 0; i < job->k * len; i++)
            job->sums[i] = sum_lanes(s + i * KERNEL_LANES);
        return;
    }
    for (size_t c = 0; c < job->k; c++, s += padded)
        for (size_t i = 0; i < len; i++)
            job->sums[c * len + i] = (s[i] + s[copy + i]) + (s[2 * copy + i] + s[3 * copy + i]);
}

/* One tile is too much arithmetic for the processor to look past it to the loads of the next. */
static inline __attribute__((always_inline)) void prefetch_tile(const struct kernel_assign *job, size_t cols,
                                                                size_t tile)
{
    size_t tile_len = cols * MATRIX_TILE;
    const double *cells = job->data->cells + (tile < job->tile_end ? tile : job->tile_end - 1) * tile_len;
    for (size_t i = 0; i < tile_len; i += 64 / sizeof *cells)
        __builtin_prefetch(cells + i);
}

/* Four copies, so that neighbouring rows of one cluster do not wait for each other's additions. */
static inline __attribute__((always_inline)) void add_scattered(const double *cells, size_t cols, size_t k,
                                                                const int64_t *label, size_t rows, double *acc)
{
    size_t padded = padded_len(cols);
    for (size_t r = 0; r < rows; r++) {
        double *sum = acc + (r % KERNEL_COPIES) * k * padded + (size_t)label[r] * padded;
        for (size_t j = 0; j < cols; j++)
            sum[j] += cells[j * MATRIX_TILE + r];
        sum[cols] += 1;
    }
}

/* column[j][r] -> row[r][j] */
#define KERNEL_TRANSPOSE(column, row)                                                                                  \
    do {                                                                                                               \
        quad even01 = __builtin_shufflevector((column)[0], (column)[1], 0, 4, 2, 6);                                   \
        quad even23 = __builtin_shufflevector((column)[2], (column)[3], 0, 4, 2, 6);                                   \
        quad odd01 = __builtin_shufflevector((column)[0], (column)[1], 1, 5, 3, 7);                                    \
        quad odd23 = __builtin_shufflevector((column)[2], (column)[3], 1, 5, 3, 7);                                    \
        (row)[0] = __builtin_shufflevector(even01, even23, 0, 1, 4, 5);                                                \
        (row)[1] = __builtin_shufflevector(odd01, odd23, 0, 1, 4, 5);                                                  \
        (row)[2] = __builtin_shufflevector(even01, even23, 2, 3, 6, 7);                                                \
        (row)[3] = __builtin_shufflevector(odd01, odd23, 2, 3, 6, 7);                                                  \
    } while (0)

#define KERNEL_NAME(x) x##_baseline
#define KERNEL_TARGET
#define KERNEL_WIDTH 2
#include "trainer/kmeans_kernel_body.h"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_WIDTH

static const struct kernel baseline = {"baseline", assign_baseline, nearest_baseline, screen_baseline};

#if defined(__x86_64__)

#define KERNEL_NAME(x) x##_avx2
#define KERNEL_TARGET  __attribute__((target("avx2,fma")))
#define KERNEL_WIDTH   4
#define KERNEL_PS(op)  _mm256_##op##_ps
#define KERNEL_JOIN    _mm256_setr_m128
#define KERNEL_ALL(m)  (_mm256_movemask_ps((__m256)(m)) == 0xff)
#include "trainer/kmeans_kernel_body.h"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_WIDTH
#undef KERNEL_PS
#undef KERNEL_JOIN
#undef KERNEL_ALL

#define KERNEL_NAME(x)         x##_avx512
#define KERNEL_TARGET          __attribute__((target("avx512f,avx512dq,avx512vl")))
#define KERNEL_WIDTH           8
#define KERNEL_PS(op)          _mm512_##op##_ps
#define KERNEL_JOIN(low, high) _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1)
#define KERNEL_ALL(m)          (_mm512_movepi32_mask((__m512i)(m)) == 0xffff)
#include "trainer/kmeans_kernel_body.h"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_WIDTH
#undef KERNEL_PS
#undef KERNEL_JOIN
#undef KERNEL_ALL

static const struct kernel avx2 = {"avx2", assign_avx2, nearest_avx2, screen_avx2};
static const struct kernel avx512 = {"avx512", assign_avx512, nearest_avx512, screen_avx512};

const struct kernel *kernel_get(enum kernel_isa isa)
{
    switch (isa) {
    case KERNEL_BASELINE:
        return &baseline;
    case KERNEL_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2 : NULL;
    case KERNEL_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512vl")
                   ? &avx512
                   : NULL;
    case KERNEL_ISAS:
        break;
    }
    return NULL;
}

#else

const struct kernel *kernel_get(enum kernel_isa isa)
{
    return isa == KERNEL_BASELINE ? &baseline : NULL;
}

#endif

enum kernel_isa kernel_best_isa(void)
{
    enum kernel_isa isa = KERNEL_ISAS - 1;
    while (!kernel_get(isa))
        isa--; /* the baseline always runs */
    return isa;
}

const struct kernel *kernel_best(void)
{
    return kernel_get(kernel_best_isa());
}

size_t kernel_rough_len(size_t k, size_t cols)
{
    return (k + 1) * (cols + 1);
}

/*
 * The coefficients of doubt, then `packed` in single precision. What is added to the coefficients covers the absolute
 * errors of numbers next to zero; it is far below the doubt about any others.
 */
static void pack_rough(float *rough, const double *packed, size_t k, size_t cols)
{
    const float two_scores = 2 * (float)(cols + 8) * 0x1p-24f, tiny = 1e-30f;
    for (size_t j = 0; j <= cols; j++) {
        float most = 0;
        for (size_t c = 0; c < k; c++) {
            float factor = (float)packed[c * (cols + 1) + j];
            rough[(c + 1) * (cols + 1) + j] = factor;
            most = fmaxf(most, fabsf(factor));
        }
        rough[j] = two_scores * most + tiny;
    }
    for (size_t j = 1; j <= cols; j++)
        rough[0] += tiny * rough[j];
}

void kernel_pack(double *packed, float *rough, const double *centroids, size_t k, size_t cols)
{
    double *p = packed;
    for (size_t c = 0; c < k; c++, p += cols + 1, centroids += cols) {
        p[0] = 0;
        for (size_t j = 0; j < cols; j++) {
            p[0] += centroids[j] * centroids[j] / 2;
            p[1 + j] = -centroids[j];
        }
    }
    pack_rough(rough, packed, k, cols);
}

double kernel_inertia(const struct matrix *data, size_t tile_begin, size_t tile_end, const double *centroids,
                      const uint16_t *labels)
{
    double lane[MATRIX_TILE] = {0};
    size_t cols = data->cols;
    for (size_t tile = tile_begin; tile < tile_end; tile++) {
        const double *cells = data->cells + tile * cols * MATRIX_TILE;
        size_t first = tile * MATRIX_TILE;
        size_t rows = data->rows - first < MATRIX_TILE ? data->rows - first : MATRIX_TILE;
        for (size_t r = 0; r < rows; r++) {
            const double *centroid = centroids + labels[first + r] * cols;
            double d = 0;
            for (size_t j = 0; j < cols; j++) {
                double delta = cells[j * MATRIX_TILE + r] - centroid[j];
                d += delta * delta;
            }
            lane[r] += d;
        }
    }
    for (size_t i = 0; i < KERNEL_LANES; i++)
        lane[i] += lane[KERNEL_LANES + i];
    return sum_lanes(lane);
}
