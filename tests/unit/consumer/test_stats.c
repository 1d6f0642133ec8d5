/* stats: each lost offset is counted once, whatever is recovered how often. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "consumer/stats.h"

static void test_stats__counts_each_lost_offset_once(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct stats stats;

    (void)state;
    assert_int_equal(stats_init(&stats, false, &err), 0);
    assert_int_equal(stats_add_lost(&stats, 3, 10, 15), 5);
    assert_int_equal(stats_add_lost(&stats, 3, 10, 15), 0);
    assert_int_equal(stats_add_lost(&stats, 3, 10, 18), 3);
    assert_int_equal(stats_add_lost(&stats, 0, 10, 15), 5);
    assert_int_equal(stats_add_lost(&stats, 3, 0, 2), 0);
    assert_int_equal(stats.counts[STAT_LOST], 13);
    stats_fini(&stats);
}

static void test_stats__shows_the_lag_of_each_partition(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_buf text = {0};
    struct stats stats;

    (void)state;
    assert_int_equal(stats_init(&stats, true, &err), 0);
    stats_set_lag(&stats, "t", 1, 7);
    stats_set_lag(&stats, "t", 0, 3);
    stats_set_lag(&stats, "t", 1, -2);
    stats_set_open_age(&stats, INT64_C(1500000000));
    pasar_metrics_render(stats.metrics, &text);
    assert_non_null(pasar_buf_cstr(&text));
    assert_non_null(strstr(text.data, "\npasar_consumer_lag{topic=\"t\",partition=\"0\"} 3\n"));
    assert_non_null(strstr(text.data, "\npasar_consumer_lag{topic=\"t\",partition=\"1\"} 0\n"));
    assert_non_null(strstr(text.data, "\npasar_consumer_open_batch_age_seconds 1.5\n"));
    pasar_buf_fini(&text);
    stats_fini(&stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stats__counts_each_lost_offset_once),
        cmocka_unit_test(test_stats__shows_the_lag_of_each_partition),
    };

    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
