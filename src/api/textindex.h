/*
 * The search index of a catalogue: BM25F over name, the name's head, category words and description (Robertson &
 * Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.6), with pairs of neighbouring
 * words of the name as terms of their own. Each posting's saturated frequency is computed at load and kept in one byte.
 *
 * Documents are numbered by category, so that what is similar stands together, and cut into blocks. A term knows the
 * largest impact it has in each block (Ding & Suel, "Faster Top-k Document Retrieval Using Block-Max Indexes", 2011),
 * and queries visit the most promising blocks first (Mackenzie, Petri & Moffat, "Anytime Ranking on Document-Ordered
 * Indexes", 2022). Immutable after textindex_build.
 */
#ifndef PASAR_API_TEXTINDEX_H
#define PASAR_API_TEXTINDEX_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "api/catalog.h"
#include "api/classifier.h"
#include "api/evidence.h"
#include "api/pairs.h"
#include "api/vocabulary.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

enum {
    TEXTINDEX_BLOCK = 2048,     /* documents */
    TEXTINDEX_IN_NAME = 0x8000, /* flag beside a slot: the name holds the term */
};

/* A word's stem, or a pair of them. */
struct textindex_term {
    uint32_t span, span_count; /* its postings, block by block */
    uint32_t df;               /* documents that hold it */
    uint32_t name_df;          /* documents that hold it in name or category */
    float idf;                 /* of a pair: reduced, for its words count as well */
};

/* The postings of one term in one block: from `first` to the first of the next span. */
struct textindex_span {
    uint64_t block : 24, first : 40;
};

/* What ranking needs to know of a document, in one small place. */
struct textindex_doc {
    uint32_t product, category;
    uint32_t place; /* among equals: more votes first, then arrival order */
    uint8_t cluster[PASAR_MODELS];
};

struct textindex {
    struct vocabulary vocabulary; /* its terms come first, */
    struct pairs pairs;           /* then the pairs */
    struct textindex_term *terms;
    uint32_t term_count;
    struct textindex_span *spans; /* span_count + 1 */
    uint8_t *tops;                /* largest impact of each span */
    uint32_t span_count;
    uint16_t *slots;  /* place within the block, and TEXTINDEX_IN_NAME */
    uint8_t *impacts; /* 255 x saturated term frequency */
    struct textindex_doc *docs;
    uint8_t *models;       /* document → its models, as in catalog_product; apart, for all are counted at times */
    uint32_t *product_doc; /* product → document */
    uint32_t doc_count, block_count;
    uint32_t *category_start; /* category → its first document; category_count + 1 */
    struct pasar_buf names;   /* all names in folded case, by document, each followed by a NUL */
    uint64_t *name_start;     /* document → offset in names; doc_count + 1 */
    struct evidence evidence;
    struct classifier classifier;
    const struct catalog *catalog;
};

/* Builds the index of a finished catalogue, which must outlive it. 0 or -1 with err; textindex_fini in every case. */
int textindex_build(struct textindex *index, const struct catalog *catalog, struct pasar_err *err) PASAR_MUSTCHECK;
void textindex_fini(struct textindex *index);

/* A term's weight in the vectors of products and queries that the cosine is about. */
static inline float textindex_vector_weight(const struct textindex_term *term)
{
    return powf(term->idf, 0.7f);
}

/* A word's weight in the texts that the classifier learns from and is asked about, for each time it occurs. */
static inline float textindex_text_weight(const struct textindex_term *term)
{
    return 1 + term->idf;
}

/* The document's place within its block. */
static inline uint32_t textindex_slot(uint16_t slot)
{
    return slot & (TEXTINDEX_BLOCK - 1);
}

/* The document after the last one of a block. */
static inline uint32_t textindex_block_end(const struct textindex *x, uint32_t block)
{
    uint32_t end = (block + 1) * TEXTINDEX_BLOCK;
    return end < x->doc_count ? end : x->doc_count;
}

/* The span of `term` in `block`, or -1. */
static inline int64_t textindex_find_span(const struct textindex *x, uint32_t term, uint32_t block)
{
    const struct textindex_term *t = &x->terms[term];
    uint32_t low = t->span, high = low + t->span_count;
    if (t->span_count == x->block_count)
        return low + block;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (x->spans[mid].block < block)
            low = mid + 1;
        else
            high = mid;
    }
    return low < t->span + t->span_count && x->spans[low].block == block ? (int64_t)low : -1;
}

/* The posting of `term` for `doc`, an index into slots and impacts, or -1. */
static inline int64_t textindex_find_posting(const struct textindex *x, uint32_t term, uint32_t doc)
{
    int64_t span = textindex_find_span(x, term, doc / TEXTINDEX_BLOCK);
    if (span < 0)
        return -1;
    uint64_t low = x->spans[span].first, end = x->spans[span + 1].first, high = end;
    uint32_t slot = doc % TEXTINDEX_BLOCK;
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        if (textindex_slot(x->slots[mid]) < slot)
            low = mid + 1;
        else
            high = mid;
    }
    return low < end && textindex_slot(x->slots[low]) == slot ? (int64_t)low : -1;
}

#endif
