#include "api/suggest.h"

#include <ctype.h>
#include <string.h>

#include "api/fold.h"
#include "api/jsontext.h"
#include "api/relax.h"

enum {
    SUGGESTIONS = 5,
    PREFIX_MIN = 3,
    PREFIX_MAX = 12,
    LOOK_AT = 4096, /* candidates at most: a 404 must stay cheap */
};

static void add_item(struct pasar_buf *buf, const char *text, size_t len)
{
    if (buf->len > 0 && buf->data[buf->len - 1] != '[')
        pasar_buf_addc(buf, ',');
    jsontext_add_string(buf, text, len);
}

/* The commonest words with the longest beginning that any word shares with this one. */
static size_t add_beginnings(struct pasar_buf *buf, const struct vocabulary *v, const char *word, size_t len)
{
    uint32_t best[SUGGESTIONS], first = 0, n = 0;
    size_t count = 0;
    for (size_t prefix = len < PREFIX_MAX ? len : PREFIX_MAX; n == 0 && prefix >= PREFIX_MIN; prefix--)
        n = vocabulary_prefix(v, word, prefix, &first);
    for (uint32_t i = first; i < first + n && i < first + LOOK_AT; i++) {
        size_t at = count;
        while (at > 0 && v->words[best[at - 1]].df < v->words[v->sorted[i]].df)
            at--;
        if (at == SUGGESTIONS)
            continue;
        count += count < SUGGESTIONS;
        memmove(best + at + 1, best + at, (count - at - 1) * sizeof *best);
        best[at] = v->sorted[i];
    }
    for (size_t i = 0; i < count; i++)
        add_item(buf, vocabulary_text(v, best[i]), v->words[best[i]].len);
    return count;
}

void suggest_words(struct pasar_buf *buf, const struct snapshot *s, int model, const char *text, size_t len)
{
    struct pasar_buf folded = {0};
    size_t count = 0;
    fold_case(&folded, text, len);
    pasar_buf_addc(buf, '[');
    for (size_t at = 0; !folded.failed && count == 0 && at < folded.len;) {
        const char *word = folded.data + at, *blank = memchr(word, ' ', folded.len - at);
        size_t n = blank ? (size_t)(blank - word) : folded.len - at;
        count = add_beginnings(buf, &s->index.vocabulary, word, n);
        at += n + 1;
    }
    if (count == 0) {
        struct relax_name names[RELAX_NAMES_MAX];
        count = relax_categories(&s->catalog, &s->catalog.views[model - 1], text, len, names);
        for (size_t i = 0; i < count && i < SUGGESTIONS; i++)
            add_item(buf, names[i].text, names[i].len);
    }
    pasar_buf_addc(buf, ']');
    buf->failed = buf->failed || folded.failed;
    pasar_buf_fini(&folded);
}

static size_t shared_beginning(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t n = 0;
    while (n < a_len && n < b_len && tolower((unsigned char)a[n]) == tolower((unsigned char)b[n]))
        n++;
    return n;
}

void suggest_ids(struct pasar_buf *buf, const struct snapshot *s, int model, const char *text, size_t len)
{
    const struct catalog *c = &s->catalog;
    const struct catalog_view *view = &c->views[model - 1];
    uint32_t best[SUGGESTIONS];
    size_t shared[SUGGESTIONS], count = 0;
    struct pasar_buf id = {0};
    for (uint32_t i = 0; i < view->count && i < LOOK_AT; i++) {
        const struct catalog_product *p = &c->products[view->products[i]];
        size_t n = shared_beginning(text, len, c->text.data + p->json + CATALOG_ID_OFFSET + 1, p->id_len - 2);
        size_t at = count;
        while (at > 0 && shared[at - 1] < n)
            at--;
        if (at == SUGGESTIONS)
            continue;
        count += count < SUGGESTIONS;
        memmove(best + at + 1, best + at, (count - at - 1) * sizeof *best);
        memmove(shared + at + 1, shared + at, (count - at - 1) * sizeof *shared);
        best[at] = view->products[i];
        shared[at] = n;
    }
    pasar_buf_addc(buf, '[');
    for (size_t i = 0; i < count; i++) {
        const struct catalog_product *p = &c->products[best[i]];
        pasar_buf_reset(&id);
        jsontext_unescape(&id, c->text.data + p->json + CATALOG_ID_OFFSET, p->id_len);
        buf->failed = buf->failed || id.failed;
        add_item(buf, id.data, id.len);
    }
    pasar_buf_addc(buf, ']');
    pasar_buf_fini(&id);
}
