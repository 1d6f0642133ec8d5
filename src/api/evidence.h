/*
 * Which category do these words belong to? Three answers, learnt at load from the catalogue alone, that err in
 * different places and are added up:
 *
 * - Cosine: each category has a centroid, the mean of its products' term vectors, each of length 1 (Rocchio
 *   classification: Joachims, "A Probabilistic Analysis of the Rocchio Algorithm with TFIDF", 1997).
 * - Odds: how much likelier the category is to say a word than the catalogue is (naive Bayes on language models with
 *   Dirichlet smoothing: Zhai & Lafferty, "A Study of Smoothing Methods for Language Models", 2004). Names and
 *   descriptions have a model each. So has the level above, for names, so that a category of few products learns from
 *   its siblings (McCallum et al., "Improving Text Classification by Shrinkage in a Hierarchy of Classes", 1998).
 * - Label: how much of the category's own name the words are, the rarer words counting more. The last word of the name
 *   says what its products are: hard disk bags are bags.
 *
 * A node is a category or, numbered after all categories, a parent of some.
 */
#ifndef PASAR_API_EVIDENCE_H
#define PASAR_API_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

#define EVIDENCE_NO_TERM UINT32_MAX

struct evidence {
    uint64_t *start; /* term → its first entry; term_count + 1 */
    struct evidence_entry {
        uint32_t node;
        float cosine, odds; /* odds beyond those of a term that the node never had */
        float label;        /* share of the category's name; all of them are 1 */
    } * entries;
    uint64_t count;
    float *absent;    /* category → odds of a term that neither it nor its parent ever had */
    float *log_size;  /* category → log of how many products it has */
    uint32_t *parent; /* category → node */
    uint32_t *head;   /* category → the last word of its name; EVIDENCE_NO_TERM: it has none */
    uint32_t category_count, node_count, term_count, word_count;
    struct evidence_build *build; /* until evidence_finish */
};

/*
 * `parent` (taken, also on failure) says each category's parent, a node from category_count on. The first word_count
 * terms are words; those after them, pairs of words, do not count as length of a text.
 */
int evidence_init(struct evidence *e, uint32_t term_count, uint32_t word_count, uint32_t *parent,
                  uint32_t category_count, uint32_t node_count, struct pasar_err *err) PASAR_MUSTCHECK;
void evidence_fini(struct evidence *e);

/* A product of the category that is open: its term vector, which is made unit length. */
void evidence_add_vector(struct evidence *e, const uint32_t *terms, const float *weights, size_t count);

/* The same product's words: how often in its name and in its description. */
void evidence_add_named(struct evidence *e, uint32_t term, float count);
void evidence_add_told(struct evidence *e, uint32_t term, float count);

/* The open category's name: its words in order (a word that comes twice counts twice), each with a weight above 0. */
void evidence_add_label(struct evidence *e, uint32_t category, const uint32_t *terms, const float *weights,
                        size_t count);

/* The open category is complete, with so many products. Categories come in rising order. */
int evidence_close(struct evidence *e, uint32_t category, uint32_t products, struct pasar_err *err) PASAR_MUSTCHECK;

/* All categories are closed. */
int evidence_finish(struct evidence *e, struct pasar_err *err) PASAR_MUSTCHECK;

/* How much of what a term says about each of them is added. */
struct evidence_weights {
    float cosine, odds, label;
};

/* Adds what the term says to cosine, odds and label, by node. */
static inline void evidence_score(const struct evidence *e, uint32_t term, struct evidence_weights weights,
                                  float *cosine, float *odds, float *label)
{
    for (uint64_t i = e->start[term]; i < e->start[term + 1]; i++) {
        const struct evidence_entry *entry = &e->entries[i];
        cosine[entry->node] += weights.cosine * entry->cosine;
        odds[entry->node] += weights.odds * entry->odds;
        label[entry->node] += weights.label * entry->label;
    }
}

#endif
