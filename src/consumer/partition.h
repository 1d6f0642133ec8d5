/* One owned partition: its lock, the next offset, the open batch. */
#ifndef CONSUMER_PARTITION_H
#define CONSUMER_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/decode.h"
#include "consumer/publisher.h"
#include "pasar/batch.h"
#include "pasar/err.h"

struct partition {
    int32_t id;
    int lock_fd;                       /* -1: another process still holds it */
    bool is_ready;                     /* resumed: next_offset says where, messages are taken */
    int64_t next_offset;               /* of the next message to take */
    struct pasar_batch_writer *writer; /* the open batch, NULL when there is none */
    uint64_t messages;                 /* in the open batch */
    int64_t opened_ns;
    int64_t first_offset;                   /* where we began with it; -1: not yet */
    int64_t resumed_offset;                 /* where the last recovery left off */
    int64_t high;                           /* behind the last message that the broker is known to have */
    int64_t published_next, committed_next; /* behind what is safe; what the group was told (-1: nothing yet) */
};

/*
 * Puts a row or a reject into the open batch, opening one when needed; what it has gathered goes to the publisher. 0,
 * or -1 with err: the open batch is worthless then and waits for partition_drop.
 */
int partition_take(struct partition *partition, const char *dir, const rd_kafka_message_t *message, const char *topic,
                   const struct decoded *decoded, int64_t now_ns, struct publisher *publisher,
                   struct pasar_err *err) PASAR_MUSTCHECK;

/* Hands the open batch, if any, to the publisher. */
void partition_close(struct partition *partition, struct publisher *publisher);

/* Hands the end of a run over, as a range of its own (after partition_close). */
void partition_end(struct partition *partition, int64_t offset, const struct pasar_run_end *end,
                   struct publisher *publisher);

/* Drops the open batch; returns how many messages were in it. */
uint64_t partition_drop(struct partition *partition, struct publisher *publisher);

#endif
