#include "api/centroids.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int centroids_init(struct centroids *c, uint32_t term_count, struct pasar_err *err)
{
    memset(c, 0, sizeof *c);
    c->term_count = term_count;
    c->start = calloc((size_t)term_count + 1, sizeof *c->start);
    c->sums = calloc((size_t)term_count + 1, sizeof *c->sums);
    c->touched = malloc(((size_t)term_count + 1) * sizeof *c->touched);
    return c->start && c->sums && c->touched ? 0 : pasar_err_nomem(err, "category centroids");
}

static void end_building(struct centroids *c)
{
    free(c->sums);
    free(c->touched);
    free(c->entry_terms);
    c->sums = NULL;
    c->touched = c->entry_terms = NULL;
}

void centroids_fini(struct centroids *c)
{
    end_building(c);
    free(c->start);
    free(c->entries);
    memset(c, 0, sizeof *c);
}

void centroids_add(struct centroids *c, const uint32_t *terms, const float *weights, size_t count)
{
    float sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i] * weights[i];
    if (!(sum > 0))
        return;
    float scale = 1 / sqrtf(sum);
    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] > 0))
            continue;
        if (c->sums[terms[i]] == 0)
            c->touched[c->touched_count++] = terms[i];
        c->sums[terms[i]] += weights[i] * scale;
    }
}

static int reserve(struct centroids *c, uint64_t more, struct pasar_err *err)
{
    if (c->cap - c->count >= more)
        return 0;
    uint64_t cap = c->cap + c->cap / 2 + more;
    struct centroids_entry *entries = realloc(c->entries, cap * sizeof *entries);
    if (entries)
        c->entries = entries;
    uint32_t *terms = realloc(c->entry_terms, cap * sizeof *terms);
    if (terms)
        c->entry_terms = terms;
    if (!entries || !terms)
        return pasar_err_nomem(err, "category centroids");
    c->cap = cap;
    return 0;
}

int centroids_close(struct centroids *c, uint32_t category, struct pasar_err *err)
{
    double sum = 0;
    if (reserve(c, c->touched_count, err) != 0)
        return -1;
    for (uint32_t i = 0; i < c->touched_count; i++)
        sum += (double)c->sums[c->touched[i]] * c->sums[c->touched[i]];
    for (uint32_t i = 0; i < c->touched_count; i++) {
        uint32_t term = c->touched[i];
        c->entry_terms[c->count] = term;
        c->entries[c->count++] = (struct centroids_entry){category, (float)(c->sums[term] / sqrt(sum))};
        c->start[term]++; /* a count for now */
        c->sums[term] = 0;
    }
    c->touched_count = 0;
    return 0;
}

int centroids_finish(struct centroids *c, struct pasar_err *err)
{
    struct centroids_entry *sorted = malloc((c->count + 1) * sizeof *sorted);
    if (!sorted)
        return pasar_err_nomem(err, "category centroids");
    uint64_t at = 0;
    for (uint32_t t = 0; t <= c->term_count; t++) { /* counts become ends ... */
        at += c->start[t];
        c->start[t] = at;
    }
    for (uint64_t i = c->count; i > 0; i--) /* ... and, filled from the back, beginnings */
        sorted[--c->start[c->entry_terms[i - 1]]] = c->entries[i - 1];
    free(c->entries);
    c->entries = sorted;
    c->cap = c->count;
    end_building(c);
    return 0;
}
