/* partitionlist: the value of --partitions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "consumer/partitionlist.h"

static void test_partitionlist__takes_numbers_ranges_and_all(void **state)
{
    (void)state;
    assert_true(partitionlist_is_valid("all"));
    assert_true(partitionlist_is_valid("0"));
    assert_true(partitionlist_is_valid("0,2,5-7"));
    assert_true(partitionlist_is_valid("2147483647"));
}

static void test_partitionlist__refuses_everything_else(void **state)
{
    static const char *const bad[] = {"",    ",", "1,",   ",1",         "-1",  "1-",   "-",
                                      "3-2", "a", "1 ,2", "2147483648", "ALL", "1-2-3"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(partitionlist_is_valid(bad[i]));
}

static void test_partitionlist__has_what_it_names(void **state)
{
    const char *list = "0,2,5-7";
    const int32_t in[] = {0, 2, 5, 6, 7}, out[] = {1, 3, 4, 8};

    (void)state;
    for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
        assert_true(partitionlist_has(list, in[i]));
    for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
        assert_false(partitionlist_has(list, out[i]));
    assert_true(partitionlist_has("all", 123));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitionlist__takes_numbers_ranges_and_all),
        cmocka_unit_test(test_partitionlist__refuses_everything_else),
        cmocka_unit_test(test_partitionlist__has_what_it_names),
    };

    return cmocka_run_group_tests_name("partitionlist", tests, NULL, NULL);
}
