/*
 * Four ways to a page, none of which sorts the catalogue:
 *   nothing to filter, near the front   the categories' own orders, merged;
 *   few products can match              those are looked at one by one (from the categories or the price range,
 *                                       whichever is smaller), and the page is picked out of them;
 *   many can                            the matches as a set of bits: looked at one by one if they are few,
 *   otherwise                           the order made at load is walked up to the page.
 */
#include "api/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/select_set.h"

enum { MERGE_MAX = 2048 }; /* products to pass when categories are merged */

bool select_is_plain(const struct select_filter *f)
{
    return isnan(f->min_price) && isnan(f->max_price) && isnan(f->min_rating) && f->cluster < 0 && f->sort_count == 0;
}

void select_fini(struct select_result *result)
{
    free(result->products);
    memset(result, 0, sizeof *result);
}

/* ------------------------------------------------------------------ the categories' own order */

/* One category is in order already: the page is a stretch of it. */
static int cut_out(const struct selection *s, struct select_result *result)
{
    uint64_t left = s->offset < s->in_categories ? s->in_categories - s->offset : 0;
    size_t count = (size_t)(left < s->limit ? left : s->limit);
    const uint32_t *category = s->view->by_category + s->view->category_start[s->categories[0]];
    result->total = s->in_categories;
    if (selection_reserve(result, count + (uint64_t)1) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        result->products[i] = category[s->offset + i];
    result->count = count;
    return 0;
}

/* Merges the categories, each of which is best first already. */
static int merge(const struct selection *s, struct select_result *result)
{
    const struct catalog *c = s->catalog;
    const struct catalog_view *view = s->view;
    struct rank_heap heap = {0};
    int rc = selection_reserve(result, s->limit);
    result->total = s->in_categories;
    for (size_t i = 0; i < s->category_count && rc == 0; i++) {
        uint32_t first = view->category_start[s->categories[i]], last = view->category_start[s->categories[i] + 1];
        if (first < last)
            rc = rank_heap_push(
                &heap, (struct rank_heap_item){c->products[view->by_category[first]].best, first, first, last});
    }
    if (s->offset >= s->in_categories)
        heap.count = 0;
    for (uint64_t i = 0; rc == 0 && heap.count > 0 && i < s->offset + s->limit; i++) {
        struct rank_heap_item top = rank_heap_pop(&heap);
        if (i >= s->offset)
            result->products[result->count++] = view->by_category[top.at];
        if (++top.at < top.last) {
            top.key = c->products[view->by_category[top.at]].best;
            rc = rank_heap_push(&heap, top);
        }
    }
    rank_heap_fini(&heap);
    return rc;
}

/* ------------------------------------------------------------------ few products */

static bool passes(const struct selection *s, uint32_t product)
{
    const struct select_filter *f = s->filter;
    const double *number = s->catalog->products[product].number;
    if (!isnan(f->min_price) && !(number[CATALOG_PRICE] >= f->min_price))
        return false;
    if (!isnan(f->max_price) && !(number[CATALOG_PRICE] <= f->max_price))
        return false;
    if (!isnan(f->min_rating) && !(number[CATALOG_RATING] >= f->min_rating))
        return false;
    return f->cluster < 0 || s->view->clusters[product] == f->cluster;
}

static int look_in_categories(const struct selection *s, struct select_result *result)
{
    const struct catalog_view *view = s->view;
    if (selection_reserve(result, s->in_categories + (uint64_t)1) != 0)
        return -1;
    for (size_t i = 0; i < s->category_count; i++) {
        for (uint32_t at = view->category_start[s->categories[i]]; at < view->category_start[s->categories[i] + 1];
             at++) {
            if (passes(s, view->by_category[at]))
                result->products[result->count++] = view->by_category[at];
        }
    }
    selection_cut(s, result);
    return 0;
}

static int look_in_prices(const struct selection *s, struct select_result *result)
{
    bool *wanted = calloc(s->catalog->category_count, sizeof *wanted);
    if (!wanted || selection_reserve(result, s->price_count + (uint64_t)1) != 0) {
        free(wanted);
        return -1;
    }
    for (size_t i = 0; i < s->category_count; i++)
        wanted[s->categories[i]] = true;
    for (uint32_t i = 0; i < s->price_count; i++) {
        uint32_t product = s->view->by_price[s->price_first + i];
        if (wanted[s->catalog->products[product].category] && passes(s, product))
            result->products[result->count++] = product;
    }
    free(wanted);
    selection_cut(s, result);
    return 0;
}

/* ------------------------------------------------------------------ all together */

int select_categories(const struct catalog *catalog, const uint32_t *categories, size_t category_count,
                      const struct select_filter *filter, uint32_t offset, uint32_t limit, struct select_result *result)
{
    const struct catalog_view *view = &catalog->views[filter->model - 1];
    struct selection s = {.catalog = catalog,
                          .view = view,
                          .filter = filter,
                          .categories = categories,
                          .category_count = category_count,
                          .has_price = !isnan(filter->min_price) || !isnan(filter->max_price),
                          .offset = offset,
                          .limit = limit};
    for (size_t i = 0; i < category_count; i++)
        s.in_categories += view->category_start[categories[i] + 1] - view->category_start[categories[i]];
    if (s.has_price)
        s.price_count = catalog_price_range(view, isnan(filter->min_price) ? -INFINITY : filter->min_price,
                                            isnan(filter->max_price) ? INFINITY : filter->max_price, &s.price_first);
    if (filter->by_sets)
        return select_set(&s, result);
    if (select_is_plain(filter) && category_count == 1)
        return cut_out(&s, result);
    if (select_is_plain(filter) && (s.offset + limit <= MERGE_MAX || offset >= s.in_categories))
        return merge(&s, result);
    if (s.has_price && s.price_count <= SELECTION_FEW && s.price_count < s.in_categories)
        return look_in_prices(&s, result);
    if (s.in_categories <= SELECTION_FEW)
        return look_in_categories(&s, result);
    return select_set(&s, result);
}

int select_prices(const struct catalog *catalog, int model, double low, double high, uint32_t offset, uint32_t limit,
                  struct select_result *result)
{
    const struct catalog_view *view = &catalog->views[model - 1];
    uint32_t first, n = catalog_price_range(view, low, high, &first);
    if (n > 0 && offset < n && (uint64_t)offset + limit > MERGE_MAX) { /* far behind the front the bits are quicker */
        struct select_filter filter = {low, high, NAN, -1, NULL, 0, model, false};
        struct selection s = {.catalog = catalog,
                              .view = view,
                              .filter = &filter,
                              .in_categories = view->count,
                              .price_first = first,
                              .price_count = n,
                              .has_price = true,
                              .offset = offset,
                              .limit = limit};
        return select_set(&s, result);
    }
    if (selection_reserve(result, limit) != 0)
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
