#include "api/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Dirichlet smoothing: how many words of the catalogue at large are mixed into a model. */
static const float named_prior = 50, told_prior = 300;
/* What the logarithms count: words of a text repeat each other, so that in full they would be far too sure. */
static const float named_share = 0.05f, told_share = 0.05f;
static const float unseen = 0.5f; /* of each term, beyond the occurrences in the catalogue */

struct sums {
    float vector, named, told, label;
};

struct evidence_build {
    struct sums *sums; /* of the open category, by term */
    uint32_t *touched, touched_count;
    struct raw {
        uint32_t term, category;
        struct sums sums;
    } * raw; /* of closed categories */
    uint64_t count, cap;
    double *named, *told; /* words in all, by node */
};

static int fail_memory(struct pasar_err *err)
{
    return pasar_err_nomem(err, "category evidence");
}

int evidence_init(struct evidence *e, uint32_t term_count, uint32_t word_count, uint32_t *parent,
                  uint32_t category_count, uint32_t node_count, struct pasar_err *err)
{
    *e = (struct evidence){.parent = parent,
                           .category_count = category_count,
                           .node_count = node_count,
                           .term_count = term_count,
                           .word_count = word_count};
    struct evidence_build *b = e->build = calloc(1, sizeof *b);
    e->start = calloc((size_t)term_count + 1, sizeof *e->start);
    e->absent = calloc((size_t)category_count + 1, sizeof *e->absent);
    e->log_size = calloc((size_t)category_count + 1, sizeof *e->log_size);
    e->head = malloc(((size_t)category_count + 1) * sizeof *e->head);
    if (!b || !e->start || !e->absent || !e->log_size || !e->head)
        return fail_memory(err);
    for (uint32_t c = 0; c < category_count; c++) {
        e->log_size[c] = -INFINITY; /* of those that are never closed */
        e->head[c] = EVIDENCE_NO_TERM;
    }
    b->sums = calloc((size_t)term_count + 1, sizeof *b->sums);
    b->touched = malloc(((size_t)term_count + 1) * sizeof *b->touched);
    b->named = calloc((size_t)node_count + 1, sizeof *b->named);
    b->told = calloc((size_t)node_count + 1, sizeof *b->told);
    return b->sums && b->touched && b->named && b->told ? 0 : fail_memory(err);
}

static void end_building(struct evidence *e)
{
    struct evidence_build *b = e->build;
    if (!b)
        return;
    free(b->sums);
    free(b->touched);
    free(b->raw);
    free(b->named);
    free(b->told);
    free(b);
    e->build = NULL;
}

void evidence_fini(struct evidence *e)
{
    end_building(e);
    free(e->start);
    free(e->entries);
    free(e->absent);
    free(e->log_size);
    free(e->head);
    free(e->parent);
    memset(e, 0, sizeof *e);
}

/* ------------------------------------------------------------------ learning */

static struct sums *touch(struct evidence_build *b, uint32_t term)
{
    struct sums *s = &b->sums[term];
    if (s->vector == 0 && s->named == 0 && s->told == 0 && s->label == 0)
        b->touched[b->touched_count++] = term;
    return s;
}

void evidence_add_vector(struct evidence *e, const uint32_t *terms, const float *weights, size_t count)
{
    float sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i] * weights[i];
    float scale = sum > 0 ? 1 / sqrtf(sum) : 0;
    for (size_t i = 0; i < count; i++) {
        if (weights[i] * scale > 0)
            touch(e->build, terms[i])->vector += weights[i] * scale;
    }
}

void evidence_add_named(struct evidence *e, uint32_t term, float count)
{
    if (count > 0)
        touch(e->build, term)->named += count;
}

void evidence_add_told(struct evidence *e, uint32_t term, float count)
{
    if (count > 0)
        touch(e->build, term)->told += count;
}

void evidence_add_label(struct evidence *e, uint32_t category, const uint32_t *terms, const float *weights,
                        size_t count)
{
    float sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i];
    for (size_t i = 0; i < count; i++)
        touch(e->build, terms[i])->label += weights[i] / sum;
    if (count > 0)
        e->head[category] = terms[count - 1];
}

static int reserve(struct evidence_build *b, uint64_t more, struct pasar_err *err)
{
    if (b->cap - b->count >= more)
        return 0;
    uint64_t cap = b->cap + b->cap / 2 + more;
    struct raw *raw = realloc(b->raw, cap * sizeof *raw);
    if (!raw)
        return fail_memory(err);
    b->raw = raw;
    b->cap = cap;
    return 0;
}

int evidence_close(struct evidence *e, uint32_t category, uint32_t products, struct pasar_err *err)
{
    struct evidence_build *b = e->build;
    double square = 0;
    if (reserve(b, b->touched_count, err) != 0)
        return -1;
    for (uint32_t i = 0; i < b->touched_count; i++)
        square += (double)b->sums[b->touched[i]].vector * b->sums[b->touched[i]].vector;
    for (uint32_t i = 0; i < b->touched_count; i++) {
        uint32_t term = b->touched[i];
        struct sums *s = &b->sums[term];
        if (term < e->word_count) {
            b->named[category] += s->named;
            b->named[e->parent[category]] += s->named;
            b->told[category] += s->told;
        }
        s->vector = square > 0 ? (float)(s->vector / sqrt(square)) : 0;
        b->raw[b->count++] = (struct raw){term, category, *s};
        e->start[term]++; /* a count for now */
        *s = (struct sums){0};
    }
    b->touched_count = 0;
    e->log_size[category] = logf((float)products);
    return 0;
}

/* ------------------------------------------------------------------ from counts to odds */

/* Puts b->raw in order of terms, and each term's in order of categories. */
static int sort_by_term(struct evidence *e, struct pasar_err *err)
{
    struct evidence_build *b = e->build;
    struct raw *sorted = malloc((b->count + 1) * sizeof *sorted);
    if (!sorted)
        return fail_memory(err);
    uint64_t at = 0;
    for (uint32_t t = 0; t <= e->term_count; t++) { /* counts become ends ... */
        at += e->start[t];
        e->start[t] = at;
    }
    for (uint64_t i = b->count; i > 0; i--) /* ... and, filled from the back, beginnings */
        sorted[--e->start[b->raw[i - 1].term]] = b->raw[i - 1];
    free(b->raw);
    b->raw = sorted;
    return 0;
}

/* Odds of a term that occurs `count` times, beyond those of one that does not; `rate` is its share of the catalogue. */
static float odds(float count, float prior, double rate)
{
    return log1pf((float)(count / (prior * rate)));
}

static float odds_absent(float prior, double words)
{
    return logf((float)(prior / (words + prior)));
}

/* Writes one term's entries, first those of the categories, then those of their parents. `parents` and `sum` are
 * working memory, by node; sum is zero before and after. */
static void write_term(struct evidence *e, const struct raw *raw, uint64_t count, const double in_all[2],
                       uint32_t *parents, float *sum)
{
    double named = unseen, told = unseen;
    uint32_t parent_count = 0;
    for (uint64_t i = 0; i < count; i++) {
        named += raw[i].sums.named;
        told += raw[i].sums.told;
    }
    named /= in_all[0];
    told /= in_all[1];
    for (uint64_t i = 0; i < count; i++) {
        const struct sums *s = &raw[i].sums;
        uint32_t parent = e->parent[raw[i].category];
        e->entries[e->count++] = (struct evidence_entry){.node = raw[i].category,
                                                         .cosine = s->vector,
                                                         .odds = named_share * odds(s->named, named_prior, named) +
                                                                 told_share * odds(s->told, told_prior, told),
                                                         .label = s->label};
        if (s->named > 0) {
            if (sum[parent] == 0)
                parents[parent_count++] = parent;
            sum[parent] += s->named;
        }
    }
    for (uint32_t i = 0; i < parent_count; i++) {
        float share = named_share * odds(sum[parents[i]], named_prior, named);
        e->entries[e->count++] = (struct evidence_entry){.node = parents[i], .odds = share};
        sum[parents[i]] = 0;
    }
}

int evidence_finish(struct evidence *e, struct pasar_err *err)
{
    struct evidence_build *b = e->build;
    uint32_t *parents = malloc(((size_t)e->node_count + 1) * sizeof *parents);
    float *sum = calloc((size_t)e->node_count + 1, sizeof *sum);
    double in_all[2] = {1, 1};
    int rc = parents && sum ? sort_by_term(e, err) : fail_memory(err);
    e->entries = rc == 0 ? malloc((2 * b->count + 1) * sizeof *e->entries) : NULL;
    if (rc == 0 && !e->entries)
        rc = fail_memory(err);
    for (uint32_t c = 0; rc == 0 && c < e->category_count; c++) {
        in_all[0] += b->named[c];
        in_all[1] += b->told[c];
        e->absent[c] =
            named_share * (odds_absent(named_prior, b->named[c]) + odds_absent(named_prior, b->named[e->parent[c]])) +
            told_share * odds_absent(told_prior, b->told[c]);
    }
    for (uint32_t t = 0; rc == 0 && t < e->term_count; t++) {
        uint64_t first = e->start[t];
        e->start[t] = e->count;
        write_term(e, b->raw + first, e->start[t + 1] - first, in_all, parents, sum);
    }
    if (rc == 0) {
        struct evidence_entry *entries = realloc(e->entries, (e->count + 1) * sizeof *entries);
        e->entries = entries ? entries : e->entries;
        e->start[e->term_count] = e->count;
    }
    free(parents);
    free(sum);
    end_building(e);
    return rc;
}
