/*
 * The search for the global optimum: independent greedy k-means++ starts, then a small genetic algorithm over their
 * local optima (Gribel, Vidal: "HG-means: a scalable hybrid genetic algorithm for minimum sum-of-squares clustering",
 * Pattern Recognition 2019): two parents' centroids are matched, each pair gives one of its two, one random centroid
 * is taken out and put back where the error is large, and Lloyd's iteration repairs the child. A population may settle
 * in one region of the solutions, so that there are several, each with starts of its own; the best of all of them form
 * the last one.
 */
#ifndef TRAINER_KMEANS_SEARCH_H
#define TRAINER_KMEANS_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "trainer/lloyd.h"

enum { KMEANS_SEARCH_POPULATION = 12 };

struct kmeans_search {
    uint64_t seed;
    bool random_init;    /* starts are random rows, not k-means++ */
    unsigned n_init;     /* independent starts of the first population; 0: it has those of `first` only */
    unsigned max_iter;   /* of each Lloyd run */
    double tol;          /* of each Lloyd run */
    unsigned patience;   /* children in a row without a better optimum that end a population; 0: starts only */
    bool hurried;        /* very many rows: gives up runs that lag behind, and leaves out single-point moves */
    unsigned islands;    /* populations before the last one, at most; 1: the first is the last one, too */
    double least_work;   /* row-centroid distances after which no further one begins */
    double budget;       /* distances after which no further child is made */
    double from, to;     /* the search is this part of a fit, for l->meter */
    const double *first; /* first_count further starting centroids, one set after the other; may be NULL */
    size_t first_count;
};

/* One of the best optima found. */
struct kmeans_finalist {
    double *centroids;   /* l->k x cols; the caller's memory */
    double inertia;      /* as far as it was worked out */
    unsigned iterations; /* of the Lloyd run that it came from */
};

/*
 * Writes the `wanted` best optima, best first; *found of them (>= 1) there are. They need not be worked out to the last
 * digit. The result depends on data, k and *search only. 0, or -1 with err.
 */
int kmeans_search(struct lloyd *l, const struct kmeans_search *search, struct kmeans_finalist *finalists, size_t wanted,
                  size_t *found, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
