/* What the publisher's files share. */
#ifndef CONSUMER_PUBLISHER_PRIVATE_H
#define CONSUMER_PUBLISHER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "consumer/publisher.h"
#include "pasar/buf.h"

enum {
    PUBLISHER_THREADS_MAX = 16,
    PUBLISHER_BLOCKS = 32 /* of 240 KiB, on their way to the files: room for a disk that pauses */
};

enum publisher_stage {
    WRITING, /* blocks of it are in the queue */
    WAITING, /* for a thread that seals it */
    SEALING,
    SEALED,    /* synced under hidden names */
    TWINS_OUT, /* its twins have their names, durably */
    BROKEN     /* could not be sealed or named: fails when it is the first of its partition */
};

/* What the committer does with an item in a round. */
enum publisher_deed { NOTHING, REVEAL_TWINS, REVEAL };

struct publisher_item {
    struct publisher_result result;
    enum publisher_stage stage;
    enum publisher_deed deed;
    int status; /* of the deed */
    struct publisher_item *next;
};

/* A block of an open batch, on its way to the file. */
struct publisher_block {
    struct pasar_buf bytes;
    struct pasar_batch_writer *writer;
    struct publisher_item *item; /* the batch was submitted behind this block; NULL */
    bool is_dropped;             /* the batch ends with this block, unpublished */
    struct publisher_block *next;
};

struct publisher {
    const char *dir, *topic;
    pthread_mutex_t mutex;
    pthread_cond_t blocks_came, work, sealed, progress; /* …; a job came; a stage changed; a job or block is done */
    pthread_t threads[PUBLISHER_THREADS_MAX + 2];       /* the first are the committer and the writer */
    int thread_count;
    struct publisher_item **line; /* unfinished jobs, in the order of submission; only the committer takes out */
    size_t line_cap;
    _Atomic size_t line_count; /* changed under the mutex */
    struct publisher_item *results, **results_end;
    struct publisher_block *blocks, **blocks_end; /* to be written; the first may be with the writer */
    _Atomic size_t block_count;                   /* changed under the mutex */
    struct publisher_block *spares;
    size_t spare_count;
    bool failed, closing;
    struct pasar_err failure;          /* the first */
    uint64_t syncs_wanted, syncs_done; /* of the directory, by publisher_sync */
    struct pasar_err sync_err;         /* of the last one */
};

/* Notes a failure: nothing is published until publisher_reset. Called with the mutex. */
void publisher_fail(struct publisher *publisher, const struct pasar_err *err);

/* The writer's thread: writes blocks, until the publisher closes. `arg` is the publisher. */
void *publisher_writer(void *arg);

/* Sees to it that the item waits to be sealed once its last block is written; false: it can now. Called with the mutex.
 */
bool publisher_defer(struct publisher *publisher, struct publisher_item *item);

void publisher_free_spares(struct publisher *publisher);

/* The committer's thread: gives sealed batches their names, until the publisher closes. `arg` is the publisher. */
void *publisher_committer(void *arg);

#endif
