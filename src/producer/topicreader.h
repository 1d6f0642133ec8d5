/*
 * Reading the topic from given offsets. The plain consumer: no group, nothing committed, nothing left behind on the
 * broker.
 */
#ifndef PRODUCER_TOPICREADER_H
#define PRODUCER_TOPICREADER_H

#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "producer/config.h"

struct topicreader {
    const struct producer_config *config;
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    int64_t end_ns; /* until when the next sign of life is waited for */
};

/* A client for config->kafka.topic. 0, or -1 with err; topicreader_close only after 0. */
int topicreader_open(struct topicreader *reader, const struct producer_config *config,
                     struct pasar_err *err) PASAR_MUSTCHECK;
void topicreader_close(struct topicreader *reader);

/* Begins to read a partition, to be stopped before the reader is closed. 0, or -1 with err. */
int topicreader_start(struct topicreader *reader, int32_t partition, int64_t offset,
                      struct pasar_err *err) PASAR_MUSTCHECK;
void topicreader_stop(struct topicreader *reader, int32_t partition);

/*
 * The next record (the caller destroys it), or NULL with *eof_partition >= 0 when that one was read to its end, or NULL
 * with err. What time heals is waited for as long as --connect-timeout, which each sign of life begins anew.
 */
rd_kafka_message_t *topicreader_next(struct topicreader *reader, int32_t *eof_partition,
                                     struct pasar_err *err) PASAR_MUSTCHECK;

#endif
