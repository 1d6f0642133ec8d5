/* batcher: when a batch is cut. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "consumer/batcher.h"

static void test_batcher__is_full_at_the_record_limit(void **state)
{
    const struct batcher_limits limits = {.records = 3};

    (void)state;
    assert_false(batcher_is_full(&limits, 2, UINT64_MAX));
    assert_true(batcher_is_full(&limits, 3, 0));
    assert_true(batcher_is_full(&limits, 4, 0));
}

static void test_batcher__is_full_at_the_byte_limit(void **state)
{
    const struct batcher_limits limits = {.records = 1000, .bytes = 100};

    (void)state;
    assert_false(batcher_is_full(&limits, 1, 99));
    assert_true(batcher_is_full(&limits, 1, 100));
}

static void test_batcher__is_old_after_its_age_and_not_before(void **state)
{
    const struct batcher_limits limits = {.records = 1, .age_ns = 1000000000};

    (void)state;
    assert_false(batcher_is_old(&limits, 5, 5 + 999999999));
    assert_true(batcher_is_old(&limits, 5, 5 + 1000000000));
}

static void test_batcher__without_an_age_limit_nothing_is_old(void **state)
{
    const struct batcher_limits limits = {.records = 1};

    (void)state;
    assert_false(batcher_is_old(&limits, 0, INT64_MAX));
    assert_int_equal(batcher_left_ms(&limits, 0, INT64_MAX, 77), 77);
}

static void test_batcher__tells_the_time_left_rounded_up(void **state)
{
    const struct batcher_limits limits = {.records = 1, .age_ns = 10000000}; /* 10 ms */

    (void)state;
    assert_int_equal(batcher_left_ms(&limits, 0, 0, 100), 10);
    assert_int_equal(batcher_left_ms(&limits, 0, 1, 100), 10);
    assert_int_equal(batcher_left_ms(&limits, 0, 9999999, 100), 1);
    assert_int_equal(batcher_left_ms(&limits, 0, 10000000, 100), 0);
    assert_int_equal(batcher_left_ms(&limits, 0, 99999999, 100), 0);
    assert_int_equal(batcher_left_ms(&limits, 0, 0, 4), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batcher__is_full_at_the_record_limit),
        cmocka_unit_test(test_batcher__is_full_at_the_byte_limit),
        cmocka_unit_test(test_batcher__is_old_after_its_age_and_not_before),
        cmocka_unit_test(test_batcher__without_an_age_limit_nothing_is_old),
        cmocka_unit_test(test_batcher__tells_the_time_left_rounded_up),
    };

    return cmocka_run_group_tests_name("batcher", tests, NULL, NULL);
}
