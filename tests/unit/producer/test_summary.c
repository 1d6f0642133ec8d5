/* summary: the numbers add up, and the line says them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "producer/summary.h"

static struct summary good(void)
{
    struct summary summary = {.run = "r1", .rows_read = 10, .rejected = 1, .seconds = 0.5, .ended = true};

    summary.sink.accepted = 9;
    summary.sink.acknowledged = 7;
    summary.sink.failed = 2;
    summary.sink.uncertain = 1;
    return summary;
}

static void test_summary__adds_up(void **state)
{
    struct summary summary = good();
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_int_equal(summary_check(&summary, &err), 0);
}

static void test_summary__a_row_without_a_fate_is_a_bug(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct summary summary = good();

    (void)state;
    summary.rows_read++;
    assert_int_equal(summary_check(&summary, &err), -1);
    assert_int_equal(err.code, PASAR_EBUG);

    summary = good();
    summary.sink.failed--;
    pasar_err_clear(&err);
    assert_int_equal(summary_check(&summary, &err), -1);
}

static void test_summary__says_every_count(void **state)
{
    struct summary summary = good();
    struct pasar_buf buf = {0};

    (void)state;
    summary.nulls.missing[PASAR_COL_RATING] = 3;
    summary_add_text(&buf, &summary);
    assert_string_equal(pasar_buf_cstr(&buf),
                        "rows read 10, sent 9, acknowledged 7, failed 2, rejected 1 (1 of the failed may be stored); "
                        "nulls: rating 3; 0.50 s, 20 rows/s; run r1");
    pasar_buf_fini(&buf);
}

static void test_summary__says_why_cells_became_null(void **state)
{
    struct summary summary = good();
    struct pasar_buf buf = {0};

    (void)state;
    summary.nulls.missing[PASAR_COL_RATING] = 1;
    summary.nulls.unparseable[PASAR_COL_RATING] = 2;
    summary.nulls.out_of_range[PASAR_COL_RATING] = 3;
    summary.nulls.out_of_range[PASAR_COL_ACTUAL_PRICE] = 4;
    summary_add_text(&buf, &summary);
    assert_non_null(strstr(pasar_buf_cstr(&buf),
                           "; nulls: actual_price 4 (4 out of range), rating 6 (2 unparseable, 3 out of range); "));
    pasar_buf_fini(&buf);
}

static void test_summary__says_when_the_run_did_not_end(void **state)
{
    struct summary summary = good();
    struct pasar_buf buf = {0};

    (void)state;
    summary.ended = false;
    summary_add_text(&buf, &summary);
    assert_non_null(strstr(pasar_buf_cstr(&buf), "run r1 not ended"));
    pasar_buf_fini(&buf);
}

static void test_summary__a_dry_run_has_sent_nothing(void **state)
{
    struct summary summary = good();
    struct pasar_buf buf = {0};

    (void)state;
    summary.is_dry = true;
    summary_add_text(&buf, &summary);
    assert_string_equal(pasar_buf_cstr(&buf),
                        "rows read 10, would be sent 9, rejected 1; nulls: none; 0.50 s, 20 rows/s; "
                        "a dry run, nothing was sent");
    pasar_buf_reset(&buf);
    summary_add_metrics(&buf, &summary);
    assert_non_null(strstr(pasar_buf_cstr(&buf), "\npasar_producer_rows_sent_total 0\n"));
    assert_non_null(strstr(pasar_buf_cstr(&buf), "\npasar_producer_rows_acknowledged_total 0\n"));
    assert_non_null(strstr(pasar_buf_cstr(&buf), "\npasar_producer_run_ended 0\n"));
    pasar_buf_fini(&buf);
}

static void test_summary__metrics_carry_the_same_numbers(void **state)
{
    struct summary summary = good();
    struct pasar_buf buf = {0};

    (void)state;
    summary.nulls.missing[PASAR_COL_RATING] = 3;
    summary_add_metrics(&buf, &summary);
    assert_non_null(strstr(pasar_buf_cstr(&buf), "\npasar_producer_rows_read_total 10\n"));
    assert_non_null(strstr(pasar_buf_cstr(&buf), "\npasar_producer_rows_acknowledged_total 7\n"));
    assert_non_null(
        strstr(pasar_buf_cstr(&buf), "\npasar_producer_nulls_total{column=\"rating\",cause=\"missing\"} 3\n"));
    pasar_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary__adds_up),
        cmocka_unit_test(test_summary__a_row_without_a_fate_is_a_bug),
        cmocka_unit_test(test_summary__says_every_count),
        cmocka_unit_test(test_summary__says_why_cells_became_null),
        cmocka_unit_test(test_summary__says_when_the_run_did_not_end),
        cmocka_unit_test(test_summary__a_dry_run_has_sent_nothing),
        cmocka_unit_test(test_summary__metrics_carry_the_same_numbers),
    };

    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
