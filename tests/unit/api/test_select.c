/* Selection against brute force over random rows, both ways: product by product, and by sets and orders. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fold.h"
#include "api/select.h"
#include "support.h"

enum { ROWS = 700, PATHS = 12 };

static const char *const paths[PATHS] = {"A|B",   "A|B|C", "a|b|d", "A",     "AB|C",   "Z|Q",
                                         "Z|q|R", "",      "É|X",   "é|x|Y", "A|B|CC", "M-N"};
static struct row rows[ROWS];
static char ids[ROWS][8], names[ROWS][16];

static void make_rows(uint64_t *random)
{
    for (int i = 0; i < ROWS; i++) {
        snprintf(ids[i], sizeof ids[i], "%u", support_random(random) % 500);
        snprintf(names[i], sizeof names[i], "n%u", support_random(random) % 300);
        rows[i] = (struct row){ids[i],
                               support_random(random) % 20 ? names[i] : NULL,
                               paths[support_random(random) % PATHS],
                               "",
                               support_random(random) % 30 ? support_random(random) % 1000 : NAN,
                               support_random(random) % 15 ? support_random(random) % 51 / 10.0 : NAN,
                               support_random(random) % 15 ? support_random(random) % 1000 : NAN,
                               (int)(support_random(random) % 3)};
    }
}

/* The row that stands for its id among the first `count` rows. */
static bool stands(int i, int count)
{
    for (int j = i + 1; j < count; j++) {
        if (strcmp(rows[j].id, rows[i].id) == 0)
            return false;
    }
    return true;
}

static bool better(const struct row *a, const struct row *b) /* a stands before b in arrival order */
{
    if (isnan(b->rating))
        return true;
    return !isnan(a->rating) && a->rating >= b->rating;
}

/* Insertion sort by rating over rows in arrival order. */
static size_t best_first(int *list, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t j = i; j > 0 && !better(&rows[list[j - 1]], &rows[list[j]]); j--) {
            int swap = list[j];
            list[j] = list[j - 1];
            list[j - 1] = swap;
        }
    }
    return n;
}

static void expect(const struct catalog *c, const struct select_result *result, const int *want, size_t n,
                   uint32_t offset, uint32_t limit)
{
    size_t have = offset >= n ? 0 : n - offset < limit ? n - offset : limit;
    assert_int_equal(result->total, n);
    assert_int_equal(result->count, have);
    for (size_t i = 0; i < have; i++)
        assert_int_equal(c->products[result->products[i]].row, want[offset + i]);
}

static void test_select__prices_are_what_brute_force_finds(void **state)
{
    (void)state;
    uint64_t random = 7;
    struct catalog c;
    struct select_result result = {0};
    int want[ROWS];
    make_rows(&random);
    assert_int_equal(support_catalog(&c, rows, ROWS), 0);
    for (int round = 0; round < 400; round++) {
        int model = 1 + round % 3, count = model == 3 ? ROWS : model * ((ROWS + 2) / 3);
        double low = support_random(&random) % 1000, high = low + support_random(&random) % 200;
        uint32_t offset = support_random(&random) % 4 ? 0 : support_random(&random) % 60,
                 limit = round % 5 == 4 ? 3000 : 1 + support_random(&random) % 30; /* more than are merged */
        size_t n = 0;
        for (int i = 0; i < count; i++) {
            if (stands(i, count) && rows[i].price >= low && rows[i].price <= high)
                want[n++] = i;
        }
        best_first(want, n);
        assert_int_equal(select_prices(&c, model, low, high, offset, limit, &result), 0);
        expect(&c, &result, want, n, offset, limit);
    }
    select_fini(&result);
    catalog_fini(&c);
}

static void test_select__categories_and_filters_are_what_brute_force_finds(void **state)
{
    (void)state;
    uint64_t random = 11;
    static const char *const prefixes[] = {"", "a", "a|b", "A|B|C", "z|q", "é", "ab", "m-", "nothing"};
    struct catalog c;
    struct select_result result = {0};
    int want[ROWS];
    make_rows(&random);
    assert_int_equal(support_catalog(&c, rows, ROWS), 0);
    for (int round = 0; round < 600; round++) {
        int model = 1 + round % 3, count = model == 3 ? ROWS : model * ((ROWS + 2) / 3);
        struct pasar_buf prefix = {0}, path = {0};
        const char *text = prefixes[support_random(&random) % PASAR_ARRAY_LEN(prefixes)];
        fold_case(&prefix, text, strlen(text));
        bool filtered = round % 2;
        struct select_filter filter = {filtered ? 200 : NAN,
                                       filtered ? 900 : NAN,
                                       round % 4 == 3 ? 2 : NAN,
                                       round % 8 == 7 ? 1 : -1,
                                       NULL,
                                       0,
                                       model,
                                       round % 16 >= 8};
        uint32_t ids_found[PATHS + 1], first, offset = round % 5 ? 0 : 3, limit = 1 + support_random(&random) % 40;
        uint32_t categories = catalog_category_prefix(&c, prefix.len ? prefix.data : "", prefix.len, &first);
        for (uint32_t i = 0; i < categories; i++)
            ids_found[i] = first + i;
        size_t n = 0;
        for (int i = 0; i < count; i++) {
            pasar_buf_reset(&path);
            fold_case(&path, rows[i].category, strlen(rows[i].category));
            if (stands(i, count) && path.len >= prefix.len &&
                (prefix.len == 0 || memcmp(path.data, prefix.data, prefix.len) == 0) &&
                (!filtered || (rows[i].price >= 200 && rows[i].price <= 900)) &&
                (round % 4 != 3 || rows[i].rating >= 2) && (round % 8 != 7 || rows[i].cluster == 1))
                want[n++] = i;
        }
        best_first(want, n);
        assert_int_equal(select_categories(&c, ids_found, categories, &filter, offset, limit, &result), 0);
        expect(&c, &result, want, n, offset, limit);
        pasar_buf_fini(&prefix);
        pasar_buf_fini(&path);
    }
    select_fini(&result);
    catalog_fini(&c);
}

/* A row's value for a key; NaN: none. Names by their place among all names. */
static double value_of(const struct catalog *c, const struct catalog_view *view, uint32_t product,
                       enum param_sort_key key)
{
    const struct catalog_product *p = &c->products[product];
    const struct row *row = &rows[p->row];
    double place = 0;
    switch (key) {
    case SORT_NAME:
        for (int i = 0; row->name && i < ROWS; i++)
            place += rows[i].name && strcmp(rows[i].name, row->name) < 0;
        return row->name ? place : NAN;
    case SORT_PRODUCT_ID:
        for (int i = 0; i < ROWS; i++)
            place += strcmp(rows[i].id, row->id) < 0;
        return place;
    case SORT_SCORE:
        return catalog_score(view, p);
    default:
        return p->number[key];
    }
}

static double values[ROWS][PARAM_SORT_MAX];

static bool stands_before(uint32_t x, uint32_t y, const struct select_filter *filter)
{
    for (size_t i = 0; i < filter->sort_count; i++) {
        double u = values[x][i], v = values[y][i];
        if (isnan(u) != isnan(v))
            return isnan(v);
        if (u < v || u > v)
            return (u < v) != filter->sort[i].descending;
    }
    return x < y;
}

/* Brute force: the products that pass, by insertion. */
static size_t sort_all(const struct catalog *c, uint32_t first, uint32_t categories, const struct select_filter *filter,
                       uint32_t *want)
{
    const struct catalog_view *view = &c->views[filter->model - 1];
    size_t n = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        uint32_t product = view->products[i];
        const struct catalog_product *p = &c->products[product];
        if (p->category < first || p->category >= first + categories ||
            (!isnan(filter->min_price) && !(p->number[CATALOG_PRICE] >= filter->min_price)) ||
            (!isnan(filter->max_price) && !(p->number[CATALOG_PRICE] <= filter->max_price)) ||
            (!isnan(filter->min_rating) && !(p->number[CATALOG_RATING] >= filter->min_rating)) ||
            (filter->cluster >= 0 && p->cluster[filter->model - 1] != filter->cluster))
            continue;
        for (size_t k = 0; k < filter->sort_count; k++)
            values[product][k] = value_of(c, view, product, filter->sort[k].key);
        size_t at = n++;
        for (; at > 0 && stands_before(product, want[at - 1], filter); at--)
            want[at] = want[at - 1];
        want[at] = product;
    }
    return n;
}

static void test_select__every_combination_is_what_brute_force_finds(void **state)
{
    (void)state;
    uint64_t random = 23;
    static const char *const prefixes[] = {"", "a", "z|q", "a|b|c"};
    struct catalog c;
    struct select_result result = {0};
    uint32_t ids_found[PATHS + 1], want[ROWS];
    make_rows(&random);
    assert_int_equal(support_catalog(&c, rows, ROWS), 0);
    for (int round = 0; round < 1200; round++) {
        struct param_sort sort[PARAM_SORT_MAX];
        struct select_filter filter = {NAN, NAN, NAN, -1, sort, 1 + support_random(&random) % 3, 1 + round % 3, false};
        if (support_random(&random) % 2)
            filter.min_price = support_random(&random) % 1000;
        if (support_random(&random) % 2)
            filter.max_price = support_random(&random) % 1100;
        if (support_random(&random) % 3 == 0)
            filter.min_rating = support_random(&random) % 51 / 10.0;
        if (support_random(&random) % 3 == 0)
            filter.cluster = (int)(support_random(&random) % 4);
        for (size_t i = 0; i < filter.sort_count; i++) {
            sort[i].key = (enum param_sort_key)(support_random(&random) % SORT_KEYS);
            sort[i].descending = support_random(&random) % 2;
        }
        const char *prefix = prefixes[support_random(&random) % PASAR_ARRAY_LEN(prefixes)];
        uint32_t first,
            categories = catalog_category_prefix(&c, prefix, strlen(prefix), &first),
            offset = support_random(&random) % 4 ? support_random(&random) % 20 : support_random(&random) % 600,
            limit = 1 + support_random(&random) % 40;
        for (uint32_t i = 0; i < categories; i++)
            ids_found[i] = first + i;
        size_t n = sort_all(&c, first, categories, &filter, want);
        size_t have = offset >= n ? 0 : n - offset < limit ? n - offset : limit;
        for (int by_sets = 0; by_sets < 2; by_sets++) {
            filter.by_sets = by_sets;
            assert_int_equal(select_categories(&c, ids_found, categories, &filter, offset, limit, &result), 0);
            assert_int_equal(result.total, n);
            assert_int_equal(result.count, have);
            for (size_t i = 0; i < have; i++)
                assert_int_equal(result.products[i], want[offset + i]);
        }
    }
    select_fini(&result);
    catalog_fini(&c);
}

static void test_select__sorting_puts_nulls_last_and_ties_in_arrival_order(void **state)
{
    (void)state;
    static const struct row list[] = {
        {"1", "d", "K", "", 5, 4, 10, 0},  {"2", "b", "K", "", NAN, 5, 20, 0}, {"3", "c", "K", "", 5, NAN, 30, 0},
        {"4", NULL, "K", "", 3, 4, 20, 0}, {"5", "a", "K", "", 9, 2, NAN, 0},
    };
    static const struct {
        struct param_sort keys[2];
        size_t count;
        const char *want;
    } cases[] = {
        {{{SORT_PRICE, false}}, 1, "41352"},
        {{{SORT_PRICE, true}}, 1, "51342"},
        {{{SORT_NAME, false}}, 1, "52314"},
        {{{SORT_NAME, true}}, 1, "13254"},
        {{{SORT_RATING_COUNT, true}, {SORT_PRICE, false}}, 2, "34215"},
        {{{SORT_RATING, true}, {SORT_PRODUCT_ID, true}}, 2, "24153"},
    };
    struct catalog c;
    struct select_result result = {0};
    assert_int_equal(support_catalog(&c, list, 5), 0);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++) {
        struct select_filter filter = {NAN, NAN, NAN, -1, cases[i].keys, cases[i].count, 3, false};
        char got[8] = "", id[64];
        assert_int_equal(select_categories(&c, (const uint32_t[]){1}, 1, &filter, 0, 10, &result), 0);
        for (size_t j = 0; j < result.count; j++)
            strcat(got, support_id(&c, result.products[j], id));
        assert_string_equal(got, cases[i].want);
    }
    select_fini(&result);
    catalog_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_select__prices_are_what_brute_force_finds),
        cmocka_unit_test(test_select__categories_and_filters_are_what_brute_force_finds),
        cmocka_unit_test(test_select__every_combination_is_what_brute_force_finds),
        cmocka_unit_test(test_select__sorting_puts_nulls_last_and_ties_in_arrival_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
