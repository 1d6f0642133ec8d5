/* The sink that matters: an idempotent librdkafka producer. */
#ifndef PRODUCER_SINK_KAFKA_H
#define PRODUCER_SINK_KAFKA_H

#include <librdkafka/rdkafka.h>

#include "producer/sink.h"

/* Connects, and waits for the topic as long as the options say. NULL with err. */
struct sink *sink_kafka_open(const struct producer_config *config, struct pasar_err *err) PASAR_MUSTCHECK;

/* Whether sink_kafka_open would accept the options, without a broker: 0, or -1 with err naming the one it refuses. */
int sink_kafka_check(const struct producer_config *config, struct pasar_err *err) PASAR_MUSTCHECK;

/* Of such a sink: its client, and how many partitions the topic has. */
rd_kafka_t *sink_kafka_client(struct sink *sink);
int32_t sink_kafka_partition_count(const struct sink *sink);

#endif
