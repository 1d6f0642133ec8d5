/*
 * Which category do these words belong to? A linear classifier learnt at load from the loaded catalogue: multinomial
 * logistic regression over words, trained by stochastic gradient steps on whole names, on a few of a name's first words
 * (so that what people type looks like what was trained on), and on the words of the category itself. Deterministic.
 */
#ifndef PASAR_API_CLASSIFY_H
#define PASAR_API_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/catalog.h"
#include "api/vocabulary.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

struct classify {
    uint32_t feature_count;
    uint32_t class_count;     /* below 2 there is nothing to learn */
    uint32_t stride;          /* floats per feature: class_count rounded up */
    float *weights;           /* feature_count x stride */
    float *bias;              /* stride */
    uint32_t *class_category; /* class → category id */
    uint32_t *term_feature;   /* term → feature + 1, 0 = none */
    uint32_t term_count;
};

/* Trains on a finished catalogue. 0 or -1 with err; classify_fini in every case. */
int classify_train(struct classify *c, const struct catalog *catalog, const struct vocabulary *vocabulary,
                   struct pasar_err *err) PASAR_MUSTCHECK;
void classify_fini(struct classify *c);

/* A word of a query, as the term it is taken for. */
struct classify_word {
    uint32_t term;
    float weight;
};

/* Probabilities of the classes for the words, into p (stride floats). False when there is nothing to go by. */
bool classify_words(const struct classify *c, const struct classify_word *words, size_t count, float *p);

#endif
