#include "api/selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int selection_reserve(struct select_result *result, uint64_t want)
{
    result->count = 0;
    if (want <= result->cap)
        return 0;
    uint32_t *products = realloc(result->products, want * sizeof *products);
    if (!products)
        return -1;
    result->products = products;
    result->cap = want;
    return 0;
}

static const struct param_sort best_first = {SORT_RATING, true};

const struct param_sort *selection_first_key(const struct select_filter *f)
{
    return f->sort_count > 0 ? &f->sort[0] : &best_first;
}

static double key_value(const struct selection *s, uint32_t product, enum param_sort_key key)
{
    const struct catalog_product *p = &s->catalog->products[product];
    uint32_t rank;
    switch (key) {
    case SORT_NAME:
        rank = s->catalog->name_rank[product];
        return rank == UINT32_MAX ? NAN : rank;
    case SORT_PRODUCT_ID:
        return s->catalog->id_rank[product];
    case SORT_SCORE:
        return catalog_score(s->view, p);
    default:
        return p->number[key];
    }
}

static int by_keys(const void *a, const void *b, void *ctx)
{
    const struct selection *s = ctx;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    for (size_t i = 0; i < s->filter->sort_count || i == 0; i++) {
        const struct param_sort *key = i == 0 ? selection_first_key(s->filter) : &s->filter->sort[i];
        double u = key_value(s, x, key->key), v = key_value(s, y, key->key);
        if (isnan(u) != isnan(v)) /* missing ones last, whichever way */
            return isnan(u) ? 1 : -1;
        if (u < v || u > v)
            return (u < v) == key->descending ? 1 : -1;
    }
    return x < y ? -1 : x > y; /* products stand in arrival order */
}

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t kept = *a;
    *a = *b;
    *b = kept;
}

/* Moves the products that come first when sorted to the first `want` places, in no order. (Hoare's FIND; no two are
 * equal.) */
static void part(const struct selection *s, uint32_t *list, size_t n, size_t want)
{
    while (n > 1 && want > 0 && want < n) {
        uint32_t a = list[0], b = list[n / 2], c = list[n - 1], pivot; /* the middle one of three */
        if (by_keys(&a, &b, (void *)s) < 0)
            pivot = by_keys(&b, &c, (void *)s) < 0 ? b : by_keys(&a, &c, (void *)s) < 0 ? c : a;
        else
            pivot = by_keys(&a, &c, (void *)s) < 0 ? a : by_keys(&b, &c, (void *)s) < 0 ? c : b;
        size_t less = 0;
        for (size_t i = 0; i < n; i++) {
            if (list[i] == pivot)
                continue;
            if (by_keys(&list[i], &pivot, (void *)s) < 0)
                swap(&list[i], &list[less++]);
        }
        if (less >= want) {
            n = less;
            continue;
        }
        for (size_t i = less; i < n; i++) { /* the pivot behind those before it */
            if (list[i] == pivot) {
                swap(&list[i], &list[less++]);
                break;
            }
        }
        list += less;
        n -= less;
        want -= less;
    }
}

void selection_sort(const struct selection *s, uint32_t *list, size_t n, size_t skip, size_t want)
{
    want = want < n - skip ? want : n - skip;
    part(s, list, n, skip);
    part(s, list + skip, n - skip, want);
    qsort_r(list + skip, want, sizeof *list, by_keys, (void *)s);
}

void selection_cut(const struct selection *s, struct select_result *result)
{
    size_t n = result->count;
    result->total = n;
    result->count = 0;
    if (s->offset >= n)
        return;
    selection_sort(s, result->products, n, s->offset, s->limit);
    result->count = n - s->offset < s->limit ? n - s->offset : s->limit;
    memmove(result->products, result->products + s->offset, result->count * sizeof *result->products);
}
