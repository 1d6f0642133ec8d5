/*
 * Two passes over the catalogue: the first collects vocabulary, document frequencies and field lengths, the second
 * writes each posting to its final place. No list of all occurrences is ever held; only the names' terms are kept
 * between the passes.
 */
#include "api/textindex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/fold.h"
#include "api/jsontext.h"
#include "api/tokens.h"

enum {
    ABOUT_WORDS_MAX = 80,     /* further ones are sales talk */
    HEAD_WORDS = 8,           /* of the head, for category evidence: what people type */
    SINGLE_PAIRS_MAX = 50000, /* products up to which pairs that occur once are kept */
};

/* BM25F: field weights, length normalisation, saturation. */
static const float name_weight = 3, head_weight = 1, category_weight = 1, leaf_weight = 2, about_weight = 0.2f;
static const float name_b = 0.1f, head_b = 0.3f, about_b = 0.75f;
static const float k1 = 3;
static const float pair_weight = 0.4f;
/* Category evidence: weights of the fields in term vectors, and in the counts of words. */
static const float vector_name = 0.6f, vector_head = 1, vector_category = 0.3f;
static const float named_name = 1, named_head = 2, named_category = 0.5f;

struct builder {
    struct textindex *index;
    const struct catalog *catalog;
    struct pasar_buf text; /* a field without its JSON escapes */
    struct tokens tokens, category_tokens;
    uint32_t category, leaf_words;         /* of category_tokens, the last leaf_words are the last level's */
    double name_len, head_len, about_len;  /* pass 1: sums over documents; pass 2: means */
    uint32_t *name_terms;                  /* of all names, one after the other */
    uint64_t *name_first, name_count, cap; /* document → its first; cap: of name_terms */
    uint8_t *head_count;                   /* document → how many of its name's terms belong to the head */
    struct count {
        uint32_t doc, block; /* the last that had the term, + 1 */
    } * counts;
    uint32_t term_cap;
    uint64_t *cursor; /* pass 2: where a term's next posting goes */
    float *sums;      /* pass 2: of the open document, by term */
    uint32_t *touched, touched_count;
    float *list_weights;
};

/* ------------------------------------------------------------------ fields */

static const struct catalog_product *product_of(const struct builder *b, uint32_t doc)
{
    return &b->catalog->products[b->index->docs[doc].product];
}

static void read_text(struct builder *b, const char *json, size_t len)
{
    pasar_buf_reset(&b->text);
    if (json[0] == '"')
        jsontext_unescape(&b->text, json, len);
}

static void split_about(struct builder *b, uint32_t doc)
{
    const struct catalog_product *p = product_of(b, doc);
    read_text(b, b->catalog->text.data + p->json + p->about, p->about_len);
    tokens_split(&b->tokens, b->text.data, b->text.len, TOKENS_PLAIN);
    if (b->tokens.count > ABOUT_WORDS_MAX)
        b->tokens.count = ABOUT_WORDS_MAX;
}

/* Documents come by category: its words are split once. */
static void split_category(struct builder *b, uint32_t doc)
{
    uint32_t category = b->index->docs[doc].category;
    if (b->category == category)
        return;
    b->category = category;
    b->leaf_words = 0;
    b->category_tokens.count = 0;
    if (category == CATALOG_NO_CATEGORY)
        return;
    const struct catalog_category *c = &b->catalog->categories[category];
    tokens_split(&b->category_tokens, c->last, strlen(c->last), TOKENS_CAMEL);
    b->leaf_words = (uint32_t)b->category_tokens.count;
    tokens_split(&b->category_tokens, c->path, strlen(c->path), TOKENS_CAMEL);
}

static int fail_memory(struct pasar_err *err)
{
    return pasar_err_nomem(err, "search index");
}

/* ------------------------------------------------------------------ pass 1: counting */

static int reserve_terms(struct builder *b, uint32_t count, struct pasar_err *err)
{
    if (count <= b->term_cap)
        return 0;
    uint32_t cap = b->term_cap ? b->term_cap : 4096;
    while (cap < count)
        cap *= 2;
    struct textindex_term *terms = realloc(b->index->terms, cap * sizeof *terms);
    if (terms)
        b->index->terms = terms;
    struct count *counts = realloc(b->counts, cap * sizeof *counts);
    if (counts)
        b->counts = counts;
    if (!terms || !counts)
        return fail_memory(err);
    memset(terms + b->term_cap, 0, (cap - b->term_cap) * sizeof *terms);
    memset(counts + b->term_cap, 0, (cap - b->term_cap) * sizeof *counts);
    b->term_cap = cap;
    return 0;
}

/* Counts a term of the document, once. */
static int count_term(struct builder *b, uint32_t term, uint32_t doc, bool in_name, struct pasar_err *err)
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

static int count_tokens(struct builder *b, const struct tokens *tokens, uint32_t doc, bool in_name,
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

static int keep_name_term(struct builder *b, uint32_t term, struct pasar_err *err)
{
    if (b->name_count == b->cap) {
        uint64_t cap = b->cap ? b->cap + b->cap / 2 : 4096;
        uint32_t *terms = realloc(b->name_terms, cap * sizeof *terms);
        if (!terms)
            return fail_memory(err);
        b->name_terms = terms;
        b->cap = cap;
    }
    b->name_terms[b->name_count++] = term;
    return 0;
}

static int count_name(struct builder *b, uint32_t doc, struct pasar_err *err)
{
    const struct catalog_product *p = product_of(b, doc);
    read_text(b, b->catalog->text.data + p->json + p->name, p->name_len);
    tokens_split(&b->tokens, b->text.data, tokens_head_len(b->text.data, b->text.len), TOKENS_PLAIN);
    size_t head = b->tokens.count;
    tokens_split(&b->tokens, b->text.data, b->text.len, TOKENS_PLAIN);
    b->head_count[doc] = (uint8_t)(head < UINT8_MAX ? head : UINT8_MAX);
    b->name_first[doc] = b->name_count;
    if (b->tokens.failed || b->text.failed)
        return fail_memory(err);
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

static int count_pairs(struct builder *b, struct pasar_err *err)
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

static int count_all(struct builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    for (uint32_t doc = 0; doc < x->doc_count; doc++) {
        split_category(b, doc);
        if (count_name(b, doc, err) != 0 || count_tokens(b, &b->category_tokens, doc, true, err) != 0)
            return -1;
        split_about(b, doc);
        if (b->tokens.failed || b->text.failed || b->category_tokens.failed)
            return fail_memory(err);
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

/* ------------------------------------------------------------------ pass 2: writing */

static void add(struct builder *b, uint32_t term, float weight)
{
    if (b->sums[term] == 0)
        b->touched[b->touched_count++] = term;
    b->sums[term] += weight;
}

/* Adds the terms of `tokens` from `from` on. */
static void add_tokens(struct builder *b, const struct tokens *tokens, size_t from, float weight)
{
    const struct vocabulary *v = &b->index->vocabulary;
    for (size_t i = from; i < tokens->count; i++)
        add(b, v->words[vocabulary_find(v, tokens_text(tokens, i), tokens->list[i].len)].term, weight);
}

/* Adds words and pairs of a list of name terms. */
static void add_name_terms(struct builder *b, const uint32_t *terms, size_t count, float weight, float pairs_weight)
{
    const struct textindex *x = b->index;
    for (size_t i = 0; i < count; i++) {
        add(b, terms[i], weight);
        int64_t pair = pairs_weight > 0 && i + 1 < count ? pairs_find(&x->pairs, terms[i], terms[i + 1]) : -1;
        if (pair >= 0)
            add(b, x->vocabulary.term_count + (uint32_t)pair, pairs_weight);
    }
}

static void write_document(struct builder *b, uint32_t doc)
{
    struct textindex *x = b->index;
    const uint32_t *name = b->name_terms + b->name_first[doc];
    size_t count = (size_t)(b->name_first[doc + 1] - b->name_first[doc]), head = b->head_count[doc];
    float weight = name_weight / (1 - name_b + name_b * (float)((double)count / b->name_len));
    add_name_terms(b, name, count, weight, weight);
    uint32_t in_name = b->touched_count;
    add_name_terms(b, name, head, head_weight / (1 - head_b + head_b * (float)((double)head / b->head_len)), 0);
    add_tokens(b, &b->category_tokens, 0, category_weight);
    add_tokens(b, &b->category_tokens, b->category_tokens.count - b->leaf_words, leaf_weight);
    split_about(b, doc);
    add_tokens(b, &b->tokens, 0,
               about_weight / (1 - about_b + about_b * (float)((double)b->tokens.count / b->about_len)));
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
static void add_fields(struct builder *b, uint32_t doc, float in_name, float in_head, float in_category)
{
    const uint32_t *name = b->name_terms + b->name_first[doc];
    size_t count = (size_t)(b->name_first[doc + 1] - b->name_first[doc]), head = b->head_count[doc];
    add_name_terms(b, name, count, in_name, in_name);
    add_name_terms(b, name, head < HEAD_WORDS ? head : HEAD_WORDS, in_head, in_head);
    add_tokens(b, &b->category_tokens, 0, in_category);
}

/* What the document, whose description is in b->tokens, says about its category. */
static void teach(struct builder *b, uint32_t doc)
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
    add_tokens(b, &b->tokens, 0, 1);
    for (uint32_t i = 0; i < b->touched_count; i++) {
        evidence_add_told(e, b->touched[i], b->sums[b->touched[i]]);
        b->sums[b->touched[i]] = 0;
    }
    b->touched_count = 0;
}

/* Bytes of a category's path without its last level. */
static size_t parent_len(const struct catalog_category *c)
{
    return c->path ? (size_t)(c->last - c->path) : 0;
}

/* Numbers the parents of categories, which are sorted: one that was met before is found by looking back. */
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
        return fail_memory(err);
    return evidence_init(&x->evidence, x->term_count, x->vocabulary.term_count, parent, n, nodes, err);
}

static int place_postings(struct builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    uint64_t total = 0, spans = 0;
    b->cursor = malloc(((size_t)x->term_count + 1) * sizeof *b->cursor);
    if (!b->cursor)
        return fail_memory(err);
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
        return fail_memory(err);
    x->spans[spans].first = total;
    x->spans[spans].block = 0;
    return 0;
}

static int write_all(struct builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    if (place_postings(b, err) != 0 || begin_evidence(x, err) != 0)
        return -1;
    for (uint32_t doc = 0; doc < x->doc_count; doc++) {
        split_category(b, doc);
        write_document(b, doc);
        if (b->text.failed || b->tokens.failed)
            return fail_memory(err);
        uint32_t category = x->docs[doc].category;
        if (category == CATALOG_NO_CATEGORY)
            continue;
        teach(b, doc);
        if (doc + 1 == x->category_start[category + 1] &&
            evidence_close(&x->evidence, category, doc + 1 - x->category_start[category], err) != 0)
            return -1;
    }
    return evidence_finish(&x->evidence, err);
}

/* ------------------------------------------------------------------ documents */

static double votes_of(const struct catalog *c, uint32_t product)
{
    double votes = c->products[product].number[CATALOG_RATING_COUNT];
    return isnan(votes) ? -1 : votes;
}

static int by_votes(const void *a, const void *b, void *ctx)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    double vx = votes_of(ctx, x), vy = votes_of(ctx, y);
    if (vx > vy || vx < vy)
        return vx > vy ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Numbers the documents: by category, in arrival order within one. */
static int number_documents(struct textindex *x, struct pasar_err *err)
{
    const struct catalog *c = x->catalog;
    uint32_t n = x->doc_count = c->count;
    x->block_count = (n + TEXTINDEX_BLOCK - 1) / TEXTINDEX_BLOCK;
    x->docs = calloc((size_t)n + 1, sizeof *x->docs);
    x->product_doc = malloc(((size_t)n + 1) * sizeof *x->product_doc);
    x->category_start = calloc((size_t)c->category_count + 2, sizeof *x->category_start);
    uint32_t *order = malloc(((size_t)n + 1) * sizeof *order);
    if (!x->docs || !x->product_doc || !x->category_start || !order) {
        free(order);
        return fail_memory(err);
    }
    for (uint32_t i = 0; i < n; i++)
        x->category_start[c->products[i].category + 2]++;
    for (uint32_t k = 2; k < c->category_count + 2; k++)
        x->category_start[k] += x->category_start[k - 1];
    for (uint32_t i = 0; i < n; i++) {
        const struct catalog_product *p = &c->products[i];
        uint32_t doc = x->category_start[p->category + 1]++;
        x->product_doc[i] = doc;
        x->docs[doc] = (struct textindex_doc){.product = i, .category = p->category, .models = p->models};
        for (int m = 0; m < PASAR_MODELS; m++)
            x->docs[doc].cluster[m] = (uint8_t)p->cluster[m];
        order[i] = i;
    }
    if (n > 0)
        qsort_r(order, n, sizeof *order, by_votes, (void *)c);
    for (uint32_t i = 0; i < n; i++)
        x->docs[x->product_doc[order[i]]].place = i;
    free(order);
    return 0;
}

static int fold_names(struct builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    x->name_start = malloc(((size_t)x->doc_count + 1) * sizeof *x->name_start);
    if (!x->name_start)
        return fail_memory(err);
    for (uint32_t doc = 0; doc < x->doc_count; doc++) {
        const struct catalog_product *p = product_of(b, doc);
        x->name_start[doc] = x->names.len;
        read_text(b, b->catalog->text.data + p->json + p->name, p->name_len);
        fold_case(&x->names, b->text.data, b->text.len);
        pasar_buf_addc(&x->names, '\0');
    }
    x->name_start[x->doc_count] = x->names.len;
    return x->names.failed || b->text.failed ? fail_memory(err) : 0;
}

static void builder_free(struct builder *b)
{
    if (!b)
        return;
    pasar_buf_fini(&b->text);
    tokens_fini(&b->tokens);
    tokens_fini(&b->category_tokens);
    free(b->name_terms);
    free(b->name_first);
    free(b->head_count);
    free(b->counts);
    free(b->cursor);
    free(b->sums);
    free(b->touched);
    free(b->list_weights);
    free(b);
}

int textindex_build(struct textindex *index, const struct catalog *catalog, struct pasar_err *err)
{
    memset(index, 0, sizeof *index);
    index->catalog = catalog;
    struct builder *b = calloc(1, sizeof *b);
    int rc = -1;
    if (!b) {
        fail_memory(err);
        goto out;
    }
    *b = (struct builder){.index = index, .catalog = catalog, .category = UINT32_MAX};
    if (vocabulary_init(&index->vocabulary, err) != 0 || number_documents(index, err) != 0)
        goto out;
    b->name_first = malloc(((size_t)index->doc_count + 1) * sizeof *b->name_first);
    b->head_count = malloc((size_t)index->doc_count + 1);
    if (!b->name_first || !b->head_count) {
        fail_memory(err);
        goto out;
    }
    if (count_all(b, err) != 0 || write_all(b, err) != 0 || vocabulary_finish(&index->vocabulary, err) != 0 ||
        fold_names(b, err) != 0)
        goto out;
    rc = 0;
out:
    builder_free(b);
    return rc;
}

void textindex_fini(struct textindex *index)
{
    vocabulary_fini(&index->vocabulary);
    pairs_fini(&index->pairs);
    evidence_fini(&index->evidence);
    free(index->terms);
    free(index->spans);
    free(index->tops);
    free(index->slots);
    free(index->impacts);
    free(index->docs);
    free(index->product_doc);
    free(index->category_start);
    free(index->name_start);
    pasar_buf_fini(&index->names);
    memset(index, 0, sizeof *index);
}
