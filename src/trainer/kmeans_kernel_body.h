/*
 * The kernels for one instruction set. kmeans_kernel.c includes this file once per set with
 *   KERNEL_NAME(x)  gives x its suffix      KERNEL_TARGET  function attribute      KERNEL_WIDTH  doubles per vector
 * and, if kmeans_kernel_filter.h shall be used, with what that needs.
 * A tile is 16 rows whatever the width; row r of a tile always adds to lane r % 8, so the width changes how many lanes
 * one instruction takes, never the order of additions in a lane.
 */
typedef double KERNEL_NAME(vec) __attribute__((vector_size(8 * KERNEL_WIDTH)));
typedef int64_t KERNEL_NAME(mask) __attribute__((vector_size(8 * KERNEL_WIDTH)));

typedef float KERNEL_NAME(half) __attribute__((vector_size(4 * KERNEL_WIDTH)));
typedef uint16_t KERNEL_NAME(ids) __attribute__((vector_size(2 * KERNEL_WIDTH)));

#define VEC  KERNEL_NAME(vec)
#define MASK KERNEL_NAME(mask)
#define VECS (MATRIX_TILE / KERNEL_WIDTH)  /* per tile and column */
#define HALF (KERNEL_LANES / KERNEL_WIDTH) /* vectors per 8 lanes */

/* By row: |c|^2 / 2 - x.c of the first centroid in `packed`. */
KERNEL_TARGET static inline __attribute__((always_inline)) VEC KERNEL_NAME(score)(const VEC *x, size_t cols,
                                                                                  const double *packed)
{
    VEC score = x[0] * packed[1];
    for (size_t j = 1; j < cols; j++)
        score = score + x[j * VECS] * packed[1 + j];
    return score + packed[0];
}

/* idx[r] = the nearest centroid of row r of the tile at `cells`. A centroid is loaded once for the whole tile: the
 * loop is bound by its arithmetic, and rows that do not fit the registers are operands in memory. */
KERNEL_TARGET static inline __attribute__((always_inline)) void
KERNEL_NAME(label_tile)(const double *cells, size_t cols, size_t k, const double *packed, MASK *idx)
{
    const VEC *x = (const VEC *)(const void *)cells;
    VEC best[VECS];
    MASK id[VECS], candidate = {0};
    for (size_t i = 0; i < VECS; i++) {
        best[i] = KERNEL_NAME(score)(x + i, cols, packed);
        id[i] = (MASK){0};
    }
    for (size_t c = 1; c < k; c++) {
        packed += cols + 1;
        candidate += 1;
        for (size_t i = 0; i < VECS; i++) {
            VEC score = KERNEL_NAME(score)(x + i, cols, packed);
            MASK closer = score < best[i];
            best[i] = (VEC)(((MASK)score & closer) | ((MASK)best[i] & ~closer));
            id[i] = (candidate & closer) | (id[i] & ~closer);
        }
    }
    for (size_t i = 0; i < VECS; i++)
        idx[i] = id[i];
}

#ifdef KERNEL_PS
#include "trainer/kmeans_kernel_filter.h"
#else
KERNEL_TARGET static inline __attribute__((always_inline)) void
KERNEL_NAME(label_filtered)(const struct kernel_assign *job, size_t tile, size_t cols, size_t *missed, MASK *idx)
{
    (void)missed;
    KERNEL_NAME(label_tile)(job->data->cells + tile * cols * MATRIX_TILE, cols, job->k, job->packed, idx);
}
#endif

/* sum[cluster][column or count][lane] += the rows of the tile, for small k. */
KERNEL_TARGET static inline __attribute__((always_inline)) void
KERNEL_NAME(add_masked)(const double *cells, size_t cols, size_t k, const MASK *idx, VEC *sum)
{
    const VEC *x = (const VEC *)(const void *)cells;
    const VEC one = (VEC){0} + 1.0;
    for (int64_t c = 0; c < (int64_t)k; c++) {
        for (size_t h = 0; h < HALF; h++) {
            MASK low = idx[h] == c, high = idx[HALF + h] == c;
            for (size_t j = 0; j < cols; j++) {
                const VEC *column = x + j * VECS;
                sum[j * HALF + h] += (VEC)((MASK)column[h] & low) + (VEC)((MASK)column[HALF + h] & high);
            }
            sum[cols * HALF + h] += (VEC)((MASK)one & low) + (VEC)((MASK)one & high);
        }
        sum += (cols + 1) * HALF;
    }
}

/* add_scattered for a whole tile: the same additions, four columns (or the count) at a time. */
KERNEL_TARGET static inline __attribute__((always_inline)) void
KERNEL_NAME(add_rows)(const double *cells, size_t cols, size_t k, const int64_t *label, double *acc)
{
    size_t padded = padded_len(cols);
    for (size_t r = 0; r < MATRIX_TILE; r += QUAD) {
        double *sum[KERNEL_COPIES];
        for (size_t i = 0; i < KERNEL_COPIES; i++)
            sum[i] = acc + i * k * padded + (size_t)label[r + i] * padded;
        for (size_t j = 0; j < padded; j += QUAD) {
            quad column[QUAD], row[QUAD];
            for (size_t i = 0; i < QUAD; i++)
                column[i] = j + i < cols ? *(const quad *)(const void *)(cells + (j + i) * MATRIX_TILE + r)
                                         : (quad){0} + (j + i == cols ? 1.0 : 0.0);
            KERNEL_TRANSPOSE(column, row);
            for (size_t i = 0; i < KERNEL_COPIES; i++)
                *(quad *)(void *)(sum[i] + j) += row[i];
        }
    }
}

/* Stores the labels of a tile whose first row is `first`; those of padding become -1: it belongs to no cluster. */
KERNEL_TARGET static inline __attribute__((always_inline)) size_t
KERNEL_NAME(store_labels)(const struct kernel_assign *job, size_t first, MASK *idx)
{
    size_t rows = job->data->rows - first;
    if (rows >= MATRIX_TILE) {
        for (size_t i = 0; job->labels && i < VECS; i++) {
            KERNEL_NAME(ids) ids = __builtin_convertvector(idx[i], KERNEL_NAME(ids));
            memcpy(job->labels + first + i * KERNEL_WIDTH, &ids, sizeof ids);
        }
        return MATRIX_TILE;
    }
    int64_t *label = (int64_t *)(void *)idx;
    for (size_t r = 0; job->labels && r < rows; r++)
        job->labels[first + r] = (uint16_t)label[r];
    for (size_t r = rows; r < MATRIX_TILE; r++)
        label[r] = -1;
    return rows;
}

/* With k and cols constant the sums stay in registers from tile to tile. */
KERNEL_TARGET static inline __attribute__((always_inline)) void
KERNEL_NAME(assign_small)(const struct kernel_assign *job, size_t cols, size_t k)
{
    VEC sum[KERNEL_SMALL_K * (KERNEL_SMALL_COLS + 1) * HALF];
    for (size_t i = 0; i < k * (cols + 1) * HALF; i++)
        sum[i] = (VEC){0};
    for (size_t tile = job->tile_begin; tile < job->tile_end; tile++) {
        const double *cells = job->data->cells + tile * cols * MATRIX_TILE;
        MASK idx[VECS];
        prefetch_tile(job, cols, tile + KERNEL_AHEAD);
        KERNEL_NAME(label_tile)(cells, cols, k, job->packed, idx);
        (void)KERNEL_NAME(store_labels)(job, tile * MATRIX_TILE, idx);
        KERNEL_NAME(add_masked)(cells, cols, k, idx, sum);
    }
    memcpy(job->scratch, sum, k * (cols + 1) * HALF * sizeof *sum);
}

KERNEL_TARGET static inline __attribute__((always_inline)) void
KERNEL_NAME(assign_cols)(const struct kernel_assign *job, size_t cols)
{
    MASK idx[VECS]; /* here, so that a compiler which clears all variables does it once */
    size_t missed = 0;
    for (size_t tile = job->tile_begin; tile < job->tile_end; tile++) {
        const double *cells = job->data->cells + tile * cols * MATRIX_TILE;
        prefetch_tile(job, cols, tile + KERNEL_AHEAD);
        KERNEL_NAME(label_filtered)(job, tile, cols, &missed, idx);
        size_t rows = KERNEL_NAME(store_labels)(job, tile * MATRIX_TILE, idx);
        if (!job->sums)
            continue;
        if (job->k <= KERNEL_MASKED_MAX)
            KERNEL_NAME(add_masked)(cells, cols, job->k, idx, (VEC *)(void *)job->scratch);
        else if (KERNEL_WIDTH >= QUAD && rows == MATRIX_TILE)
            KERNEL_NAME(add_rows)(cells, cols, job->k, (const int64_t *)(const void *)idx, job->scratch);
        else
            add_scattered(cells, cols, job->k, (const int64_t *)(const void *)idx, rows, job->scratch);
    }
}

/* The usual small cases. False: it is none of them. */
KERNEL_TARGET static bool KERNEL_NAME(assign_usual)(const struct kernel_assign *job)
{
    if (!job->sums || job->k > KERNEL_SMALL_K || job->data->cols > KERNEL_SMALL_COLS)
        return false;
    switch (job->data->cols * 10 + job->k) {
    case 22:
        KERNEL_NAME(assign_small)(job, 2, 2);
        return true;
    case 23:
        KERNEL_NAME(assign_small)(job, 2, 3);
        return true;
    case 32:
        KERNEL_NAME(assign_small)(job, 3, 2);
        return true;
    case 33:
        KERNEL_NAME(assign_small)(job, 3, 3);
        return true;
    default:
        return false;
    }
}

KERNEL_TARGET static void KERNEL_NAME(assign)(const struct kernel_assign *job)
{
    if (KERNEL_NAME(assign_usual)(job)) {
        reduce_scratch(job);
        return;
    }
    if (job->sums)
        clear_scratch(job);
    switch (job->data->cols) { /* a constant number of columns keeps a tile in registers */
    case 1:
        KERNEL_NAME(assign_cols)(job, 1);
        break;
    case 2:
        KERNEL_NAME(assign_cols)(job, 2);
        break;
    case 3:
        KERNEL_NAME(assign_cols)(job, 3);
        break;
    case 4:
        KERNEL_NAME(assign_cols)(job, 4);
        break;
    case 5:
        KERNEL_NAME(assign_cols)(job, 5);
        break;
    case 6:
        KERNEL_NAME(assign_cols)(job, 6);
        break;
    case 7:
        KERNEL_NAME(assign_cols)(job, 7);
        break;
    case MATRIX_MAX_COLS:
        KERNEL_NAME(assign_cols)(job, MATRIX_MAX_COLS);
        break;
    }
    if (job->sums)
        reduce_scratch(job);
}

KERNEL_TARGET static double KERNEL_NAME(nearest)(const struct kernel_nearest *job)
{
    size_t cols = job->data->cols;
    VEC lane[HALF];
    for (size_t h = 0; h < HALF; h++)
        lane[h] = (VEC){0};
    for (size_t tile = job->tile_begin; tile < job->tile_end; tile++) {
        const VEC *x = (const VEC *)(const void *)(job->data->cells + tile * cols * MATRIX_TILE);
        KERNEL_NAME(half) *nearest = (KERNEL_NAME(half) *)(void *)(job->nearest + tile * MATRIX_TILE);
        VEC distance[VECS];
        for (size_t i = 0; i < VECS; i++) {
            VEC d = (VEC){0}, before = __builtin_convertvector(nearest[i], VEC);
            for (size_t j = 0; j < cols; j++) {
                VEC delta = x[j * VECS + i] - job->point[j];
                d = d + delta * delta;
            }
            MASK closer = d < before;
            distance[i] = (VEC)(((MASK)d & closer) | ((MASK)before & ~closer));
            if (job->keep)
                nearest[i] = __builtin_convertvector(distance[i], KERNEL_NAME(half));
        }
        for (size_t h = 0; h < HALF; h++)
            lane[h] += distance[h] + distance[HALF + h];
    }
    double sum[KERNEL_LANES];
    for (size_t h = 0; h < HALF; h++)
        for (size_t i = 0; i < KERNEL_WIDTH; i++)
            sum[h * KERNEL_WIDTH + i] = lane[h][i];
    return sum_lanes(sum);
}

KERNEL_TARGET static inline __attribute__((always_inline)) uint16_t
KERNEL_NAME(screen_tile)(const struct kernel_screen *job, size_t tile, size_t cols)
{
    const VEC *x = (const VEC *)(const void *)(job->data->cells + tile * cols * MATRIX_TILE);
    int64_t own[MATRIX_TILE] __attribute__((aligned(64))) = {0};
    int64_t wants[MATRIX_TILE] __attribute__((aligned(64)));
    size_t first = tile * MATRIX_TILE;
    size_t rows = job->data->rows - first < MATRIX_TILE ? job->data->rows - first : MATRIX_TILE;
    for (size_t r = 0; r < rows; r++)
        own[r] = job->labels[first + r];
    for (size_t i = 0; i < VECS; i++) {
        MASK label = ((const MASK *)(const void *)own)[i];
        VEC stay = (VEC){0}, join = (VEC){0} + DBL_MAX;
        const double *centroid = job->centroids;
        for (int64_t c = 0; c < (int64_t)job->k; c++, centroid += cols) {
            VEC d = (VEC){0};
            for (size_t j = 0; j < cols; j++) {
                VEC delta = x[j * VECS + i] - centroid[j];
                d = d + delta * delta;
            }
            MASK mine = label == c;
            VEC other = d * job->joining[c];
            MASK nearer = (other < join) & ~mine;
            join = (VEC)(((MASK)other & nearer) | ((MASK)join & ~nearer));
            stay = (VEC)(((MASK)(d * job->leaving[c]) & mine) | ((MASK)stay & ~mine));
        }
        ((MASK *)(void *)wants)[i] = join < stay;
    }
    unsigned bits = 0;
    for (size_t r = 0; r < rows; r++)
        bits |= (unsigned)(wants[r] & 1) << r;
    return (uint16_t)bits;
}

KERNEL_TARGET static void KERNEL_NAME(screen)(const struct kernel_screen *job)
{
    for (size_t tile = job->tile_begin; tile < job->tile_end; tile++) {
        switch (job->data->cols) { /* the usual numbers of features */
        case 2:
            job->wants[tile] = KERNEL_NAME(screen_tile)(job, tile, 2);
            break;
        case 3:
            job->wants[tile] = KERNEL_NAME(screen_tile)(job, tile, 3);
            break;
        case 5:
            job->wants[tile] = KERNEL_NAME(screen_tile)(job, tile, 5);
            break;
        default:
            job->wants[tile] = KERNEL_NAME(screen_tile)(job, tile, job->data->cols);
        }
    }
}

#undef VEC
#undef MASK
#undef VECS
#undef HALF
