/*
 * pasar-close-static BROKERS TOPIC COUNT: joins COUNT groups one after the other as a static member and leaves each
 * again the way the consumer does. A static member does not say goodbye, so that librdkafka's group thread ends the
 * moment it has its partitions back: one close in fifty hung where that was waited for with a question.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "consumer/connection.h"

static bool is_assigned;

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    (void)opaque;
    is_assigned = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    (void)connection_assign(rk, is_assigned ? list : NULL);
}

static rd_kafka_t *join(const char *brokers, const char *topic, int n)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    char group[64], why[256];
    rd_kafka_t *rk;

    snprintf(group, sizeof(group), "close-%d-%d", (int)getpid(), n);
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof(why));
    rd_kafka_conf_set(conf, "group.id", group, why, sizeof(why));
    rd_kafka_conf_set(conf, "group.instance.id", "member", why, sizeof(why));
    rd_kafka_conf_set(conf, "session.timeout.ms", "6000", why, sizeof(why));
    rd_kafka_conf_set(conf, "enable.auto.commit", "false", why, sizeof(why));
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    if (rk == NULL) {
        fprintf(stderr, "%s\n", why);
        exit(EX_OSERR);
    }
    rd_kafka_poll_set_consumer(rk);
    rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return rk;
}

static void poll_once(rd_kafka_t *rk, int timeout_ms)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, timeout_ms);

    if (message != NULL)
        rd_kafka_message_destroy(message);
}

int main(int argc, char **argv)
{
    int count = argc == 4 ? atoi(argv[3]) : 0;

    if (count <= 0) {
        fputs("usage: pasar-close-static BROKERS TOPIC COUNT\n", stderr);
        return EX_USAGE;
    }
    for (int n = 0; n < count; n++) {
        rd_kafka_t *rk = join(argv[1], argv[2], n);

        for (is_assigned = false; !is_assigned;)
            poll_once(rk, 50);
        for (int i = 0; i < n % 4; i++) /* fetchers started, or not */
            poll_once(rk, 1);
        if (!connection_close(rk, 2000)) {
            fprintf(stderr, "group %d was not left in time\n", n);
            return EX_TEMPFAIL;
        }
    }
    return EX_OK;
}
