/*
 * Which category do these words belong to? Each category has a centroid: the mean of its products' term vectors, each
 * of length 1, made of name, the first words of the name (again: they are what people type) and category words (Rocchio
 * classification: Joachims, "A Probabilistic Analysis of the Rocchio Algorithm with TFIDF", 1997). Learnt at load from
 * the catalogue alone.
 */
#ifndef PASAR_API_CENTROIDS_H
#define PASAR_API_CENTROIDS_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

struct centroids {
    uint64_t *start; /* term → its first entry; term_count + 1 */
    struct centroids_entry {
        uint32_t category;
        float weight;
    } * entries;
    uint64_t count, cap;
    float *sums; /* while building: of the open category, by term */
    uint32_t *touched, touched_count, term_count;
    uint32_t *entry_terms; /* while building: beside entries */
};

int centroids_init(struct centroids *c, uint32_t term_count, struct pasar_err *err) PASAR_MUSTCHECK;
void centroids_fini(struct centroids *c);

/* A product of the category that is open; weights are made unit length. */
void centroids_add(struct centroids *c, const uint32_t *terms, const float *weights, size_t count);

/* The open category is complete. Categories come in rising order. */
int centroids_close(struct centroids *c, uint32_t category, struct pasar_err *err) PASAR_MUSTCHECK;

/* All categories are closed: the entries are put in order of terms. */
int centroids_finish(struct centroids *c, struct pasar_err *err) PASAR_MUSTCHECK;

/* Adds weight x each centroid's share of the term to scores (by category). */
static inline void centroids_score(const struct centroids *c, uint32_t term, float weight, float *scores)
{
    for (uint64_t i = c->start[term]; i < c->start[term + 1]; i++)
        scores[c->entries[i].category] += weight * c->entries[i].weight;
}

#endif
