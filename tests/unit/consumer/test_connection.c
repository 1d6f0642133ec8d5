/* Assignments that follow each other faster than fetchers stop; librdkafka's mock cluster is the broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consumer/connection.h"

static void assign(rd_kafka_t *rk, int count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);

    for (int32_t p = 0; p < count; p++)
        rd_kafka_topic_partition_list_add(list, "t", p)->offset = 0;
    assert_int_equal(connection_assign(rk, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
}

static void test_connection__assignments_may_follow_each_other_at_once(void **state)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];
    rd_kafka_t *rk;

    (void)state;
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", why, sizeof(why));
    rd_kafka_conf_set(conf, "group.id", "g", why, sizeof(why));
    rd_kafka_conf_set(conf, "enable.auto.commit", "false", why, sizeof(why));
    rd_kafka_conf_set(conf, "log_level", "3", why, sizeof(why));
    rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    assert_non_null(rk);
    rd_kafka_poll_set_consumer(rk);
    for (int i = 0; i < 300; i++) {
        rd_kafka_message_t *message;

        assign(rk, 4);
        message = rd_kafka_consumer_poll(rk, i % 3); /* time for fetchers to start */
        if (message != NULL)
            rd_kafka_message_destroy(message);
        assign(rk, 4);
        assert_int_equal(connection_assign(rk, NULL), RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_connection__assignments_may_follow_each_other_at_once)};

    return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
