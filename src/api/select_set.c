#include "api/select_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ the set */

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

/* ------------------------------------------------------------------ its page */

_Static_assert((int)SORT_PRICE == CATALOG_PRICE && (int)SORT_RATING_COUNT == CATALOG_RATING_COUNT &&
                   (int)SORT_NAME == CATALOG_BY_NAME && (int)SORT_PRODUCT_ID == CATALOG_BY_ID,
               "sort keys are numbered as the catalogue's orders");

static const struct order *order_of(const struct selection *s, enum param_sort_key key)
{
    return key == SORT_SCORE ? &s->view->by_score : &s->catalog->orders[key];
}

/* All of a small set into result. */
static int take_all(const struct selection *s, const uint64_t *set, uint64_t total, struct select_result *result)
{
    if (selection_reserve(result, total + 1) != 0)
        return -1;
    for (size_t i = 0; i < set_words(s); i++) {
        for (uint64_t word = set[i]; word; word &= word - 1)
            result->products[result->count++] = (uint32_t)(i * 64 + (size_t)__builtin_ctzll(word));
    }
    selection_cut(s, result);
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
    selection_sort(s, members, count, skip, want);
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
    const struct param_sort *key = key_index == 0 ? selection_first_key(s->filter) : &s->filter->sort[key_index];
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
        int rc = members <= skip ? 0
                 : n <= SELECTION_FEW && !(s->filter->by_sets && n % 2)
                     ? add_sorted(s, set, list, n, skip, result)
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
    if (selection_reserve(result, s->limit) != 0)
        return -1;
    result->total = total;
    return s->offset < total ? walk(s, 0, set, s->offset, result) : 0;
}

int select_set(const struct selection *s, struct select_result *result)
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
    int rc = total <= SELECTION_FEW && !s->filter->by_sets ? take_all(s, set, total, result)
                                                           : walk_set(s, set, total, result);
    free(set);
    return rc;
}
