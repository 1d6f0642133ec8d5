/* The catalogue: JSON, which record stands for its id, category trees, the score. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/catalog.h"
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

static void test_catalog__a_category_that_all_have_left_is_gone(void **state)
{
    (void)state;
    static const uint64_t model_rows[PASAR_MODELS] = {1, 1, 5}; /* model 1 still has A where it was */
    static const struct row rows[] = {
        {"A", "a", "K|old", "", 1, 1, 1, 0},   {"B", "b", "K|left", "", 2, 1, 1, 0},
        {"C", "c", "K|stays", "", 3, 1, 1, 0}, {"B", "b", "K|new", "", 4, 1, 1, 0},
        {"A", "a", "K|new", "", 5, 1, 1, 0},
    };
    struct catalog c;
    struct pasar_err err = PASAR_ERR_INIT;
    assert_int_equal(catalog_init(&c, &err), 0);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(rows); i++)
        assert_int_equal(support_add(&c, &rows[i], model_rows), 0);
    assert_int_equal(catalog_finish(&c, &err), 0);
    assert_int_equal(c.category_count, 4);
    assert_string_equal(c.categories[1].path, "K|new");
    assert_string_equal(c.categories[2].path, "K|old");
    assert_string_equal(c.categories[3].path, "K|stays");
    for (uint32_t i = 0; i < c.count; i++)
        assert_string_equal(c.categories[c.products[i].category].path, i == 0 ? "K|old" : i == 1 ? "K|stays" : "K|new");
    assert_string_equal(c.views[2].categories_json[0], "{\"K\":[\"new\",\"stays\"]}");
    assert_string_equal(c.views[0].categories_json[0], "{\"K\":[\"old\"]}");
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
        cmocka_unit_test(test_catalog__a_category_that_all_have_left_is_gone),
        cmocka_unit_test(test_catalog__many_repeats_are_squeezed_out),
        cmocka_unit_test(test_catalog__trees_are_sorted_and_counted),
        cmocka_unit_test(test_catalog__score_is_a_bayesian_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
