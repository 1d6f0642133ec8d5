/* Numbers: whatever is accepted is exact, whatever is written reads back. The C library is the reference. */
#include "scratch.h"

#include <math.h>

#include "pasar/num.h"

static bool parse(const char *text, double *out)
{
    return pasar_num_double(text, strlen(text), out) == 0;
}

static void test_num__integers_are_strict_and_checked_for_range(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "0x10",
                                      "1,5",
                                      "--1",
                                      "1e3",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999"};
    int64_t i64 = 42;
    uint64_t u64 = 42;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++) {
        assert_int_equal(pasar_num_i64(bad[i], strlen(bad[i]), &i64), -1);
        assert_int_equal(i64, 42);
    }
    assert_int_equal(pasar_num_i64("9223372036854775807", 19, &i64), 0);
    assert_true(i64 == INT64_MAX);
    assert_int_equal(pasar_num_i64("-9223372036854775808", 20, &i64), 0);
    assert_true(i64 == INT64_MIN);
    assert_int_equal(pasar_num_i64("+7abc", 2, &i64), 0); /* the length counts, not a NUL */
    assert_true(i64 == 7);
    assert_int_equal(pasar_num_i64("-0", 2, &i64), 0);
    assert_true(i64 == 0);
    assert_int_equal(pasar_num_u64("18446744073709551615", 20, &u64), 0);
    assert_true(u64 == UINT64_MAX);
    assert_int_equal(pasar_num_u64("18446744073709551616", 20, &u64), -1);
    assert_int_equal(pasar_num_u64("-1", 2, &u64), -1);
    assert_int_equal(pasar_num_u64("+1", 2, &u64), -1);
    assert_int_equal(pasar_num_u64("1\0", 2, &u64), -1);
}

static void test_num__doubles_are_strict(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      ".",
                                      ".5",
                                      "5.",
                                      "1e",
                                      "1e+",
                                      "e5",
                                      " 1",
                                      "1 ",
                                      "nan",
                                      "NaN",
                                      "inf",
                                      "-inf",
                                      "0x1",
                                      "1,5",
                                      "1.2.3",
                                      "--1",
                                      "1e5.5",
                                      "1e999",
                                      "-1e999",
                                      "1_0",
                                      ("\xE2\x82\xB9"
                                       "399")};
    double value = 42;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++) {
        assert_false(parse(bad[i], &value));
        assert_true(value == 42);
    }
    assert_int_equal(pasar_num_double("1\0", 2, &value), -1);
    char digits[3000];
    memset(digits, '1', sizeof digits);
    assert_int_equal(pasar_num_double(digits, sizeof digits, &value), -1);
    assert_int_equal(pasar_num_double(digits, 400, &value), -1); /* 1e400 */
    assert_int_equal(pasar_num_double(digits, 300, &value), 0);
}

static void test_num__zero_has_one_sign(void **state)
{
    static const char *const zeros[] = {"0", "-0", "+0", "-0.0", "0e99999999999", "-0e-400", "1e-999", "-1e-999"};
    double value;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(zeros); i++) {
        assert_true(parse(zeros[i], &value));
        assert_true(value == 0 && !signbit(value));
    }
}

static void test_num__hard_doubles_are_rounded_correctly(void **state)
{
    /* Halfway cases and limits from the literature on correct rounding (Clinger 1990, Paxson 1991, Regan). */
    static const char *const hard[] = {"9007199254740993",
                                       "9007199254740992.999999999999999999999",
                                       "1.00000000000000011102230246251565404236316680908203125",
                                       "1.00000000000000011102230246251565404236316680908203124",
                                       "1.00000000000000011102230246251565404236316680908203126",
                                       "2.2250738585072011e-308",
                                       "2.2250738585072014e-308",
                                       "4.9e-324",
                                       "2.4703282292062327e-324",
                                       "2.4703282292062328e-324",
                                       "1.7976931348623157e308",
                                       "1.7976931348623158e308",
                                       "5e-20",
                                       "8.5e22",
                                       "123456789012345e22",
                                       "999999999999999e-22",
                                       "1e22",
                                       "1e23",
                                       "0.1",
                                       "3.5844466002796428e298",
                                       "0.000000000000000000000000000000000000001",
                                       "100000000000000000000000000000000"};
    double value;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(hard); i++) {
        assert_true(parse(hard[i], &value));
        assert_true(value == strtod(hard[i], NULL));
    }
}

/* A small generator of our own, so that a failure can be repeated (Steele et al. 2014, SplitMix64). */
static uint64_t random_state;
static uint64_t random_u64(void)
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

static void test_num__random_text_reads_as_the_c_library_reads_it(void **state)
{
    (void)state;
    random_state = 1;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double value;
        int digits = (int)(random_u64() % 19), exponent = (int)(random_u64() % 60) - 30;
        int shift = (int)(random_u64() % 60);
        uint64_t whole = random_u64() >> shift, fraction = random_u64() % 1000;
        const char *sign = random_u64() % 2 ? "-" : "", *letter = fraction % 2 ? "e" : "E";
        snprintf(text, sizeof text, "%s%llu.%0*llu%s%d", sign, (unsigned long long)whole, digits + 1,
                 (unsigned long long)fraction, letter, exponent);
        assert_true(parse(text, &value));
        assert_true(value == strtod(text, NULL));
    }
}

/* Significant digits: without the zeros in front and behind, and without the exponent. */
static int count_digits(const char *text)
{
    int digits = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text == '0' && digits > 0)
            zeros++;
        if (*text >= '1' && *text <= '9') {
            digits += zeros + 1;
            zeros = 0;
        }
    }
    return digits;
}

/* Writes and reads back; the text must be JSON's grammar, identical in value, with no more digits than %.17g. */
static void check_round_trip(double value)
{
    char text[PASAR_NUM_DOUBLE_MAX + 1], reference[40];
    size_t len = pasar_num_format_double(value, text);
    double back;

    assert_in_range(len, 1, PASAR_NUM_DOUBLE_MAX - 1);
    text[len] = '\0';
    if (pasar_num_double(text, len, &back) != 0 || back != value)
        fail_msg("%.17g was written as %s", value, text);
    assert_true(text[0] == '-' ? value < 0 && text[1] >= '0' && text[1] <= '9' : text[0] >= '0' && text[0] <= '9');
    snprintf(reference, sizeof reference, "%.17g", value);
    if (count_digits(text) > count_digits(reference))
        fail_msg("%s has more digits than %s", text, reference);
    /* Not one significant digit more than needed: %.15g reads back only when ours has at most 15. */
    snprintf(reference, sizeof reference, "%.15g", value);
    if (strtod(reference, NULL) == value && strchr(text, 'e') == NULL && strchr(reference, 'e') == NULL)
        assert_string_equal(text, reference);
}

static void test_num__every_price_with_three_decimals_reads_back(void **state)
{
    char text[PASAR_NUM_DOUBLE_MAX + 1], expected[40];

    (void)state;
    for (int i = 0; i < 3000000; i++) {
        double value = i / 1000.0;
        size_t len = pasar_num_format_double(value, text);
        text[len] = '\0';
        int n = snprintf(expected, sizeof expected, "%d.%03d", i / 1000, i % 1000);
        while (expected[n - 1] == '0')
            n--;
        if (expected[n - 1] == '.')
            n--;
        expected[n] = '\0';
        if (strcmp(text, expected) != 0)
            fail_msg("%s instead of %s", text, expected);
    }
}

static void test_num__any_finite_double_reads_back(void **state)
{
    static const double special[] = {0,
                                     0.1,
                                     1.0 / 3,
                                     1e21,
                                     1e22,
                                     1e23,
                                     1.5e300,
                                     5e-324,
                                     2.2250738585072014e-308,
                                     1.7976931348623157e308,
                                     0x1p53,
                                     0x1p53 - 1,
                                     0x1p53 + 2,
                                     99999999999.999,
                                     100000000000.001,
                                     0.001,
                                     0.0005,
                                     1e-7,
                                     123456.789,
                                     0.30000000000000004,
                                     9.5367431640625e-07,
                                     4503599627370496.5};

    (void)state;
    random_state = 2;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(special); i++) {
        check_round_trip(special[i]);
        if (special[i] != 0)
            check_round_trip(-special[i]);
    }
    for (int i = 0; i < 300000; i++) {
        uint64_t bits = random_u64();
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check_round_trip(value);
        bits >>= random_u64() % 64;
        check_round_trip((double)(int64_t)bits / 100);
    }
    char text[PASAR_NUM_DOUBLE_MAX];
    assert_int_equal(pasar_num_format_double(-0.0, text), 1);
    assert_int_equal(text[0], '0');
    assert_int_equal(pasar_num_format_double(5e-324, text), 6);
    assert_memory_equal(text, "5e-324", 6);
}

static void test_num__bytes_take_both_families_of_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {{"0", 0},           {"500", 500},        {"500B", 500},        {"64k", 64000},
                {"64kB", 64000},    {"64Ki", 65536},     {"1M", 1000000},      {"1MB", 1000000},
                {"1MiB", 1048576},  {"2Gi", 2147483648}, {"2GiB", 2147483648}, {"3G", 3000000000},
                {"3GB", 3000000000}};
    static const char *const bad[] = {"", "k", "1.5k", "-1", "1 k", "1K", "1mb", "1T", "1kk", "18446744073709551615k"};
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(good); i++) {
        assert_int_equal(pasar_num_bytes(good[i].text, strlen(good[i].text), &value), 0);
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++)
        assert_int_equal(pasar_num_bytes(bad[i], strlen(bad[i]), &value), -1);
}

static void test_num__seconds_take_units(void **state)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},    {"30", 30},   {"1.5s", 1.5}, {"200ms", 0.2},
                {"2m", 120}, {"1h", 3600}, {"1e3", 1000}, {"0.5h", 1800}};
    static const char *const bad[] = {"", "s", "ms", "-1", "1d", "1 s", "1ss", "1e308h", "nan", "inf"};
    double value;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(good); i++) {
        assert_int_equal(pasar_num_seconds(good[i].text, strlen(good[i].text), &value), 0);
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++)
        assert_int_equal(pasar_num_seconds(bad[i], strlen(bad[i]), &value), -1);
}

static void test_num__add_u64_writes_all_digits(void **state)
{
    struct pasar_buf buf = {0};

    (void)state;
    pasar_num_add_u64(&buf, 0);
    pasar_buf_addc(&buf, ' ');
    pasar_num_add_u64(&buf, UINT64_MAX);
    assert_string_equal(pasar_buf_cstr(&buf), "0 18446744073709551615");
    pasar_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_num__integers_are_strict_and_checked_for_range),
        cmocka_unit_test(test_num__doubles_are_strict),
        cmocka_unit_test(test_num__zero_has_one_sign),
        cmocka_unit_test(test_num__hard_doubles_are_rounded_correctly),
        cmocka_unit_test(test_num__random_text_reads_as_the_c_library_reads_it),
        cmocka_unit_test(test_num__every_price_with_three_decimals_reads_back),
        cmocka_unit_test(test_num__any_finite_double_reads_back),
        cmocka_unit_test(test_num__bytes_take_both_families_of_units),
        cmocka_unit_test(test_num__seconds_take_units),
        cmocka_unit_test(test_num__add_u64_writes_all_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
