/* clusterwatch: a broker of another cluster is found out; librdkafka's mock cluster is the broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consumer/clusterwatch.h"

enum { ANSWER_MS = 20000 };

static int setup(void **state)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", why, sizeof(why));
    rd_kafka_conf_set(conf, "log_level", "3", why, sizeof(why));
    *state = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    return *state != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    rd_kafka_destroy(*state);
    return 0;
}

static void test_clusterwatch__the_claimed_cluster_is_told_from_others(void **state)
{
    rd_kafka_t *rk = *state;
    char *id = rd_kafka_clusterid(rk, ANSWER_MS);
    struct clusterwatch watch = {0};
    struct pasar_err err = PASAR_ERR_INIT;

    assert_non_null(id);
    assert_int_equal(clusterwatch_claim(&watch, id, &err), 0);
    assert_int_equal(clusterwatch_ask(&watch, rk, "t", ANSWER_MS, &err), CLUSTERWATCH_SAME);
    assert_int_equal(clusterwatch_claim(&watch, "another", &err), 0);
    assert_int_equal(clusterwatch_ask(&watch, rk, "t", ANSWER_MS, &err), CLUSTERWATCH_OTHER);
    assert_int_equal(err.code, PASAR_EDATA);
    assert_non_null(strstr(err.msg, id));
    assert_non_null(strstr(err.msg, "another"));
    clusterwatch_fini(&watch);
    rd_kafka_mem_free(rk, id);
}

static void test_clusterwatch__an_unknown_cluster_is_the_first_that_answers(void **state)
{
    rd_kafka_t *rk = *state;
    char *id = rd_kafka_clusterid(rk, ANSWER_MS);
    struct clusterwatch watch = {0};
    struct pasar_err err = PASAR_ERR_INIT;

    assert_non_null(id);
    assert_int_equal(clusterwatch_claim(&watch, "", &err), 0);
    assert_int_equal(clusterwatch_ask(&watch, rk, "t", ANSWER_MS, &err), CLUSTERWATCH_SAME);
    assert_string_equal(watch.claimed, id);
    clusterwatch_fini(&watch);
    rd_kafka_mem_free(rk, id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_clusterwatch__the_claimed_cluster_is_told_from_others),
        TEST(test_clusterwatch__an_unknown_cluster_is_the_first_that_answers),
    };

    return cmocka_run_group_tests_name("clusterwatch", tests, NULL, NULL);
}
