/*
 * The search index of a catalogue: BM25F over name, category words and description (Robertson & Zaragoza, "The
 * Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.6), each posting's weight computed at load and
 * kept in one byte, a term's postings by falling weight, so that a query can stop after a fixed amount of work (Lin &
 * Trotman, "Anytime Ranking for Impact-Ordered Indexes", 2015). Immutable after textindex_build.
 */
#ifndef PASAR_API_TEXTINDEX_H
#define PASAR_API_TEXTINDEX_H

#include <stddef.h>
#include <stdint.h>

#include "api/catalog.h"
#include "api/classify.h"
#include "api/vocabulary.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

struct textindex_term {
    uint64_t first; /* of its postings */
    uint32_t count; /* documents that hold it */
};

/* What ranking needs to know of a product, in one small place. */
struct textindex_doc {
    uint32_t category;
    uint8_t models; /* as in catalog_product */
    uint8_t cluster[PASAR_MODELS];
};

struct textindex {
    struct vocabulary vocabulary;
    struct textindex_term *terms;
    uint32_t *docs;   /* product numbers */
    uint8_t *impacts; /* weight / scale */
    uint64_t posting_count;
    float scale;            /* weight of impact 1 */
    struct pasar_buf names; /* all names in folded case, each followed by a NUL */
    struct textindex_doc *info;
    uint64_t *name_start;     /* product → offset in names; product_count + 1 entries */
    struct classify classify; /* words → categories */
    const struct catalog *catalog;
};

/* Builds the index of a finished catalogue, which must outlive it. 0 or -1 with err; textindex_fini in every case. */
int textindex_build(struct textindex *index, const struct catalog *catalog, struct pasar_err *err) PASAR_MUSTCHECK;
void textindex_fini(struct textindex *index);

#endif
