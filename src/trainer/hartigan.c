/* Single-point moves: a parallel screen, then moves in row order. */
#include "trainer/hartigan.h"

#include <stdlib.h>
#include <string.h>

/* A move must gain this share of the distance, so that rounding cannot send a row to and fro. */
static const double least_gain = 1e-12;

struct polish {
    struct lloyd *l;
    double *means;    /* cols x k: column-major, so that the distances to all centroids are vectors over clusters */
    double *joining;  /* k: n / (n + 1), the factor on the squared distance of a row that joins */
    double *distance; /* k per thread */
    uint16_t *wants;  /* per tile: one bit per row */
};

static void refresh(struct polish *p, size_t cluster)
{
    size_t cols = p->l->data->cols, k = p->l->k;
    const double *sums = p->l->sums + cluster * (cols + 1);
    double count = sums[cols];
    if (count > 0)
        for (size_t j = 0; j < cols; j++)
            p->means[j * k + cluster] = sums[j] / count;
    p->joining[cluster] = count / (count + 1);
}

/* The cluster that the row should move to, or its own. */
static size_t best_cluster(const struct polish *p, size_t row, double *distance)
{
    const struct lloyd *l = p->l;
    size_t k = l->k, cols = l->data->cols, own = l->labels[row];
    double count = l->sums[own * (cols + 1) + cols];
    if (count < 2)
        return own;
    memset(distance, 0, k * sizeof *distance);
    for (size_t j = 0; j < cols; j++) {
        double x = *matrix_at(l->data, row, j);
        const double *mean = p->means + j * k;
        for (size_t c = 0; c < k; c++)
            distance[c] += (x - mean[c]) * (x - mean[c]);
    }
    double stay = distance[own] * count / (count - 1);
    double least = stay - stay * least_gain;
    size_t best = own;
    for (size_t c = 0; c < k; c++) {
        double join = distance[c] * p->joining[c];
        if (join < least && c != own) {
            least = join;
            best = c;
        }
    }
    return best;
}

static void screen_block(void *ctx, size_t block, unsigned worker)
{
    struct polish *p = ctx;
    const struct matrix *data = p->l->data;
    size_t tile = block * matrix_block_tiles(data), end = tile + matrix_block_tiles(data);
    double *distance = p->distance + worker * p->l->k;
    if (end > matrix_tiles(data))
        end = matrix_tiles(data);
    for (; tile < end; tile++) {
        uint16_t bits = 0;
        for (size_t r = 0; r < MATRIX_TILE && tile * MATRIX_TILE + r < data->rows; r++) {
            size_t row = tile * MATRIX_TILE + r;
            if (best_cluster(p, row, distance) != p->l->labels[row])
                bits |= (uint16_t)(1u << r);
        }
        p->wants[tile] = bits;
    }
}

static void move_row(struct polish *p, size_t row, size_t to)
{
    struct lloyd *l = p->l;
    size_t cols = l->data->cols, from = l->labels[row];
    double *source = l->sums + from * (cols + 1), *target = l->sums + to * (cols + 1);
    for (size_t j = 0; j < cols; j++) {
        double x = *matrix_at(l->data, row, j);
        source[j] -= x;
        target[j] += x;
    }
    source[cols] -= 1;
    target[cols] += 1;
    l->labels[row] = (uint16_t)to;
    refresh(p, from);
    refresh(p, to);
}

static size_t move_wanting(struct polish *p)
{
    size_t moved = 0;
    for (size_t tile = 0; tile < matrix_tiles(p->l->data); tile++) {
        for (size_t r = 0; p->wants[tile] != 0 && r < MATRIX_TILE; r++) {
            size_t row = tile * MATRIX_TILE + r;
            if (!(p->wants[tile] >> r & 1))
                continue;
            size_t to = best_cluster(p, row, p->distance);
            if (to == p->l->labels[row])
                continue;
            move_row(p, row, to);
            moved++;
        }
    }
    return moved;
}

int hartigan_polish(struct lloyd *l, double *centroids, unsigned max_passes, size_t *moves, struct pasar_err *err)
{
    size_t k = l->k, cols = l->data->cols;
    int result = -1;
    struct polish p = {
        .l = l,
        .means = malloc(k * cols * sizeof *p.means),
        .joining = malloc(k * sizeof *p.joining),
        .distance = malloc(k * pool_threads(l->pool) * sizeof *p.distance),
        .wants = malloc((matrix_tiles(l->data) + 1) * sizeof *p.wants),
    };
    *moves = 0;
    if (!p.means || !p.joining || !p.distance || !p.wants) {
        pasar_err_nomem(err, "k-means refinement");
        goto out;
    }
    for (size_t c = 0; c < k; c++) {
        for (size_t j = 0; j < cols; j++)
            p.means[j * k + c] = centroids[c * cols + j];
        refresh(&p, c);
    }
    for (unsigned pass = 0; pass < max_passes; pass++) {
        if (pool_run(l->pool, matrix_blocks(l->data), l->serial, screen_block, &p, err) != 0)
            goto out;
        size_t moved = move_wanting(&p);
        *moves += moved;
        if (moved == 0)
            break;
    }
    for (size_t c = 0; c < k; c++)
        for (size_t j = 0; j < cols; j++)
            centroids[c * cols + j] = p.means[j * k + c];
    result = 0;
out:
    free(p.wants);
    free(p.distance);
    free(p.joining);
    free(p.means);
    return result;
}
