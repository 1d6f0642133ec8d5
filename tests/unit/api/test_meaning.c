/* What a query is taken to mean where it could mean several things: neighbours and the names of categories decide. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "api/reword.h"
#include "support_search.h"

static const struct row shop[] = {
    {"n1", "Noise Pulse Smart Watch", "Wearables|SmartWatches", "", 2000, 4, 90, 0},
    {"n2", "Noise Colorfit Smart Watch", "Wearables|SmartWatches", "", 2500, 4, 80, 0},
    {"n3", "Noise Agile Smart Watch", "Wearables|SmartWatches", "", 1500, 4, 70, 0},
    {"n4", "Noise Icon Smart Watch", "Wearables|SmartWatches", "", 1700, 4, 60, 0},
    {"p1", "Acme Mouse Pad", "Computers|MousePads", "", 200, 4, 5, 1},
    {"p2", "Borealis Gel Mouse Pad", "Computers|MousePads", "", 300, 4, 4, 1},
    {"p3", "Cintra Mouse Pad", "Computers|MousePads", "", 250, 4, 3, 1},
    {"p4", "Dundee Soft Mouse Pad", "Computers|MousePads", "", 350, 4, 3, 1},
    {"m1", "Cintra Wireless Mouse", "Computers|Mice", "", 500, 4, 3, 1},
    {"m2", "Dundee Wireless Mouse", "Computers|Mice", "", 600, 4, 2, 1},
    {"m3", "Evora Wireless Mouse", "Computers|Mice", "", 700, 4, 2, 1},
    {"m4", "Fenwick Wireless Mouse", "Computers|Mice", "", 800, 4, 2, 1},
    {"b1", "Evora Rugged Case for Hard Disk", "Computers|HardDiskBags", "", 300, 4, 50, 2},
    {"b2", "Fenwick Soft Hard Disk Case", "Computers|HardDiskBags", "", 350, 4, 40, 2},
    {"b3", "Gaon Zipped Hard Disk Cover", "Computers|HardDiskBags", "", 250, 4, 30, 2},
    {"d1", "Acme Portable Hard Disk", "Computers|ExternalHardDisks", "", 4000, 4, 1, 2},
    {"d2", "Borealis Portable Hard Disk", "Computers|ExternalHardDisks", "", 5000, 4, 1, 2},
    {"d3", "Cintra Portable Hard Disk", "Computers|ExternalHardDisks", "", 6000, 4, 1, 2},
    {"r1", "Acme Rod 1500 Watt", "Heaters|Rods", "", 500, 4, 1, 2},
    {"r2", "Borealis Rod 1500 Watt", "Heaters|Rods", "", 600, 4, 1, 2},
    {"r3", "Cintra Rod 1500 Watt", "Heaters|Rods", "", 700, 4, 1, 2},
    {"g1", "Acme Drawing Pad, Wireless, for Mouse Users", "Computers|GraphicTablets", "", 3000, 4, 1, 2},
    {"g2", "Acme Drawing Tablet", "Computers|GraphicTablets", "", 3000, 4, 1, 2},
};

static int setup(void **state)
{
    (void)state;
    return support_search_begin(shop, PASAR_ARRAY_LEN(shop));
}

/* Two categories whose names hardly differ, one of them small; and irons, which icons are not. */
static const struct row heaters[] = {
    {"e1", "Acme Room Heater", "Heaters|ElectricHeaters", "", 2000, 4, 9, 0},
    {"e2", "Borealis Room Heater", "Heaters|ElectricHeaters", "", 2100, 4, 8, 0},
    {"e3", "Cintra Room Heater", "Heaters|ElectricHeaters", "", 2200, 4, 7, 0},
    {"e4", "Dundee Room Heater", "Heaters|ElectricHeaters", "", 2300, 4, 6, 0},
    {"e5", "Evora Room Heater", "Heaters|ElectricHeaters", "", 2400, 4, 5, 0},
    {"e6", "Fenwick Room Heater", "Heaters|ElectricHeaters", "", 2500, 4, 4, 0},
    {"h1", "Gaon Room Heater", "Heaters|HalogenHeaters", "", 1500, 4, 3, 1},
    {"i1", "Acme Dry Iron", "Irons|DryIrons", "", 700, 4, 9, 1},
    {"i2", "Borealis Dry Iron", "Irons|DryIrons", "", 800, 4, 8, 1},
    {"i3", "Cintra Dry Iron", "Irons|DryIrons", "", 900, 4, 8, 1},
    {"x1", "Acme Mixer", "Kitchen|Mixers", "", 2000, 4, 7, 2},
    {"x2", "Borealis Mixer", "Kitchen|Mixers", "", 2500, 4, 6, 2},
    {"x3", "Cintra Mixer", "Kitchen|Mixers", "", 2600, 4, 6, 2},
};

static int setup_heaters(void **state)
{
    (void)state;
    return support_search_begin(heaters, PASAR_ARRAY_LEN(heaters));
}

/* The query is said to have been read in this way, "" for as it stands. */
static void expect_read_as(const char *query, const char *want)
{
    struct pasar_buf text = {0};
    size_t count;
    (void)support_search(query, 20, &count);
    reword_say(&textindex, &scratch, &text);
    if (*want == '\0' ? text.len > 0 : !strstr(pasar_buf_cstr(&text), want))
        fail_msg("'%s': %s", query, pasar_buf_cstr(&text));
    pasar_buf_fini(&text);
}

static void test_meaning__a_slip_is_repaired_into_what_stands_beside_its_neighbours(void **state)
{
    (void)state;
    expect_read_as("nouse", "results for \"noise\""); /* the frequent word, with the same first letter */
    expect_read_as("nouse pad", "results for \"mouse pad\"");
    expect_read_as("wireless nouse", "results for \"wireless mouse\"");
    expect_read_as("wireles nouse", "results for \"wireless mouse\""); /* which was repaired itself */
    expect_read_as("nouse smart watch", "results for \"noise smart watch\"");
    expect_read_as("mouse pad", "");
}

static void test_meaning__the_last_word_of_a_category_says_what_its_products_are(void **state)
{
    char id[64];
    size_t count;
    (void)state;
    const struct similar_hit *hits = support_search("hard disk", 20, &count);
    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(support_id(&catalog, hits[i].product, id)[0], i < 3 ? 'd' : 'b');
}

static const struct similar_hit *search_with(const struct similar_weights *weights, const char *query, uint32_t limit,
                                             size_t *count)
{
    const struct similar_hit *hits;
    uint32_t total;
    struct similar_query q = {
        .name = query, .len = strlen(query), .product = -1, .model = 3, .limit = limit, .weights = weights};
    assert_int_equal(similar_search(&textindex, &q, &scratch, &hits, count, &total), 0);
    return hits;
}

static char first_hit(const char *query, float whole)
{
    struct similar_weights weights = similar_weights_default;
    size_t count;
    char id[64];
    weights.whole = whole;
    const struct similar_hit *hits = search_with(&weights, query, 5, &count);
    assert_true(count > 0);
    return support_id(&catalog, hits[0].product, id)[0];
}

static void test_meaning__a_name_with_all_words_says_what_is_meant(void **state)
{
    const float whole = similar_weights_default.whole;
    (void)state;
    assert_int_equal(first_hit("acme wireless mouse pad", 0), 'p');
    assert_int_equal(first_hit("acme wireless mouse pad", whole), 'g');
    assert_int_equal(first_hit("acme wireles mouse pad", whole), 'g');         /* as they are read */
    assert_int_equal(first_hit("acme mouse pad", whole), 'p');                 /* three words are soon together */
    assert_int_equal(first_hit("acme wireless mouse pad zzqqzz", whole), 'g'); /* nothing is like it */
    assert_int_equal(first_hit("acme wireless mouse pad portable", whole), 'p');
}

static void test_meaning__a_number_says_little_of_a_category(void **state)
{
    const float whole = similar_weights_default.whole;
    (void)state;
    assert_int_equal(first_hit("wireless under 1500", whole), 'm');
    assert_int_equal(first_hit("cover under 1500", whole), 'b');
    assert_int_equal(first_hit("rod under 1500", whole), 'r');
    assert_int_equal(first_hit("1500", whole), 'r');
}

/* The first letters of the first five ids, for a query and how far places are spread. */
static void expect_places(const char *query, float spread, uint32_t limit, const char *want)
{
    struct similar_weights weights = similar_weights_default;
    size_t count;
    char id[64], got[6] = "";
    weights.spread = spread;
    const struct similar_hit *hits = search_with(&weights, query, limit, &count);
    for (size_t i = 0; i < count && i < 5; i++) {
        got[i] = support_id(&catalog, hits[i].product, id)[0];
        assert_true(i == 0 || hits[i].score <= hits[i - 1].score);
    }
    assert_string_equal(got, want);
}

static void test_meaning__a_small_category_gets_its_place_but_not_the_first(void **state)
{
    (void)state;
    expect_places("room heater", 0, 5, "eeeee");
    expect_places("room heater", 3, 5, "eheee");
    expect_places("heater for a room", 3, 5, "eheee"); /* which no name contains */
    expect_places("room heater", 3, 2, "eh");
    expect_places("room heater", 3, 1, "e");
}

/* How likely a category is after this query. */
static float likely(const char *query, const char *category)
{
    size_t count;
    (void)support_search(query, 1, &count);
    for (uint32_t c = 1; c < catalog.category_count; c++) {
        if (strcmp(catalog.categories[c].last, category) == 0)
            return scratch.likely[c];
    }
    fail_msg("no category %s", category);
    return 0;
}

static void test_meaning__a_short_word_is_hardly_a_slip(void **state)
{
    (void)state;
    assert_true(likely("icon room", "DryIrons") < likely("iron room", "DryIrons") - 1);
    assert_true(likely("icon room", "ElectricHeaters") > likely("iron room", "ElectricHeaters") + 1);
    assert_float_equal(likely("heaterr iron", "DryIrons"), likely("heater iron", "DryIrons"), 1e-3); /* it is long */
}

int main(void)
{
    const struct CMUnitTest heater_tests[] = {
        cmocka_unit_test(test_meaning__a_small_category_gets_its_place_but_not_the_first),
        cmocka_unit_test(test_meaning__a_short_word_is_hardly_a_slip),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meaning__a_slip_is_repaired_into_what_stands_beside_its_neighbours),
        cmocka_unit_test(test_meaning__the_last_word_of_a_category_says_what_its_products_are),
        cmocka_unit_test(test_meaning__a_name_with_all_words_says_what_is_meant),
        cmocka_unit_test(test_meaning__a_number_says_little_of_a_category),
    };
    return cmocka_run_group_tests(tests, setup, support_search_end) +
           cmocka_run_group_tests(heater_tests, setup_heaters, support_search_end);
}
