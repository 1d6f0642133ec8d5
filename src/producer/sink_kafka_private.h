/* What the two files of the Kafka sink share. */
#ifndef PRODUCER_SINK_KAFKA_PRIVATE_H
#define PRODUCER_SINK_KAFKA_PRIVATE_H

#include "pasar/buf.h"
#include "producer/partitioner.h"
#include "producer/sink_kafka.h"

struct sink_kafka {
    struct sink base; /* first: a sink is one of these */
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic, *dlq;
    const char *topic_name, *dlq_name;
    const char *brokers;
    const char *run;
    size_t run_len;
    struct checkpointer *acks; /* told of each acknowledgement; NULL = nobody */
    enum partitioner partitioner;
    int32_t partition_count;
    struct pasar_buf text; /* scratch for header values */
    unsigned since_poll;
    struct pasar_err failure; /* first failed delivery or fatal error */
    bool is_fatal;
    int64_t stop_ns; /* when waiting ends after a stop or a fatal error; 0 = neither yet */
};

extern const struct sink_ops sink_kafka_ops;

/* Callbacks of librdkafka, from rd_kafka_poll; opaque is the struct sink_kafka. */
void sink_kafka_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
void sink_kafka_on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque);

#endif
