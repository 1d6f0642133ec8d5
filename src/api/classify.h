/*
 * Which category do these words belong to? A linear classifier learnt at load from the catalogue's own names:
 * multinomial logistic regression over words (and word beginnings), trained by averaged stochastic gradient steps on
 * full names and on their first words, so that what people type looks like what was trained on. Deterministic.
 */
#ifndef PASAR_API_CLASSIFY_H
#define PASAR_API_CLASSIFY_H

#include <stddef.h>
#include <stdint.h>

#include "api/catalog.h"
#include "api/vocabulary.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

struct classify {
    uint32_t feature_count;
    uint32_t class_count;     /* 0: nothing to learn (one category or none) */
    uint32_t stride;          /* floats per feature, class_count rounded up */
    float *weights;           /* feature_count x stride */
    float *bias;              /* stride */
    uint32_t *class_category; /* class → category id */
    uint32_t *category_class; /* category id → class + 1, 0 = none */
    uint32_t *term_feature;   /* term → feature + 1, 0 = none */
    struct classify_gram {
        uint32_t key, feature; /* hash of a word part, 0 = empty slot; feature + 1 */
    } * grams;
    uint32_t gram_mask, gram_count;
    uint32_t term_count;
};

int classify_train(struct classify *c, const struct catalog *catalog, const struct vocabulary *vocabulary,
                   struct pasar_err *err) PASAR_MUSTCHECK;
void classify_fini(struct classify *c);

/* A word of a query: its term (or CLASSIFY_NO_TERM) and its text, for the parts of words. */
enum { CLASSIFY_NO_TERM = UINT32_MAX >> 1 };

struct classify_word {
    uint32_t term;
    float weight;
    const char *text;
    size_t len;
};

/* Probabilities of the classes for the words, into p (stride floats). False when there is nothing to go by. */
int classify_words(const struct classify *c, const struct classify_word *words, size_t count, float *p);

#endif
