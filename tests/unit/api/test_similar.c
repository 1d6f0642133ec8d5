/* Similar products: the promises of the ranking, on small catalogues. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fold.h"
#include "api/reword.h"
#include "support_search.h"

static const struct row shop[] = {
    {"c1", "Wayona USB Type C Braided Cable 1.5m", "Computers|Cables|USBCables", "fast charging", 300, 4.2, 100, 0},
    {"c2", "Acme Micro USB Data Cable", "Computers|Cables|USBCables", "cable for phones", 200, 4.0, 50, 0},
    {"h1", "Acme HDMI Cable 2m", "Electronics|Cables|HDMICables", "for television", 400, 4.1, 70, 1},
    {"w1", "Fenwick Smart Watch with Heart Rate", "Electronics|Wearables|SmartWatches", "bluetooth", 2000, 3.9, 900, 2},
    {"w2", "Borealis Smart Watch Series 100%", "Electronics|Wearables|SmartWatches", "sleep tracker", 3000, 4.3, 800,
     2},
    {"p1", "Cintra Power Bank 10000mAh", "Electronics|Mobiles|PowerBanks", "charges phones twice", 1000, 4.1, 300, 1},
    {"m1", "Dundee Mixer Grinder 500W", "Home|Kitchen|MixerGrinders", "three jars", 2500, 4.0, 60, 2},
    {"m2", "Hikari Mixer Grinder 750W with Juicer", "Home|Kitchen|MixerGrinders", "four jars", 3500, 4.4, 90, 2},
    {"n1", "Évora Café Notebook", "Office|Paper|Notebooks", "ruled", 100, 4.5, 20, 0},
    {"k1", "Gaon Wireless Keyboard", "Computers|Keyboards", "quiet keys", 800, 4.0, 40, 1},
    {"k2", "Gaon Wireless Mouse", "Computers|Mice", "quiet clicks", 500, 4.1, 45, 1},
    {"c3", "Borealis Extra USB Cables Pack", "Computers|Cables|USBCables", "set of three", 350, 4.0, 10, 0},
};
enum { SHOP = sizeof shop / sizeof shop[0] };

static int setup(void **state)
{
    (void)state;
    return support_search_begin(shop, SHOP);
}

static uint32_t total;

static size_t ask(const char *name, int64_t product, int model, const struct similar_hit **hits)
{
    struct similar_query query = {
        .name = name, .len = name ? strlen(name) : 0, .product = product, .model = model, .limit = 100};
    size_t count = 0;
    assert_int_equal(similar_search(&textindex, &query, &scratch, hits, &count, &total), 0);
    for (size_t i = 1; i < count; i++)
        assert_true((*hits)[i - 1].score >= (*hits)[i].score);
    assert_int_equal(count, total);
    return count;
}

/* The id of the best hit, "" without one. */
static const char *best(const char *name)
{
    static char id[64];
    const struct similar_hit *hits;
    return ask(name, -1, 3, &hits) ? support_id(&catalog, hits[0].product, id) : "";
}

static void test_similar__words_find_their_products(void **state)
{
    (void)state;
    assert_string_equal(best("hdmi cable"), "h1");
    assert_string_equal(best("power bank"), "p1");
    assert_string_equal(best("powerbank"), "p1");
    assert_string_equal(best("notebooks"), "n1");
    assert_string_equal(best("CAFE"), "n1");
    assert_string_equal(best("wireless keyb"), "k1"); /* still typing */
}

static void test_similar__slips_are_repaired(void **state)
{
    (void)state;
    assert_string_equal(best("keybaord"), "k1");
    assert_string_equal(best("hdmi cabel"), "h1");
    assert_string_equal(best("grindr juicer"), "m2");
    assert_string_equal(best("zzzz"), "");
    assert_string_equal(best("!!!"), "");
}

static void expect_reworded(const char *query, const char *want)
{
    const struct similar_hit *hits;
    struct pasar_buf text = {0};
    ask(query, -1, 3, &hits);
    reword_say(&textindex, &scratch, &text);
    assert_string_equal(pasar_buf_cstr(&text), want);
    pasar_buf_fini(&text);
}

static void test_similar__what_a_query_was_read_as_is_said(void **state)
{
    (void)state;
    expect_reworded("wireles mous",
                    "no product mentions \"wireles\" or \"mous\": showing results for \"wireless mouse\"");
    expect_reworded("Gaon keybaord", "no product mentions \"keybaord\": showing results for \"gaon keyboard\"");
    expect_reworded("hdmi cabel wireles mous",
                    "no product mentions \"cabel\", \"wireles\" or \"mous\": showing results for "
                    "\"hdmi cable wireless mouse\"");
    expect_reworded("a b c d e f g h i keybaord j",
                    "no product mentions \"keybaord\": showing results for \"keyboard\"");
    expect_reworded("wireless mouse", "");
    expect_reworded("zzzz", "");
}

/* All hits whose name contains the query stand before all others, and none is missing. */
static void check_contains(const char *name)
{
    const struct similar_hit *hits;
    struct pasar_buf needle = {0}, folded = {0};
    size_t n = ask(name, -1, 3, &hits), containing = 0, flagged = 0;
    fold_case(&needle, name, strlen(name));
    for (int i = 0; i < SHOP; i++) {
        pasar_buf_reset(&folded);
        fold_case(&folded, shop[i].name, strlen(shop[i].name));
        containing += memmem(folded.data, folded.len, needle.data, needle.len) != NULL;
    }
    for (size_t i = 0; i < n; i++) {
        assert_true(i < containing ? hits[i].contains && hits[i].score >= 1 : !hits[i].contains && hits[i].score < 1);
        flagged += hits[i].contains;
    }
    if (flagged != containing)
        fail_msg("'%s': %zu names contain it, %zu were found", name, containing, flagged);
    pasar_buf_fini(&needle);
    pasar_buf_fini(&folded);
}

static void test_similar__names_that_contain_the_query_come_first(void **state)
{
    (void)state;
    static const char *const queries[] = {"cable",
                                          "CABLE",
                                          "usb",
                                          "able",
                                          "usb cable",
                                          "smart watch",
                                          "t watch",
                                          "rt wat",
                                          "o",
                                          " ",
                                          "100%",
                                          "%",
                                          ".",
                                          "1.5m",
                                          ".5",
                                          "5m",
                                          "ÉVORA",
                                          "évora c",
                                          "Wayona USB Type C Braided Cable 1.5m",
                                          "mixer grinder 750w with",
                                          "e c",
                                          "grinder 7",
                                          "xyz",
                                          "with",
                                          "braided cable 1.",
                                          "e",
                                          "cables",
                                          "cafe"};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(queries); i++)
        check_contains(queries[i]);
}

static void test_similar__every_piece_of_every_name_is_found(void **state)
{
    (void)state;
    char piece[64];
    for (int i = 0; i < SHOP; i++) {
        size_t len = strlen(shop[i].name);
        for (size_t from = 0; from < len; from++) {
            for (size_t n = 1; n <= 12 && from + n <= len; n++) {
                if (((unsigned char)shop[i].name[from] & 0xc0) == 0x80 ||
                    ((unsigned char)shop[i].name[from + n] & 0xc0) == 0x80)
                    continue;
                memcpy(piece, shop[i].name + from, n);
                piece[n] = '\0';
                check_contains(piece);
            }
        }
    }
}

static void test_similar__a_product_is_left_out_of_its_own_list(void **state)
{
    (void)state;
    const struct similar_hit *hits;
    int64_t c2 = catalog_find(&catalog, "c2", 2, 3);
    char id[64];
    size_t n = ask(NULL, c2, 3, &hits);
    assert_true(n >= 2);
    for (size_t i = 0; i < n; i++)
        assert_int_not_equal(hits[i].product, c2);
    assert_int_equal(support_id(&catalog, hits[0].product, id)[0], 'c'); /* the same category first */
    assert_true(hits[0].same_category);
}

static void test_similar__a_model_knows_only_its_rows(void **state)
{
    (void)state;
    const struct similar_hit *hits;
    size_t n = ask("mixer grinder cable", -1, 1, &hits); /* the first 4 rows */
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        assert_true(catalog.products[hits[i].product].row < 4);
}

static void test_similar__pages_join_without_gap(void **state)
{
    (void)state;
    const struct similar_hit *hits;
    uint32_t all[SHOP];
    size_t n = ask("cable watch mixer", -1, 3, &hits), count;
    for (size_t i = 0; i < n; i++)
        all[i] = hits[i].product;
    for (uint32_t offset = 0; offset < n + 3; offset += 2) {
        struct similar_query query = {
            .name = "cable watch mixer", .len = 17, .product = -1, .model = 3, .offset = offset, .limit = 2};
        assert_int_equal(similar_search(&textindex, &query, &scratch, &hits, &count, &total), 0);
        assert_int_equal(total, n);
        assert_int_equal(count, offset >= n ? 0 : n - offset < 2 ? n - offset : 2);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(hits[i].product, all[offset + i]);
    }
}

static void test_similar__random_queries_never_break_it(void **state)
{
    (void)state;
    uint64_t random = 5;
    static const char *const pieces[] = {"usb", "cabel", " ", "watch",        "\xc3\xa9",         "\xcc\x81", "1.5",
                                         ".",   "%",     "q", "mixergrinder", "\xf0\x9f\x98\x80", "-",        "w"};
    for (int round = 0; round < 3000; round++) {
        char text[200] = "";
        const struct similar_hit *hits;
        for (uint32_t i = support_random(&random) % 10; i > 0; i--)
            strcat(text, pieces[support_random(&random) % PASAR_ARRAY_LEN(pieces)]);
        ask(text, -1, 1 + (int)(support_random(&random) % 3), &hits);
    }
}

static void test_similar__long_queries_are_taken_as_far_as_they_count(void **state)
{
    (void)state;
    static char text[8000];
    const struct similar_hit *hits;
    for (size_t i = 0; i + 8 < sizeof text; i += 6)
        snprintf(text + i, 7, "w%04zu ", i % 7919);
    ask(text, -1, 3, &hits);
    memset(text, 'a', sizeof text - 1);
    assert_int_equal(ask(text, -1, 3, &hits), 0);
}

static int setup_lamps(void **state)
{
    static const struct row lamps[] = {
        {"few", "Acme Desk Lamp", "Home|Lamps", "", 100, 4, 5, 0},
        {"none", "Acme Desk Lamp", "Home|Lamps", "", 100, 4, NAN, 0},
        {"zero", "Acme Desk Lamp", "Home|Lamps", "", 100, 4, 0, 0},
        {"many", "Acme Desk Lamp", "Home|Lamps", "", 100, 4, 900, 0},
        {"later", "Acme Desk Lamp", "Home|Lamps", "", 100, 4, 900, 0},
        {"last", "Acme Desk Lamp", "Home|Lamps", "", 100, 4, NAN, 0},
    };
    (void)state;
    return support_search_begin(lamps, PASAR_ARRAY_LEN(lamps));
}

static void test_similar__of_equal_hits_those_with_more_votes_come_first(void **state)
{
    (void)state;
    static const char *const want[] = {"many", "later", "few", "zero", "none", "last"};
    size_t count;
    char id[64];
    for (uint32_t limit = 1; limit <= PASAR_ARRAY_LEN(want); limit++) { /* also where some are dropped */
        const struct similar_hit *hits = support_search("lamp", limit, &count);
        assert_int_equal(count, limit);
        for (size_t i = 0; i < count; i++)
            assert_string_equal(support_id(&catalog, hits[i].product, id), want[i]);
    }
}

static int setup_nothing(void **state)
{
    (void)state;
    return support_search_begin(NULL, 0);
}

static void test_similar__an_empty_catalogue_answers_nothing(void **state)
{
    (void)state;
    size_t count;
    (void)support_search("usb", 5, &count);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_similar__words_find_their_products),
        cmocka_unit_test(test_similar__slips_are_repaired),
        cmocka_unit_test(test_similar__what_a_query_was_read_as_is_said),
        cmocka_unit_test(test_similar__names_that_contain_the_query_come_first),
        cmocka_unit_test(test_similar__every_piece_of_every_name_is_found),
        cmocka_unit_test(test_similar__a_product_is_left_out_of_its_own_list),
        cmocka_unit_test(test_similar__a_model_knows_only_its_rows),
        cmocka_unit_test(test_similar__pages_join_without_gap),
        cmocka_unit_test(test_similar__random_queries_never_break_it),
        cmocka_unit_test(test_similar__long_queries_are_taken_as_far_as_they_count),
    };
    const struct CMUnitTest lamps_tests[] = {
        cmocka_unit_test(test_similar__of_equal_hits_those_with_more_votes_come_first),
    };
    const struct CMUnitTest empty_tests[] = {
        cmocka_unit_test(test_similar__an_empty_catalogue_answers_nothing),
    };
    return cmocka_run_group_tests(tests, setup, support_search_end) +
           cmocka_run_group_tests(lamps_tests, setup_lamps, support_search_end) +
           cmocka_run_group_tests(empty_tests, setup_nothing, support_search_end);
}
