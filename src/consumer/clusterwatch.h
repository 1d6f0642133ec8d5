/*
 * Whether the broker is still of the cluster that the directory belongs to. A broker that goes away may come back as
 * another cluster at the same address, whose offsets mean nothing here, and librdkafka reads on from it. So every new
 * connection makes what is read suspect until the broker has been asked once more.
 */
#ifndef CONSUMER_CLUSTERWATCH_H
#define CONSUMER_CLUSTERWATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

struct clusterwatch {
    char *claimed; /* the cluster of the directory; NULL before it is claimed, "" until the broker tells one */
    _Atomic uint64_t connected; /* connections begun so far; counted by librdkafka's threads */
    uint64_t verified;          /* of these, how many had been begun when the broker was last asked */
};

enum clusterwatch_answer { CLUSTERWATCH_SAME, CLUSTERWATCH_UNKNOWN, CLUSTERWATCH_OTHER };

/* {0} is a watch that knows nothing yet. */
void clusterwatch_fini(struct clusterwatch *watch);

/* Notes that the directory belongs to cluster `id` ("": not known so far). 0, or -1 with err: no memory. */
int clusterwatch_claim(struct clusterwatch *watch, const char *id, struct pasar_err *err) PASAR_MUSTCHECK;

/* To be called before each connection, in any thread. */
void clusterwatch_on_connect(struct clusterwatch *watch);

/*
 * True when no connection was begun since the last question. A message that was polled before this call came over one
 * of the connections that stood then.
 */
bool clusterwatch_is_sure(const struct clusterwatch *watch);

/*
 * Asks the broker, waiting at most `timeout_ms`. SAME: what is read from now on is sure; where no cluster was known,
 * this one is it from now on. UNKNOWN with err: no answer. OTHER with err (PASAR_EDATA), which names both clusters.
 */
enum clusterwatch_answer clusterwatch_ask(struct clusterwatch *watch, rd_kafka_t *rk, const char *topic, int timeout_ms,
                                          struct pasar_err *err);

#endif
