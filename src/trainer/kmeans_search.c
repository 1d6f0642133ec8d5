/* Starts, population, crossover, mutation. */
#include "trainer/kmeans_search.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/assignment.h"
#include "trainer/hartigan.h"
#include "trainer/kmeans_init.h"
#include "trainer/rng.h"

enum {
    POPULATION = 12,
    POLISH_PASSES = 3, /* single-point passes per child; the winner is polished to the end by kmeans_fit */
};

/*
 * Relative differences of inertia: two optima closer than `same` count as one, or else one plateau worked out to
 * different depths would fill the population; runs that Lloyd left closer than `twin` came to the same place.
 */
static const double same = 1e-5, twin = 1e-7;

struct optimum {
    double *centroids;
    double inertia;
    double lloyd_inertia; /* before the single-point moves */
    unsigned iterations;
};

struct population {
    struct lloyd *l;
    const struct kmeans_search *search;
    size_t len;                         /* doubles of one set of centroids */
    struct optimum members[POPULATION]; /* best first */
    size_t count;
    struct optimum child; /* the set being worked on */
    float *nearest;       /* per row, for D^2 sampling */
    double *cost;         /* k x k */
    size_t *match;        /* k */
    double work;          /* distances spent */
};

static void population_fini(struct population *p)
{
    for (size_t i = 0; i < POPULATION; i++)
        free(p->members[i].centroids);
    free(p->child.centroids);
    free(p->nearest);
    free(p->cost);
    free(p->match);
}

static int population_init(struct population *p, struct lloyd *l, const struct kmeans_search *search,
                           struct pasar_err *err)
{
    *p = (struct population){.l = l, .search = search, .len = l->k * l->data->cols};
    bool ok = true;
    for (size_t i = 0; i < POPULATION; i++)
        ok = (p->members[i].centroids = malloc(p->len * sizeof(double))) != NULL && ok;
    p->child.centroids = malloc(p->len * sizeof(double));
    p->nearest = aligned_alloc(64, (matrix_tiles(l->data) + 1) * MATRIX_TILE * sizeof(float));
    p->cost = malloc(l->k * l->k * sizeof *p->cost);
    p->match = malloc(l->k * sizeof *p->match);
    if (ok && p->child.centroids && p->nearest && p->cost && p->match)
        return 0;
    population_fini(p);
    return pasar_err_nomem(err, "k-means search");
}

/* True, and the child's inertia that of the member, when Lloyd brought the child to where a member once came from. */
static bool is_twin(struct population *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (fabs(p->members[i].lloyd_inertia - p->child.lloyd_inertia) <= twin * p->child.lloyd_inertia) {
            p->child.inertia = p->members[i].inertia;
            return true;
        }
    return false;
}

/* Brings the child to its local optimum. */
static int improve(struct population *p, struct pasar_err *err)
{
    struct lloyd *l = p->l;
    struct lloyd_run run;
    size_t moves;
    if (lloyd_iterate(l, p->child.centroids, p->search->max_iter, p->search->tol, &run, err) != 0)
        return -1;
    p->child.iterations = run.iterations;
    p->child.lloyd_inertia = run.inertia;
    p->work += (double)l->data->rows * (double)l->k * (run.iterations + 2);
    if (is_twin(p))
        return 0;
    if (hartigan_polish(l, p->child.centroids, POLISH_PASSES, &moves, err) != 0)
        return -1;
    return lloyd_inertia(l, p->child.centroids, &p->child.inertia, err);
}

/* Takes the child in, unless it is a twin of a member or worse than a full population. True: it is the new best. */
static bool admit(struct population *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (fabs(p->members[i].inertia - p->child.inertia) > same * p->child.inertia)
            continue;
        if (p->child.inertia < p->members[i].inertia) {
            struct optimum shade_worse = p->members[i]; /* gives way, but that is no progress */
            p->members[i] = p->child;
            p->child = shade_worse;
        }
        return false;
    }
    size_t at = p->count;
    while (at > 0 && p->child.inertia < p->members[at - 1].inertia)
        at--;
    if (at == POPULATION)
        return false;
    size_t last = p->count < POPULATION ? p->count++ : POPULATION - 1;
    struct optimum evicted = p->members[last];
    memmove(p->members + at + 1, p->members + at, (last - at) * sizeof *p->members);
    p->members[at] = p->child;
    p->child = evicted; /* its memory is the next child's */
    return at == 0;
}

/* Binary tournament. */
static const struct optimum *parent(const struct population *p, struct rng *rng)
{
    size_t a = (size_t)rng_below(rng, p->count), b = (size_t)rng_below(rng, p->count);
    return &p->members[a < b ? a : b];
}

/* The child takes each matched pair's centroid from one parent or the other. */
static int cross(struct population *p, const struct optimum *a, const struct optimum *b, struct rng *rng,
                 struct pasar_err *err)
{
    size_t k = p->l->k, cols = p->l->data->cols;
    memcpy(p->child.centroids, a->centroids, p->len * sizeof(double));
    if (a == b)
        return 0;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            double d = 0;
            for (size_t c = 0; c < cols; c++) {
                double delta = a->centroids[i * cols + c] - b->centroids[j * cols + c];
                d += delta * delta;
            }
            p->cost[i * k + j] = d;
        }
    if (assignment_solve(p->cost, k, k, p->match, err) != 0)
        return -1;
    for (size_t i = 0; i < k; i++)
        if (rng_below(rng, 2) != 0)
            memcpy(p->child.centroids + i * cols, b->centroids + p->match[i] * cols, cols * sizeof(double));
    return 0;
}

/* Takes one centroid out at random and puts it back on a row drawn by its distance to the others (best of a few). */
static int mutate(struct population *p, struct rng *rng, struct pasar_err *err)
{
    struct lloyd *l = p->l;
    size_t cols = l->data->cols, out = (size_t)rng_below(rng, l->k);
    unsigned trials = 2 + (unsigned)log((double)l->k);
    double total = 0, best = INFINITY;
    if (l->k < 2)
        return 0;
    kmeans_init_reset(l->data, p->nearest);
    for (size_t c = 0; c < l->k; c++)
        if (c != out && kmeans_init_measure(l, p->child.centroids + c * cols, p->nearest, true, &total, err) != 0)
            return -1;
    for (unsigned t = 0; t < trials; t++) {
        size_t row = kmeans_init_draw(l->data, rng, p->nearest, total);
        double point[MATRIX_MAX_COLS], sum;
        for (size_t j = 0; j < cols; j++)
            point[j] = *matrix_at(l->data, row, j);
        if (kmeans_init_measure(l, point, p->nearest, false, &sum, err) != 0)
            return -1;
        if (sum < best) {
            best = sum;
            memcpy(p->child.centroids + out * cols, point, cols * sizeof(double));
        }
    }
    p->work += (double)l->data->rows * (double)(l->k + trials);
    return 0;
}

static int run_starts(struct population *p, struct pasar_err *err)
{
    for (size_t i = 0; i < p->search->first_count; i++) {
        memcpy(p->child.centroids, p->search->first + i * p->len, p->len * sizeof(double));
        if (improve(p, err) != 0)
            return -1;
        (void)admit(p);
    }
    for (unsigned i = 0; i < p->search->n_init; i++) {
        struct rng rng;
        rng_init(&rng, p->search->seed, i);
        if (p->search->random_init)
            kmeans_init_random(p->l, &rng, p->child.centroids);
        else if (kmeans_init(p->l, &rng, p->child.centroids, p->nearest, err) != 0)
            return -1;
        if (improve(p, err) != 0)
            return -1;
        (void)admit(p);
    }
    return 0;
}

/* Small problems get more children: they cost next to nothing, and grids of duplicates have many near-optima. */
static bool should_go_on(const struct population *p, unsigned idle)
{
    const struct kmeans_search *search = p->search;
    unsigned patience = search->patience * (p->work < search->least_work ? KMEANS_SEARCH_EXTRA : 1);
    return idle < patience && p->work < search->budget;
}

static int evolve(struct population *p, struct pasar_err *err)
{
    uint64_t stream = UINT64_C(1) << 32; /* apart from the streams of the starts */
    for (unsigned idle = 0; should_go_on(p, idle); stream++) {
        struct rng rng;
        rng_init(&rng, p->search->seed, stream);
        const struct optimum *a = parent(p, &rng), *b = parent(p, &rng);
        if (cross(p, a, b, &rng, err) != 0 || mutate(p, &rng, err) != 0 || improve(p, err) != 0)
            return -1;
        idle = admit(p) ? 0 : idle + 1;
    }
    return 0;
}

int kmeans_search(struct lloyd *l, const struct kmeans_search *search, struct kmeans_finalist *finalists, size_t wanted,
                  size_t *found, struct pasar_err *err)
{
    struct population p;
    if (population_init(&p, l, search, err) != 0)
        return -1;
    int result = run_starts(&p, err) == 0 && evolve(&p, err) == 0 ? 0 : -1;
    *found = p.count < wanted ? p.count : wanted;
    for (size_t i = 0; result == 0 && i < *found; i++) {
        memcpy(finalists[i].centroids, p.members[i].centroids, p.len * sizeof(double));
        finalists[i].iterations = p.members[i].iterations;
    }
    population_fini(&p);
    return result;
}
