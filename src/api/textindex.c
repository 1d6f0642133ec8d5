/* The index from outside: documents, names, and the order in which all is built. */
#include "api/textindex.h"

#include <stdlib.h>
#include <string.h>

#include "api/fold.h"
#include "api/textindex_builder.h"

/* Gives each document its place: more votes first, then arrival order. */
static void number_places(struct textindex *x)
{
    const struct order *by_votes = &x->catalog->orders[CATALOG_RATING_COUNT];
    uint32_t place = 0, done = 0, first, last;
    while (order_next(by_votes, true, &done, &first, &last)) {
        for (uint32_t i = first; i < last; i++)
            x->docs[x->product_doc[order_product(by_votes->list[i])]].place = place++;
    }
}

/* Numbers the documents: by category, in arrival order within one. */
static int number_documents(struct textindex *x, struct pasar_err *err)
{
    const struct catalog *c = x->catalog;
    uint32_t n = x->doc_count = c->count;
    x->block_count = (n + TEXTINDEX_BLOCK - 1) / TEXTINDEX_BLOCK;
    x->docs = calloc((size_t)n + 1, sizeof *x->docs);
    x->models = malloc((size_t)n + 1);
    x->product_doc = malloc(((size_t)n + 1) * sizeof *x->product_doc);
    x->category_start = calloc((size_t)c->category_count + 2, sizeof *x->category_start);
    if (!x->docs || !x->models || !x->product_doc || !x->category_start)
        return textindex_no_memory(err);
    for (uint32_t i = 0; i < n; i++)
        x->category_start[c->products[i].category + 2]++;
    for (uint32_t k = 2; k < c->category_count + 2; k++)
        x->category_start[k] += x->category_start[k - 1];
    for (uint32_t i = 0; i < n; i++) {
        const struct catalog_product *p = &c->products[i];
        uint32_t doc = x->category_start[p->category + 1]++;
        x->product_doc[i] = doc;
        x->docs[doc] = (struct textindex_doc){.product = i, .category = p->category};
        x->models[doc] = p->models;
        for (int m = 0; m < PASAR_MODELS; m++)
            x->docs[doc].cluster[m] = (uint8_t)p->cluster[m];
    }
    number_places(x);
    return 0;
}

static int fold_names(struct textindex_builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    x->name_start = malloc(((size_t)x->doc_count + 1) * sizeof *x->name_start);
    if (!x->name_start)
        return textindex_no_memory(err);
    for (uint32_t doc = 0; doc < x->doc_count; doc++) {
        const struct catalog_product *p = textindex_product(b, doc);
        x->name_start[doc] = x->names.len;
        textindex_read_text(b, b->catalog->text.data + p->json + p->name, p->name_len);
        fold_case(&x->names, b->text.data, b->text.len);
        pasar_buf_addc(&x->names, '\0');
    }
    x->name_start[x->doc_count] = x->names.len;
    return x->names.failed || b->text.failed ? textindex_no_memory(err) : 0;
}

static void builder_free(struct textindex_builder *b)
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
    struct textindex_builder *b = calloc(1, sizeof *b);
    int rc = -1;
    if (!b) {
        textindex_no_memory(err);
        goto out;
    }
    *b = (struct textindex_builder){.index = index, .catalog = catalog, .category = UINT32_MAX};
    if (vocabulary_init(&index->vocabulary, err) != 0 || number_documents(index, err) != 0)
        goto out;
    b->name_first = malloc(((size_t)index->doc_count + 1) * sizeof *b->name_first);
    b->head_count = malloc((size_t)index->doc_count + 1);
    if (!b->name_first || !b->head_count) {
        textindex_no_memory(err);
        goto out;
    }
    if (textindex_count(b, err) != 0 || textindex_write(b, err) != 0 ||
        vocabulary_finish(&index->vocabulary, err) != 0 || fold_names(b, err) != 0)
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
    classifier_fini(&index->classifier);
    free(index->terms);
    free(index->spans);
    free(index->tops);
    free(index->slots);
    free(index->impacts);
    free(index->docs);
    free(index->models);
    free(index->product_doc);
    free(index->category_start);
    free(index->name_start);
    pasar_buf_fini(&index->names);
    memset(index, 0, sizeof *index);
}
