/* The second pass over the catalogue: postings with their impacts. */
#include "api/textindex_builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* BM25F: field weights, length normalisation, saturation. */
static const float name_weight = 3, head_weight = 1, category_weight = 1, leaf_weight = 2, about_weight = 0.2f;
static const float name_b = 0.1f, head_b = 0.3f, about_b = 0.75f;
static const float k1 = 3;

/* The terms of the document's description. */
static void read_about(struct textindex_builder *b, uint32_t doc)
{
    const struct vocabulary *v = &b->index->vocabulary;
    textindex_split_about(b, doc);
    b->about_count = (uint32_t)b->tokens.count;
    for (size_t i = 0; i < b->tokens.count; i++)
        b->about_terms[i] = v->words[vocabulary_find(v, tokens_text(&b->tokens, i), b->tokens.list[i].len)].term;
}

static void write_document(struct textindex_builder *b, uint32_t doc)
{
    struct textindex *x = b->index;
    const uint32_t *name = b->name_terms + b->name_first[doc];
    size_t count = (size_t)(b->name_first[doc + 1] - b->name_first[doc]), head = b->head_count[doc];
    float weight = name_weight / (1 - name_b + name_b * (float)((double)count / b->name_len));
    textindex_add_list(b, name, count, weight, weight);
    uint32_t in_name = b->touched_count;
    textindex_add_list(b, name, head, head_weight / (1 - head_b + head_b * (float)((double)head / b->head_len)), 0);
    textindex_add_tokens(b, &b->category_tokens, 0, category_weight);
    textindex_add_tokens(b, &b->category_tokens, b->category_tokens.count - b->leaf_words, leaf_weight);
    textindex_add_list(b, b->about_terms, b->about_count,
                       about_weight / (1 - about_b + about_b * (float)(b->about_count / b->about_len)), 0);
    for (uint32_t i = 0; i < b->touched_count; i++) {
        uint32_t term = b->touched[i];
        struct textindex_term *t = &x->terms[term];
        float tf = b->sums[term];
        uint64_t at = b->cursor[term]++;
        uint8_t impact = (uint8_t)lroundf(255 * tf / (k1 + tf));
        b->sums[term] = 0;
        x->slots[at] = (uint16_t)(doc % TEXTINDEX_BLOCK | (i < in_name ? TEXTINDEX_IN_NAME : 0));
        x->impacts[at] = impact ? impact : 1;
        uint32_t last = t->span + t->span_count; /* span_count grows again while writing */
        if (t->span_count == 0 || x->spans[last - 1].block != doc / TEXTINDEX_BLOCK) {
            x->spans[last].block = doc / TEXTINDEX_BLOCK;
            x->spans[last].first = at;
            x->tops[last] = 0;
            t->span_count++;
            last++;
        }
        if (x->tops[last - 1] < x->impacts[at])
            x->tops[last - 1] = x->impacts[at];
    }
    b->touched_count = 0;
}

static int place_postings(struct textindex_builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    uint64_t total = 0, spans = 0;
    b->cursor = malloc(((size_t)x->term_count + 1) * sizeof *b->cursor);
    if (!b->cursor)
        return textindex_no_memory(err);
    for (uint32_t t = 0; t < x->term_count; t++) {
        b->cursor[t] = total;
        x->terms[t].span = (uint32_t)spans;
        total += x->terms[t].df;
        spans += x->terms[t].span_count;
        x->terms[t].span_count = 0;
    }
    if (spans >= UINT32_MAX)
        return pasar_err_set(err, PASAR_EDATA, "products.csv: too many words for one search index");
    x->span_count = (uint32_t)spans;
    x->spans = malloc((spans + 1) * sizeof *x->spans);
    x->tops = malloc(spans + 1);
    x->slots = malloc((total + 1) * sizeof *x->slots);
    x->impacts = malloc(total + 1);
    b->sums = calloc((size_t)x->term_count + 1, sizeof *b->sums);
    b->touched = malloc(((size_t)x->term_count + 1) * sizeof *b->touched);
    b->list_weights = malloc(((size_t)x->term_count + 1) * sizeof *b->list_weights);
    if (!x->spans || !x->tops || !x->slots || !x->impacts || !b->sums || !b->touched || !b->list_weights)
        return textindex_no_memory(err);
    x->spans[spans].first = total;
    x->spans[spans].block = 0;
    return 0;
}

int textindex_write(struct textindex_builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    if (place_postings(b, err) != 0 || textindex_begin_teaching(b, err) != 0)
        return -1;
    for (uint32_t doc = 0; doc < x->doc_count; doc++) {
        textindex_split_category(b, doc);
        read_about(b, doc);
        write_document(b, doc);
        if (b->text.failed || b->tokens.failed)
            return textindex_no_memory(err);
        if (textindex_teach(b, doc, err) != 0)
            return -1;
    }
    return textindex_end_teaching(b, err);
}
