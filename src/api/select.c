/*
 * Four ways to a page, none of which sorts the catalogue:
 *   nothing to filter, near the front   the categories' own orders, merged;
 *   few products can match              those are looked at one by one (from the categories or the price range,
 *                                       whichever is smaller), and the page is picked out of them;
 *   a few of many match                 the same, from the set of matches below;
 *   otherwise                           the set of matches as bits, and the order made at load is walked up to the
 * page.
 */
#include "api/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MERGE_MAX = 2048, /* products to pass when categories are merged */
    FEW = 8192,       /* products worth looking at one by one */
};

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

/* A question under way. */
struct selection {
    const struct catalog *catalog;
    const struct catalog_view *view;
    const struct select_filter *filter;
    const uint32_t *categories;
    size_t category_count;
    uint32_t in_categories;            /* products in the categories, */
    uint32_t price_first, price_count; /* and the stretch of by_price that the filter leaves; all: no filter */
    bool has_price;
    uint64_t offset;
    uint32_t limit;
};

/* ------------------------------------------------------------------ the categories' own order */

/* Merges the categories, each of which is best first already. */
static int merge(const struct selection *s, struct select_result *result)
{
    const struct catalog *c = s->catalog;
    const struct catalog_view *view = s->view;
    struct rank_heap heap = {0};
    int rc = reserve(result, s->limit);
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

/* ------------------------------------------------------------------ comparing */

static const struct param_sort best_first = {SORT_RATING, true};

/* What is sorted by first. */
static const struct param_sort *first_key(const struct select_filter *f)
{
    return f->sort_count > 0 ? &f->sort[0] : &best_first;
}

_Static_assert((int)SORT_PRICE == CATALOG_PRICE && (int)SORT_RATING_COUNT == CATALOG_RATING_COUNT &&
                   (int)SORT_NAME == CATALOG_BY_NAME && (int)SORT_PRODUCT_ID == CATALOG_BY_ID,
               "sort keys are numbered as the catalogue's orders");

static const struct order *order_of(const struct selection *s, enum param_sort_key key)
{
    return key == SORT_SCORE ? &s->view->by_score : &s->catalog->orders[key];
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
        const struct param_sort *key = i == 0 ? first_key(s->filter) : &s->filter->sort[i];
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

/* Sorts `list` as far as places skip .. skip + want - 1 are concerned. */
static void sort_part(const struct selection *s, uint32_t *list, size_t n, size_t skip, size_t want)
{
    want = want < n - skip ? want : n - skip;
    part(s, list, n, skip);
    part(s, list + skip, n - skip, want);
    qsort_r(list + skip, want, sizeof *list, by_keys, (void *)s);
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

/* The page of the products in result. */
static void cut_page(const struct selection *s, struct select_result *result)
{
    size_t n = result->count;
    result->total = n;
    result->count = 0;
    if (s->offset >= n)
        return;
    sort_part(s, result->products, n, s->offset, s->limit);
    result->count = n - s->offset < s->limit ? n - s->offset : s->limit;
    memmove(result->products, result->products + s->offset, result->count * sizeof *result->products);
}

static int look_in_categories(const struct selection *s, struct select_result *result)
{
    const struct catalog_view *view = s->view;
    if (reserve(result, s->in_categories + (uint64_t)1) != 0)
        return -1;
    for (size_t i = 0; i < s->category_count; i++) {
        for (uint32_t at = view->category_start[s->categories[i]]; at < view->category_start[s->categories[i] + 1];
             at++) {
            if (passes(s, view->by_category[at]))
                result->products[result->count++] = view->by_category[at];
        }
    }
    cut_page(s, result);
    return 0;
}

static int look_in_prices(const struct selection *s, struct select_result *result)
{
    bool *wanted = calloc(s->catalog->category_count, sizeof *wanted);
    if (!wanted || reserve(result, s->price_count + (uint64_t)1) != 0) {
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
    cut_page(s, result);
    return 0;
}

/* ------------------------------------------------------------------ sets of products, as bits */

static size_t set_words(const struct selection *s)
{
    return s->catalog->count / 64 + 1;
}

static bool has(const uint64_t *set, uint32_t product)
{
    return set[product / 64] >> product % 64 & 1;
}

static void mark(uint64_t *set, const uint32_t *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t product = order_product(list[i]);
        set[product / 64] |= (uint64_t)1 << product % 64;
    }
}

/* Leaves what is among the n of `list` from `first` on; `other` is memory of the same size. */
static void keep_listed(const struct selection *s, uint64_t *set, uint64_t *other, const uint32_t *list, uint32_t first,
                        uint32_t n, uint32_t list_count)
{
    bool is_most = n > list_count / 2;
    memset(other, 0, set_words(s) * sizeof *other);
    if (is_most) { /* fewer to mark: those left out */
        mark(other, list, first);
        mark(other, list + first + n, list_count - first - n);
    } else {
        mark(other, list + first, n);
    }
    for (size_t i = 0; i < set_words(s); i++)
        set[i] &= is_most ? ~other[i] : other[i];
}

/* Where the order of ratings reaches the least one. */
static uint32_t rating_bound(const struct selection *s)
{
    const struct order *order = &s->catalog->orders[CATALOG_RATING];
    uint32_t low = 0, high = order->known;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (s->catalog->products[order_product(order->list[mid])].number[CATALOG_RATING] < s->filter->min_rating)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void keep_cluster(const struct selection *s, uint64_t *set)
{
    const int16_t *clusters = s->view->clusters;
    for (uint32_t i = 0; i < s->catalog->count; i += 64) {
        uint64_t word = 0;
        uint32_t n = s->catalog->count - i < 64 ? s->catalog->count - i : 64;
        for (uint32_t j = 0; j < n; j++)
            word |= (uint64_t)(clusters[i + j] == s->filter->cluster) << j;
        set[i / 64] &= word;
    }
}

/* The products that pass; `set` and `other` are two sets' memory. */
static void fill_set(const struct selection *s, uint64_t *set, uint64_t *other)
{
    const struct catalog_view *view = s->view;
    if (s->in_categories == view->count) {
        memcpy(set, view->members, set_words(s) * sizeof *set);
    } else {
        memset(set, 0, set_words(s) * sizeof *set);
        for (size_t i = 0; i < s->category_count; i++) {
            uint32_t first = view->category_start[s->categories[i]];
            mark(set, view->by_category + first, view->category_start[s->categories[i] + 1] - first);
        }
    }
    if (s->has_price) { /* those without a price are in no stretch */
        keep_listed(s, set, other, s->catalog->orders[CATALOG_PRICE].list, 0, s->catalog->orders[CATALOG_PRICE].known,
                    s->catalog->count);
        keep_listed(s, set, other, view->by_price, s->price_first, s->price_count, view->priced_count);
    }
    if (!isnan(s->filter->min_rating)) {
        const struct order *order = &s->catalog->orders[CATALOG_RATING];
        uint32_t first = rating_bound(s);
        keep_listed(s, set, other, order->list, first, order->known - first, order->count);
    }
    if (s->filter->cluster >= 0)
        keep_cluster(s, set);
}

/* All of a small set into result. */
static int take_all(const struct selection *s, const uint64_t *set, uint64_t total, struct select_result *result)
{
    if (reserve(result, total + 1) != 0)
        return -1;
    for (size_t i = 0; i < set_words(s); i++) {
        for (uint64_t word = set[i]; word; word &= word - 1)
            result->products[result->count++] = (uint32_t)(i * 64 + (size_t)__builtin_ctzll(word));
    }
    cut_page(s, result);
    return 0;
}

/* Appends members of a stretch in arrival order, leaving out the first *skip. */
static void add_in_order(const struct selection *s, const uint64_t *set, const uint32_t *list, uint32_t n,
                         uint64_t *skip, struct select_result *result)
{
    for (uint32_t i = 0; i < n && result->count < s->limit; i++) {
        uint32_t product = order_product(list[i]);
        if (!has(set, product))
            continue;
        if (*skip > 0)
            --*skip;
        else
            result->products[result->count++] = product;
    }
}

/* The same of a few equals in the order of the other keys. */
static int add_sorted(const struct selection *s, const uint64_t *set, const uint32_t *list, uint32_t n, size_t skip,
                      struct select_result *result)
{
    size_t want = s->limit - result->count, count = 0;
    uint32_t *members = malloc(n * sizeof *members);
    if (!members)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        if (has(set, order_product(list[i])))
            members[count++] = order_product(list[i]);
    }
    sort_part(s, members, count, skip, want);
    want = want < count - skip ? want : count - skip;
    memcpy(result->products + result->count, members + skip, want * sizeof *members);
    result->count += want;
    free(members);
    return 0;
}

static int walk(const struct selection *s, size_t key_index, const uint64_t *set, uint64_t skip,
                struct select_result *result);

/* The same of many: they become the set for the order of the next key. */
static int add_walked(const struct selection *s, size_t key_index, const uint64_t *set, const uint32_t *list,
                      uint32_t n, uint64_t skip, struct select_result *result)
{
    uint64_t *equals = calloc(set_words(s), sizeof *equals);
    if (!equals)
        return -1;
    mark(equals, list, n);
    for (size_t i = 0; i < set_words(s); i++)
        equals[i] &= set[i];
    int rc = walk(s, key_index + 1, equals, skip, result);
    free(equals);
    return rc;
}

/* Appends the members of `set` to the page, sorted by the keys from number key_index on, leaving out the first skip. */
static int walk(const struct selection *s, size_t key_index, const uint64_t *set, uint64_t skip,
                struct select_result *result)
{
    const struct param_sort *key = key_index == 0 ? first_key(s->filter) : &s->filter->sort[key_index];
    const struct order *order = order_of(s, key->key);
    uint32_t done = 0, first, last;
    while (result->count < s->limit && order_next(order, key->descending, &done, &first, &last)) {
        const uint32_t *list = order->list + first;
        uint32_t n = last - first, members = 0;
        if (n == 1 || key_index + 1 >= s->filter->sort_count) {
            add_in_order(s, set, list, n, &skip, result);
            continue;
        }
        for (uint32_t i = 0; i < n; i++)
            members += has(set, order_product(list[i]));
        int rc = members <= skip                              ? 0
                 : n <= FEW && !(s->filter->by_sets && n % 2) ? add_sorted(s, set, list, n, skip, result)
                                                              : add_walked(s, key_index, set, list, n, skip, result);
        if (rc != 0)
            return -1;
        skip -= members < skip ? members : skip;
    }
    return 0;
}

/* One page of a set of `total`. */
static int walk_set(const struct selection *s, const uint64_t *set, uint64_t total, struct select_result *result)
{
    if (reserve(result, s->limit) != 0)
        return -1;
    result->total = total;
    return s->offset < total ? walk(s, 0, set, s->offset, result) : 0;
}

static int select_set(const struct selection *s, struct select_result *result)
{
    size_t n = set_words(s);
    bool is_all =
        s->in_categories == s->view->count && !s->has_price && isnan(s->filter->min_rating) && s->filter->cluster < 0;
    if (is_all)
        return walk_set(s, s->view->members, s->view->count, result);
    uint64_t *set = malloc(2 * n * sizeof *set), total = 0;
    if (!set)
        return -1;
    fill_set(s, set, set + n);
    for (size_t i = 0; i < n; i++)
        total += (uint64_t)__builtin_popcountll(set[i]);
    int rc = total <= FEW && !s->filter->by_sets ? take_all(s, set, total, result) : walk_set(s, set, total, result);
    free(set);
    return rc;
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
    s.price_count = catalog_price_range(view, isnan(filter->min_price) ? -INFINITY : filter->min_price,
                                        isnan(filter->max_price) ? INFINITY : filter->max_price, &s.price_first);
    if (filter->by_sets)
        return select_set(&s, result);
    if (select_is_plain(filter) && (s.offset + limit <= MERGE_MAX || offset >= s.in_categories))
        return merge(&s, result);
    if (s.has_price && s.price_count <= FEW && s.price_count < s.in_categories)
        return look_in_prices(&s, result);
    if (s.in_categories <= FEW)
        return look_in_categories(&s, result);
    return select_set(&s, result);
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
