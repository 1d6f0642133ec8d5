/* Catalogue and selection, against brute force over random rows. */
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

static void test_catalog__json_is_the_contracts_product(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"P1", "Cable \"A\" <b>", "X|Y|Z&W", "line\nbreak", 399, 4.2, 24269, 2},
        {"P2", NULL, NULL, NULL, NAN, NAN, NAN, 0},
    };
    struct catalog c;
    struct pasar_buf buf = {0};
    assert_int_equal(support_catalog(&c, rows, 2), 0);
    catalog_add_json(&c, 0, 3, &buf);
    assert_string_equal(
        pasar_buf_cstr(&buf),
        "{\"product_id\":\"P1\",\"name\":\"Cable \\\"A\\\" \\u003cb>\",\"price\":399,\"actual_price\":798,"
        "\"discount\":50,\"rating\":4.2,\"rating_count\":24269,\"description\":\"line\\nbreak\",\"image\":null,"
        "\"link\":null,\"category\":\"Z&W\",\"category_path\":\"X|Y|Z&W\",\"cluster\":2}");
    pasar_buf_reset(&buf);
    catalog_add_json(&c, 1, 3, &buf);
    assert_string_equal(
        pasar_buf_cstr(&buf),
        "{\"product_id\":\"P2\",\"name\":null,\"price\":null,\"actual_price\":null,\"discount\":50,\"rating\":null,"
        "\"rating_count\":null,\"description\":null,\"image\":null,\"link\":null,\"category\":null,"
        "\"category_path\":null,\"cluster\":0}");
    pasar_buf_fini(&buf);
    catalog_fini(&c);
}

static void test_catalog__the_last_record_of_an_id_stands_at_its_own_place(void **state)
{
    (void)state;
    /* models have 2, 4 and 6 rows */
    static const struct row rows[] = {
        {"A", "first A", "K", "", 1, 1, 1, 0},  {"B", "only B", "K", "", 2, 1, 1, 0},
        {"A", "second A", "K", "", 3, 1, 1, 1}, {"C", "only C", "K", "", 4, 1, 1, 1},
        {"A", "third A", "K", "", 5, 1, 1, 2},  {"D", "only D", "K", "", 6, 1, 1, 2},
    };
    static const char *const want[PASAR_MODELS][5] = {{"A", "B"}, {"B", "A", "C"}, {"B", "C", "A", "D"}};
    static const double price_of_a[PASAR_MODELS] = {1, 3, 5};
    struct catalog c;
    char id[64];
    assert_int_equal(support_catalog(&c, rows, 6), 0);
    for (int m = 0; m < PASAR_MODELS; m++) {
        assert_int_equal(c.views[m].count, m + 2);
        for (uint32_t i = 0; i < c.views[m].count; i++)
            assert_string_equal(support_id(&c, c.views[m].products[i], id), want[m][i]);
        int64_t a = catalog_find(&c, "A", 1, m + 1);
        assert_true(a >= 0 && c.products[a].number[CATALOG_PRICE] == price_of_a[m]);
    }
    assert_int_equal(catalog_find(&c, "D", 1, 2), -1);
    assert_int_equal(catalog_find(&c, "a", 1, 3), -1);
    assert_int_equal(catalog_find(&c, "", 0, 3), -1);
    catalog_fini(&c);
}

static void test_catalog__many_repeats_are_squeezed_out(void **state)
{
    (void)state;
    struct catalog c;
    struct pasar_err err = PASAR_ERR_INIT;
    static const uint64_t model_rows[PASAR_MODELS] = {100, 200, 3000000};
    char id[16], *about = malloc(4096);
    memset(about, 'x', 4095);
    about[4095] = '\0';
    assert_int_equal(catalog_init(&c, &err), 0);
    for (int i = 0; i < 60000; i++) { /* 240 MB of text, 8 ids */
        struct row row = {id, "name", "K", about, i, 3, 1, 0};
        snprintf(id, sizeof id, "%d", i % 8);
        assert_int_equal(support_add(&c, &row, model_rows), 0);
    }
    assert_true(c.text.cap < 200u << 20);
    assert_int_equal(catalog_finish(&c, &err), 0);
    assert_int_equal(c.views[2].count, 8);
    int64_t found = catalog_find(&c, "7", 1, 3);
    assert_true(found >= 0 && c.products[found].number[CATALOG_PRICE] == 59999);
    found = catalog_find(&c, "7", 1, 1);
    assert_true(found >= 0 && c.products[found].number[CATALOG_PRICE] == 95);
    catalog_fini(&c);
    free(about);
}

static void test_catalog__trees_are_sorted_and_counted(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"1", "n", "B|Y|p", "", 1, 1, 1, 0}, {"2", "n", "A|Z", "", 1, 1, 1, 0}, {"3", "n", "A|C|q", "", 1, 1, 1, 0},
        {"4", "n", "A|Z|r", "", 1, 1, 1, 0}, {"5", "n", "b", "", 1, 1, 1, 0},   {"6", "n", NULL, "", 1, 1, 1, 0},
    };
    struct catalog c;
    assert_int_equal(support_catalog(&c, rows, 6), 0);
    assert_string_equal(c.views[2].categories_json[0], "{\"A\":[\"C\",\"Z\"],\"B\":[\"Y\"],\"b\":[]}");
    assert_string_equal(
        c.views[2].categories_json[1],
        "{\"A\":{\"count\":3,\"subcategories\":[{\"name\":\"C\",\"count\":1},{\"name\":\"Z\",\"count\":2}]},"
        "\"B\":{\"count\":1,\"subcategories\":[{\"name\":\"Y\",\"count\":1}]},\"b\":{\"count\":1,"
        "\"subcategories\":[]}}");
    assert_string_equal(c.views[0].categories_json[0], "{\"A\":[\"Z\"],\"B\":[\"Y\"]}");
    catalog_fini(&c);
}

/* ------------------------------------------------------------------ random catalogues */

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
                 limit = 1 + support_random(&random) % 30;
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
    for (int round = 0; round < 3000; round++) {
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

static double number_of(const void *ctx, uint32_t product)
{
    return ((const double *)ctx)[product];
}

static const char *text_of(const void *ctx, uint32_t product, size_t *len)
{
    const char *text = ((const char *const *)ctx)[product];
    *len = text ? strlen(text) : 0;
    return text;
}

static void expect_order(const struct order *order, const uint32_t *want, size_t n)
{
    assert_int_equal(order->count, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(order->list[i], want[i]);
}

static void test_order__ties_stand_in_arrival_order_and_unknown_ones_last(void **state)
{
    (void)state;
    static const double numbers[] = {3, NAN, -1, 3, 0, -0.0, NAN, 1e300};
    static const uint32_t by_number[] = {2, 4, 5 | ORDER_TIE, 0, 3 | ORDER_TIE, 7, 1, 6};
    static const char *const texts[] = {"abc d",     NULL,  "abc",      "abcdefgh", "",
                                        "abcdefghi", "abc", "\xc3\xa9", "abcdefgha"};
    static const uint32_t by_text[] = {4, 2, 6 | ORDER_TIE, 0, 3, 8, 5, 7, 1};
    struct order order;
    struct pasar_err err = PASAR_ERR_INIT;
    assert_int_equal(order_by_number(&order, NULL, PASAR_ARRAY_LEN(numbers), number_of, numbers, &err), 0);
    expect_order(&order, by_number, PASAR_ARRAY_LEN(by_number));
    order_fini(&order);
    assert_int_equal(order_by_text(&order, PASAR_ARRAY_LEN(texts), text_of, texts, &err), 0);
    expect_order(&order, by_text, PASAR_ARRAY_LEN(by_text));
    order_fini(&order);
}

/* Enough of them for the radix sort; long common beginnings for the texts. */
static void test_order__many_are_sorted_as_qsort_would(void **state)
{
    (void)state;
    enum { MANY = 40000 };
    uint64_t random = 5;
    double *numbers = malloc(MANY * sizeof *numbers);
    char(*space)[400] = malloc(MANY * sizeof *space);
    const char **texts = malloc(MANY * sizeof *texts);
    struct order order;
    struct pasar_err err = PASAR_ERR_INIT;
    for (int i = 0; i < MANY; i++) {
        numbers[i] = (double)(int32_t)support_random(&random) / (1 + support_random(&random) % 3);
        memset(space[i], 'x', 399);
        snprintf(space[i] + (i % 2 ? 20 : 300), 100, "%u", support_random(&random) % 5000);
        texts[i] = space[i];
    }
    assert_int_equal(order_by_number(&order, NULL, MANY, number_of, numbers, &err), 0);
    for (int i = 1; i < MANY; i++)
        assert_true(numbers[order.list[i - 1] & ~ORDER_TIE] <= numbers[order.list[i] & ~ORDER_TIE]);
    order_fini(&order);
    assert_int_equal(order_by_text(&order, MANY, text_of, texts, &err), 0);
    for (int i = 1; i < MANY; i++) {
        uint32_t a = order.list[i - 1] & ~ORDER_TIE, b = order.list[i] & ~ORDER_TIE;
        int compared = strcmp(texts[a], texts[b]);
        assert_true(compared < 0 || (compared == 0 && a < b));
        assert_int_equal(compared == 0, (order.list[i] & ORDER_TIE) != 0);
    }
    order_fini(&order);
    free(texts);
    free(space);
    free(numbers);
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

static void test_catalog__score_is_a_bayesian_mean(void **state)
{
    (void)state;
    static const struct row list[] = {
        {"1", "a", "K", "", 1, 5, 1, 0}, {"2", "b", "K", "", 1, 4.5, 1000, 0}, {"3", "c", "K", "", 1, 3, 10, 0}};
    struct catalog c;
    assert_int_equal(support_catalog(&c, list, 3), 0);
    const struct catalog_view *v = &c.views[2];
    assert_true(fabs(v->rating_mean - 12.5 / 3) < 1e-12 && v->votes_prior == 10);
    assert_true(fabs(catalog_score(v, &c.products[0]) - (5 + 10 * 12.5 / 3) / 11) < 1e-12);
    assert_true(catalog_score(v, &c.products[1]) >
                catalog_score(v, &c.products[0])); /* one vote of 5 is not the best */
    catalog_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalog__json_is_the_contracts_product),
        cmocka_unit_test(test_catalog__the_last_record_of_an_id_stands_at_its_own_place),
        cmocka_unit_test(test_catalog__many_repeats_are_squeezed_out),
        cmocka_unit_test(test_catalog__trees_are_sorted_and_counted),
        cmocka_unit_test(test_catalog__score_is_a_bayesian_mean),
        cmocka_unit_test(test_select__prices_are_what_brute_force_finds),
        cmocka_unit_test(test_select__categories_and_filters_are_what_brute_force_finds),
        cmocka_unit_test(test_select__every_combination_is_what_brute_force_finds),
        cmocka_unit_test(test_order__ties_stand_in_arrival_order_and_unknown_ones_last),
        cmocka_unit_test(test_order__many_are_sorted_as_qsort_would),
        cmocka_unit_test(test_select__sorting_puts_nulls_last_and_ties_in_arrival_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
