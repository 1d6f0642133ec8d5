#include "api/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool select_is_plain(const struct select_filter *f)
{
    return isnan(f->min_price) && isnan(f->max_price) && isnan(f->min_rating) && f->cluster < 0 && f->sort_count == 0;
}

void select_fini(struct select_result *result)
{
    free(result->products);
    memset(result, 0, sizeof *result);
}

static int reserve(struct select_result *result, uint64_t want)
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

/* ------------------------------------------------------------------ default order */

/* Merges the categories, each of which is best first already. */
static int merge(const struct catalog *c, const struct catalog_view *view, const uint32_t *categories, size_t n,
                 uint32_t offset, uint32_t limit, struct select_result *result)
{
    struct rank_heap heap = {0};
    uint64_t total = 0;
    int rc = reserve(result, limit);
    for (size_t i = 0; i < n && rc == 0; i++) {
        uint32_t first = view->category_start[categories[i]], last = view->category_start[categories[i] + 1];
        total += last - first;
        if (first < last)
            rc = rank_heap_push(
                &heap, (struct rank_heap_item){c->products[view->by_category[first]].best, first, first, last});
    }
    result->total = total;
    if (offset >= total)
        heap.count = 0;
    for (uint64_t i = 0; rc == 0 && heap.count > 0 && i < (uint64_t)offset + limit; i++) {
        struct rank_heap_item top = rank_heap_pop(&heap);
        if (i >= offset)
            result->products[result->count++] = view->by_category[top.at];
        if (++top.at < top.last) {
            top.key = c->products[view->by_category[top.at]].best;
            rc = rank_heap_push(&heap, top);
        }
    }
    rank_heap_fini(&heap);
    return rc;
}

/* ------------------------------------------------------------------ filters and sorting */

static bool passes(const struct catalog_product *p, const struct select_filter *f)
{
    if (!isnan(f->min_price) && !(p->number[CATALOG_PRICE] >= f->min_price))
        return false;
    if (!isnan(f->max_price) && !(p->number[CATALOG_PRICE] <= f->max_price))
        return false;
    if (!isnan(f->min_rating) && !(p->number[CATALOG_RATING] >= f->min_rating))
        return false;
    return f->cluster < 0 || p->cluster[f->model - 1] == f->cluster;
}

struct sorting {
    const struct catalog *catalog;
    const struct catalog_view *view;
    const struct select_filter *filter;
};

static double key_value(const struct sorting *s, const struct catalog_product *p, enum param_sort_key key)
{
    switch (key) {
    case SORT_PRICE:
        return p->number[CATALOG_PRICE];
    case SORT_ACTUAL_PRICE:
        return p->number[CATALOG_ACTUAL_PRICE];
    case SORT_DISCOUNT:
        return p->number[CATALOG_DISCOUNT];
    case SORT_RATING:
        return p->number[CATALOG_RATING];
    case SORT_RATING_COUNT:
        return p->number[CATALOG_RATING_COUNT];
    default:
        return catalog_score(s->view, p);
    }
}

static int compare_strings(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_by(const struct sorting *s, const struct catalog_product *x, const struct catalog_product *y,
                      const struct param_sort *key)
{
    const char *text = s->catalog->text.data;
    int order;
    if (key->key == SORT_PRODUCT_ID) {
        order = compare_strings(text + x->json + CATALOG_ID_OFFSET, x->id_len, text + y->json + CATALOG_ID_OFFSET,
                                y->id_len);
    } else if (key->key == SORT_NAME) {
        const char *a = text + x->json + x->name, *b = text + y->json + y->name;
        if ((a[0] == '"') != (b[0] == '"'))
            return a[0] == '"' ? -1 : 1; /* missing ones last, whichever way */
        order = compare_strings(a, x->name_len, b, y->name_len);
    } else {
        double a = key_value(s, x, key->key), b = key_value(s, y, key->key);
        if (isnan(a) || isnan(b))
            return isnan(a) - isnan(b);
        order = (a > b) - (a < b);
    }
    return key->descending ? -order : order;
}

static int by_keys(const void *a, const void *b, void *ctx)
{
    const struct sorting *s = ctx;
    const struct catalog_product *x = &s->catalog->products[*(const uint32_t *)a];
    const struct catalog_product *y = &s->catalog->products[*(const uint32_t *)b];
    for (size_t i = 0; i < s->filter->sort_count; i++) {
        int order = compare_by(s, x, y, &s->filter->sort[i]);
        if (order != 0)
            return order;
    }
    if (s->filter->sort_count == 0)
        return (x->best > y->best) - (x->best < y->best);
    return (x->row > y->row) - (x->row < y->row);
}

static int collect(const struct catalog *c, const struct catalog_view *view, const uint32_t *categories, size_t n,
                   const struct select_filter *filter, uint32_t offset, uint32_t limit, struct select_result *result)
{
    uint64_t most = 0;
    for (size_t i = 0; i < n; i++)
        most += view->category_start[categories[i] + 1] - view->category_start[categories[i]];
    if (reserve(result, most + 1) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        for (uint32_t at = view->category_start[categories[i]]; at < view->category_start[categories[i] + 1]; at++) {
            if (passes(&c->products[view->by_category[at]], filter))
                result->products[result->count++] = view->by_category[at];
        }
    }
    result->total = result->count;
    struct sorting sorting = {c, view, filter};
    if (offset >= result->count) {
        result->count = 0;
        return 0;
    }
    qsort_r(result->products, result->count, sizeof *result->products, by_keys, &sorting);
    result->count -= offset;
    if (result->count > limit)
        result->count = limit;
    memmove(result->products, result->products + offset, result->count * sizeof *result->products);
    return 0;
}

int select_categories(const struct catalog *catalog, const uint32_t *categories, size_t category_count,
                      const struct select_filter *filter, uint32_t offset, uint32_t limit, struct select_result *result)
{
    const struct catalog_view *view = &catalog->views[filter->model - 1];
    if (select_is_plain(filter))
        return merge(catalog, view, categories, category_count, offset, limit, result);
    return collect(catalog, view, categories, category_count, filter, offset, limit, result);
}

int select_prices(const struct catalog *catalog, int model, double low, double high, uint32_t offset, uint32_t limit,
                  struct select_result *result)
{
    const struct catalog_view *view = &catalog->views[model - 1];
    uint32_t first, n = catalog_price_range(view, low, high, &first);
    if (reserve(result, limit) != 0)
        return -1;
    result->total = n;
    if (offset >= n)
        return 0;
    int64_t count = rank_top(&view->price_rank, first, first + n, offset, limit, result->products);
    if (count < 0)
        return -1;
    result->count = (size_t)count;
    for (size_t i = 0; i < result->count; i++)
        result->products[i] = view->by_price[result->products[i]];
    return 0;
}
