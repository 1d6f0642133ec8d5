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

static void on_connect(void *opaque)
{
    (void)opaque;
}

static rd_kafka_t *join(char *brokers, char *topic, int n)
{
    static const struct connection_events events = {on_rebalance, on_connect, NULL};
    char *values[] = {"group.instance.id=member", "session.timeout.ms=6000"}, *sources[] = {"-X", "-X"};
    char group[64];
    const struct consumer_config config = {
        .kafka = {.brokers = brokers, .topic = topic, .properties = {values, sources, PASAR_ARRAY_LEN(values)}},
        .group = group,
    };
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    struct pasar_err err = PASAR_ERR_INIT;
    rd_kafka_t *rk;

    snprintf(group, sizeof(group), "close-%d-%d", (int)getpid(), n);
    rk = connection_open(&config, &events, &err);
    if (rk == NULL) {
        fprintf(stderr, "%s\n", err.msg);
        exit(EX_OSERR);
    }
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
