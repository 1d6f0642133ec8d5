/*
 * "Most similar first": what stands behind /api/similar_products. Products whose name contains the query (any case,
 * literally) come first; within both groups the order is a sum of evidence: BM25F of the words (repaired where
 * misspelt, completed where unfinished), how likely the words' category is the product's, how often the best hits share
 * its category and model cluster.
 */
#ifndef PASAR_API_SIMILAR_H
#define PASAR_API_SIMILAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/textindex.h"
#include "api/tokens.h"
#include "pasar/attrs.h"
#include "pasar/buf.h"

enum {
    SIMILAR_WORDS_MAX = 30, /* words of a query that count */
    SIMILAR_TERMS_MAX = 24, /* terms that one word may stand for */
};

/* How much each kind of evidence weighs, beside the text score (best hit = 1). */
struct similar_weights {
    float classifier, vote, cluster, same_category, prefix, repair;
};
extern const struct similar_weights similar_weights_default;

struct similar_query {
    const char *name; /* valid UTF-8 */
    size_t len;
    int64_t product; /* look for what is like this product, leaving it out; -1: look for `name` */
    int model;       /* 1..3 */
    uint32_t offset, limit;
    bool contains_only;                    /* nothing but names that contain the query */
    const struct similar_weights *weights; /* NULL: default */
};

struct similar_hit {
    uint32_t product;
    float score;    /* below 1, plus 1 when the name contains the query */
    uint32_t words; /* bit i: query word i (of scratch->words) was found */
    bool contains, same_category, same_cluster;
};

/* A word of the query and what it was taken for. */
struct similar_word {
    struct {
        uint32_t term;
        float weight;
    } terms[SIMILAR_TERMS_MAX];
    size_t count;
    uint32_t token;
    int64_t repaired; /* vocabulary word that a misspelt one was taken for, or -1 */
    bool is_exact;
};

/* Working memory of one thread, kept from query to query. {0} is valid; free with similar_scratch_fini. */
struct similar_scratch {
    struct tokens tokens;
    struct similar_word words[SIMILAR_WORDS_MAX];
    size_t word_count;
    struct similar_cell {
        float score;
        uint32_t words;
    } * cells;
    uint32_t *touched, touched_count;
    uint32_t doc_cap;
    float *classes, *vote;
    uint32_t class_cap, category_cap;
    struct similar_hit *heap;
    size_t heap_cap;
    struct pasar_buf folded;
};
void similar_scratch_fini(struct similar_scratch *scratch);

/*
 * Answers `query`: *hits points to *count hits inside scratch (until its next use), *total is how many products were
 * found in all. 0, or -1 when memory ran out.
 */
int similar_search(const struct textindex *index, const struct similar_query *query, struct similar_scratch *scratch,
                   const struct similar_hit **hits, size_t *count, uint32_t *total) PASAR_MUSTCHECK;

#endif
