/* How the Kafka sink is opened: settings, the wait for a broker, the topic. */
#include <stdlib.h>

#include "pasar/clock.h"
#include "pasar/kafka.h"
#include "pasar/log.h"
#include "pasar/stop.h"
#include "producer/sink_kafka_private.h"

/* linger and batch sizes are for throughput; a catalogue is not waiting for one row. */
static const struct pasar_kafka_default defaults[] = {
    {"compression.codec", "lz4"},
    {"linger.ms", "20"},
    {"batch.size", "1000000"},
    {"queue.buffering.max.kbytes", "32768"},
    {"queue.buffering.max.messages", "50000"},
    {"message.timeout.ms", "0"},          /* a row never expires: an outage of any length costs time, not rows */
    {"reconnect.backoff.max.ms", "2000"}, /* and little of it once the broker is back */
    {"topic.metadata.refresh.interval.ms", "60000"},
    {NULL, NULL},
};

static const struct pasar_kafka_default forced[] = {
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"transactional.id", NULL}, /* rows would wait for a transaction that nobody begins */
    {NULL, NULL},
};

/*
 * Finds out how many partitions the topic has. It is created first when that was asked for: a mere question would make
 * a broker that creates topics by itself create it with as many partitions as it likes.
 */
static int find_partitions(struct sink_kafka *k, const struct producer_config *config, struct pasar_err *err)
{
    int64_t deadline_ns = pasar_clock_mono_ns() + (int64_t)(config->connect_timeout * 1e9);
    int count = 0;

    if (config->create_topic && pasar_kafka_create_topic(k->rk, k->topic_name, (int)config->partitions,
                                                         (int)(config->connect_timeout * 1000), err) != 0)
        return pasar_err_context(err, "Kafka at %s", k->brokers);
    for (;;) {
        int left_ms = (int)((deadline_ns - pasar_clock_mono_ns() + 999999) / 1000000);

        count = pasar_kafka_partition_count(k->rk, k->brokers, k->topic_name, left_ms > 100 ? left_ms : 100, err);
        if (count < 0)
            return -1;
        if (count > 0)
            break;
        if (pasar_clock_mono_ns() >= deadline_ns)
            return pasar_err_set(
                err, PASAR_EUNAVAILABLE,
                "topic %s does not exist at %s and the broker creates none by itself: use --create-topic",
                k->topic_name, k->brokers);
        if (pasar_stop_wait(200))
            return pasar_err_set(err, PASAR_ETEMP, "stopped while waiting for topic %s", k->topic_name);
    }
    k->partition_count = count;
    return 0;
}

static rd_kafka_conf_t *make_conf(const struct producer_config *config, struct pasar_err *err)
{
    return pasar_kafka_conf(&config->kafka, "pasar-producer", defaults, forced, err);
}

static int connect_kafka(struct sink_kafka *k, const struct producer_config *config, struct pasar_err *err)
{
    rd_kafka_conf_t *conf = make_conf(config, err);

    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_opaque(conf, k);
    rd_kafka_conf_set_dr_msg_cb(conf, sink_kafka_on_delivery);
    rd_kafka_conf_set_error_cb(conf, sink_kafka_on_error);
    k->rk = pasar_kafka_new(RD_KAFKA_PRODUCER, conf, err);
    if (k->rk == NULL || find_partitions(k, config, err) != 0)
        return -1;
    k->topic = rd_kafka_topic_new(k->rk, k->topic_name, NULL);
    if (config->on_error == ON_ERROR_DLQ)
        k->dlq = rd_kafka_topic_new(k->rk, k->dlq_name, NULL);
    if (k->topic == NULL || (config->on_error == ON_ERROR_DLQ && k->dlq == NULL))
        return pasar_err_set(err, PASAR_EUNAVAILABLE, "topic %s: %s", k->topic_name,
                             rd_kafka_err2str(rd_kafka_last_error()));
    pasar_info("connected to %s, topic %s has %d partitions", k->brokers, k->topic_name, k->partition_count);
    return 0;
}

rd_kafka_t *sink_kafka_client(struct sink *sink)
{
    return ((struct sink_kafka *)sink)->rk;
}

int32_t sink_kafka_partition_count(const struct sink *sink)
{
    return ((const struct sink_kafka *)sink)->partition_count;
}

int sink_kafka_check(const struct producer_config *config, struct pasar_err *err)
{
    rd_kafka_conf_t *conf = make_conf(config, err);

    if (conf == NULL)
        return -1;
    rd_kafka_conf_destroy(conf);
    return 0;
}

struct sink *sink_kafka_open(const struct producer_config *config, struct pasar_err *err)
{
    struct sink_kafka *k = calloc(1, sizeof(*k));

    if (k == NULL) {
        pasar_err_nomem(err, "Kafka sink");
        return NULL;
    }
    k->base.ops = &sink_kafka_ops;
    k->topic_name = config->kafka.topic;
    k->dlq_name = config->dlq_topic;
    k->brokers = config->kafka.brokers;
    k->base.end_partition = -1;
    k->run = "";
    k->partitioner = (enum partitioner)config->partitioner;
    if (connect_kafka(k, config, err) != 0) {
        sink_free(&k->base);
        return NULL;
    }
    return &k->base;
}
