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
    POPULATION = KMEANS_SEARCH_POPULATION,
    ELITE = 3,         /* of each population, for the last one */
    ISLAND_INIT = 10,  /* starts of the further populations */
    POLISH_PASSES = 3, /* single-point passes per child; the winner is polished to the end by kmeans_fit */
};

/*
 * Relative differences of inertia: two optima closer than `same` count as one, or else one plateau worked out to
 * different depths would fill the population; runs that Lloyd left closer than `twin` came to the same place.
 */
static const double same = 1e-5, twin = 1e-7;

/* A hurried search keeps to optima at most this much worse than its best: the others are no parents worth a run. */
static const double lag = 0.1;

static const double starts_share = 0.2; /* of the work on a population, about */

struct optimum {
    double *centroids;
    double inertia;
    double lloyd_inertia; /* before the single-point moves */
    unsigned iterations;
};

/* Distinct optima, best first. */
struct population {
    struct optimum members[POPULATION];
    size_t count;
};

struct state {
    struct lloyd *l;
    const struct kmeans_search *search;
    size_t len; /* doubles of one set of centroids */
    struct population now, elite;
    struct optimum child;                /* the set being worked on */
    float *nearest;                      /* per row, for D^2 sampling */
    double *cost;                        /* k x k */
    size_t *match;                       /* k */
    double work;                         /* distances spent */
    uint64_t start_stream, child_stream; /* the next random streams */
    unsigned island, islands;            /* the population that is worked on, and how many there are at most */
};

static void state_fini(struct state *s)
{
    for (size_t i = 0; i < POPULATION; i++) {
        free(s->now.members[i].centroids);
        free(s->elite.members[i].centroids);
    }
    free(s->child.centroids);
    free(s->nearest);
    free(s->cost);
    free(s->match);
}

static int state_init(struct state *s, struct lloyd *l, const struct kmeans_search *search, struct pasar_err *err)
{
    *s = (struct state){.l = l, .search = search, .len = l->k * l->data->cols};
    s->child_stream = UINT64_C(1) << 32; /* apart from the streams of the starts */
    bool ok = true;
    for (size_t i = 0; i < POPULATION; i++) {
        ok = (s->now.members[i].centroids = malloc(s->len * sizeof(double))) != NULL && ok;
        ok = (s->elite.members[i].centroids = malloc(s->len * sizeof(double))) != NULL && ok;
    }
    s->child.centroids = malloc(s->len * sizeof(double));
    s->nearest = aligned_alloc(64, (matrix_tiles(l->data) + 1) * MATRIX_TILE * sizeof(float));
    s->cost = malloc(l->k * l->k * sizeof *s->cost);
    s->match = malloc(l->k * sizeof *s->match);
    if (ok && s->child.centroids && s->nearest && s->cost && s->match)
        return 0;
    state_fini(s);
    return pasar_err_nomem(err, "k-means search");
}

/* True, and the child's inertia that of the member, when Lloyd brought the child to where a member once came from. */
static bool is_twin(struct state *s)
{
    for (size_t i = 0; i < s->now.count; i++)
        if (fabs(s->now.members[i].lloyd_inertia - s->child.lloyd_inertia) <= twin * s->child.lloyd_inertia) {
            s->child.inertia = s->now.members[i].inertia;
            return true;
        }
    return false;
}

/* What a child must come below to be of use. */
static double goal(const struct state *s)
{
    const struct population *now = &s->now;
    if (!s->search->hurried || now->count == 0)
        return INFINITY;
    double near_best = now->members[0].inertia * (1 + lag);
    return now->count == POPULATION ? fmin(near_best, now->members[POPULATION - 1].inertia) : near_best;
}

/* Brings the child to its local optimum, or gives it an infinite inertia when that is not worth the way. */
static int improve(struct state *s, struct pasar_err *err)
{
    struct lloyd *l = s->l;
    const struct lloyd_limits limits = {s->search->max_iter, s->search->tol, goal(s)};
    struct lloyd_run run;
    size_t moves;
    if (lloyd_iterate(l, s->child.centroids, &limits, &run, err) != 0)
        return -1;
    s->child.iterations = run.iterations;
    s->child.inertia = s->child.lloyd_inertia = run.stop == LLOYD_HOPELESS ? INFINITY : run.inertia;
    s->work += (double)l->data->rows * (double)l->k * (run.iterations + 2);
    if (run.stop == LLOYD_HOPELESS || s->search->hurried || is_twin(s))
        return 0;
    if (hartigan_polish(l, s->child.centroids, POLISH_PASSES, &moves, err) != 0)
        return -1;
    return lloyd_inertia(l, s->child.centroids, &s->child.inertia, err);
}

/* Takes the child in, unless it is a twin of a member or worse than a full population. True: it is the new best. */
static bool admit(struct population *p, struct optimum *child)
{
    if (child->inertia == INFINITY)
        return false;
    for (size_t i = 0; i < p->count; i++) {
        if (fabs(p->members[i].inertia - child->inertia) > same * child->inertia)
            continue;
        if (child->inertia < p->members[i].inertia) {
            struct optimum shade_worse = p->members[i]; /* gives way, but that is no progress */
            p->members[i] = *child;
            *child = shade_worse;
        }
        return false;
    }
    size_t at = p->count;
    while (at > 0 && child->inertia < p->members[at - 1].inertia)
        at--;
    if (at == POPULATION)
        return false;
    size_t last = p->count < POPULATION ? p->count++ : POPULATION - 1;
    struct optimum evicted = p->members[last];
    memmove(p->members + at + 1, p->members + at, (last - at) * sizeof *p->members);
    p->members[at] = *child;
    *child = evicted; /* its memory is the next child's */
    return at == 0;
}

/* Binary tournament. */
static const struct optimum *parent(const struct population *p, struct rng *rng)
{
    size_t a = (size_t)rng_below(rng, p->count), b = (size_t)rng_below(rng, p->count);
    return &p->members[a < b ? a : b];
}

/* The child takes each matched pair's centroid from one parent or the other. */
static int cross(struct state *s, const struct optimum *a, const struct optimum *b, struct rng *rng,
                 struct pasar_err *err)
{
    size_t k = s->l->k, cols = s->l->data->cols;
    memcpy(s->child.centroids, a->centroids, s->len * sizeof(double));
    if (a == b)
        return 0;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            double d = 0;
            for (size_t c = 0; c < cols; c++) {
                double delta = a->centroids[i * cols + c] - b->centroids[j * cols + c];
                d += delta * delta;
            }
            s->cost[i * k + j] = d;
        }
    if (assignment_solve(s->cost, k, k, s->match, err) != 0)
        return -1;
    for (size_t i = 0; i < k; i++)
        if (rng_below(rng, 2) != 0)
            memcpy(s->child.centroids + i * cols, b->centroids + s->match[i] * cols, cols * sizeof(double));
    return 0;
}

/* Takes one centroid out at random and puts it back on a row drawn by its distance to the others (best of a few). */
static int mutate(struct state *s, struct rng *rng, struct pasar_err *err)
{
    struct lloyd *l = s->l;
    size_t cols = l->data->cols, out = (size_t)rng_below(rng, l->k);
    unsigned trials = 2 + (unsigned)log((double)l->k);
    double total = 0, best = INFINITY;
    if (l->k < 2)
        return 0;
    kmeans_init_reset(l->data, s->nearest);
    for (size_t c = 0; c < l->k; c++)
        if (c != out && kmeans_init_measure(l, s->child.centroids + c * cols, s->nearest, true, &total, err) != 0)
            return -1;
    for (unsigned t = 0; t < trials; t++) {
        size_t row = kmeans_init_draw(l->data, rng, s->nearest, total);
        double point[MATRIX_MAX_COLS], sum;
        for (size_t j = 0; j < cols; j++)
            point[j] = *matrix_at(l->data, row, j);
        if (kmeans_init_measure(l, point, s->nearest, false, &sum, err) != 0)
            return -1;
        if (sum < best) {
            best = sum;
            memcpy(s->child.centroids + out * cols, point, cols * sizeof(double));
        }
    }
    s->work += (double)l->data->rows * (double)(l->k + trials);
    return 0;
}

/* `share` of the present population is done. */
static void tell(struct state *s, double share)
{
    const struct kmeans_search *search = s->search;
    double done = search->from + (search->to - search->from) * (s->island + share) / s->islands;
    if (s->l->meter && done > s->l->meter->share)
        s->l->meter->share = done;
}

static int run_first(struct state *s, struct pasar_err *err)
{
    for (size_t i = 0; i < s->search->first_count; i++) {
        memcpy(s->child.centroids, s->search->first + i * s->len, s->len * sizeof(double));
        if (improve(s, err) != 0)
            return -1;
        (void)admit(&s->now, &s->child);
    }
    return 0;
}

static int run_starts(struct state *s, unsigned count, struct pasar_err *err)
{
    for (unsigned i = 0; i < count; i++) {
        struct rng rng;
        rng_init(&rng, s->search->seed, s->start_stream++);
        tell(s, starts_share * i / count);
        if (s->search->random_init)
            kmeans_init_random(s->l, &rng, s->child.centroids);
        else if (kmeans_init(s->l, &rng, s->child.centroids, s->nearest, err) != 0)
            return -1;
        if (improve(s, err) != 0)
            return -1;
        (void)admit(&s->now, &s->child);
    }
    return 0;
}

static int evolve(struct state *s, struct pasar_err *err)
{
    for (unsigned idle = 0; idle < s->search->patience && s->work < s->search->budget; s->child_stream++) {
        struct rng rng;
        rng_init(&rng, s->search->seed, s->child_stream);
        tell(s, starts_share + (1 - starts_share) * idle / s->search->patience);
        const struct optimum *a = parent(&s->now, &rng), *b = parent(&s->now, &rng);
        if (cross(s, a, b, &rng, err) != 0 || mutate(s, &rng, err) != 0 || improve(s, err) != 0)
            return -1;
        idle = admit(&s->now, &s->child) ? 0 : idle + 1;
    }
    return 0;
}

/* The best of the population go to the elite, and the others away. */
static void send_elite(struct state *s)
{
    for (size_t i = 0; i < s->now.count && i < ELITE; i++)
        (void)admit(&s->elite, &s->now.members[i]);
    s->now.count = 0;
}

/* Small problems get more populations: they cost next to nothing, and grids of duplicates have many near-optima. */
static int search_all(struct state *s, struct pasar_err *err)
{
    const struct kmeans_search *search = s->search;
    unsigned islands = search->patience > 0 && search->islands > 0 ? search->islands : 1;
    s->islands = islands > 1 ? islands + 1 : 1;
    if (run_first(s, err) != 0 || run_starts(s, search->n_init, err) != 0 || evolve(s, err) != 0)
        return -1;
    if (islands == 1)
        return 0;
    for (unsigned i = 1; i < islands && s->work < search->least_work; i++) {
        s->island = i;
        send_elite(s);
        if (run_starts(s, search->n_init < ISLAND_INIT ? search->n_init : ISLAND_INIT, err) != 0 || evolve(s, err) != 0)
            return -1;
    }
    send_elite(s);
    struct population last = s->elite;
    s->elite = s->now;
    s->now = last;
    s->island = islands;
    return evolve(s, err);
}

int kmeans_search(struct lloyd *l, const struct kmeans_search *search, struct kmeans_finalist *finalists, size_t wanted,
                  size_t *found, struct pasar_err *err)
{
    struct state s;
    if (state_init(&s, l, search, err) != 0)
        return -1;
    int result = search_all(&s, err);
    *found = s.now.count < wanted ? s.now.count : wanted;
    for (size_t i = 0; result == 0 && i < *found; i++) {
        memcpy(finalists[i].centroids, s.now.members[i].centroids, s.len * sizeof(double));
        finalists[i].inertia = s.now.members[i].inertia;
        finalists[i].iterations = s.now.members[i].iterations;
    }
    state_fini(&s);
    return result;
}
