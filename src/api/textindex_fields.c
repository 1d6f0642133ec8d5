/* The fields of a document, as words and as weighted terms. */
#include "api/textindex_builder.h"

#include <string.h>

#include "api/jsontext.h"

const struct catalog_product *textindex_product(const struct textindex_builder *b, uint32_t doc)
{
    return &b->catalog->products[b->index->docs[doc].product];
}

void textindex_read_text(struct textindex_builder *b, const char *json, size_t len)
{
    pasar_buf_reset(&b->text);
    if (json[0] == '"')
        jsontext_unescape(&b->text, json, len);
}

void textindex_split_about(struct textindex_builder *b, uint32_t doc)
{
    const struct catalog_product *p = textindex_product(b, doc);
    textindex_read_text(b, b->catalog->text.data + p->json + p->about, p->about_len);
    tokens_split(&b->tokens, b->text.data, b->text.len, TOKENS_PLAIN);
    if (b->tokens.count > TEXTINDEX_ABOUT_MAX)
        b->tokens.count = TEXTINDEX_ABOUT_MAX;
}

/* Documents come by category: its words are split once. */
void textindex_split_category(struct textindex_builder *b, uint32_t doc)
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

static void add(struct textindex_builder *b, uint32_t term, float weight)
{
    if (b->sums[term] == 0)
        b->touched[b->touched_count++] = term;
    b->sums[term] += weight;
}

void textindex_add_tokens(struct textindex_builder *b, const struct tokens *tokens, size_t from, float weight)
{
    const struct vocabulary *v = &b->index->vocabulary;
    for (size_t i = from; i < tokens->count; i++)
        add(b, v->words[vocabulary_find(v, tokens_text(tokens, i), tokens->list[i].len)].term, weight);
}

void textindex_add_list(struct textindex_builder *b, const uint32_t *terms, size_t count, float weight,
                        float pairs_weight)
{
    const struct textindex *x = b->index;
    for (size_t i = 0; i < count; i++) {
        add(b, terms[i], weight);
        int64_t pair = pairs_weight > 0 && i + 1 < count ? pairs_find(&x->pairs, terms[i], terms[i + 1]) : -1;
        if (pair >= 0)
            add(b, x->vocabulary.term_count + (uint32_t)pair, pairs_weight);
    }
}
