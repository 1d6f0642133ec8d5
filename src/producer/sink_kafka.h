/* The sink that matters: an idempotent librdkafka producer. */
#ifndef PRODUCER_SINK_KAFKA_H
#define PRODUCER_SINK_KAFKA_H

#include "producer/sink.h"

struct sink *sink_kafka_open(const struct producer_config *config, const char *run,
                             struct pasar_err *err) PASAR_MUSTCHECK;

#endif
