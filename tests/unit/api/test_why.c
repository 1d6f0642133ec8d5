/* The reasons that stand beside a similar product. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "api/why.h"
#include "support.h"

/* "with" is in nearly every name: a stop word of this catalogue, by count alone. */
static const struct row shop[] = {
    {"c1", "Wayona Braided Cable with Plug", "Computers|Cables|USBCables", "", 399, 4.2, 100, 0},
    {"c2", "Acme Braided Cable with Light", "Computers|Cables|USBCables", "", 449, 4.2, 50, 0},
    {"c3", "Acme Flat Cable with Plug", "Computers|Cables|USBCables", "", 99.5, 3.2, 50, 0},
    {"c4", "Fenwick Short Cable", "Computers|Cables|USBCables", "", NAN, NAN, 50, 0},
    {"h1", "Acme Cable with Gold", "Computers|Cables|HDMICables", "", 399, 4.3, 70, 1},
    {"k1", "Gaon Keyboard with Backlight", "Computers|Keyboards", "", 800, 4.0, 40, 1},
    {"w1", "Watch with Heart Rate", "Electronics|Wearables|SmartWatches", "", 150399, 3.9, 900, 2},
    {"w2", "Watch with Steel", "Electronics|Wearables|SmartWatches", "", 2000, 4.1, 900, 0},
    {"w3", "Watch with Leather", "Electronics|Wearables|SmartWatches", "", 3000, 4.4, 900, 0},
    {"m1", "Mixer with Jars", "Home&Kitchen|Mixers", "", 2500, 4.0, 60, 0},
    {"m2", "Grinder with Jars", "Home&Kitchen|Mixers", "", 2600, 4.0, 60, 0},
    {"n1", "Notebook with Lines", NULL, "", 100, 4.5, 20, 0},
};
enum { SHOP = sizeof shop / sizeof shop[0] };

static struct snapshot snapshot;
static struct similar_scratch scratch;
static struct pasar_cluster clusters[3] = {
    {.size = 8, .label = "cheap"}, {.size = 2, .label = "dear"}, {.size = 2, .label = "many votes"}};

static int setup(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    for (int m = 0; m < PASAR_MODELS; m++) {
        snapshot.generation.models[m].clusters = clusters;
        snapshot.generation.models[m].k = 3;
        snapshot.generation.models[m].rows = SHOP;
    }
    return support_catalog(&snapshot.catalog, shop, SHOP) != 0 ||
                   textindex_build(&snapshot.index, &snapshot.catalog, &err) != 0
               ? -1
               : 0;
}

static int teardown(void **state)
{
    (void)state;
    similar_scratch_fini(&scratch);
    textindex_fini(&snapshot.index);
    catalog_fini(&snapshot.catalog);
    return 0;
}

/* The reasons for product `id` among those like `name`, or like product `like`. */
static void expect(const char *name, const char *like, const char *id, const char *want)
{
    struct similar_query query = {.name = name, .len = name ? strlen(name) : 0, .product = -1, .model = 3, .limit = 99};
    const struct similar_hit *hits;
    size_t count;
    uint32_t total;
    struct why why;
    struct pasar_buf buf = {0};
    char text[64];
    if (like)
        query.product = catalog_find(&snapshot.catalog, like, strlen(like), 3);
    assert_int_equal(similar_search(&snapshot.index, &query, &scratch, &hits, &count, &total), 0);
    why_init(&why, &snapshot, &scratch, 3, query.product);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(support_id(&snapshot.catalog, hits[i].product, text), id) == 0)
            why_add(&why, &hits[i], &buf);
    }
    assert_string_equal(pasar_buf_cstr(&buf), want);
    pasar_buf_fini(&buf);
}

static void test_why__a_product_is_compared_with_the_one_asked_about(void **state)
{
    (void)state;
    expect(NULL, "c1", "c2",
           "[\"shares: braided\",\"same category: USB Cables (all 3 levels)\",\"₹50 dearer\",\"same rating\"]");
    expect(NULL, "c1", "c3",
           "[\"shares: plug\",\"same category: USB Cables (all 3 levels)\",\"₹299.50 cheaper\",\"1 star lower\"]");
    expect(NULL, "c1", "h1", "[\"both in Cables (2 of 3 levels)\",\"same price\",\"0.1 stars better\"]");
}

static void test_why__an_unknown_price_or_rating_is_not_compared(void **state)
{
    (void)state;
    expect(NULL, "c1", "c4", "[\"same category: USB Cables (all 3 levels)\"]");
    expect(NULL, "c4", "c1", "[\"same category: USB Cables (all 3 levels)\"]");
}

static void test_why__words_are_compared_with_the_category(void **state)
{
    (void)state;
    expect("braided cable with", NULL, "c2",
           "[\"name contains the search\",\"shares: braided\",\"category: USB Cables\",\"₹50 above category median\","
           "\"category median rating\"]");
    expect("steel watch", NULL, "w1",
           "[\"shares: watch\",\"category: Smart Watches\",\"₹1,47,399 above category median\","
           "\"0.2 stars below category median\"]");
}

static void test_why__common_words_count_where_there_are_no_others(void **state)
{
    (void)state;
    expect("with", NULL, "n1", "[\"name contains the search\",\"shares: with\"]");
    expect("with lines", NULL, "n1", "[\"name contains the search\",\"shares: lines\"]");
}

static void test_why__the_group_of_most_products_is_no_reason(void **state)
{
    (void)state;
    expect(NULL, "h1", "k1",
           "[\"both in Computers (1 of 3 levels)\",\"₹401 dearer\",\"0.3 stars lower\","
           "\"same group: dear\"]");
    expect(NULL, "m1", "m2",
           "[\"shares: mixer, jars\",\"same category: Mixers (all 2 levels)\",\"₹100 dearer\","
           "\"same rating\"]");
}

static void test_why__levels_read_as_people_write_them(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"HomeTheater,TV&Video", "Home Theater, TV & Video"},
                                           {"USBCables", "USB Cables"},
                                           {"Printers,Inks&Accessories", "Printers, Inks & Accessories"},
                                           {"In-Ear", "In-Ear"},
                                           {"Home & Kitchen", "Home & Kitchen"},
                                           {"Décor", "Décor"},
                                           {"&", " & "},
                                           {"", ""}};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++) {
        struct pasar_buf buf = {0};
        why_add_level(&buf, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(pasar_buf_cstr(&buf), cases[i][1]);
        pasar_buf_fini(&buf);
    }
}

static void test_why__rupees_are_grouped_the_indian_way(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "₹0"},
                 {0.5, "₹0.50"},
                 {999, "₹999"},
                 {1099, "₹1,099"},
                 {99999, "₹99,999"},
                 {1234567, "₹12,34,567"},
                 {10000000, "₹1,00,00,000"},
                 {1234.05, "₹1,234.05"},
                 {12345.67, "₹12,346"},
                 {1e300, "₹1e+300"}};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++) {
        struct pasar_buf buf = {0};
        why_add_rupees(&buf, cases[i].value);
        assert_string_equal(pasar_buf_cstr(&buf), cases[i].text);
        pasar_buf_fini(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_why__a_product_is_compared_with_the_one_asked_about),
        cmocka_unit_test(test_why__an_unknown_price_or_rating_is_not_compared),
        cmocka_unit_test(test_why__words_are_compared_with_the_category),
        cmocka_unit_test(test_why__common_words_count_where_there_are_no_others),
        cmocka_unit_test(test_why__the_group_of_most_products_is_no_reason),
        cmocka_unit_test(test_why__levels_read_as_people_write_them),
        cmocka_unit_test(test_why__rupees_are_grouped_the_indian_way),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
