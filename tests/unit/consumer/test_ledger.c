/* ledger: sent against found. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "consumer/ledger.h"

static int setup(void **state)
{
    static struct ledger ledger;

    memset(&ledger, 0, sizeof(ledger));
    *state = &ledger;
    return 0;
}

static int teardown(void **state)
{
    ledger_fini(*state);
    return 0;
}

/* The share of a row in this test's digests. */
static uint64_t share(uint64_t row)
{
    return row * row * UINT64_C(0x9e3779b97f4a7c15);
}

static void add_rows(struct ledger *ledger, uint64_t first, uint64_t last)
{
    for (uint64_t row = first; row <= last; row++)
        assert_int_equal(ledger_add_row(ledger_open(ledger, "r"), row, share(row), row % 5 == 0), 0);
}

static void add_ends(struct ledger *ledger, uint64_t rows, int32_t partitions)
{
    struct pasar_run_end end = {.run = "r", .rows = rows, .partition_count = partitions};

    for (uint64_t row = 1; row <= rows; row++)
        end.digest += share(row);
    for (int32_t p = 0; p < partitions; p++)
        assert_int_equal(ledger_add_end(ledger_open(ledger, "r"), p, &end), 0);
}

static void assert_judged(struct ledger *ledger, bool whole, const char *words)
{
    struct pasar_buf buf = {0};

    assert_int_equal(ledger_judge(ledger_open(ledger, "r"), &buf), whole);
    if (strstr(pasar_buf_cstr(&buf), words) == NULL)
        fail_msg("'%s' is not in '%s'", words, pasar_buf_cstr(&buf));
    pasar_buf_fini(&buf);
}

static void test_ledger__a_whole_run_is_whole(void **state)
{
    add_rows(*state, 1, 10);
    add_ends(*state, 10, 3);
    assert_judged(*state, true, "run r: sent 10, found 8, rejected 2, missing 0, doubled 0: whole");
}

static void test_ledger__missing_rows_are_named(void **state)
{
    add_rows(*state, 1, 3);
    add_rows(*state, 6, 9);
    add_ends(*state, 10, 1);
    assert_judged(*state, false, "missing 3, doubled 0: NOT WHOLE; missing rows: 4-5, 10");
}

static void test_ledger__doubled_rows_are_named(void **state)
{
    add_rows(*state, 1, 10);
    add_rows(*state, 4, 5);
    add_ends(*state, 10, 1);
    assert_judged(*state, false, "doubled 2: NOT WHOLE; doubled rows: 4-5");
}

static void test_ledger__numbers_of_rejected_rows_are_no_loss(void **state)
{
    struct pasar_run_end end = {.run = "r", .rows = 2, .partition_count = 1};

    add_rows(*state, 1, 1); /* row 2 was rejected by the producer */
    add_rows(*state, 3, 3);
    end.digest = share(1) + share(3);
    assert_int_equal(ledger_add_end(ledger_open(*state, "r"), 0, &end), 0);
    assert_judged(*state, true, "whole");
}

static void test_ledger__changed_contents_show_in_the_digest(void **state)
{
    add_rows(*state, 1, 9);
    assert_int_equal(ledger_add_row(ledger_open(*state, "r"), 10, share(10) + 1, false), 0);
    add_ends(*state, 10, 1);
    assert_judged(*state, false, "contents differ from what was sent");
}

static void test_ledger__a_run_without_an_end_is_not_whole(void **state)
{
    add_rows(*state, 1, 9);
    assert_judged(*state, false, "no end record");
}

static void test_ledger__an_end_missing_in_one_partition_is_told(void **state)
{
    struct pasar_run_end end = {.run = "r", .partition_count = 2};

    assert_int_equal(ledger_add_end(ledger_open(*state, "r"), 1, &end), 0);
    assert_judged(*state, false, "no end record in 1 of 2 partitions");
}

static void test_ledger__an_empty_run_is_whole(void **state)
{
    add_ends(*state, 0, 2);
    assert_judged(*state, true, "sent 0, found 0");
}

static void test_ledger__a_foreign_file_with_more_rows_is_not_whole(void **state)
{
    add_rows(*state, 1, 12);
    add_ends(*state, 10, 1);
    assert_judged(*state, false, "2 rows more than were sent");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ledger__a_whole_run_is_whole),
        TEST(test_ledger__missing_rows_are_named),
        TEST(test_ledger__doubled_rows_are_named),
        TEST(test_ledger__numbers_of_rejected_rows_are_no_loss),
        TEST(test_ledger__changed_contents_show_in_the_digest),
        TEST(test_ledger__a_run_without_an_end_is_not_whole),
        TEST(test_ledger__an_end_missing_in_one_partition_is_told),
        TEST(test_ledger__an_empty_run_is_whole),
        TEST(test_ledger__a_foreign_file_with_more_rows_is_not_whole),
    };

    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
