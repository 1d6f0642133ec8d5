/* Folding, words, vocabulary. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "api/fold.h"
#include "api/jsontext.h"
#include "api/tokens.h"
#include "api/vocabulary.h"
#include "pasar/csv.h"
#include "support.h"

static void expect_words(const char *text, enum tokens_style style, const char *want)
{
    struct tokens tokens = {0};
    char got[300] = "";
    tokens_split(&tokens, text, strlen(text), style);
    for (size_t i = 0; i < tokens.count; i++) {
        strcat(got, i ? " " : "");
        strncat(got, tokens_text(&tokens, i), tokens.list[i].len);
    }
    assert_string_equal(got, want);
    tokens_fini(&tokens);
}

static void test_tokens__names_become_words(void **state)
{
    (void)state;
    expect_words("Wayona USB-C Cable (1.5m, 3A)", TOKENS_PLAIN, "wayona usb c cable 1.5 m 3 a");
    expect_words("Men's CAFÉ Straße Æsir \xef\xbc\xa1\xef\xbc\x91", TOKENS_PLAIN, "mens cafe strasse aesir a1");
    expect_words("iPhone 12,11.X v2.0. 5\xc2\xb0", TOKENS_PLAIN, "iphone 12 11 x v 2.0 5");
    expect_words("e\xcc\x81t\xc3\xa9 \xe2\x80\x93 \xe2\x82\xb9"
                 "399\xe2\x84\xa2",
                 TOKENS_PLAIN, "ete 399");
    expect_words("  ,.|- \xff\xfe ", TOKENS_PLAIN, "");
    expect_words("\xd0\x9c\xd0\x98\xd0\xa0", TOKENS_PLAIN, "\xd0\xbc\xd0\xb8\xd1\x80");
}

static void test_tokens__category_levels_are_split_at_capitals(void **state)
{
    (void)state;
    expect_words("Computers&Accessories|USBCables", TOKENS_CAMEL, "computers accessories usb cables");
    expect_words("HomeTheater,TV&Video|In-Ear", TOKENS_CAMEL, "home theater tv video in ear");
    expect_words("SmartWatches|ABC|a1B", TOKENS_CAMEL, "smart watches abc a 1 b");
}

static void test_tokens__a_name_has_a_head(void **state)
{
    (void)state;
    static const char *const names[][2] = {{"Acme Cable, 2 m", "Acme Cable"},
                                           {"Acme-One Cable - Red", "Acme-One Cable "},
                                           {"Acme (Pack of 2)", "Acme "},
                                           {"Acme \xe2\x80\x93 Red", "Acme "},
                                           {"Acme \xe2\x84\xa2 Cable", "Acme \xe2\x84\xa2 Cable"},
                                           {"- Acme -", "- Acme -"},
                                           {"", ""}};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(names); i++)
        assert_int_equal(tokens_head_len(names[i][0], strlen(names[i][0])), strlen(names[i][1]));
}

static void test_tokens__plurals_share_a_stem(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"cables", "cable"},  {"batteries", "battery"}, {"watches", "watch"},
                                           {"glass", "glass"},   {"boxes", "box"},         {"bus", "bus"},
                                           {"abs", "abs"},       {"x1s", "x1s"},           {"brushes", "brush"},
                                           {"glasses", "glass"}, {"virus", "virus"}};
    char stem[TOKEN_MAX_BYTES];
    for (size_t i = 0; i < PASAR_ARRAY_LEN(pairs); i++) {
        size_t n = tokens_stem(pairs[i][0], strlen(pairs[i][0]), stem);
        assert_int_equal(n, strlen(pairs[i][1]));
        assert_memory_equal(stem, pairs[i][1], n);
    }
}

static void test_tokens__long_words_are_cut_between_letters(void **state)
{
    (void)state;
    char text[200] = "";
    struct tokens tokens = {0};
    for (int i = 0; i < 33; i++)
        strcat(text, "\xd0\xb0");
    tokens_split(&tokens, text, strlen(text), TOKENS_PLAIN);
    assert_int_equal(tokens.count, 1);
    assert_int_equal(tokens.list[0].len, TOKEN_MAX_BYTES);
    tokens_fini(&tokens);
}

static void test_fold__case_works_letter_by_letter(void **state)
{
    (void)state;
    struct pasar_buf buf = {0};
    const char *text = "ÀÉÎõÜ ŁŹŸ ΑΩ ЖЯЁ Ａ ß";
    fold_case(&buf, text, strlen(text));
    assert_string_equal(pasar_buf_cstr(&buf), "àéîõü łźÿ αω жяё ａ ß");
    pasar_buf_fini(&buf);
}

static void test_fold__any_bytes_become_valid_json(void **state)
{
    (void)state;
    uint64_t random = 3;
    struct pasar_buf json = {0}, folded = {0}, back = {0};
    for (int round = 0; round < 5000; round++) {
        char bytes[24];
        size_t len = support_random(&random) % sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)(support_random(&random) % 3 ? support_random(&random) % 128 : support_random(&random));
        pasar_buf_reset(&json);
        pasar_buf_reset(&folded);
        pasar_buf_reset(&back);
        jsontext_add_string(&json, bytes, len);
        assert_true(pasar_csv_is_utf8(json.data, json.len));
        assert_true(json.len >= 2 && json.data[0] == '"' && json.data[json.len - 1] == '"');
        for (size_t i = 1; i + 1 < json.len; i++)
            assert_true((unsigned char)json.data[i] >= 0x20 && json.data[i] != '<');
        fold_case(&folded, bytes, len);
        if (pasar_csv_is_utf8(bytes, len)) {
            jsontext_unescape(&back, json.data, json.len);
            assert_int_equal(back.len, len);
            assert_true(len == 0 || memcmp(back.data, bytes, len) == 0);
        }
    }
    pasar_buf_fini(&json);
    pasar_buf_fini(&folded);
    pasar_buf_fini(&back);
}

static void test_fold__what_needs_an_escape_is_seen_at_every_place(void **state)
{
    (void)state;
    struct pasar_buf json = {0};
    for (int c = 0; c < 256; c++) {
        bool is_plain = c >= 0x20 && c < 0x7f && !strchr("\"\\<", c);
        for (size_t at = 0; at < 40; at++) {
            char text[40];
            memset(text, 'a', sizeof text);
            text[at] = (char)c;
            assert_int_equal(jsontext_needs_escape(text, sizeof text), !is_plain);
            pasar_buf_reset(&json);
            jsontext_add_string(&json, text, sizeof text);
            assert_memory_equal(json.data + 1, text, at + is_plain);
            assert_memory_equal(json.data + json.len - (sizeof text - at), text + at + 1, sizeof text - at - 1);
            assert_true((c < 0x80 && json.data[1 + at] == '\\') == (c < 0x80 && !is_plain));
        }
    }
    pasar_buf_fini(&json);
}

/* ------------------------------------------------------------------ vocabulary */

static void fill(struct vocabulary *v, const char *const *words, size_t n)
{
    struct pasar_err err = PASAR_ERR_INIT;
    uint32_t word;
    assert_int_equal(vocabulary_init(v, &err), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(vocabulary_add(v, words[i], strlen(words[i]), (uint32_t)i, &word, &err), 0);
    assert_int_equal(vocabulary_finish(v, &err), 0);
}

static bool is_near(const struct vocabulary *v, const char *text, const char *want)
{
    uint32_t near[64];
    size_t n = vocabulary_near(v, text, strlen(text), near, 64);
    for (size_t i = 0; i < n; i++) {
        if (v->words[near[i]].len == strlen(want) && memcmp(vocabulary_text(v, near[i]), want, strlen(want)) == 0)
            return true;
    }
    return false;
}

static void test_vocabulary__finds_words_stems_and_prefixes(void **state)
{
    (void)state;
    static const char *const words[] = {"cable", "cables", "cab", "charger", "usb", "cable", "caf\xc3\xa9"};
    struct vocabulary v;
    uint32_t first;
    fill(&v, words, PASAR_ARRAY_LEN(words));
    assert_int_equal(v.count, 6);
    assert_int_equal(v.words[vocabulary_find(&v, "cable", 5)].df, 2);
    assert_int_equal(vocabulary_find(&v, "cabl", 4), -1);
    assert_int_equal(v.words[vocabulary_find(&v, "cable", 5)].term, v.words[vocabulary_find(&v, "cables", 6)].term);
    assert_int_equal(vocabulary_find_term(&v, "chargers", 8), v.words[vocabulary_find(&v, "charger", 7)].term);
    assert_int_equal(vocabulary_find_term(&v, "nothing", 7), -1);
    assert_int_equal(vocabulary_prefix(&v, "cab", 3, &first), 3);
    assert_int_equal(vocabulary_prefix(&v, "", 0, &first), 6);
    assert_int_equal(vocabulary_prefix(&v, "cabx", 4, &first), 0);
    vocabulary_fini(&v);
}

static void test_vocabulary__one_edit_is_repaired_and_only_one(void **state)
{
    (void)state;
    static const char *const words[] = {"charger", "keyboard", "m\xc3\xbcsli", "rct15a", "usb"};
    static const char *const slips[] = {"chrger", "chargerr", "chagrer", "charher", "hcarger", "charge", "xcharger"};
    static const char *const others[] = {"chgr", "chagrre", "harge", "chxrgex", "chragre"};
    struct vocabulary v;
    fill(&v, words, PASAR_ARRAY_LEN(words));
    for (size_t i = 0; i < PASAR_ARRAY_LEN(slips); i++)
        assert_true(is_near(&v, slips[i], "charger"));
    for (size_t i = 0; i < PASAR_ARRAY_LEN(others); i++)
        assert_false(is_near(&v, others[i], "charger"));
    assert_true(is_near(&v, "m\xc3\xbclsi", "m\xc3\xbcsli"));
    assert_true(is_near(&v, "msli", "m\xc3\xbcsli"));
    assert_false(is_near(&v, "rct15b", "rct15a")); /* model numbers are never guessed */
    assert_true(is_near(&v, "usbb", "usb"));
    assert_false(is_near(&v, "uusb", "usx"));
    vocabulary_fini(&v);
}

static void test_vocabulary__what_stands_behind_a_word_is_not_looked_at(void **state)
{
    (void)state;
    static const char *const words[] = {"mouse"};
    struct vocabulary v;
    uint32_t near[4];
    fill(&v, words, PASAR_ARRAY_LEN(words));
    assert_int_equal(vocabulary_near(&v, "mous\x80", 4, near, 4), 1);
    assert_int_equal(vocabulary_near(&v, "mousey\x80", 6, near, 4), 1);
    vocabulary_fini(&v);
}

static int count_word(void *ctx, uint32_t word)
{
    (void)word;
    ++*(int *)ctx;
    return 0;
}

static void test_vocabulary__letters_inside_words_are_found_once_a_word(void **state)
{
    (void)state;
    static const char *const words[] = {"banana", "ana", "x", "nan"};
    struct vocabulary v;
    int count = 0;
    fill(&v, words, PASAR_ARRAY_LEN(words));
    vocabulary_containing(&v, "an", 2, count_word, &count);
    assert_int_equal(count, 3);
    vocabulary_fini(&v);
}

static int note_word(void *ctx, uint32_t word)
{
    char *seen = ctx;
    seen[strlen(seen)] = (char)('a' + word);
    return 0;
}

static int stop_at_word(void *ctx, uint32_t word)
{
    (void)note_word(ctx, word);
    return 1;
}

static void expect_ending(const struct vocabulary *v, const char *text, const char *want)
{
    char seen[16] = "", sorted[16] = "";
    vocabulary_ending(v, text, strlen(text), note_word, seen);
    for (char c = 'a'; c < 'a' + 16; c++) {
        if (strchr(seen, c))
            sorted[strlen(sorted)] = c;
    }
    assert_int_equal(strlen(seen), strlen(sorted)); /* each once */
    assert_string_equal(sorted, want);
}

static void test_vocabulary__ends_of_words_are_found_of_cut_ones_anywhere(void **state)
{
    (void)state;
    static const char *const words[] = {
        "phone",
        "headphone",
        "phones",
        "one",
        "x",
        "\xc3\xa9",
        "headphonewordthatissolongthatitmusthavebeencutinitsmiddlesomewh", /* 63 bytes */
        "ab",
        "zab",
        "b"};
    char seen[16] = "";
    struct vocabulary v;
    fill(&v, words, PASAR_ARRAY_LEN(words));
    assert_int_equal(v.cut_count, 1);
    expect_ending(&v, "phone", "abg");
    expect_ending(&v, "one", "abdg");
    expect_ending(&v, "b", "ghij");
    expect_ending(&v, "ab", "hi");
    expect_ending(&v, "zzab", "");
    expect_ending(&v, "\xc3\xa9", "f");
    expect_ending(&v, "q", "");
    free(v.by_end);
    v.by_end = NULL; /* as in a large one */
    expect_ending(&v, "phone", "abg");
    expect_ending(&v, "b", "ghij");
    vocabulary_ending(&v, "b", 1, stop_at_word, seen);
    assert_int_equal(strlen(seen), 1);
    vocabulary_fini(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens__names_become_words),
        cmocka_unit_test(test_tokens__category_levels_are_split_at_capitals),
        cmocka_unit_test(test_tokens__a_name_has_a_head),
        cmocka_unit_test(test_tokens__plurals_share_a_stem),
        cmocka_unit_test(test_tokens__long_words_are_cut_between_letters),
        cmocka_unit_test(test_fold__case_works_letter_by_letter),
        cmocka_unit_test(test_fold__any_bytes_become_valid_json),
        cmocka_unit_test(test_fold__what_needs_an_escape_is_seen_at_every_place),
        cmocka_unit_test(test_vocabulary__finds_words_stems_and_prefixes),
        cmocka_unit_test(test_vocabulary__one_edit_is_repaired_and_only_one),
        cmocka_unit_test(test_vocabulary__what_stands_behind_a_word_is_not_looked_at),
        cmocka_unit_test(test_vocabulary__letters_inside_words_are_found_once_a_word),
        cmocka_unit_test(test_vocabulary__ends_of_words_are_found_of_cut_ones_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
