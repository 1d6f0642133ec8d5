/*
 * The partitions that the group gave us, from the rebalance callback to their release. "The directory is the log":
 * a partition is taken by its lock, resumed from the directory, and given back published or dropped. Start, rebalance
 * and repair after an I/O failure are the same code.
 */
#ifndef CONSUMER_ASSIGNMENT_H
#define CONSUMER_ASSIGNMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "consumer/batcher.h"
#include "consumer/clusterwatch.h"
#include "consumer/config.h"
#include "consumer/endwatch.h"
#include "consumer/meta.h"
#include "consumer/partition.h"
#include "consumer/publisher.h"
#include "consumer/stats.h"
#include "pasar/err.h"

struct assignment {
    const struct consumer_config *config;
    rd_kafka_t *rk;
    struct publisher *publisher;
    struct endwatch *endwatch; /* NULL unless --exit-at-end */
    struct stats *stats;
    struct batcher_limits limits;
    struct clusterwatch cluster;        /* asked before anything is resumed */
    char directory_id[META_ID_LEN + 1]; /* in the metadata of our commits */
    struct partition *partitions;
    size_t count;
    bool needs_recovery; /* some partition is not ready */
    bool assign_due;     /* a partition became ready and librdkafka does not know yet */
    bool is_failed;      /* the last failure still waits for its recovery: nothing is consumed */
    bool is_closing;     /* no new partitions are taken */
    bool is_held;        /* nothing is fetched until the disk has caught up */
    int64_t retry_ns;    /* not before */
    int backoff_ms;
    int64_t assigned_ns, committed_ns;
};

/* Members up to `stats` are set by the caller. */
void assignment_init(struct assignment *assignment);

/* Drops open batches and releases locks; the publisher must be idle or gone. */
void assignment_fini(struct assignment *assignment);

/* For rd_kafka_conf_set_rebalance_cb; `opaque` is the assignment. */
void assignment_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
                             void *opaque);

/* For connection_events.on_connect; `opaque` is the assignment. */
void assignment_on_connect(void *opaque);

/*
 * True when what has just been polled came from the cluster that the directory belongs to, which costs a question only
 * after a new connection. False: it must not be taken; everything is resumed later, or recovery will say why not.
 */
bool assignment_is_sure(struct assignment *assignment) PASAR_MUSTCHECK;

/*
 * Makes partitions ready that are not: lock, clean, resume, assign. Does nothing when there are none or it is not time
 * yet. What can heal by itself is retried later. -1 with err when it cannot: data lost or topic replaced.
 */
int assignment_recover(struct assignment *assignment, int64_t now_ns, struct pasar_err *err) PASAR_MUSTCHECK;

/* A ready partition of ours, or NULL. */
struct partition *assignment_find(struct assignment *assignment, int32_t partition);

/*
 * To be called between turns. When the disk is behind for longer than a moment, librdkafka is told to fetch nothing
 * until it has caught up, so that polling, and with it the place in the group and a stop, never waits for the disk.
 */
void assignment_throttle(struct assignment *assignment);

/* Something could not be written: drops every open batch, stops reading, and recovers after a pause that doubles. */
void assignment_fail(struct assignment *assignment, const struct pasar_err *cause);

/* Takes one partition back to its last published state (its open batch is published first). */
void assignment_restart_partition(struct assignment *assignment, struct partition *partition);

/* Counts what the publisher has finished. */
void assignment_collect(struct assignment *assignment);

/* Closes batches that have reached their age; returns how long (<= most_ms) nothing will be due. */
int assignment_close_due(struct assignment *assignment, int64_t now_ns, int most_ms);

void assignment_close_all(struct assignment *assignment);

/* True when every partition of ours is ready and nothing has failed. */
bool assignment_is_steady(const struct assignment *assignment);

/* Drops every open batch without publishing. */
void assignment_drop_all(struct assignment *assignment);

#endif
