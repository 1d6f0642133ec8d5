/* Chooses among the builds of the k-means kernels, and holds what they share. */
#include "trainer/kmeans_kernel.h"

#include <float.h>
#include <stdbool.h>
#include <string.h>

enum { KERNEL_SMALL_K = 3, KERNEL_SMALL_COLS = 3 }; /* up to here there are kernels for constant k */

static double sum_lanes(const double lane[KERNEL_LANES])
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* Per cluster, column and count: 8 lanes for small k, 4 copies (row modulo 4) else. */
size_t kernel_scratch_len(size_t k, size_t cols)
{
    return k * (cols + 1) * (k <= KERNEL_MASKED_MAX ? KERNEL_LANES : KERNEL_COPIES);
}

static void clear_scratch(const struct kernel_assign *job)
{
    memset(job->scratch, 0, kernel_scratch_len(job->k, job->data->cols) * sizeof *job->scratch);
}

static void reduce_scratch(const struct kernel_assign *job)
{
    size_t len = job->k * (job->data->cols + 1);
    const double *s = job->scratch;
    if (job->k <= KERNEL_MASKED_MAX) {
        for (size_t i = 0; i < len; i++)
            job->sums[i] = sum_lanes(s + i * KERNEL_LANES);
        return;
    }
    for (size_t i = 0; i < len; i++)
        job->sums[i] = (s[i] + s[len + i]) + (s[2 * len + i] + s[3 * len + i]);
}

/* Four copies, so that neighbouring rows of one cluster do not wait for each other's additions. */
static inline __attribute__((always_inline)) void add_scattered(const double *cells, size_t cols, size_t k,
                                                                const int64_t *label, size_t rows, double *acc)
{
    size_t len = k * (cols + 1);
    for (size_t r = 0; r < rows; r++) {
        double *sum = acc + (r % KERNEL_COPIES) * len + (size_t)label[r] * (cols + 1);
        for (size_t j = 0; j < cols; j++)
            sum[j] += cells[j * MATRIX_TILE + r];
        sum[cols] += 1;
    }
}

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
#define KERNEL_TARGET  __attribute__((target("avx2")))
#define KERNEL_WIDTH   4
#include "trainer/kmeans_kernel_body.h"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_WIDTH

#define KERNEL_NAME(x) x##_avx512
#define KERNEL_TARGET  __attribute__((target("avx512f,avx512dq,avx512vl")))
#define KERNEL_WIDTH   8
#include "trainer/kmeans_kernel_body.h"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_WIDTH

static const struct kernel avx2 = {"avx2", assign_avx2, nearest_avx2, screen_avx2};
static const struct kernel avx512 = {"avx512", assign_avx512, nearest_avx512, screen_avx512};

const struct kernel *kernel_get(enum kernel_isa isa)
{
    switch (isa) {
    case KERNEL_BASELINE:
        return &baseline;
    case KERNEL_AVX2:
        return __builtin_cpu_supports("avx2") ? &avx2 : NULL;
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

void kernel_pack(double *packed, const double *centroids, size_t k, size_t cols)
{
    for (size_t c = 0; c < k; c++, packed += cols + 1, centroids += cols) {
        packed[0] = 0;
        for (size_t j = 0; j < cols; j++) {
            packed[0] += centroids[j] * centroids[j] / 2;
            packed[1 + j] = -centroids[j];
        }
    }
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
