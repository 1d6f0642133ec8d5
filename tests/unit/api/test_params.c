/* Query strings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "api/params.h"

#define ALL ((1u << PARAMS) - 1)

static struct params params;
static struct pasar_err err;

static int parse(const char *query, uint32_t accepted)
{
    params_fini(&params);
    memset(&params, 0, sizeof params);
    pasar_err_clear(&err);
    return params_parse(&params, query, strlen(query), accepted, 1000, &err);
}

static void test_params__values_are_decoded_and_typed(void **state)
{
    (void)state;
    assert_int_equal(parse("limit=7&name=usb+c%C3%A2ble%26&target_price=3.5e2&model=2&counts=Yes&&", ALL), 0);
    assert_true(params.given[PARAM_LIMIT] && params.number[PARAM_LIMIT] == 7);
    assert_int_equal(params.text_len[PARAM_NAME], 11);
    assert_memory_equal(params.text[PARAM_NAME],
                        "usb c\xc3\xa2"
                        "ble&",
                        11);
    assert_true(params.number[PARAM_TARGET_PRICE] == 350 && params.number[PARAM_MODEL] == 2);
    assert_true(params.number[PARAM_COUNTS] == 1);
    assert_false(params.given[PARAM_OFFSET]);
    assert_int_equal(parse("", ALL), 0);
    assert_int_equal(parse("counts", ALL), 0);
    assert_true(params.number[PARAM_COUNTS] == 1);
    assert_int_equal(parse("name=", ALL), 0);
    assert_true(params.given[PARAM_NAME] && params.text_len[PARAM_NAME] == 0);
    assert_int_equal(parse("lim%69t=3", ALL), 0);
    assert_true(params.number[PARAM_LIMIT] == 3);
}

static void test_params__bad_ones_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *query, *names;
    } bad[] = {
        {"limit=0", "limit"},
        {"limit=1001", "limit"},
        {"limit=-1", "limit"},
        {"limit=5.0", "limit"},
        {"limit=", "limit"},
        {"limit=1e2", "limit"},
        {"limit=99999999999999999999", "limit"},
        {"limit=5&limit=5", "limit"},
        {"limit=%205", "limit"},
        {"offset=-1", "offset"},
        {"offset=4294967296", "offset"},
        {"target_price=abc", "target_price"},
        {"target_price=-1", "target_price"},
        {"target_price=nan", "target_price"},
        {"target_price=inf", "target_price"},
        {"target_price=1e999", "target_price"},
        {"target_price=0x10", "target_price"},
        {"tolerance=101", "tolerance"},
        {"min_rating=5.1", "min_rating"},
        {"cluster=256", "cluster"},
        {"model=4", "model"},
        {"model=0", "model"},
        {"model=1,2", "model"},
        {"counts=maybe", "counts"},
        {"sort=prize", "prize"},
        {"sort=price,,rating", "sort"},
        {"sort=price,rating,name,discount,score", "sort"},
        {"name=%", "name"},
        {"name=%zz", "name"},
        {"name=a%00b", "name"},
        {"name=%ff", "name"},
        {"name=%ed%a0%80", "name"},
        {"nmae=x", "nmae"},
        {"=x", "unknown"},
        {"%ff=x", "name"},
        {"a%00=x", "encoded"},
        {"sort=", "sort"},
    };
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++) {
        assert_int_equal(parse(bad[i].query, ALL), -1);
        if (!strstr(err.msg, bad[i].names))
            fail_msg("%s: %s", bad[i].query, err.msg);
    }
}

static void test_params__what_a_route_does_not_take_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(parse("name=x", PARAM_BIT(PARAM_LIMIT) | PARAM_BIT(PARAM_MODEL)), -1);
    assert_non_null(strstr(err.msg, "'name'"));
    assert_non_null(strstr(err.msg, "limit, model"));
    assert_int_equal(parse("model=all", PARAM_BIT(PARAM_MODEL)), -1); /* only lists answer for all three */
    assert_int_equal(parse("model=all", PARAM_BIT(PARAM_MODEL) | PARAM_ALL_MODELS), 0);
    assert_true(params.number[PARAM_MODEL] == PARAM_MODEL_ALL);
}

static void test_params__sort_takes_several_keys(void **state)
{
    (void)state;
    assert_int_equal(parse("sort=-price,rating_count,-score", ALL), 0);
    assert_int_equal(params.sort_count, 3);
    assert_true(params.sort[0].key == SORT_PRICE && params.sort[0].descending);
    assert_true(params.sort[1].key == SORT_RATING_COUNT && !params.sort[1].descending);
    assert_true(params.sort[2].key == SORT_SCORE && params.sort[2].descending);
}

static void test_params__random_bytes_never_break_it(void **state)
{
    (void)state;
    static const char alphabet[] = "limtoffsename=&%+-,.0123456789ABCDEF\x80\xff;";
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        char query[48];
        random = random * 1664525 + 1013904223;
        size_t len = random >> 8 & 31;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            query[i] = alphabet[(random >> 8) % (sizeof alphabet - 1)];
        }
        query[len] = '\0';
        if (parse(query, ALL) != 0)
            assert_true(err.msg[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_params__values_are_decoded_and_typed),
        cmocka_unit_test(test_params__bad_ones_are_named),
        cmocka_unit_test(test_params__what_a_route_does_not_take_is_unknown),
        cmocka_unit_test(test_params__sort_takes_several_keys),
        cmocka_unit_test(test_params__random_bytes_never_break_it),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    params_fini(&params);
    return failed;
}
