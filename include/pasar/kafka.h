/* The thin layer over librdkafka that producer and consumer share: configuration, logs, reachability. */
#ifndef PASAR_KAFKA_H
#define PASAR_KAFKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/options.h"

struct pasar_kafka_default {
    const char *key, *value;
};

/*
 * A librdkafka configuration: bootstrap.servers, client.id (the program's name) and `defaults` (closed by a NULL key)
 * first, then the user's -X properties over them. A value "@FILE" is replaced by that file's contents without the line
 * end. `forced` (may be NULL) stays as it is: a user's differing value for one of its keys or their aliases is refused
 * (PASAR_EUSAGE) with the reason; a key of it without a value cannot be set at all. librdkafka's log lines go to
 * pasar_log. NULL with err for an unknown property or a bad value. The caller owns the result; rd_kafka_new takes it on
 * success only.
 */
rd_kafka_conf_t *pasar_kafka_conf(const struct pasar_kafka_config *config, const char *client_id,
                                  const struct pasar_kafka_default *defaults, const struct pasar_kafka_default *forced,
                                  struct pasar_err *err) PASAR_MUSTCHECK;

/* rd_kafka_new with our error; `conf` is taken, also on failure. */
rd_kafka_t *pasar_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Waits until the cluster answers and tells the topic's partition count: > 0, 0 when the topic does not exist (yet;
 * asking may create it where the broker auto-creates), -1 with err (PASAR_EUNAVAILABLE, naming brokers and the last
 * cause) after timeout_ms or (PASAR_ETEMP) when a stop was requested. The errors of librdkafka met meanwhile are logged
 * at a limited rate.
 */
int pasar_kafka_partition_count(rd_kafka_t *rk, const char *brokers, const char *topic, int timeout_ms,
                                struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Creates the topic with `partitions` (replication: broker default). An existing one is fine. A broker without that
 * request (the mock cluster) is asked for the topic's metadata instead, which creates it there with the broker's own
 * partition count if `rk` is a producer. PASAR_EUNAVAILABLE when neither worked in time.
 */
int pasar_kafka_create_topic(rd_kafka_t *rk, const char *topic, int partitions, int timeout_ms,
                             struct pasar_err *err) PASAR_MUSTCHECK;

/* True when `name` may be a topic: 1..249 of [A-Za-z0-9._-], not "." or "..". */
bool pasar_kafka_is_topic_name(const char *name);

/* The text of header `name`: pointer into the message and length; false when absent. */
bool pasar_kafka_header(const rd_kafka_message_t *message, const char *name, const char **value, size_t *len);

#endif
