/*
 * An index under construction. Two passes over the catalogue: the first collects vocabulary, document frequencies and
 * field lengths, the second writes each posting to its final place. No list of all occurrences is ever held; only the
 * names' terms are kept between the passes. Private to textindex*.c.
 */
#ifndef PASAR_API_TEXTINDEX_BUILDER_H
#define PASAR_API_TEXTINDEX_BUILDER_H

#include "api/textindex.h"
#include "api/tokens.h"

enum { TEXTINDEX_ABOUT_MAX = 80 }; /* words of a description; further ones are sales talk */

struct textindex_builder {
    struct textindex *index;
    const struct catalog *catalog;
    struct pasar_buf text; /* a field without its JSON escapes */
    struct tokens tokens, category_tokens;
    uint32_t category, leaf_words;         /* of category_tokens, the last leaf_words are the last level's */
    double name_len, head_len, about_len;  /* pass 1: sums over documents; pass 2: means */
    uint32_t *name_terms;                  /* of all names, one after the other */
    uint64_t *name_first, name_count, cap; /* document → its first; cap: of name_terms */
    uint8_t *head_count;                   /* document → how many of its name's terms belong to the head */
    struct textindex_seen {
        uint32_t doc, block; /* the last that had the term, + 1 */
    } * counts;
    uint32_t term_cap;
    uint64_t *cursor; /* pass 2: where a term's next posting goes */
    float *sums;      /* pass 2: of the open document, by term */
    uint32_t *touched, touched_count;
    float *list_weights;
    uint32_t about_terms[TEXTINDEX_ABOUT_MAX], about_count; /* pass 2: of the open document's description */
    uint32_t lessons;                                       /* pass 2: products of a category for the classifier */
};

static inline int textindex_no_memory(struct pasar_err *err)
{
    return pasar_err_nomem(err, "search index");
}

/* ------------------------------------------------------------------ textindex_fields.c */

const struct catalog_product *textindex_product(const struct textindex_builder *builder, uint32_t doc);

/* Puts a JSON string, or nothing of another value, into builder->text without its escapes. */
void textindex_read_text(struct textindex_builder *builder, const char *json, size_t len);

/* Splits the document's description into builder->tokens. */
void textindex_split_about(struct textindex_builder *builder, uint32_t doc);

/* Splits the path of the document's category into builder->category_tokens. */
void textindex_split_category(struct textindex_builder *builder, uint32_t doc);

/* Adds weight to builder->sums for the terms of `tokens` from `from` on. */
void textindex_add_tokens(struct textindex_builder *builder, const struct tokens *tokens, size_t from, float weight);

/* The same for the words of a list, and for its pairs unless they weigh nothing. */
void textindex_add_list(struct textindex_builder *builder, const uint32_t *terms, size_t count, float weight,
                        float pairs_weight);

/* ------------------------------------------------------------------ textindex_count.c, textindex_write.c */

/* 0 or -1 with err, both. */
int textindex_count(struct textindex_builder *builder, struct pasar_err *err) PASAR_MUSTCHECK;
int textindex_write(struct textindex_builder *builder, struct pasar_err *err) PASAR_MUSTCHECK;

/* ------------------------------------------------------------------ textindex_teach.c */

/* What documents say of their category is taught to evidence and classifier: begin, each document once its fields are
 * read, in order, end. 0 or -1 with err, all. */
int textindex_begin_teaching(struct textindex_builder *builder, struct pasar_err *err) PASAR_MUSTCHECK;
int textindex_teach(struct textindex_builder *builder, uint32_t doc, struct pasar_err *err) PASAR_MUSTCHECK;
int textindex_end_teaching(struct textindex_builder *builder, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
