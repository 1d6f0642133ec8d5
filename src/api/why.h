/*
 * Why a product is among the similar ones, in short phrases for people: words in common, the category in common, what
 * its price and rating are beside those of the product asked about or, for words, beside its category's median.
 */
#ifndef PASAR_API_WHY_H
#define PASAR_API_WHY_H

#include <stdint.h>

#include "api/similar.h"
#include "api/snapshot.h"
#include "pasar/buf.h"

/* What the hits of one search are compared with. */
struct why {
    const struct snapshot *snapshot;
    struct similar_scratch *scratch; /* as the search left it; its `name` is used to put phrases together */
    int model;
    int64_t product;   /* the product whose like was looked for; -1: words were */
    uint32_t category; /* the category the words point to, or the product's; CATALOG_NO_CATEGORY: none */
    float word_min;    /* idf below which a word is no reason */
};

/* After a search: `product` as in the query. Holds until the scratch is used again. */
void why_init(struct why *why, const struct snapshot *snapshot, struct similar_scratch *scratch, int model,
              int64_t product);

/* Appends the JSON array of the reasons for a hit; never an empty one. */
void why_add(const struct why *why, const struct similar_hit *hit, struct pasar_buf *buf);

/* Appends a category level as people write it: "HomeTheater,TV&Video" reads "Home Theater, TV & Video". */
void why_add_level(struct pasar_buf *buf, const char *level, size_t len);

/* Appends a price, its digits grouped the Indian way: ₹12,34,567, ₹0.50. */
void why_add_rupees(struct pasar_buf *buf, double value);

#endif
