/* Greedy k-means++. */
#include "trainer/kmeans_init.h"

#include <math.h>

struct measure_pass {
    struct lloyd *l;
    const double *point;
    float *nearest;
    bool keep;
};

static void measure_block(void *ctx, size_t block, unsigned worker)
{
    (void)worker;
    struct measure_pass *pass = ctx;
    struct lloyd *l = pass->l;
    size_t begin = block * matrix_block_tiles(l->data), end = begin + matrix_block_tiles(l->data);
    struct kernel_nearest job = {
        .data = l->data,
        .tile_begin = begin,
        .tile_end = end < matrix_tiles(l->data) ? end : matrix_tiles(l->data),
        .point = pass->point,
        .nearest = pass->nearest,
        .keep = pass->keep,
    };
    l->block_value[block] = l->kernel->nearest(&job);
}

int kmeans_init_measure(struct lloyd *l, const double *point, float *nearest, bool keep, double *sum,
                        struct pasar_err *err)
{
    struct measure_pass pass = {l, point, nearest, keep};
    size_t blocks = matrix_blocks(l->data);
    if (pool_run(l->pool, blocks, l->serial, measure_block, &pass, err) != 0)
        return -1;
    *sum = 0;
    for (size_t block = 0; block < blocks; block++)
        *sum += l->block_value[block];
    return 0;
}

void kmeans_init_reset(const struct matrix *data, float *nearest)
{
    size_t end = matrix_tiles(data) * MATRIX_TILE;
    for (size_t row = 0; row < end; row++)
        nearest[row] = row < data->rows ? INFINITY : 0;
}

size_t kmeans_init_draw(const struct matrix *data, struct rng *rng, const float *nearest, double total)
{
    if (!(total > 0))
        return (size_t)rng_below(rng, data->rows);
    double left = rng_double(rng) * total;
    size_t last = 0;
    for (size_t row = 0; row < data->rows; row++) {
        if (nearest[row] <= 0)
            continue;
        last = row; /* rounding may leave a rest behind the last row: it goes to the last one that can be drawn */
        left -= nearest[row];
        if (left < 0)
            break;
    }
    return last;
}

static void copy_row(const struct matrix *data, size_t row, double *point)
{
    for (size_t j = 0; j < data->cols; j++)
        point[j] = *matrix_at(data, row, j);
}

int kmeans_init(struct lloyd *l, struct rng *rng, double *centroids, float *nearest, struct pasar_err *err)
{
    size_t cols = l->data->cols;
    unsigned trials = 2 + (unsigned)log((double)l->k);
    double total;
    kmeans_init_reset(l->data, nearest);
    copy_row(l->data, (size_t)rng_below(rng, l->data->rows), centroids);
    if (kmeans_init_measure(l, centroids, nearest, true, &total, err) != 0)
        return -1;
    for (size_t c = 1; c < l->k; c++) {
        double *centroid = centroids + c * cols;
        double best = INFINITY;
        for (unsigned t = 0; t < trials; t++) {
            double point[MATRIX_MAX_COLS], sum;
            copy_row(l->data, kmeans_init_draw(l->data, rng, nearest, total), point);
            if (kmeans_init_measure(l, point, nearest, false, &sum, err) != 0)
                return -1;
            if (sum < best) {
                best = sum;
                for (size_t j = 0; j < cols; j++)
                    centroid[j] = point[j];
            }
        }
        if (kmeans_init_measure(l, centroid, nearest, true, &total, err) != 0)
            return -1;
    }
    return 0;
}

/* Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S). */
void kmeans_init_random(const struct lloyd *l, struct rng *rng, double *centroids)
{
    for (size_t row = 0, taken = 0; taken < l->k && row < l->data->rows; row++)
        if (rng_below(rng, l->data->rows - row) < l->k - taken)
            copy_row(l->data, row, centroids + taken++ * l->data->cols);
}
