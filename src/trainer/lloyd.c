/* Lloyd's iteration over blocks of tiles. */
#include "trainer/lloyd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SERIAL_BELOW = 1 << 17, /* multiplications of one pass: some 30 µs, what waking a thread costs */
    GIVE_UP_AFTER = 3,      /* iterations */
};

/* A run whose last gain, so many times over, would not reach the goal is given up. */
static const double horizon = 30;

/* Relative differences of squared distances: equal but for rounding; and too little to show in lloyd_assign's scores.
 */
static const double tie = 1e-9, resolution = 1e-14;

static double *alloc_doubles(size_t count)
{
    if (count > (SIZE_MAX - 63) / sizeof(double))
        return NULL;
    return aligned_alloc(64, (count * sizeof(double) + 63) / 64 * 64);
}

static size_t block_end(const struct matrix *data, size_t block)
{
    size_t end = (block + 1) * matrix_block_tiles(data);
    return end < matrix_tiles(data) ? end : matrix_tiles(data);
}

/* Per block: the sum of each column, then that of all squares. Padding is 0 and adds nothing. */
static void measure_block(void *ctx, size_t block, unsigned worker)
{
    (void)worker;
    struct lloyd *l = ctx;
    size_t cols = l->data->cols;
    double *sums = l->block_sums + block * (cols + 1);
    memset(sums, 0, (cols + 1) * sizeof *sums);
    for (size_t tile = block * matrix_block_tiles(l->data); tile < block_end(l->data, block); tile++) {
        const double *cells = l->data->cells + tile * cols * MATRIX_TILE;
        for (size_t j = 0; j < cols; j++)
            for (size_t r = 0; r < MATRIX_TILE; r++) {
                double x = cells[j * MATRIX_TILE + r];
                sums[j] += x;
                sums[cols] += x * x;
            }
    }
}

/* Fills l->squares and l->variance. */
static int measure(struct lloyd *l, struct pasar_err *err)
{
    size_t cols = l->data->cols, blocks = matrix_blocks(l->data);
    double sums[MATRIX_MAX_COLS + 1] = {0}, rows = (double)l->data->rows;
    if (l->data->rows == 0)
        return 0;
    if (pool_run(l->pool, blocks, l->serial, measure_block, l, err) != 0)
        return -1;
    for (size_t block = 0; block < blocks; block++)
        for (size_t i = 0; i <= cols; i++)
            sums[i] += l->block_sums[block * (cols + 1) + i];
    l->squares = sums[cols];
    double of_means = 0;
    for (size_t j = 0; j < cols; j++)
        of_means += (sums[j] / rows) * (sums[j] / rows);
    l->variance = fmax(0, (l->squares / rows - of_means) / (double)cols);
    return 0;
}

int lloyd_init(struct lloyd *l, const struct matrix *data, size_t k, uint16_t *labels, struct pool *pool,
               struct pasar_err *err)
{
    *l = (struct lloyd){.data = data, .k = k, .labels = labels, .pool = pool, .kernel = kernel_best()};
    size_t len = k * (data->cols + 1);
    size_t blocks = matrix_blocks(data) > 0 ? matrix_blocks(data) : 1;
    l->serial = (double)data->rows * (double)len < SERIAL_BELOW;
    l->scratch_len = (kernel_scratch_len(k, data->cols) + 7) / 8 * 8;
    l->sums = alloc_doubles(len);
    l->packed = alloc_doubles(len);
    l->rough = malloc(kernel_rough_len(k, data->cols) * sizeof *l->rough);
    l->block_sums = alloc_doubles(len * blocks);
    l->block_value = alloc_doubles(blocks);
    l->scratch = alloc_doubles(l->scratch_len * pool_threads(pool));
    bool ok = l->sums && l->packed && l->rough && l->block_sums && l->block_value && l->scratch;
    if (ok && measure(l, err) == 0)
        return 0;
    lloyd_fini(l);
    return ok ? -1 : pasar_err_nomem(err, "k-means working memory");
}

void lloyd_fini(struct lloyd *l)
{
    free(l->sums);
    free(l->packed);
    free(l->rough);
    free(l->block_sums);
    free(l->block_value);
    free(l->scratch);
    l->sums = l->packed = l->block_sums = l->block_value = l->scratch = NULL;
    l->rough = NULL;
}

struct assign_pass {
    struct lloyd *l;
    bool labelled;
};

static void assign_block(void *ctx, size_t block, unsigned worker)
{
    struct assign_pass *pass = ctx;
    struct lloyd *l = pass->l;
    struct kernel_assign job = {
        .data = l->data,
        .tile_begin = block * matrix_block_tiles(l->data),
        .tile_end = block_end(l->data, block),
        .k = l->k,
        .packed = l->packed,
        .rough = l->rough,
        .sums = l->block_sums + block * l->k * (l->data->cols + 1),
        .scratch = l->scratch + worker * l->scratch_len,
        .labels = pass->labelled ? l->labels : NULL,
    };
    l->kernel->assign(&job);
}

int lloyd_assign(struct lloyd *l, const double *centroids, bool labelled, struct pasar_err *err)
{
    size_t len = l->k * (l->data->cols + 1);
    size_t blocks = matrix_blocks(l->data);
    struct assign_pass pass = {l, labelled};
    kernel_pack(l->packed, l->rough, centroids, l->k, l->data->cols);
    if (pool_run(l->pool, blocks, l->serial, assign_block, &pass, err) != 0)
        return -1;
    memset(l->sums, 0, len * sizeof *l->sums);
    for (size_t block = 0; block < blocks; block++)
        for (size_t i = 0; i < len; i++)
            l->sums[i] += l->block_sums[block * len + i];
    if (l->meter) {
        l->meter->rows += l->data->rows;
        l->meter->show(l->meter->ctx, l->meter->rows, l->meter->share);
    }
    return 0;
}

struct inertia_pass {
    struct lloyd *l;
    const double *centroids;
};

static void inertia_block(void *ctx, size_t block, unsigned worker)
{
    (void)worker;
    struct inertia_pass *pass = ctx;
    struct lloyd *l = pass->l;
    l->block_value[block] = kernel_inertia(l->data, block * matrix_block_tiles(l->data), block_end(l->data, block),
                                           pass->centroids, l->labels);
}

int lloyd_inertia(struct lloyd *l, const double *centroids, double *inertia, struct pasar_err *err)
{
    struct inertia_pass pass = {l, centroids};
    size_t blocks = matrix_blocks(l->data);
    if (pool_run(l->pool, blocks, l->serial, inertia_block, &pass, err) != 0)
        return -1;
    *inertia = 0;
    for (size_t block = 0; block < blocks; block++)
        *inertia += l->block_value[block];
    return 0;
}

static double distance_to(const struct lloyd *l, const double *centroids, size_t row, size_t cluster)
{
    double d = 0;
    for (size_t j = 0; j < l->data->cols; j++) {
        double delta = *matrix_at(l->data, row, j) - centroids[cluster * l->data->cols + j];
        d += delta * delta;
    }
    return d;
}

static void settle_block(void *ctx, size_t block, unsigned worker)
{
    (void)worker;
    struct inertia_pass *pass = ctx;
    struct lloyd *l = pass->l;
    size_t begin = block * matrix_block_tiles(l->data) * MATRIX_TILE, end = block_end(l->data, block) * MATRIX_TILE;
    size_t moved = 0;
    for (size_t row = begin; row < end && row < l->data->rows; row++) {
        size_t best = l->labels[row];
        double least = distance_to(l, pass->centroids, row, best);
        double enough = least * (1 - tie);
        for (size_t c = 0; c < l->k; c++) {
            double d = distance_to(l, pass->centroids, row, c);
            if (d < least && d < enough) {
                least = d;
                best = c;
            }
        }
        moved += best != l->labels[row];
        l->labels[row] = (uint16_t)best;
    }
    l->block_value[block] = (double)moved;
}

int lloyd_settle(struct lloyd *l, const double *centroids, size_t *moved, struct pasar_err *err)
{
    struct inertia_pass pass = {l, centroids};
    size_t blocks = matrix_blocks(l->data);
    if (pool_run(l->pool, blocks, l->serial, settle_block, &pass, err) != 0)
        return -1;
    *moved = 0;
    for (size_t block = 0; block < blocks; block++)
        *moved += (size_t)l->block_value[block];
    return 0;
}

size_t lloyd_farthest(const struct lloyd *l, const double *centroids, const uint64_t *sizes)
{
    size_t farthest = SIZE_MAX;
    double distance = 0;
    for (size_t row = 0; row < l->data->rows; row++) {
        double d = sizes[l->labels[row]] > 1 ? distance_to(l, centroids, row, l->labels[row]) : 0;
        if (d > distance) {
            distance = d;
            farthest = row;
        }
    }
    return farthest;
}

/* A row that lies nearer to its centroid than lloyd_assign can tell would be given back in the next step, for ever. */
static bool can_be_told(const struct lloyd *l, double distance, size_t row)
{
    double square = 0;
    for (size_t j = 0; j < l->data->cols; j++)
        square += *matrix_at(l->data, row, j) * *matrix_at(l->data, row, j);
    return distance > resolution * square;
}

/*
 * Gives each empty cluster the farthest row and moves that row's share of the sums. l->labels must belong to
 * `centroids`. Rare, so serial and simple: one pass over the rows per empty cluster. A row that was moved already lies
 * in a cluster of one, and such rows are never taken.
 */
static void fill_empty(struct lloyd *l, const double *centroids)
{
    size_t cols = l->data->cols;
    for (size_t empty = 0; empty < l->k; empty++) {
        double *sums = l->sums + empty * (cols + 1);
        if (sums[cols] != 0)
            continue;
        size_t farthest = SIZE_MAX;
        double distance = 0;
        for (size_t row = 0; row < l->data->rows; row++) {
            if (l->sums[l->labels[row] * (cols + 1) + cols] < 2)
                continue;
            double d = distance_to(l, centroids, row, l->labels[row]);
            if (d > distance && can_be_told(l, d, row)) {
                distance = d;
                farthest = row;
            }
        }
        if (farthest == SIZE_MAX)
            return; /* every row lies on its centroid: fewer (different) rows than clusters */
        double *donor = l->sums + l->labels[farthest] * (cols + 1);
        for (size_t j = 0; j < cols; j++) {
            double x = *matrix_at(l->data, farthest, j);
            donor[j] -= x;
            sums[j] = x;
        }
        donor[cols] -= 1;
        sums[cols] = 1;
        l->labels[farthest] = (uint16_t)empty;
    }
}

static bool has_empty(const struct lloyd *l)
{
    for (size_t c = 0; c < l->k; c++)
        if (l->sums[c * (l->data->cols + 1) + l->data->cols] == 0)
            return true;
    return false;
}

/* Moves the centroids to the means; returns the sum of their squared movements. An empty one stays where it is. */
static double update(const struct lloyd *l, double *centroids)
{
    size_t cols = l->data->cols;
    double moved = 0;
    for (size_t c = 0; c < l->k; c++) {
        const double *sums = l->sums + c * (cols + 1);
        if (sums[cols] == 0)
            continue;
        for (size_t j = 0; j < cols; j++) {
            double mean = sums[j] / sums[cols];
            double delta = mean - centroids[c * cols + j];
            moved += delta * delta;
            centroids[c * cols + j] = mean;
        }
    }
    return moved;
}

double lloyd_scatter(const struct lloyd *l)
{
    size_t cols = l->data->cols;
    double inertia = l->squares;
    for (size_t c = 0; c < l->k; c++) {
        const double *sums = l->sums + c * (cols + 1);
        for (size_t j = 0; j < cols && sums[cols] > 0; j++)
            inertia -= sums[j] * sums[j] / sums[cols];
    }
    return inertia;
}

/* Lloyd's gains shrink from iteration to iteration, about geometrically: the next ones can be guessed from the last. */
static bool is_hopeless(const struct lloyd *l, double give_up, struct lloyd_run *run)
{
    double before = run->inertia;
    run->inertia = lloyd_scatter(l);
    return run->iterations >= GIVE_UP_AFTER && run->inertia - horizon * (before - run->inertia) > give_up;
}

int lloyd_iterate(struct lloyd *l, double *centroids, const struct lloyd_limits *limits, struct lloyd_run *run,
                  struct pasar_err *err)
{
    *run = (struct lloyd_run){0, LLOYD_MAX_ITER, INFINITY};
    while (run->iterations < limits->max_iter && run->stop == LLOYD_MAX_ITER) {
        run->iterations++;
        if (lloyd_assign(l, centroids, false, err) != 0)
            return -1;
        if (has_empty(l)) {
            if (lloyd_assign(l, centroids, true, err) != 0)
                return -1;
            fill_empty(l, centroids);
        }
        if (limits->give_up < INFINITY && is_hopeless(l, limits->give_up, run)) {
            run->stop = LLOYD_HOPELESS;
            return 0;
        }
        /* The sums are a function of the assignment alone: centroids that stand still mean labels that stand still. */
        double moved = update(l, centroids);
        if (moved == 0)
            run->stop = LLOYD_CONVERGED;
        else if (limits->tol > 0 && moved <= limits->tol * l->variance)
            run->stop = LLOYD_TOL;
    }
    if (lloyd_assign(l, centroids, true, err) != 0)
        return -1;
    return lloyd_inertia(l, centroids, &run->inertia, err);
}
