/* Cleaning of single cells; whole rows are in tests/cases/clean. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pasar/clean.h"

struct cell {
    enum pasar_column column;
    const char *text;
    enum pasar_clean_result result;
    double value;
};

#define PRICE   PASAR_COL_DISCOUNTED_PRICE
#define ACTUAL  PASAR_COL_ACTUAL_PRICE
#define PERCENT PASAR_COL_DISCOUNT_PERCENTAGE
#define RATING  PASAR_COL_RATING
#define COUNT   PASAR_COL_RATING_COUNT

static const struct cell cells[] = {
    {PRICE,
     "\xe2\x82\xb9"
     "399",
     PASAR_CLEAN_VALUE, 399},
    {ACTUAL,
     "\xe2\x82\xb9"
     "1,099.00",
     PASAR_CLEAN_VALUE, 1099},
    {PRICE, "Rs.1,09,999", PASAR_CLEAN_VALUE, 109999},
    {PRICE, "INR 12,34,56,789.5", PASAR_CLEAN_VALUE, 123456789.5},
    {PRICE, "rs 5", PASAR_CLEAN_VALUE, 5},
    {PRICE, "5 \xe2\x82\xac", PASAR_CLEAN_VALUE, 5},
    {PRICE, "\xc2\xa3 5", PASAR_CLEAN_VALUE, 5},
    {PRICE,
     "\xe2\x80\xaf$\xc2\xa0"
     "176.63\xe2\x80\x89",
     PASAR_CLEAN_VALUE, 176.63},
    {PRICE, "1,234,567", PASAR_CLEAN_VALUE, 1234567},
    {PRICE, "100,000", PASAR_CLEAN_VALUE, 100000},
    {PRICE, "1,00,000", PASAR_CLEAN_VALUE, 100000},
    {PRICE,
     "-\xe2\x82\xb9"
     "5",
     PASAR_CLEAN_OUT_OF_RANGE, 0},
    {PRICE, "\xe2\x82\xb9-5", PASAR_CLEAN_OUT_OF_RANGE, 0},
    {PRICE, "-0.01", PASAR_CLEAN_OUT_OF_RANGE, 0},
    {PRICE, "-0", PASAR_CLEAN_VALUE, 0},
    {PRICE, "1e308", PASAR_CLEAN_VALUE, 1e308},
    {PRICE, "1e309", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "1,0", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "1000,000", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "1,000,00", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "1,,000", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, ",000", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "1.5,000", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "1,000.5,000", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "1,000,", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "-", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, ",", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "-,000", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "\xe2\x82\xb9", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "Rs.", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "$$5", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "5%", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "5 000", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "NaN", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "Infinity", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "0x1F", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "\xe2\x82", PASAR_CLEAN_UNPARSEABLE, 0},
    {PRICE, "", PASAR_CLEAN_MISSING, 0},
    {PRICE, " \t\xc2\xa0", PASAR_CLEAN_MISSING, 0},
    {PERCENT, "64%", PASAR_CLEAN_VALUE, 64},
    {PERCENT, " 64 % ", PASAR_CLEAN_VALUE, 64},
    {PERCENT, "0.5", PASAR_CLEAN_VALUE, 0.5},
    {PERCENT, "100%", PASAR_CLEAN_VALUE, 100},
    {PERCENT, "100.1%", PASAR_CLEAN_OUT_OF_RANGE, 0},
    {PERCENT, "-1%", PASAR_CLEAN_OUT_OF_RANGE, 0},
    {PERCENT, "%", PASAR_CLEAN_UNPARSEABLE, 0},
    {PERCENT, "5%%", PASAR_CLEAN_UNPARSEABLE, 0},
    {PERCENT, "$5", PASAR_CLEAN_UNPARSEABLE, 0},
    {RATING, "4.2", PASAR_CLEAN_VALUE, 4.2},
    {RATING, "|", PASAR_CLEAN_UNPARSEABLE, 0},
    {RATING, "5.01", PASAR_CLEAN_OUT_OF_RANGE, 0},
    {RATING, "4,5", PASAR_CLEAN_UNPARSEABLE, 0},
    {COUNT, "24,269", PASAR_CLEAN_VALUE, 24269},
    {COUNT, "4,26,973", PASAR_CLEAN_VALUE, 426973},
    {COUNT, "2.0", PASAR_CLEAN_VALUE, 2},
    {COUNT, "2.5", PASAR_CLEAN_OUT_OF_RANGE, 0},
    {COUNT, "-1", PASAR_CLEAN_OUT_OF_RANGE, 0},
    {COUNT, "9007199254740992", PASAR_CLEAN_VALUE, 9007199254740992},
    {COUNT, "9,007,199,254,740,994", PASAR_CLEAN_OUT_OF_RANGE, 0},
};

static void test_clean__cells_become_numbers_or_null(void **state)
{
    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cells); i++) {
        double value = -1;
        char *copy = malloc(strlen(cells[i].text) + 1); /* no NUL behind the text: reading it shows under ASan */
        memcpy(copy, cells[i].text, strlen(cells[i].text));
        char *exact = realloc(copy, strlen(cells[i].text) > 0 ? strlen(cells[i].text) : 1);
        enum pasar_clean_result result = pasar_clean_number(cells[i].column, exact, strlen(cells[i].text), &value);
        if (result != cells[i].result ||
            (result == PASAR_CLEAN_VALUE ? value != cells[i].value || signbit(value) : !isnan(value)))
            fail_msg("'%s': result %d, value %g", cells[i].text, (int)result, value);
        free(exact);
    }
}

static void test_clean__long_text_is_no_number(void **state)
{
    char text[3000];
    double value;

    (void)state;
    memset(text, '9', sizeof text);
    assert_int_equal(pasar_clean_number(PRICE, text, sizeof text, &value), PASAR_CLEAN_UNPARSEABLE);
    assert_int_equal(pasar_clean_number(PRICE, text, 309, &value), PASAR_CLEAN_UNPARSEABLE);
    assert_int_equal(pasar_clean_number(PRICE, text, 308, &value), PASAR_CLEAN_VALUE);
    for (size_t i = 3; i < sizeof text; i += 4)
        text[i] = ',';
    assert_int_equal(pasar_clean_number(PRICE, text, 11, &value), PASAR_CLEAN_VALUE);
    assert_true(value == 999999999);
    assert_int_equal(pasar_clean_number(PRICE, text, sizeof text - 1, &value), PASAR_CLEAN_UNPARSEABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean__cells_become_numbers_or_null),
        cmocka_unit_test(test_clean__long_text_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
