/* runid: names of runs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "producer/runid.h"

static const int64_t START_US = INT64_C(1767225599123456); /* 2025-12-31T23:59:59.123456Z */

static void test_runid__names_file_contents_and_time(void **state)
{
    char id[RUNID_MAX];

    (void)state;
    runid_make(id, "dir/my file.csv", UINT64_C(0x0123456789abcdef), START_US);
    assert_string_equal(id, "my_file.csv-0123456789abcdef-20251231T235959.123456Z");
    assert_true(runid_is_valid(id));
}

static void test_runid__long_names_still_fit(void **state)
{
    char id[RUNID_MAX];

    (void)state;
    runid_make(id, "a-name-that-is-longer-than-what-a-run-keeps-of-it-by-far-and-even-more.csv", UINT64_MAX, START_US);
    assert_true(runid_is_valid(id));
    assert_true(strlen(id) < RUNID_MAX);
}

static void test_runid__standard_input_has_a_name(void **state)
{
    char id[RUNID_MAX];

    (void)state;
    runid_make(id, "-", 1, START_US);
    assert_string_equal(id, "stdin-0000000000000001-20251231T235959.123456Z");
}

static void test_runid__knows_whose_it_is(void **state)
{
    static const uint64_t hash = UINT64_C(0x0123456789abcdef);
    static const char *const others[] = {"",
                                         "mine",
                                         "0123456789abcdef",
                                         "-0123456789abcdef-20251231T235959.123456Z",
                                         "a-0123456789abcdef-20251231T235959.12345Z",
                                         "a-0123456789abcdee-20251231T235959.123456Z"};
    char id[RUNID_MAX];

    (void)state;
    runid_make(id, "a-b.csv", hash, START_US);
    assert_true(runid_is_of(id, strlen(id), hash));
    assert_false(runid_is_of(id, strlen(id), hash + 1));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(runid_is_of(others[i], strlen(others[i]), hash));
}

static void test_runid__valid_means_kafka_and_file_safe(void **state)
{
    char long_id[RUNID_MAX + 1];

    (void)state;
    memset(long_id, 'a', sizeof(long_id));
    long_id[RUNID_MAX] = '\0';
    assert_false(runid_is_valid(long_id));
    long_id[RUNID_MAX - 1] = '\0';
    assert_true(runid_is_valid(long_id));
    assert_true(runid_is_valid("A-z_0.9"));
    assert_false(runid_is_valid(""));
    assert_false(runid_is_valid("a b"));
    assert_false(runid_is_valid("a/b"));
    assert_false(runid_is_valid("\xc3\xa9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runid__names_file_contents_and_time),
        cmocka_unit_test(test_runid__long_names_still_fit),
        cmocka_unit_test(test_runid__standard_input_has_a_name),
        cmocka_unit_test(test_runid__knows_whose_it_is),
        cmocka_unit_test(test_runid__valid_means_kafka_and_file_safe),
    };

    return cmocka_run_group_tests_name("runid", tests, NULL, NULL);
}
