/*
 * "Most similar first": what stands behind /api/similar_products. Products whose name contains the query (any case,
 * literally) come first; within both groups the order is a sum of evidence: BM25F of words and word pairs (repaired
 * where misspelt, completed where unfinished), how likely the product's category is given the words and the best hits,
 * how many of the best hits share its model cluster. Equal scores: more votes first, then arrival order.
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
    SIMILAR_WORDS_MAX = 64,     /* words of a query that count */
    SIMILAR_TERMS_MAX = 24,     /* terms that one word may stand for */
    SIMILAR_TOTAL_MAX = 10000,  /* products are counted, and can be paged through, up to here */
    SIMILAR_CACHE_BLOCKS = 128, /* blocks whose scores are kept while a query runs */
};

/* How much each kind of evidence weighs. */
struct similar_weights {
    float cosine, label, size, vote, whole, meaning; /* in the log of how likely a category is, beside odds of words */
    float spread;                                    /* of places over likely categories of few products */
    float category, cluster, same_category; /* in a product's score, beside the text score, which is at most 1 */
    float prefix, infix, joined; /* of a word that was completed, found inside others, or is written otherwise */
};
extern const struct similar_weights similar_weights_default;

struct similar_query {
    const char *name; /* valid UTF-8 */
    size_t len;
    int64_t product; /* look for what is like this product, leaving it out; -1: look for `name` */
    int model;       /* 1..3 */
    uint32_t offset, limit;
    bool contains_only;                    /* nothing but names that contain the query */
    bool exhaustive;                       /* score every document; for tests: the answer is the same */
    const struct similar_weights *weights; /* NULL: default */
};

struct similar_hit {
    uint32_t product;
    float score;    /* below 1, plus 1 when the name contains the query */
    uint64_t words; /* bit i: query word i (of scratch->words) was found */
    bool contains, same_category, same_cluster;
};

/* A word of the query and what it was taken for; terms[0] is the likeliest. */
struct similar_word {
    struct similar_choice {
        uint32_t term;
        float weight;
    } terms[SIMILAR_TERMS_MAX];
    size_t count;
    uint32_t start, len; /* as it was typed, in the bytes of tokens */
    int64_t repaired;    /* vocabulary word that a misspelt one was taken for, or -1 */
    bool is_exact;
};

/* Working memory of one thread, kept from query to query. {0} is valid; free with similar_scratch_fini. */
struct similar_scratch {
    struct tokens tokens;
    struct similar_word words[SIMILAR_WORDS_MAX];
    size_t word_count;
    uint32_t pairs[SIMILAR_WORDS_MAX]; /* terms of neighbouring words */
    size_t pair_count;
    /* What is added up: for each group the best of its terms. Words first, then pairs. */
    struct similar_group {
        uint32_t first, count;
    } groups[2 * SIMILAR_WORDS_MAX];
    size_t group_count;
    struct similar_term {
        uint32_t term, weight; /* weights of all groups: about 65536 */
    } terms[SIMILAR_WORDS_MAX * (SIMILAR_TERMS_MAX + 1)];
    /* By block */
    uint32_t *bound, *bound_group; /* upper bound of the text score; the same of one group */
    int16_t *cached;               /* where its scores are in `cells`, or -1 */
    struct similar_block {
        float key;
        uint32_t block;
    } * queue;
    uint32_t *cells, *cells_group; /* text scores of cached blocks, and the tops of their categories; of one group */
    uint32_t *bounds;              /* of the block that is ranked, by category */
    uint32_t cached_blocks[SIMILAR_CACHE_BLOCKS], cached_count;
    uint32_t block_cap;
    /* By category */
    float *likely, *bonus, *vote; /* log of how likely it is; what its products get for it; share of the best hits */
    float *cosine, *odds, *label; /* by node of the evidence */
    uint32_t node_cap;
    struct lsa_vector query; /* as the classifier sees it */
    /* By document: a bit */
    uint64_t *found, *candidates, *other;
    struct similar_ranked {
        uint64_t key; /* the bits of the score, which is not negative; then the place, upside down: more is better */
        uint32_t doc;
    } * heap;
    size_t heap_cap;
    uint32_t *known; /* documents that contain the query, sorted */
    size_t known_cap;
    struct similar_hit *hits;
    struct pasar_buf folded, name;
};
void similar_scratch_fini(struct similar_scratch *scratch);

/*
 * Answers `query`: *hits points to *count hits inside scratch (until its next use), *total is how many products were
 * found in all, counted up to SIMILAR_TOTAL_MAX. 0, or -1 when memory ran out.
 */
int similar_search(const struct textindex *index, const struct similar_query *query, struct similar_scratch *scratch,
                   const struct similar_hit **hits, size_t *count, uint32_t *total) PASAR_MUSTCHECK;

#endif
