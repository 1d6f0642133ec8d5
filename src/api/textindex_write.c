/* The second pass over the catalogue: postings with their impacts, and what each document says about its category. */
#include "api/textindex_builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD_WORDS = 8, /* of the head, for category evidence: what people type */
    LABEL_WORDS = 8 /* of a category's name */
};

/* BM25F: field weights, length normalisation, saturation. */
static const float name_weight = 3, head_weight = 1, category_weight = 1, leaf_weight = 2, about_weight = 0.2f;
static const float name_b = 0.1f, head_b = 0.3f, about_b = 0.75f;
static const float k1 = 3;
/* Category evidence: weights of the fields in term vectors, and in the counts of words. */
static const float vector_name = 0.6f, vector_head = 1, vector_category = 0.3f;
static const float named_name = 1, named_head = 2, named_category = 0.5f;

static void add(struct textindex_builder *b, uint32_t term, float weight)
{
    if (b->sums[term] == 0)
        b->touched[b->touched_count++] = term;
    b->sums[term] += weight;
}

/* Adds the terms of `tokens` from `from` on. */
static void add_tokens(struct textindex_builder *b, const struct tokens *tokens, size_t from, float weight)
{
    const struct vocabulary *v = &b->index->vocabulary;
    for (size_t i = from; i < tokens->count; i++)
        add(b, v->words[vocabulary_find(v, tokens_text(tokens, i), tokens->list[i].len)].term, weight);
}

/* Adds the words of a list, and its pairs unless they weigh nothing. */
static void add_list(struct textindex_builder *b, const uint32_t *terms, size_t count, float weight, float pairs_weight)
{
    const struct textindex *x = b->index;
    for (size_t i = 0; i < count; i++) {
        add(b, terms[i], weight);
        int64_t pair = pairs_weight > 0 && i + 1 < count ? pairs_find(&x->pairs, terms[i], terms[i + 1]) : -1;
        if (pair >= 0)
            add(b, x->vocabulary.term_count + (uint32_t)pair, pairs_weight);
    }
}

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
    add_list(b, name, count, weight, weight);
    uint32_t in_name = b->touched_count;
    add_list(b, name, head, head_weight / (1 - head_b + head_b * (float)((double)head / b->head_len)), 0);
    add_tokens(b, &b->category_tokens, 0, category_weight);
    add_tokens(b, &b->category_tokens, b->category_tokens.count - b->leaf_words, leaf_weight);
    add_list(b, b->about_terms, b->about_count,
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

/* Adds name, head and category words. */
static void add_fields(struct textindex_builder *b, uint32_t doc, float in_name, float in_head, float in_category)
{
    const uint32_t *name = b->name_terms + b->name_first[doc];
    size_t count = (size_t)(b->name_first[doc + 1] - b->name_first[doc]), head = b->head_count[doc];
    add_list(b, name, count, in_name, in_name);
    add_list(b, name, head < HEAD_WORDS ? head : HEAD_WORDS, in_head, in_head);
    add_tokens(b, &b->category_tokens, 0, in_category);
}

/* What the open document says about its category. */
static void teach(struct textindex_builder *b, uint32_t doc)
{
    struct textindex *x = b->index;
    struct evidence *e = &x->evidence;
    add_fields(b, doc, vector_name, vector_head, vector_category);
    for (uint32_t i = 0; i < b->touched_count; i++) {
        uint32_t term = b->touched[i];
        float tf = b->sums[term];
        b->sums[term] = 0;
        b->list_weights[i] = (tf > 1 ? 1 + logf(tf) : tf) * textindex_vector_weight(&x->terms[term]);
    }
    evidence_add_vector(e, b->touched, b->list_weights, b->touched_count);
    b->touched_count = 0;
    add_fields(b, doc, named_name, named_head, named_category);
    for (uint32_t i = 0; i < b->touched_count; i++) {
        evidence_add_named(e, b->touched[i], b->sums[b->touched[i]]);
        b->sums[b->touched[i]] = 0;
    }
    b->touched_count = 0;
    add_list(b, b->about_terms, b->about_count, 1, 0);
    for (uint32_t i = 0; i < b->touched_count; i++) {
        evidence_add_told(e, b->touched[i], b->sums[b->touched[i]]);
        b->sums[b->touched[i]] = 0;
    }
    b->touched_count = 0;
}

/* What the open category is called: the last level of its path. */
static void teach_label(struct textindex_builder *b, uint32_t category)
{
    const struct textindex *x = b->index;
    const struct tokens *words = &b->category_tokens;
    uint32_t terms[LABEL_WORDS];
    float weights[LABEL_WORDS];
    size_t count = b->leaf_words < LABEL_WORDS ? b->leaf_words : LABEL_WORDS;
    for (size_t i = 0; i < count; i++) { /* of a longer one, the last words */
        size_t at = words->count - count + i;
        terms[i] = (uint32_t)vocabulary_find_term(&x->vocabulary, tokens_text(words, at), words->list[at].len);
        weights[i] = x->terms[terms[i]].idf;
    }
    evidence_add_label(&b->index->evidence, category, terms, weights, count);
}

/* Bytes of a category's path without its last level. */
static size_t parent_len(const struct catalog_category *c)
{
    return c->path ? (size_t)(c->last - c->path) : 0;
}

/* Numbers the parents of categories, which are sorted: one that was met before is found by looking back, unless it was
 * spelt otherwise in between; then it counts as two. */
static int begin_evidence(struct textindex *x, struct pasar_err *err)
{
    const struct catalog_category *all = x->catalog->categories;
    uint32_t n = x->catalog->category_count, nodes = n, *parent = malloc(((size_t)n + 1) * sizeof *parent);
    for (uint32_t c = 0; parent && c < n; c++) {
        size_t len = parent_len(&all[c]);
        parent[c] = UINT32_MAX;
        for (uint32_t i = c; i-- > 0 && parent[c] == UINT32_MAX;) {
            if (parent_len(&all[i]) == len && (len == 0 || memcmp(all[i].path, all[c].path, len) == 0))
                parent[c] = parent[i];
            else if (len > 0 && (parent_len(&all[i]) < len || memcmp(all[i].path, all[c].path, len) != 0))
                break;
        }
        if (parent[c] == UINT32_MAX)
            parent[c] = nodes++;
    }
    if (!parent)
        return textindex_no_memory(err);
    return evidence_init(&x->evidence, x->term_count, x->vocabulary.term_count, parent, n, nodes, err);
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
    if (place_postings(b, err) != 0 || begin_evidence(x, err) != 0)
        return -1;
    for (uint32_t doc = 0; doc < x->doc_count; doc++) {
        textindex_split_category(b, doc);
        read_about(b, doc);
        write_document(b, doc);
        if (b->text.failed || b->tokens.failed)
            return textindex_no_memory(err);
        uint32_t category = x->docs[doc].category;
        if (category == CATALOG_NO_CATEGORY)
            continue;
        teach(b, doc);
        if (doc + 1 < x->category_start[category + 1])
            continue;
        teach_label(b, category);
        if (evidence_close(&x->evidence, category, doc + 1 - x->category_start[category], err) != 0)
            return -1;
    }
    return evidence_finish(&x->evidence, err);
}
