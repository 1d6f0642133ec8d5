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

/* The suggestions so far, the longest shared beginning first. */
struct near_ids {
    uint32_t product[SUGGESTIONS];
    size_t shared[SUGGESTIONS], count;
};

static void consider_id(struct near_ids *near, uint32_t product, size_t shared)
{
    size_t at = near->count;
    for (size_t i = 0; i < near->count; i++) {
        if (near->product[i] == product)
            return;
    }
    while (at > 0 && near->shared[at - 1] < shared)
        at--;
    if (at == SUGGESTIONS)
        return;
    near->count += near->count < SUGGESTIONS;
    memmove(near->product + at + 1, near->product + at, (near->count - at - 1) * sizeof *near->product);
    memmove(near->shared + at + 1, near->shared + at, (near->count - at - 1) * sizeof *near->shared);
    near->product[at] = product;
    near->shared[at] = shared;
}

static const char *id_inside(const struct catalog *c, uint32_t product, size_t *len)
{
    const struct catalog_product *p = &c->products[product];
    *len = p->id_len - 2;
    return c->text.data + p->json + CATALOG_ID_OFFSET + 1;
}

/* Neighbours in byte order share the longest beginnings: those on either side of where `text` would stand. */
static void consider_neighbours(struct near_ids *near, const struct catalog *c, const struct catalog_view *view,
                                const char *text, size_t len)
{
    const struct order *order = &c->orders[CATALOG_BY_ID];
    uint32_t low = 0, high = order->known;
    size_t id_len;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const char *id = id_inside(c, order_product(order->list[mid]), &id_len);
        int compared = memcmp(id, text, id_len < len ? id_len : len);
        if (compared < 0 || (compared == 0 && id_len < len))
            low = mid + 1;
        else
            high = mid;
    }
    for (int up = 0; up < 2; up++) {
        uint32_t found = 0;
        for (uint32_t step = 0; step < LOOK_AT && found < SUGGESTIONS && step < (up ? order->known - low : low);
             step++) {
            uint32_t product = order_product(order->list[up ? low + step : low - 1 - step]);
            if (!(view->members[product / 64] >> product % 64 & 1))
                continue;
            const char *id = id_inside(c, product, &id_len);
            size_t shared = shared_beginning(text, len, id, id_len);
            found++;
            if (shared > 0 && shared * 2 >= len) /* less in common is chance */
                consider_id(near, product, shared);
        }
    }
}

void suggest_ids(struct pasar_buf *buf, const struct snapshot *s, int model, const char *text, size_t len)
{
    const struct catalog *c = &s->catalog;
    struct near_ids near = {.count = 0};
    struct pasar_buf id = {0};
    char cased[64] = "";
    len = len < sizeof cased ? len : sizeof cased; /* ids that are alike so far are near enough */
    consider_neighbours(&near, c, &c->views[model - 1], text, len);
    for (size_t i = 0; i < len; i++)
        cased[i] = (char)toupper((unsigned char)text[i]);
    consider_neighbours(&near, c, &c->views[model - 1], cased, len);
    for (size_t i = 0; i < len; i++)
        cased[i] = (char)tolower((unsigned char)text[i]);
    consider_neighbours(&near, c, &c->views[model - 1], cased, len);
    pasar_buf_addc(buf, '[');
    for (size_t i = 0; i < near.count; i++) {
        const struct catalog_product *p = &c->products[near.product[i]];
        pasar_buf_reset(&id);
        jsontext_unescape(&id, c->text.data + p->json + CATALOG_ID_OFFSET, p->id_len);
        buf->failed = buf->failed || id.failed;
        add_item(buf, id.data, id.len);
    }
    pasar_buf_addc(buf, ']');
    pasar_buf_fini(&id);
}
