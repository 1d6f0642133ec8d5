/* Words written together or apart: the catalogue's way decides, and either way finds the products. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "api/compound.h"
#include "support_search.h"

static const struct row shop[] = {
    {"b1", "Acme Power Bank 10000mAh", "Mobiles|PowerBanks", "", 900, 4, 9, 0},
    {"b2", "Borealis Power Bank 20000 mAh", "Mobiles|PowerBanks", "", 1500, 4, 8, 0},
    {"b3", "Cintra Slim Power Bank with two ports", "Mobiles|PowerBanks", "", 1100, 4, 7, 0},
    {"e1", "Dundee PowerBuds with inbuilt Powerbank", "Audio|InEar", "", 3000, 4, 99, 0},
    {"h1", "Evora Headphones over the ear", "Audio|Headphones", "", 2000, 4, 5, 0},
    {"h2", "Fenwick Wired Headphones", "Audio|Headphones", "", 800, 4, 6, 0},
    {"h3", "Gaon Headphones for children", "Audio|Headphones", "", 600, 4, 4, 0},
    {"t1", "Hikari Tripod Head for Phones", "Cameras|Tripods", "", 700, 4, 50, 0},
    {"w1", "Fenwick Smart Watch", "Wearables|Watches", "", 2000, 4, 3, 0},
    {"w2", "Gaon Smartwatch", "Wearables|Watches", "", 2500, 4, 2, 0},
    {"c1", "Jura USB C Cable", "Computers|Cables", "", 200, 4, 10, 0},
    {"c2", "Kappa USB-C Cable braided", "Computers|Cables", "", 250, 4, 11, 0},
    {"c3", "Lumen Micro USB Cable", "Computers|Cables", "", 150, 4, 90, 0},
    {"x1", "Merino Water Jug", "Kitchen|Jugs", "", 300, 4, 1, 0},
    {"x2", "Nestor Bottle of steel for Water", "Kitchen|Bottles", "", 350, 4, 1, 0},
};
enum { SHOP = sizeof shop / sizeof shop[0] };

static int setup(void **state)
{
    (void)state;
    return support_search_begin(shop, SHOP);
}

/* The query's first hits are these, in any order; names that contain it letter for letter come first and do not count.
 */
static void expect_first(const char *query, const char *const *ids, size_t n)
{
    size_t count, at = 0, first;
    const struct similar_hit *hits = support_search(query, 20, &count);
    char id[64];
    while (at < count && hits[at].contains)
        at++;
    for (first = at; at < count && at < first + n; at++) {
        bool wanted = false;
        for (size_t i = 0; i < n; i++)
            wanted = wanted || strcmp(support_id(&catalog, hits[at].product, id), ids[i]) == 0;
        if (!wanted)
            fail_msg("'%s': hit %zu is %s", query, at - first + 1, id);
    }
    assert_int_equal(at, first + n);
}
#define EXPECT_FIRST(query, ...)                                                                                       \
    expect_first(query, (const char *const[]){__VA_ARGS__},                                                            \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void test_compound__what_names_write_apart_is_taken_apart(void **state)
{
    (void)state;
    struct compound c;
    EXPECT_FIRST("powerbank", "b1", "b2", "b3");
    EXPECT_FIRST("powerbanks 10000mah", "b1");
    EXPECT_FIRST("usbc cable", "c1", "c2");
    assert_true(compound_split(&textindex, "powerbank", 9, &c));
    assert_int_equal(c.cut, 5);
    assert_int_equal(c.df, 3);
    assert_false(compound_split(&textindex, "bankpower", 9, &c));
    assert_false(compound_split(&textindex, "", 0, &c));
}

static void test_compound__what_names_write_together_is_put_together(void **state)
{
    (void)state;
    EXPECT_FIRST("head phones", "h1", "h2", "h3");
    EXPECT_FIRST("wired head phone", "h2");
}

static void test_compound__where_names_do_both_either_finds_all(void **state)
{
    (void)state;
    EXPECT_FIRST("smart watch", "w2");
    EXPECT_FIRST("smartwatch", "w1");
}

static void test_compound__an_unknown_word_may_be_two_known_ones(void **state)
{
    (void)state;
    struct compound c;
    EXPECT_FIRST("waterbottle", "x2");
    assert_true(compound_guess(&textindex, "waterbottle", 11, &c));
    assert_int_equal(c.cut, 5);
    assert_int_equal(c.df, 0);
    assert_false(compound_guess(&textindex, "waterx", 6, &c));
    assert_false(compound_guess(&textindex, "wa", 2, &c));
}

static void test_compound__a_word_of_its_own_stays_whole(void **state)
{
    (void)state;
    static const char *const queries[] = {"headphones", "smartwatch", "tripod"};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(queries); i++) {
        size_t count;
        const struct similar_hit *hits = support_search(queries[i], 1, &count);
        assert_int_equal(scratch.word_count, 1);
        assert_true(hits[0].contains);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compound__what_names_write_apart_is_taken_apart),
        cmocka_unit_test(test_compound__what_names_write_together_is_put_together),
        cmocka_unit_test(test_compound__where_names_do_both_either_finds_all),
        cmocka_unit_test(test_compound__an_unknown_word_may_be_two_known_ones),
        cmocka_unit_test(test_compound__a_word_of_its_own_stays_whole),
    };
    return cmocka_run_group_tests(tests, setup, support_search_end);
}
