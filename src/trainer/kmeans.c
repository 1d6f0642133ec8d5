/* From parameters to the final fit. */
#include "trainer/kmeans.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/hartigan.h"
#include "trainer/kmeans_search.h"
#include "trainer/rng.h"

enum {
    FINALISTS = 3, /* optima of the search that are worked out to the end */
    POLISH_PASSES = 100,
    SAMPLE_STREAM = 1 << 20, /* the first of the random streams for samples; the search uses others */
    SEARCH_ISLANDS = 8,
    SAMPLE_ISLANDS = 3, /* of the search on each sample */
};

/* Finalists that the search left so much (relatively) behind the best are not worked out. */
static const double photo_finish = 1e-3;

/* Of the work of a fit, about: what the search takes, and of that what it does on samples when there are some. */
static const double search_share = 0.9, samples_share = 0.4;

static const double search_tol = 1e-6;       /* a search run may stop this early: the winner is finished afterwards */
static const double search_least_work = 3e8; /* distances; some tenths of a second on one core */
static const double search_budget = 2e10;    /* distances; some ten seconds on one core */

const char *kmeans_stop_name(enum lloyd_stop stop)
{
    switch (stop) {
    case LLOYD_CONVERGED:
        return "converged";
    case LLOYD_TOL:
        return "tol";
    case LLOYD_MAX_ITER:
        return "max_iter";
    case LLOYD_HOPELESS:
        break;
    }
    return "unknown";
}

void kmeans_params_init(struct kmeans_params *params, size_t k, uint64_t seed)
{
    *params = (struct kmeans_params){
        .k = k, .seed = seed, .n_init = 10, .max_iter = 300, .patience = KMEANS_PATIENCE + 2 * (unsigned)k};
}

static int same_row(const struct matrix *data, size_t a, size_t b)
{
    for (size_t j = 0; j < data->cols; j++)
        if (*matrix_at(data, a, j) != *matrix_at(data, b, j))
            return 0;
    return 1;
}

size_t kmeans_distinct(const struct matrix *data, size_t enough)
{
    size_t found = 0, last = 0;
    size_t *rows = malloc((enough > 0 ? enough : 1) * sizeof *rows);
    if (!rows)
        return enough; /* k-means copes with duplicate centroids, too */
    for (size_t row = 0; row < data->rows && found < enough; row++) {
        if (found > 0 && same_row(data, row, rows[last]))
            continue; /* runs of duplicates are the common case */
        size_t i = 0;
        while (i < found && !same_row(data, row, rows[i]))
            i++;
        if (i == found)
            rows[found++] = row;
        last = i;
    }
    free(rows);
    return found;
}

/* Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): `count` rows of `data`, in their order. */
static int draw_sample(struct matrix *sample, const struct matrix *data, size_t count, struct rng rng,
                       struct pasar_err *err)
{
    if (matrix_init(sample, count, data->cols, err) != 0)
        return -1;
    for (size_t row = 0, taken = 0; taken < count; row++) {
        if (rng_below(&rng, data->rows - row) >= count - taken)
            continue;
        for (size_t j = 0; j < data->cols; j++)
            *matrix_at(sample, taken, j) = *matrix_at(data, row, j);
        taken++;
    }
    return 0;
}

/* The best optima of sample number `number`. `labels` is scratch. */
static int search_sample(struct kmeans_finalist *finalists, size_t *found, size_t k, uint16_t *labels, unsigned number,
                         const struct matrix *data, const struct kmeans_search *search, struct pool *pool,
                         struct lloyd_meter *meter, struct pasar_err *err)
{
    struct kmeans_search on_sample = *search;
    struct matrix sample;
    struct lloyd l;
    struct rng rng;
    int result = -1;
    rng_init(&rng, search->seed, SAMPLE_STREAM + number);
    on_sample.seed = rng_u64(&rng);
    if (draw_sample(&sample, data, KMEANS_SAMPLE_ROWS, rng, err) == 0 &&
        lloyd_init(&l, &sample, k, labels, pool, err) == 0) {
        l.meter = meter;
        result = kmeans_search(&l, &on_sample, finalists, KMEANS_SEARCH_POPULATION, found, err);
        lloyd_fini(&l);
    }
    matrix_fini(&sample);
    return result;
}

/* Lloyd and single-point moves take turns until neither changes anything, or one of the limits is reached. */
static int finish(struct kmeans_fit *fit, struct lloyd *l, double *centroids, const struct kmeans_params *params,
                  struct pasar_err *err)
{
    for (bool first = true;; first = false) {
        struct lloyd_run run;
        size_t moves;
        double before = fit->inertia;
        const struct lloyd_limits limits = {params->max_iter, params->tol, INFINITY};
        if (lloyd_iterate(l, centroids, &limits, &run, err) != 0)
            return -1;
        fit->iterations += run.iterations;
        fit->stop = run.stop;
        fit->inertia = run.inertia;
        if (run.stop != LLOYD_CONVERGED || (!first && !(run.inertia < before)))
            return 0;
        if (hartigan_polish(l, centroids, POLISH_PASSES, &moves, err) != 0)
            return -1;
        if (moves == 0)
            return 0;
    }
}

/* Sizes and means of the clusters as the labels make them; a cluster without rows keeps its centroid. Serial: rare. */
static void take_means(struct kmeans_fit *fit, const struct lloyd *l)
{
    size_t cols = l->data->cols;
    for (size_t c = 0; c < fit->k; c++)
        for (size_t j = 0; j < cols && fit->sizes[c] > 0; j++)
            fit->centroids[c * cols + j] = 0;
    for (size_t row = 0; row < l->data->rows; row++)
        for (size_t j = 0; j < cols; j++)
            fit->centroids[l->labels[row] * cols + j] +=
                *matrix_at(l->data, row, j) / (double)fit->sizes[l->labels[row]];
}

static int settle(struct kmeans_fit *fit, struct lloyd *l, size_t *moved, struct pasar_err *err)
{
    if (lloyd_settle(l, fit->centroids, moved, err) != 0)
        return -1;
    memset(fit->sizes, 0, fit->k * sizeof *fit->sizes);
    for (size_t row = 0; row < l->data->rows; row++)
        fit->sizes[l->labels[row]]++;
    return 0;
}

/*
 * Labels and sizes of the fit. A cluster can be without rows still where two points are so near each other that Lloyd's
 * steps cannot part them: it takes the row farthest from its centroid.
 */
static int settle_all(struct kmeans_fit *fit, struct lloyd *l, struct pasar_err *err)
{
    size_t moved, filled = 0;
    if (lloyd_assign(l, fit->centroids, true, err) != 0 || settle(fit, l, &moved, err) != 0)
        return -1;
    for (size_t c = 0; c < fit->k; c++) {
        if (fit->sizes[c] > 0)
            continue;
        size_t row = lloyd_farthest(l, fit->centroids, fit->sizes);
        if (row == SIZE_MAX)
            break;
        fit->sizes[l->labels[row]]--;
        fit->sizes[c]++;
        l->labels[row] = (uint16_t)c;
        take_means(fit, l);
        filled++;
        if (settle(fit, l, &moved, err) != 0)
            return -1;
    }
    return moved > 0 || filled > 0 ? lloyd_inertia(l, fit->centroids, &fit->inertia, err) : 0;
}

/* Works the finalists out; the best one (ties: the first) becomes the fit. */
static int choose(struct kmeans_fit *fit, struct lloyd *l, struct kmeans_finalist *finalists, size_t count,
                  const struct kmeans_params *params, struct pasar_err *err)
{
    if (l->meter)
        l->meter->share = search_share;
    size_t cols = l->data->cols, best = 0;
    struct kmeans_fit results[FINALISTS];
    for (size_t i = 0; i < count; i++) {
        results[i] = (struct kmeans_fit){.inertia = INFINITY};
        if (finalists[i].inertia > finalists[0].inertia * (1 + photo_finish))
            continue;
        results[i] = (struct kmeans_fit){.iterations = finalists[i].iterations};
        if (finish(&results[i], l, finalists[i].centroids, params, err) != 0)
            return -1;
        if (results[i].inertia < results[best].inertia)
            best = i;
    }
    fit->inertia = results[best].inertia;
    fit->iterations = results[best].iterations;
    fit->stop = results[best].stop;
    memcpy(fit->centroids, finalists[best].centroids, fit->k * cols * sizeof *fit->centroids);
    return settle_all(fit, l, err);
}

static struct kmeans_search search_for(const struct kmeans_fit *fit, const struct kmeans_params *params)
{
    return (struct kmeans_search){
        .seed = params->seed,
        .random_init = params->random_init,
        .n_init = params->n_init,
        .max_iter = params->max_iter,
        .tol = params->tol > search_tol ? params->tol : search_tol,
        .patience = fit->k > 1 ? params->patience : 0,
        .islands = SEARCH_ISLANDS,
        .least_work = search_least_work,
        .budget = search_budget,
        .to = search_share,
    };
}

/*
 * Very many rows: most of the search takes place on samples, which are searched independently of each other, and all
 * their optima begin the search on all rows. There a run costs much, so that starts (which see the far rows that a
 * sample lacks) and children are only as many as the number of clusters makes worth while. Fills `first`, sets of
 * fit->k centroids, and *count.
 */
static int search_samples(double *first, size_t *count, struct kmeans_search *search, const struct kmeans_fit *fit,
                          uint16_t *labels, const struct matrix *data, struct pool *pool, struct lloyd_meter *meter,
                          struct pasar_err *err)
{
    struct kmeans_search on_sample = *search;
    size_t len = fit->k * data->cols;
    unsigned enough = 10 * (unsigned)fit->k;
    on_sample.islands = SAMPLE_ISLANDS;
    on_sample.hurried = true;
    on_sample.patience = search->patience < enough ? search->patience : enough;
    on_sample.budget = search->budget / (4 * KMEANS_SAMPLES);
    for (unsigned number = 0; number < KMEANS_SAMPLES; number++) {
        struct kmeans_finalist finalists[KMEANS_SEARCH_POPULATION];
        size_t found = 0;
        on_sample.from = search->to * samples_share * number / KMEANS_SAMPLES;
        on_sample.to = search->to * samples_share * (number + 1) / KMEANS_SAMPLES;
        for (size_t i = 0; i < KMEANS_SEARCH_POPULATION; i++)
            finalists[i].centroids = first + (*count + i) * len;
        if (search_sample(finalists, &found, fit->k, labels, number, data, &on_sample, pool, meter, err) != 0)
            return -1;
        *count += found;
    }
    enough = (unsigned)fit->k;
    search->n_init = search->n_init < enough ? search->n_init : enough;
    enough *= enough;
    search->islands = 1;
    search->hurried = true;
    search->from = search->to * samples_share;
    search->patience = search->patience < enough ? search->patience : enough;
    return 0;
}

static int fit_all(struct kmeans_fit *fit, uint16_t *labels, const struct matrix *data,
                   const struct kmeans_params *params, struct pool *pool, struct pasar_err *err)
{
    struct kmeans_search search = search_for(fit, params);
    struct kmeans_finalist finalists[FINALISTS];
    struct lloyd l;
    size_t len = fit->k * data->cols, count = 0, found = 0;
    int result = -1;
    /* What comes from the samples, the caller's start, the finalists. */
    double *centroids = malloc((KMEANS_SAMPLES * KMEANS_SEARCH_POPULATION + 1 + FINALISTS) * len * sizeof *centroids);
    if (!centroids)
        return pasar_err_nomem(err, "centroids");
    if (params->start && fit->k == params->k)
        memcpy(centroids + count++ * len, params->start, len * sizeof *centroids);
    if (data->rows > KMEANS_SAMPLE_ABOVE && fit->k > 1 &&
        search_samples(centroids, &count, &search, fit, labels, data, pool, params->meter, err) != 0)
        goto out;
    search.first = centroids;
    search.first_count = count;
    for (size_t i = 0; i < FINALISTS; i++)
        finalists[i].centroids = centroids + (count + i) * len;
    if (lloyd_init(&l, data, fit->k, labels, pool, err) == 0) {
        l.meter = params->meter;
        if (kmeans_search(&l, &search, finalists, FINALISTS, &found, err) == 0)
            result = choose(fit, &l, finalists, found, params, err);
        lloyd_fini(&l);
    }
out:
    free(centroids);
    return result;
}

int kmeans_fit(struct kmeans_fit *fit, uint16_t *labels, const struct matrix *data, const struct kmeans_params *params,
               struct pool *pool, struct pasar_err *err)
{
    *fit = (struct kmeans_fit){.restarts = params->n_init};
    if (data->rows == 0 || params->k < 1 || params->k > UINT16_MAX || params->n_init < 1 || params->max_iter < 1)
        return pasar_err_set(err, PASAR_EBUG, "k-means of %zu rows with k = %zu", data->rows, params->k);
    if (params->meter)
        params->meter->share = 0;
    fit->k = kmeans_distinct(data, params->k);
    fit->centroids = malloc(fit->k * data->cols * sizeof *fit->centroids);
    fit->sizes = malloc(fit->k * sizeof *fit->sizes);
    if (!fit->centroids || !fit->sizes) {
        kmeans_fit_fini(fit);
        return pasar_err_nomem(err, "centroids");
    }
    if (fit_all(fit, labels, data, params, pool, err) == 0)
        return 0;
    kmeans_fit_fini(fit);
    return -1;
}

void kmeans_fit_fini(struct kmeans_fit *fit)
{
    free(fit->centroids);
    free(fit->sizes);
    fit->centroids = NULL;
    fit->sizes = NULL;
}
