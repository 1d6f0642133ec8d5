/* What the publisher's two files share. */
#ifndef CONSUMER_PUBLISHER_PRIVATE_H
#define CONSUMER_PUBLISHER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "consumer/publisher.h"

enum { PUBLISHER_THREADS_MAX = 16 };

enum publisher_stage {
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

struct publisher {
    const char *dir, *topic;
    pthread_mutex_t mutex;
    pthread_cond_t work, sealed, progress;        /* a job came; a stage changed; a job is done */
    pthread_t threads[PUBLISHER_THREADS_MAX + 1]; /* the first is the committer */
    int thread_count;
    struct publisher_item **line; /* unfinished jobs, in the order of submission; only the committer takes out */
    size_t line_cap;
    _Atomic size_t line_count; /* changed under the mutex */
    struct publisher_item *results, **results_end;
    bool failed, closing;
    uint64_t syncs_wanted, syncs_done; /* of the directory, by publisher_sync */
    struct pasar_err sync_err;         /* of the last one */
};

/* The committer's thread: gives sealed batches their names, until the publisher closes. `arg` is the publisher. */
void *publisher_committer(void *arg);

#endif
