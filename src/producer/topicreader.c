/* Reading the topic from given offsets. */
#include "producer/topicreader.h"

#include <inttypes.h>

#include "pasar/clock.h"
#include "pasar/kafka.h"
#include "pasar/stop.h"

enum { SLICE_MS = 100 };

static const struct pasar_kafka_default defaults[] = {
    {"log_level", "3"}, /* no warning for each of the producer's own properties among the user's */
    {"enable.partition.eof", "true"},
    {"auto.offset.reset", "error"},
    {"isolation.level", "read_uncommitted"}, /* our records are in no transaction; another's must not hold us up */
    {"fetch.wait.max.ms", "50"},
    {"check.crcs", "true"},
    {"reconnect.backoff.max.ms", "2000"},
    {"queued.max.messages.kbytes", "16384"},
    {NULL, NULL},
};

static void start_clock(struct topicreader *reader)
{
    reader->end_ns = pasar_clock_mono_ns() + (int64_t)(reader->config->connect_timeout * 1e9);
}

void topicreader_close(struct topicreader *reader)
{
    if (reader->queue != NULL)
        rd_kafka_queue_destroy(reader->queue);
    if (reader->topic != NULL)
        rd_kafka_topic_destroy(reader->topic);
    if (reader->rk != NULL)
        rd_kafka_destroy(reader->rk);
}

int topicreader_open(struct topicreader *reader, const struct producer_config *config, struct pasar_err *err)
{
    rd_kafka_conf_t *conf = pasar_kafka_conf(&config->kafka, "pasar-producer", defaults, NULL, err);

    *reader = (struct topicreader){.config = config};
    if (conf == NULL || (reader->rk = pasar_kafka_new(RD_KAFKA_CONSUMER, conf, err)) == NULL)
        return -1;
    reader->topic = rd_kafka_topic_new(reader->rk, config->kafka.topic, NULL);
    reader->queue = rd_kafka_queue_new(reader->rk);
    if (reader->topic == NULL || reader->queue == NULL) {
        topicreader_close(reader);
        return pasar_err_set(err, PASAR_EUNAVAILABLE, "topic %s cannot be read", config->kafka.topic);
    }
    start_clock(reader);
    return 0;
}

int topicreader_start(struct topicreader *reader, int32_t partition, int64_t offset, struct pasar_err *err)
{
    if (rd_kafka_consume_start_queue(reader->topic, partition, offset, reader->queue) == 0)
        return 0;
    return pasar_err_set(err, PASAR_EUNAVAILABLE, "topic %s [%" PRId32 "] cannot be read: %s",
                         reader->config->kafka.topic, partition, rd_kafka_err2str(rd_kafka_last_error()));
}

void topicreader_stop(struct topicreader *reader, int32_t partition)
{
    rd_kafka_consume_stop(reader->topic, partition);
}

rd_kafka_message_t *topicreader_next(struct topicreader *reader, int32_t *eof_partition, struct pasar_err *err)
{
    const char *topic = reader->config->kafka.topic;

    *eof_partition = -1;
    while (!pasar_stop_requested()) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(reader->queue, SLICE_MS);
        rd_kafka_resp_err_t code = message != NULL ? message->err : RD_KAFKA_RESP_ERR__TIMED_OUT;

        if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            start_clock(reader);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return message;
        if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            *eof_partition = message->partition;
        if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
            pasar_err_set(err, PASAR_EDATA, "topic %s [%" PRId32 "]: %s", topic, message->partition,
                          rd_kafka_message_errstr(message));
        if (message != NULL)
            rd_kafka_message_destroy(message);
        if (*eof_partition >= 0 || err->code != PASAR_OK)
            return NULL;
        if (pasar_clock_mono_ns() >= reader->end_ns) {
            pasar_err_set(err, PASAR_EUNAVAILABLE, "reading topic %s: nothing came for %g s (%s)", topic,
                          reader->config->connect_timeout, rd_kafka_err2str(code));
            return NULL;
        }
    }
    pasar_err_set(err, PASAR_ETEMP, "stopped while looking for what the topic already holds");
    return NULL;
}
