/* A search under way. Private to similar*.c. */
#ifndef PASAR_API_SIMILAR_PRIVATE_H
#define PASAR_API_SIMILAR_PRIVATE_H

#include "api/contains.h"
#include "api/similar.h"

enum { SIMILAR_VOTERS = 30 }; /* hits that vote for their category */

struct similar_search {
    const struct textindex *index;
    const struct similar_query *query;
    const struct similar_weights *weights;
    struct similar_scratch *s;
    float cluster[256];
    float known;           /* words that the classifier knows */
    uint32_t likeliest;    /* category */
    uint32_t own_category; /* CATALOG_NO_CATEGORY: none */
    int64_t own_doc;
};

/* ------------------------------------------------------------------ similar_scratch.c */

/* Room for the index's blocks and categories and for so many hits. 0, or -1 when memory ran out. */
int similar_reserve(struct similar_scratch *scratch, const struct textindex *index, size_t hits) PASAR_MUSTCHECK;

/* ------------------------------------------------------------------ similar_category.c */

/* How likely it is that each category is meant, from words and pairs; scratch->bonus for voters. */
void similar_ask_evidence(struct similar_search *search);

/* Lets the best documents by text and likely category vote for category and cluster; scratch->bonus for the ranking. */
void similar_vote(struct similar_search *search);

/* Adds what is known of the product whose like is looked for, if any. */
void similar_add_own(struct similar_search *search);

/* The bonus from which on the evidence favours a category so much that it is similar as a whole, whatever the words of
 * its products. */
static inline float similar_open_bonus(const struct similar_search *search)
{
    return 0.75f * search->weights->category;
}

/* ------------------------------------------------------------------ similar_whole.c */

/* Adds to scratch->likely what products are of whose name has all of the query's words; puts their numbers in the
 * place of scratch->vote. */
void similar_add_whole(struct similar_search *search);

/* ------------------------------------------------------------------ similar_count.c */

/*
 * How many products are found in all: with a word of the query, of an open category or with a name that contains it;
 * counted up to SIMILAR_TOTAL_MAX. `containing` of them, the first of s->heap, are already known to contain it, and
 * is_all when no others do.
 */
uint32_t similar_count(const struct similar_search *search, const struct contains *contains, size_t containing,
                       bool is_all);

#endif
