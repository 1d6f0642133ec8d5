/* The librdkafka consumer: its settings, the wait for broker and topic, and an end that cannot hang. */
#ifndef CONSUMER_CONNECTION_H
#define CONSUMER_CONNECTION_H

#include <librdkafka/rdkafka.h>

#include "consumer/clusterwatch.h"
#include "consumer/config.h"
#include "consumer/meta.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

typedef void (*connection_rebalance_fn)(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
                                        void *opaque);

/* Who is told what happens to the connection; `opaque` is given to each. */
struct connection_events {
    connection_rebalance_fn on_rebalance;
    void (*on_connect)(void *opaque); /* before each connection to a broker, in a thread of librdkafka */
    void *opaque;
};

enum { CONNECTION_QUEUE_KIB = 16384 }; /* fetched and not yet taken */

/* A consumer of the configured group, not yet subscribed; `events` (kept by reference) are told. NULL with err. */
rd_kafka_t *connection_open(const struct consumer_config *config, const struct connection_events *events,
                            struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Waits for the broker (at most --connect-timeout) and for the topic (as long as it takes, saying so), makes sure that
 * the directory belongs to this cluster, topic and group, and joins the group; with --partitions it gives these to
 * `on_rebalance` instead, as if the group had. `directory_id` receives the directory's name (meta.h), `cluster` the
 * cluster that it belongs to. 0, or -1 with err.
 */
int connection_subscribe(rd_kafka_t *rk, const struct consumer_config *config, const struct connection_events *events,
                         char directory_id[META_ID_LEN + 1], struct clusterwatch *cluster,
                         struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * rd_kafka_assign, after which another may follow at once. librdkafka 2.0.2 takes it for a bug of its own, and aborts,
 * when a partition is taken away again before its fetcher has told that it stopped; so this waits until all have.
 */
rd_kafka_resp_err_t connection_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list);

/* Makes librdkafka fetch on at once. To be called for every quarter of CONNECTION_QUEUE_KIB taken out of its queue. */
void connection_nudge(rd_kafka_t *rk);

/*
 * Leaves the group, waiting at most timeout_ms for that, and destroys `rk`. False when the broker did not answer in
 * time: librdkafka would wait on, so `rk` is left as it is and its threads end with the process.
 */
bool connection_close(rd_kafka_t *rk, int timeout_ms) PASAR_MUSTCHECK;

#endif
