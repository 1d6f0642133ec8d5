/*
 * Publishes closed batches in threads of their own, so that reading goes on while a disk syncs.
 *
 * Invariants: batches of one partition are published in the order of submission; once one job fails, every job not yet
 * begun is dropped until publisher_reset. So a partition never has a later range without all earlier ones.
 */
#ifndef CONSUMER_PUBLISHER_H
#define CONSUMER_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/batch.h"
#include "pasar/err.h"

struct publisher_job {
    int32_t partition;
    int64_t next_offset;               /* behind the range */
    struct pasar_batch_writer *writer; /* NULL: the end of a run at next_offset - 1 */
    struct pasar_batch_stats stats;
    struct pasar_run_end end;
};

enum publisher_outcome { PUBLISHED, PUBLISH_FAILED, PUBLISH_DROPPED };

struct publisher_result {
    struct publisher_job job; /* its writer is gone (NULL) */
    bool is_end;
    enum publisher_outcome outcome;
    struct pasar_err err; /* FAILED */
};

struct publisher;

/*
 * Starts `threads` threads that sync what is to be published into `dir` (kept by reference, as is `topic`), and one
 * that names it. NULL with err.
 */
struct publisher *publisher_new(const char *dir, const char *topic, int threads, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Takes the block that an open batch has gathered (pasar_batch_writer_has_block) and writes it in another thread,
 * behind the batch's blocks before. At once; publisher_has_room is the caller's business. When it cannot be written, or
 * memory runs out, publisher_has_failed tells, and the batch cannot be published.
 */
void publisher_write(struct publisher *publisher, struct pasar_batch_writer *writer);

/* Drops an open batch, as soon as none of its blocks is being written. At once. */
void publisher_drop(struct publisher *publisher, struct pasar_batch_writer *writer);

/* Takes a job and its writer, in every case, and at once; publisher_has_room is the caller's business. */
void publisher_submit(struct publisher *publisher, const struct publisher_job *job);

enum { PUBLISHER_ROOM = 32 }; /* jobs under way that keep the disk busy; more only cost memory */

/* True when fewer than `most` jobs are waiting or running, and as few blocks for their size. Cheap. */
bool publisher_has_room(const struct publisher *publisher, size_t most);

/* The same, after waiting up to `timeout_ms` for it. */
bool publisher_wait_room(struct publisher *publisher, size_t most, int timeout_ms);

/* The next result, if there is one. False: none at the moment. */
bool publisher_take(struct publisher *publisher, struct publisher_result *result) PASAR_MUSTCHECK;

/* Waits until no block, job or sync is waiting or running, at most `timeout_ms`. False when time ran out. */
bool publisher_wait_idle(struct publisher *publisher, int timeout_ms);

/*
 * Makes durable what the directory shows, after everything that was named before the call. 0; -1 with err: it failed,
 * or (PASAR_ETEMP) the disk needs longer than timeout_ms; the next call begins anew.
 */
int publisher_sync(struct publisher *publisher, int timeout_ms, struct pasar_err *err) PASAR_MUSTCHECK;

/* True from the first failure (*err says which) until publisher_reset: nothing is published meanwhile. */
bool publisher_has_failed(struct publisher *publisher, struct pasar_err *err);

/* Forgets a failure; only when idle. */
void publisher_reset(struct publisher *publisher);

/* Ends the threads; waiting jobs are dropped. Blocks while a sync is under way. NULL is fine. */
void publisher_free(struct publisher *publisher);

#endif
