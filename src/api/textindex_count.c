/* The first pass over the catalogue: which words and pairs there are, how often, how long the fields. */
#include "api/textindex_builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SINGLE_PAIRS_MAX = 50000 }; /* products up to which pairs that occur once are kept */

static const float pair_weight = 0.4f;

static int reserve_terms(struct textindex_builder *b, uint32_t count, struct pasar_err *err)
{
    if (count <= b->term_cap)
        return 0;
    uint32_t cap = b->term_cap ? b->term_cap : 4096;
    while (cap < count)
        cap *= 2;
    struct textindex_term *terms = realloc(b->index->terms, cap * sizeof *terms);
    if (terms)
        b->index->terms = terms;
    struct textindex_seen *counts = realloc(b->counts, cap * sizeof *counts);
    if (counts)
        b->counts = counts;
    if (!terms || !counts)
        return textindex_no_memory(err);
    memset(terms + b->term_cap, 0, (cap - b->term_cap) * sizeof *terms);
    memset(counts + b->term_cap, 0, (cap - b->term_cap) * sizeof *counts);
    b->term_cap = cap;
    return 0;
}

/* Counts a term of the document, once. */
static int count_term(struct textindex_builder *b, uint32_t term, uint32_t doc, bool in_name, struct pasar_err *err)
{
    if (reserve_terms(b, term + 1, err) != 0)
        return -1;
    struct textindex_term *t = &b->index->terms[term];
    if (b->counts[term].doc == doc + 1)
        return 0;
    b->counts[term].doc = doc + 1;
    t->df++;
    t->name_df += in_name;
    if (b->counts[term].block != doc / TEXTINDEX_BLOCK + 1) {
        b->counts[term].block = doc / TEXTINDEX_BLOCK + 1;
        t->span_count++;
    }
    return 0;
}

static int count_tokens(struct textindex_builder *b, const struct tokens *tokens, uint32_t doc, bool in_name,
                        struct pasar_err *err)
{
    struct vocabulary *v = &b->index->vocabulary;
    for (size_t i = 0; i < tokens->count; i++) {
        uint32_t word;
        if (vocabulary_add(v, tokens_text(tokens, i), tokens->list[i].len, doc, &word, err) != 0 ||
            count_term(b, v->words[word].term, doc, in_name, err) != 0)
            return -1;
    }
    return 0;
}

static int keep_name_term(struct textindex_builder *b, uint32_t term, struct pasar_err *err)
{
    if (b->name_count == b->cap) {
        uint64_t cap = b->cap ? b->cap + b->cap / 2 : 4096;
        uint32_t *terms = realloc(b->name_terms, cap * sizeof *terms);
        if (!terms)
            return textindex_no_memory(err);
        b->name_terms = terms;
        b->cap = cap;
    }
    b->name_terms[b->name_count++] = term;
    return 0;
}

static int count_name(struct textindex_builder *b, uint32_t doc, struct pasar_err *err)
{
    const struct catalog_product *p = textindex_product(b, doc);
    textindex_read_text(b, b->catalog->text.data + p->json + p->name, p->name_len);
    tokens_split(&b->tokens, b->text.data, tokens_head_len(b->text.data, b->text.len), TOKENS_PLAIN);
    size_t head = b->tokens.count;
    tokens_split(&b->tokens, b->text.data, b->text.len, TOKENS_PLAIN);
    b->head_count[doc] = (uint8_t)(head < UINT8_MAX ? head : UINT8_MAX);
    b->name_first[doc] = b->name_count;
    if (b->tokens.failed || b->text.failed)
        return textindex_no_memory(err);
    if (count_tokens(b, &b->tokens, doc, true, err) != 0)
        return -1;
    for (size_t i = 0; i < b->tokens.count; i++) {
        uint32_t term =
            (uint32_t)vocabulary_find_term(&b->index->vocabulary, tokens_text(&b->tokens, i), b->tokens.list[i].len);
        if (keep_name_term(b, term, err) != 0)
            return -1;
    }
    b->name_len += (double)b->tokens.count;
    b->head_len += b->head_count[doc];
    return 0;
}

static int count_pairs(struct textindex_builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    bool keeps_all = x->doc_count <= SINGLE_PAIRS_MAX;
    if (pairs_init(&x->pairs, keeps_all ? 0 : b->name_count, err) != 0)
        return -1;
    for (uint32_t doc = 0; doc < x->doc_count && !keeps_all; doc++) {
        for (uint64_t i = b->name_first[doc]; i + 1 < b->name_first[doc + 1]; i++)
            pairs_note(&x->pairs, b->name_terms[i], b->name_terms[i + 1]);
    }
    for (uint32_t doc = 0; doc < x->doc_count; doc++) {
        for (uint64_t i = b->name_first[doc]; i + 1 < b->name_first[doc + 1]; i++) {
            uint32_t number;
            if (!keeps_all && !pairs_is_repeated(&x->pairs, b->name_terms[i], b->name_terms[i + 1]))
                continue;
            if (pairs_add(&x->pairs, b->name_terms[i], b->name_terms[i + 1], &number, err) != 0 ||
                count_term(b, x->vocabulary.term_count + number, doc, true, err) != 0)
                return -1;
        }
    }
    x->term_count = x->vocabulary.term_count + x->pairs.count;
    return 0;
}

int textindex_count(struct textindex_builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    for (uint32_t doc = 0; doc < x->doc_count; doc++) {
        textindex_split_category(b, doc);
        if (count_name(b, doc, err) != 0 || count_tokens(b, &b->category_tokens, doc, true, err) != 0)
            return -1;
        textindex_split_about(b, doc);
        if (b->tokens.failed || b->text.failed || b->category_tokens.failed)
            return textindex_no_memory(err);
        b->about_len += (double)b->tokens.count;
        if (count_tokens(b, &b->tokens, doc, false, err) != 0)
            return -1;
    }
    b->name_first[x->doc_count] = b->name_count;
    double n = x->doc_count ? x->doc_count : 1;
    b->name_len = b->name_len > 0 ? b->name_len / n : 1;
    b->head_len = b->head_len > 0 ? b->head_len / n : 1;
    b->about_len = b->about_len > 0 ? b->about_len / n : 1;
    if (count_pairs(b, err) != 0)
        return -1;
    for (uint32_t t = 0; t < x->term_count; t++) {
        double df = x->terms[t].df;
        x->terms[t].idf = (float)log(1 + (n - df + 0.5) / (df + 0.5));
        if (t >= x->vocabulary.term_count)
            x->terms[t].idf *= pair_weight;
    }
    free(b->counts);
    b->counts = NULL;
    return 0;
}
