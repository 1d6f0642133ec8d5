/* rowset: found and doubled row numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "consumer/rowset.h"

static void add(struct rowset *set, uint64_t first, uint64_t last)
{
    for (uint64_t row = first; row <= last; row++)
        assert_int_equal(rowset_add(set, row), 0);
}

static void assert_missing(const struct rowset *set, uint64_t last, size_t most, const char *text)
{
    struct pasar_buf buf = {0};

    rowset_add_missing(set, last, most, &buf);
    assert_string_equal(buf.len > 0 ? pasar_buf_cstr(&buf) : "", text);
    pasar_buf_fini(&buf);
}

static void test_rowset__names_missing_numbers_as_ranges(void **state)
{
    struct rowset set = {0};

    (void)state;
    add(&set, 2, 3);
    add(&set, 6, 130);
    assert_missing(&set, 133, 9, "1, 4-5, 131-133");
    assert_missing(&set, 133, 1, "1 and 5 more");
    assert_int_equal(rowset_missing(&set, 133), 6);
    assert_int_equal(rowset_missing(&set, 5), 3);
    assert_int_equal(set.max, 130);
    rowset_fini(&set);
}

static void test_rowset__names_doubled_numbers(void **state)
{
    struct rowset set = {0};
    struct pasar_buf buf = {0};

    (void)state;
    add(&set, 1, 100);
    add(&set, 64, 65);
    add(&set, 65, 65);
    assert_int_equal(set.distinct, 100);
    assert_int_equal(set.doubled_count, 3);
    rowset_add_doubled(&set, 9, &buf);
    assert_string_equal(pasar_buf_cstr(&buf), "64-65");
    pasar_buf_fini(&buf);
    rowset_fini(&set);
}

static void test_rowset__refuses_impossible_numbers(void **state)
{
    struct rowset set = {0};

    (void)state;
    assert_int_equal(rowset_add(&set, 0), -1);
    assert_int_equal(rowset_add(&set, ROWSET_MAX_ROW + 1), -1);
    assert_int_equal(rowset_add(&set, UINT64_MAX), -1);
    assert_int_equal(set.distinct, 0);
    rowset_fini(&set);
}

/* Numbers that nobody sent cost neither memory nor time. */
static void test_rowset__wild_numbers_are_cheap(void **state)
{
    struct rowset set = {0};
    struct pasar_buf buf = {0};

    (void)state;
    add(&set, ROWSET_MAX_ROW, ROWSET_MAX_ROW);
    add(&set, 1, 5000);
    add(&set, ROWSET_MAX_ROW / 3, ROWSET_MAX_ROW / 3 + 1);
    add(&set, ROWSET_MAX_ROW / 3, ROWSET_MAX_ROW / 3);
    assert_in_range(set.page_count, 3, 6);
    assert_missing(&set, UINT64_C(1) << 62, 9,
                   "5001-22906492244, 22906492247-68719476735, 68719476737-4611686018427387904");
    assert_int_equal(rowset_missing(&set, ROWSET_MAX_ROW - 1), ROWSET_MAX_ROW - 1 - 5002);
    assert_int_equal(rowset_missing(&set, 5001), 1);
    assert_int_equal(rowset_missing(&set, 4097), 0);
    rowset_add_doubled(&set, 9, &buf);
    assert_string_equal(pasar_buf_cstr(&buf), "22906492245");
    pasar_buf_fini(&buf);
    rowset_fini(&set);
}

/* Against a plain array of counts. */
static void test_rowset__any_order_gives_the_same_account(void **state)
{
    enum { LAST = 20000 };
    static uint8_t seen[LAST + 1];
    struct rowset set = {0};
    uint32_t dice = 1;
    uint64_t missing = 0;

    (void)state;
    for (int i = 0; i < 3 * LAST; i++) {
        uint64_t row = (dice = dice * 1664525 + 1013904223) % LAST + 1;

        assert_int_equal(rowset_add(&set, row), 0);
        seen[row] = 1;
    }
    for (uint64_t row = 1; row <= LAST; row++) {
        missing += seen[row] == 0;
        if (row % 97 == 0 || row == LAST)
            assert_int_equal(rowset_missing(&set, row), missing);
    }
    assert_int_equal(set.distinct, LAST - missing);
    assert_int_equal(set.distinct + set.doubled_count, 3 * LAST);
    rowset_fini(&set);
}

static void test_rowset__empty_set_misses_everything(void **state)
{
    struct rowset set = {0};

    (void)state;
    assert_int_equal(rowset_missing(&set, 7), 7);
    assert_missing(&set, 7, 3, "1-7");
    assert_missing(&set, 0, 3, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rowset__names_missing_numbers_as_ranges),
        cmocka_unit_test(test_rowset__names_doubled_numbers),
        cmocka_unit_test(test_rowset__refuses_impossible_numbers),
        cmocka_unit_test(test_rowset__wild_numbers_are_cheap),
        cmocka_unit_test(test_rowset__any_order_gives_the_same_account),
        cmocka_unit_test(test_rowset__empty_set_misses_everything),
    };

    return cmocka_run_group_tests_name("rowset", tests, NULL, NULL);
}
