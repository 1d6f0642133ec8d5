/* The fields of a document, as words. */
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
