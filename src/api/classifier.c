#include "api/classifier.h"

#include <stdlib.h>
#include <string.h>

#include "api/logistic.h"

enum { TEXTS_MIN = 2 }; /* that hold a word; one alone says nothing of how it is used */

struct classifier_build {
    struct sparse texts, samples; /* columns: terms */
    uint32_t *labels, label_cap;  /* of samples */
};

static int fail_memory(struct pasar_err *err)
{
    return pasar_err_nomem(err, "classifier of categories");
}

int classifier_init(struct classifier *c, uint32_t term_count, uint32_t category_count, struct pasar_err *err)
{
    *c = (struct classifier){.term_count = term_count, .category_count = category_count};
    c->build = calloc(1, sizeof *c->build);
    c->column_of = calloc((size_t)term_count + 1, sizeof *c->column_of);
    c->weights = malloc(((size_t)category_count + 1) * sizeof *c->weights);
    c->biases = malloc(((size_t)category_count + 1) * sizeof *c->biases);
    return c->build && c->column_of && c->weights && c->biases ? 0 : fail_memory(err);
}

static void end_building(struct classifier *c)
{
    if (!c->build)
        return;
    sparse_fini(&c->build->texts);
    sparse_fini(&c->build->samples);
    free(c->build->labels);
    free(c->build);
    c->build = NULL;
}

void classifier_fini(struct classifier *c)
{
    end_building(c);
    free(c->column_of);
    free(c->vectors);
    free(c->weights);
    free(c->biases);
    memset(c, 0, sizeof *c);
}

static void add_row(struct sparse *m, const uint32_t *terms, const float *weights, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sparse_add(m, terms[i], weights[i]);
    sparse_end_row(m);
}

void classifier_add_text(struct classifier *c, const uint32_t *terms, const float *weights, size_t count)
{
    for (size_t i = 0; i < count; i++)
        c->column_of[terms[i]]++; /* a count for now */
    add_row(&c->build->texts, terms, weights, count);
}

void classifier_add_sample(struct classifier *c, uint32_t category, const uint32_t *terms, const float *weights,
                           size_t count)
{
    struct classifier_build *b = c->build;
    if (b->samples.row_count == b->label_cap) {
        uint32_t cap = b->label_cap ? 2 * b->label_cap : 1024, *labels = realloc(b->labels, cap * sizeof *labels);
        if (!labels) {
            b->samples.failed = true;
            return;
        }
        b->labels = labels;
        b->label_cap = cap;
    }
    b->labels[b->samples.row_count] = category;
    add_row(&b->samples, terms, weights, count);
}

/* Numbers the words that come in more than one text. Returns how many there are. */
static uint32_t number_columns(struct classifier *c)
{
    uint32_t columns = 0;
    for (uint32_t t = 0; t < c->term_count; t++)
        c->column_of[t] = c->column_of[t] >= TEXTS_MIN ? columns++ : SPARSE_NO_COLUMN;
    return columns;
}

/* Samples as vectors, without those of which no word is known; moves labels along. Returns how many there are. */
static uint32_t embed(const struct classifier *c, struct lsa_vector *vectors)
{
    struct classifier_build *b = c->build;
    uint32_t kept = 0;
    for (uint32_t row = 0; row < b->samples.row_count; row++) {
        vectors[kept] = (struct lsa_vector){0};
        lsa_add_row(&vectors[kept], &b->samples, row, c->vectors);
        b->labels[kept] = b->labels[row];
        kept += lsa_normalize(&vectors[kept]);
    }
    return kept;
}

int classifier_finish(struct classifier *c, struct pasar_err *err)
{
    struct classifier_build *b = c->build;
    uint32_t columns = number_columns(c);
    if (b->texts.failed || b->samples.failed)
        return fail_memory(err);
    sparse_rename_columns(&b->texts, c->column_of);
    sparse_rename_columns(&b->samples, c->column_of);
    c->vectors = malloc(((size_t)columns + 1) * sizeof *c->vectors);
    if (!c->vectors)
        return fail_memory(err);
    if (lsa_fit(&b->texts, columns, c->vectors, err) != 0)
        return -1;
    sparse_fini(&b->texts);
    struct lsa_vector *samples = malloc(((size_t)b->samples.row_count + 1) * sizeof *samples);
    if (!samples)
        return fail_memory(err);
    uint32_t count = embed(c, samples);
    int rc = logistic_fit(samples, b->labels, count, c->category_count, c->weights, c->biases, err);
    free(samples);
    end_building(c);
    return rc;
}

void classifier_score(const struct classifier *c, struct lsa_vector *query, float scale, float *scores)
{
    if (!lsa_normalize(query))
        return;
    for (uint32_t i = 0; i < c->category_count; i++)
        scores[i] += scale * (lsa_dot(&c->weights[i], query) + c->biases[i]);
}
