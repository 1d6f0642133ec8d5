/* Single-point moves: a parallel screen, then moves in row order. */
#include "trainer/hartigan.h"

#include <stdlib.h>

/* A move must gain this share of the distance, so that rounding cannot send a row to and fro. */
static const double least_gain = 1e-12;

struct polish {
    struct lloyd *l;
    double *means;   /* k x cols; the caller's centroids */
    double *joining; /* k: n / (n + 1), the factor on the squared distance of a row that joins */
    double *leaving; /* k: n / (n - 1), that of a row that leaves, less the least gain; 0: a single row stays */
    uint16_t *wants; /* per tile: one bit per row */
};

static void refresh(struct polish *p, size_t cluster)
{
    size_t cols = p->l->data->cols;
    const double *sums = p->l->sums + cluster * (cols + 1);
    double count = sums[cols];
    if (count > 0)
        for (size_t j = 0; j < cols; j++)
            p->means[cluster * cols + j] = sums[j] / count;
    p->joining[cluster] = count / (count + 1);
    p->leaving[cluster] = count > 1 ? count / (count - 1) * (1 - least_gain) : 0;
}

static double distance_to(const struct polish *p, size_t row, size_t cluster)
{
    size_t cols = p->l->data->cols;
    double d = 0;
    for (size_t j = 0; j < cols; j++) {
        double delta = *matrix_at(p->l->data, row, j) - p->means[cluster * cols + j];
        d += delta * delta;
    }
    return d;
}

/* The cluster that the row should move to, or its own. */
static size_t best_cluster(const struct polish *p, size_t row)
{
    size_t own = p->l->labels[row], best = own;
    double least = distance_to(p, row, own) * p->leaving[own];
    for (size_t c = 0; c < p->l->k; c++) {
        double join = distance_to(p, row, c) * p->joining[c];
        if (join < least && c != own) {
            least = join;
            best = c;
        }
    }
    return best;
}

static void screen_block(void *ctx, size_t block, unsigned worker)
{
    (void)worker;
    struct polish *p = ctx;
    const struct lloyd *l = p->l;
    size_t begin = block * matrix_block_tiles(l->data), end = begin + matrix_block_tiles(l->data);
    struct kernel_screen job = {
        .data = l->data,
        .tile_begin = begin,
        .tile_end = end < matrix_tiles(l->data) ? end : matrix_tiles(l->data),
        .k = l->k,
        .centroids = p->means,
        .joining = p->joining,
        .leaving = p->leaving,
        .labels = l->labels,
        .wants = p->wants,
    };
    l->kernel->screen(&job);
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
            size_t to = best_cluster(p, row);
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
    int result = -1;
    struct polish p = {
        .l = l,
        .means = centroids,
        .joining = malloc(l->k * sizeof *p.joining),
        .leaving = malloc(l->k * sizeof *p.leaving),
        .wants = malloc((matrix_tiles(l->data) + 1) * sizeof *p.wants),
    };
    *moves = 0;
    if (!p.joining || !p.leaving || !p.wants) {
        pasar_err_nomem(err, "k-means refinement");
        goto out;
    }
    for (size_t c = 0; c < l->k; c++)
        refresh(&p, c);
    for (unsigned pass = 0; pass < max_passes; pass++) {
        if (pool_run(l->pool, matrix_blocks(l->data), l->serial, screen_block, &p, err) != 0)
            goto out;
        size_t moved = move_wanting(&p);
        *moves += moved;
        if (moved == 0)
            break;
    }
    result = 0;
out:
    free(p.wants);
    free(p.leaving);
    free(p.joining);
    return result;
}
