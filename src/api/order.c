#include "api/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RADIX_BITS = 11,
    RADIX_MIN = 1 << 14, /* entries; fewer are sorted by comparing */
    KEY_BYTES = 8,       /* of a text, at a time */
    DEPTH_MAX = 32,      /* so many times; what is alike for longer is compared whole */
};

struct entry {
    uint64_t key;
    uint32_t product;
};

void order_fini(struct order *order)
{
    free(order->list);
    memset(order, 0, sizeof *order);
}

/* ------------------------------------------------------------------ entries by key */

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->product < y->product ? -1 : x->product > y->product;
}

/* Stable: least significant digit first. */
static void sort_radix(struct entry *list, struct entry *other, uint32_t n)
{
    struct entry *from = list, *to = other;
    for (unsigned shift = 0; shift < 64; shift += RADIX_BITS) {
        uint32_t start[(1 << RADIX_BITS) + 1] = {0};
        for (uint32_t i = 0; i < n; i++)
            start[(from[i].key >> shift & ((1 << RADIX_BITS) - 1)) + 1]++;
        if (start[(from[0].key >> shift & ((1 << RADIX_BITS) - 1)) + 1] == n) /* all alike here */
            continue;
        for (uint32_t d = 1; d < 1 << RADIX_BITS; d++)
            start[d] += start[d - 1];
        for (uint32_t i = 0; i < n; i++)
            to[start[from[i].key >> shift & ((1 << RADIX_BITS) - 1)]++] = from[i];
        struct entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != list)
        memcpy(list, from, n * sizeof *list);
}

static void sort_entries(struct entry *list, struct entry *other, uint32_t n)
{
    if (n >= RADIX_MIN)
        sort_radix(list, other, n);
    else if (n > 1)
        qsort(list, n, sizeof *list, by_key);
}

/* ------------------------------------------------------------------ numbers */

/* Integers that are in the order of the numbers. */
static uint64_t key_of(double value)
{
    uint64_t bits;
    value += 0.0; /* no negative zero */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* Room for n entries twice, and for the list. NULL with err. */
static struct entry *begin(struct order *order, uint32_t n, struct pasar_err *err)
{
    memset(order, 0, sizeof *order);
    struct entry *list = malloc(2 * ((size_t)n + 1) * sizeof *list);
    order->list = malloc(((size_t)n + 1) * sizeof *order->list);
    if (list && order->list)
        return list;
    free(list);
    pasar_err_nomem(err, "sorted products");
    return NULL;
}

int order_by_number(struct order *order, const uint32_t *products, uint32_t count, order_number_fn number,
                    const void *ctx, struct pasar_err *err)
{
    struct entry *list = begin(order, count, err);
    if (!list)
        return -1;
    uint32_t *unknown = order->list; /* gathered at the front, then moved behind the others */
    uint32_t unknown_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t product = products ? products[i] : i;
        double value = number(ctx, product);
        if (isnan(value))
            unknown[unknown_count++] = product;
        else
            list[order->known++] = (struct entry){key_of(value), product};
    }
    memmove(order->list + order->known, unknown, unknown_count * sizeof *unknown);
    sort_entries(list, list + count + 1, order->known);
    for (uint32_t i = 0; i < order->known; i++)
        order->list[i] = list[i].product | (i > 0 && list[i].key == list[i - 1].key ? ORDER_TIE : 0);
    order->count = count;
    free(list);
    return 0;
}

/* ------------------------------------------------------------------ texts */

struct texts {
    order_text_fn text;
    const void *ctx;
    struct entry *other;
};

/* Bytes number depth * KEY_BYTES and on, the first the most significant; 0 behind the end. */
static uint64_t text_key(const struct texts *t, uint32_t product, unsigned depth)
{
    size_t len, from = (size_t)depth * KEY_BYTES;
    const char *text = t->text(t->ctx, product, &len);
    uint64_t key = 0;
    for (size_t i = from; i < from + KEY_BYTES; i++)
        key = key << 8 | (i < len ? (unsigned char)text[i] : 0);
    return key;
}

static int by_text(const void *a, const void *b, void *ctx)
{
    const struct texts *t = ctx;
    const struct entry *x = a, *y = b;
    size_t x_len, y_len;
    const char *s = t->text(t->ctx, x->product, &x_len), *u = t->text(t->ctx, y->product, &y_len);
    int order = memcmp(s, u, x_len < y_len ? x_len : y_len);
    if (order == 0 && x_len != y_len)
        order = x_len < y_len ? -1 : 1;
    return order ? order : by_key(a, b);
}

/* Sorts texts that are alike up to `depth`: by a few bytes at a time, so that each text is read once for many
 * comparisons. */
static void sort_texts(struct texts *t, struct entry *list, uint32_t n, unsigned depth)
{
    if (depth == DEPTH_MAX) {
        for (uint32_t i = 0; i < n; i++)
            list[i].key = 0;
        qsort_r(list, n, sizeof *list, by_text, t);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        list[i].key = text_key(t, list[i].product, depth);
    sort_entries(list, t->other, n);
    for (uint32_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && list[j].key == list[i].key; j++)
            ;
        if (j > i + 1 && list[i].key & 0xff) /* none of them is at its end */
            sort_texts(t, list + i, j - i, depth + 1);
    }
}

static bool is_same_text(const struct texts *t, uint32_t a, uint32_t b)
{
    size_t a_len, b_len;
    const char *x = t->text(t->ctx, a, &a_len), *y = t->text(t->ctx, b, &b_len);
    return a_len == b_len && memcmp(x, y, a_len) == 0;
}

int order_by_text(struct order *order, uint32_t count, order_text_fn text, const void *ctx, struct pasar_err *err)
{
    struct entry *list = begin(order, count, err);
    if (!list)
        return -1;
    struct texts texts = {text, ctx, list + count + 1};
    size_t len;
    for (uint32_t i = 0; i < count; i++) {
        if (text(ctx, i, &len))
            list[order->known++].product = i;
    }
    for (uint32_t i = 0, at = order->known; i < count; i++) {
        if (!text(ctx, i, &len))
            order->list[at++] = i;
    }
    sort_texts(&texts, list, order->known, 0);
    for (uint32_t i = 0; i < order->known; i++)
        order->list[i] =
            list[i].product | (i > 0 && is_same_text(&texts, list[i].product, list[i - 1].product) ? ORDER_TIE : 0);
    order->count = count;
    free(list);
    return 0;
}

void order_rank(const struct order *order, uint32_t *ranks)
{
    uint32_t rank = 0;
    for (uint32_t i = 0; i < order->known; i++) {
        rank += i > 0 && !(order->list[i] & ORDER_TIE);
        ranks[order_product(order->list[i])] = rank;
    }
    for (uint32_t i = order->known; i < order->count; i++)
        ranks[order->list[i]] = UINT32_MAX;
}
