/* Clocks and RFC 3339 text. */
#include "scratch.h"

#include <time.h>

#include "pasar/clock.h"

static void assert_text(int64_t wall_us, const char *expected)
{
    char text[PASAR_CLOCK_TEXT_LEN + 1];
    int64_t back;

    pasar_clock_format(wall_us, text);
    assert_string_equal(text, expected);
    assert_int_equal(pasar_clock_parse(text, strlen(text), &back), 0);
    assert_true(back == wall_us);
}

static void test_clock__text_and_number_are_the_same_time(void **state)
{
    (void)state;
    assert_text(0, "1970-01-01T00:00:00.000000Z");
    assert_text(-1, "1969-12-31T23:59:59.999999Z");
    assert_text(1709164800000000, "2024-02-29T00:00:00.000000Z");
    assert_text(1798761599123456, "2026-12-31T23:59:59.123456Z");
    assert_text(INT64_C(-62135596800000000), "0001-01-01T00:00:00.000000Z");
    assert_text(INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z");
}

static void test_clock__agrees_with_the_c_library_over_centuries(void **state)
{
    char text[PASAR_CLOCK_TEXT_LEN + 1], expected[40];

    (void)state;
    for (int64_t day = -200000; day < 200000; day++) {
        time_t seconds = (time_t)(day * 86400 + (day & 0xFFFF));
        struct tm tm;
        gmtime_r(&seconds, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000000Z", &tm);
        pasar_clock_format((int64_t)seconds * 1000000, text);
        if (strcmp(text, expected) != 0)
            fail_msg("%s instead of %s", text, expected);
        int64_t back;
        assert_int_equal(pasar_clock_parse(text, PASAR_CLOCK_TEXT_LEN, &back), 0);
        assert_true(back == (int64_t)seconds * 1000000);
    }
}

static void test_clock__years_out_of_range_stay_27_characters(void **state)
{
    char text[PASAR_CLOCK_TEXT_LEN + 1];

    (void)state;
    pasar_clock_format(INT64_MIN, text);
    assert_string_equal(text, "0001-01-01T00:00:00.000000Z");
    pasar_clock_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
}

static void test_clock__fractions_may_be_short_or_missing(void **state)
{
    int64_t us;

    (void)state;
    assert_int_equal(pasar_clock_parse("1970-01-01T00:00:01Z", 20, &us), 0);
    assert_true(us == 1000000);
    assert_int_equal(pasar_clock_parse("1970-01-01T00:00:00.5Z", 22, &us), 0);
    assert_true(us == 500000);
    assert_int_equal(pasar_clock_parse("1970-01-01T00:00:00.000042Z", 27, &us), 0);
    assert_true(us == 42);
}

static void test_clock__refuses_what_is_no_time(void **state)
{
    static const char *const bad[] = {"",
                                      "Z",
                                      "1970-01-01",
                                      "1970-01-01T00:00:00",
                                      "1970-01-01 00:00:00Z",
                                      "1970-01-01T00:00:00z",
                                      "1970-01-01T00:00:00+00:00",
                                      "1970-01-01T00:00:00.Z",
                                      "1970-01-01T00:00:00.1234567Z",
                                      "1970-01-01T00:00:00.12a456Z",
                                      "1970-13-01T00:00:00Z",
                                      "1970-00-01T00:00:00Z",
                                      "1970-01-00T00:00:00Z",
                                      "1970-01-32T00:00:00Z",
                                      "1970-04-31T00:00:00Z",
                                      "2023-02-29T00:00:00Z",
                                      "1900-02-29T00:00:00Z",
                                      "1970-01-01T24:00:00Z",
                                      "1970-01-01T00:60:00Z",
                                      "1970-01-01T00:00:60Z",
                                      "0000-01-01T00:00:00Z",
                                      "+970-01-01T00:00:00Z",
                                      "1970-01-01T00:00:00ZZ"};
    int64_t us = 42;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(pasar_clock_parse(bad[i], strlen(bad[i]), &us), -1);
        assert_true(us == 42);
    }
    assert_int_equal(pasar_clock_parse("2000-02-29T00:00:00Z", 20, &us), 0);
}

static void test_clock__clocks_run(void **state)
{
    int64_t mono = pasar_clock_mono_ns(), wall = pasar_clock_wall_us();

    (void)state;
    pasar_clock_sleep_ms(20);
    assert_true(pasar_clock_mono_ns() - mono >= 20 * 1000000);
    assert_true(wall > INT64_C(1577836800000000)); /* after 2020 */
    pasar_clock_sleep_ms(-5);                      /* no wait, no harm */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__text_and_number_are_the_same_time),
        cmocka_unit_test(test_clock__agrees_with_the_c_library_over_centuries),
        cmocka_unit_test(test_clock__years_out_of_range_stay_27_characters),
        cmocka_unit_test(test_clock__fractions_may_be_short_or_missing),
        cmocka_unit_test(test_clock__refuses_what_is_no_time),
        cmocka_unit_test(test_clock__clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
