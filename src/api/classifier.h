/*
 * Which category do these words belong to, if words that are used alike are taken for alike? Each text is a sum of word
 * vectors from latent semantic analysis, which a logistic regression, taught with the catalogue's names, tells apart.
 * It errs elsewhere than the evidence does, which takes words one by one.
 */
#ifndef PASAR_API_CLASSIFIER_H
#define PASAR_API_CLASSIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/lsa.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

struct classifier {
    uint32_t *column_of;        /* term → its place in vectors; SPARSE_NO_COLUMN: it has none */
    struct lsa_vector *vectors; /* of words */
    struct lsa_vector *weights; /* by category; see logistic.h */
    float *biases;              /* by category */
    uint32_t term_count, category_count;
    struct classifier_build *build; /* until classifier_finish */
};

/* classifier_fini in every case. */
int classifier_init(struct classifier *c, uint32_t term_count, uint32_t category_count,
                    struct pasar_err *err) PASAR_MUSTCHECK;
void classifier_fini(struct classifier *c);

/* A text from which to learn which words are used alike: its terms, each once, and their weights. */
void classifier_add_text(struct classifier *c, const uint32_t *terms, const float *weights, size_t count);

/* Words that a product of the category goes by. */
void classifier_add_sample(struct classifier *c, uint32_t category, const uint32_t *terms, const float *weights,
                           size_t count);

/* Learns from texts and samples. 0, or -1 with err when memory ran out. */
int classifier_finish(struct classifier *c, struct pasar_err *err) PASAR_MUSTCHECK;

/* Adds a word to a query, which is zero at first; false when the word is not known. */
static inline bool classifier_ask(const struct classifier *c, uint32_t term, float weight, struct lsa_vector *query)
{
    uint32_t column = c->column_of[term];
    if (column != SPARSE_NO_COLUMN)
        lsa_add(query, &c->vectors[column], weight);
    return column != SPARSE_NO_COLUMN;
}

/* Adds to each category's score `scale` times its logit; nothing when no word of the query is known. The query is unit
 * length afterwards. */
void classifier_score(const struct classifier *c, struct lsa_vector *query, float scale, float *scores);

#endif
