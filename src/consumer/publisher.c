/*
 * Publishes closed batches in threads of their own, so that reading goes on while a disk syncs.
 *
 * A disk that takes 5 ms for one sync takes hardly longer for sixteen at a time, so the files of batches are synced by
 * several threads at once, in any order (sealing). One more thread, the committer, gives them their names, in the order
 * of submission and in rounds that share a sync of the directory: a round reveals the first batch of each partition
 * whose twins the round before has made durable, and the twins of all further sealed batches. So each partition has at
 * most one .csv whose name a power loss could undo, and never a later one without the earlier.
 */
#include "consumer/publisher.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pasar/atomicfile.h"

enum { THREADS_MAX = 16, ROUND_MAX = 32 };

enum stage {
    WAITING, /* for a thread that seals it */
    SEALING,
    SEALED,    /* synced under hidden names */
    TWINS_OUT, /* its twins have their names, durably */
    BROKEN     /* could not be sealed or named: fails when it is the first of its partition */
};

/* What the committer does with an item in a round. */
enum deed { NOTHING, REVEAL_TWINS, REVEAL };

struct queued {
    struct publisher_result result;
    enum stage stage;
    enum deed deed;
    int status; /* of the deed */
    struct queued *next;
};

struct publisher {
    const char *dir, *topic;
    pthread_mutex_t mutex;
    pthread_cond_t work, sealed, progress; /* a job came; a stage changed; a job is done */
    pthread_t threads[THREADS_MAX + 1];    /* the first is the committer */
    int thread_count;
    struct queued **line; /* unfinished jobs, in the order of submission; only the committer takes out */
    size_t line_cap;
    _Atomic size_t line_count; /* changed under the mutex */
    struct queued *results, **results_end;
    bool failed, closing;
    uint64_t syncs_wanted, syncs_done; /* of the directory, by publisher_sync */
    struct pasar_err sync_err;         /* of the last one */
};

/* The next job to be sealed, or NULL. */
static struct queued *next_waiting(const struct publisher *publisher)
{
    for (size_t i = 0; i < publisher->line_count; i++)
        if (publisher->line[i]->stage == WAITING)
            return publisher->line[i];
    return NULL;
}

static void *seal_jobs(void *arg)
{
    struct publisher *publisher = arg;

    pthread_mutex_lock(&publisher->mutex);
    for (;;) {
        struct queued *item = publisher->failed ? NULL : next_waiting(publisher);
        int status;

        if (publisher->closing)
            break;
        if (item == NULL) {
            pthread_cond_wait(&publisher->work, &publisher->mutex);
            continue;
        }
        item->stage = SEALING;
        pthread_mutex_unlock(&publisher->mutex);
        status = pasar_batch_writer_seal(item->result.job.writer, &item->result.err);
        pthread_mutex_lock(&publisher->mutex);
        item->stage = status == 0 ? SEALED : BROKEN;
        pthread_cond_signal(&publisher->sealed);
    }
    pthread_mutex_unlock(&publisher->mutex);
    return NULL;
}

/* True when one of the first `count` jobs of the line is of that partition. */
static bool has_partition(const struct publisher *publisher, size_t count, int32_t partition)
{
    for (size_t i = 0; i < count; i++)
        if (publisher->line[i]->result.job.partition == partition)
            return true;
    return false;
}

/* Fills `round` with what can be done now. Returns how many that is. */
static size_t plan_round(struct publisher *publisher, struct queued *round[ROUND_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < publisher->line_count && count < ROUND_MAX; i++) {
        struct queued *item = publisher->line[i];
        bool is_first = !has_partition(publisher, i, item->result.job.partition);

        item->deed = NOTHING;
        item->status = 0;
        if (item->stage == SEALED && !item->result.is_end)
            item->deed = REVEAL_TWINS;
        else if (is_first && (item->stage == TWINS_OUT || item->stage == SEALED))
            item->deed = REVEAL;
        if (item->deed != NOTHING)
            round[count++] = item;
    }
    return count;
}

static void do_deed(const struct publisher *publisher, struct queued *item)
{
    struct publisher_job *job = &item->result.job;
    struct pasar_err *err = &item->result.err;

    if (item->deed == REVEAL_TWINS)
        item->status = pasar_batch_writer_reveal_twins(job->writer, err);
    else if (item->result.is_end)
        item->status = pasar_batch_publish_end(publisher->dir, publisher->topic, job->partition, job->next_offset - 1,
                                               &job->end, err);
    else
        item->status = pasar_batch_writer_reveal(job->writer, err);
}

/* Called without the mutex: what has a deed belongs to the committer. */
static void run_round(struct publisher *publisher, struct queued *round[ROUND_MAX], size_t count)
{
    struct pasar_err err = PASAR_ERR_INIT;

    for (size_t i = 0; i < count; i++)
        do_deed(publisher, round[i]);
    if (pasar_atomicfile_sync_dir(publisher->dir, &err) == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (round[i]->status == 0) {
            round[i]->status = -1;
            round[i]->result.err = err;
        }
    }
}

static void finish(struct publisher *publisher, struct queued *item, enum publisher_outcome outcome)
{
    item->result.outcome = outcome;
    pasar_batch_writer_abort(item->result.job.writer); /* once it is published, only memory is left of it */
    item->result.job.writer = NULL;
    item->next = NULL;
    *publisher->results_end = item;
    publisher->results_end = &item->next;
    pthread_cond_broadcast(&publisher->progress);
}

/* Takes out of the line what the round has published, and the first failure of each partition. */
static void settle_round(struct publisher *publisher)
{
    size_t kept = 0;

    for (size_t i = 0; i < publisher->line_count; i++) {
        struct queued *item = publisher->line[i];
        enum deed deed = item->deed;

        item->deed = NOTHING;
        if (deed != NOTHING && item->status != 0)
            item->stage = BROKEN;
        else if (deed == REVEAL_TWINS)
            item->stage = TWINS_OUT;
        if (deed == REVEAL && item->status == 0) {
            finish(publisher, item, PUBLISHED);
        } else if (item->stage == BROKEN && !has_partition(publisher, kept, item->result.job.partition)) {
            finish(publisher, item, publisher->failed ? PUBLISH_DROPPED : PUBLISH_FAILED);
            publisher->failed = true;
        } else {
            publisher->line[kept++] = item;
        }
    }
    publisher->line_count = kept;
}

/* Drops everything that no other thread has in its hands. */
static void drop_line(struct publisher *publisher)
{
    size_t kept = 0;

    for (size_t i = 0; i < publisher->line_count; i++) {
        struct queued *item = publisher->line[i];

        if (item->stage == SEALING)
            publisher->line[kept++] = item;
        else
            finish(publisher, item, PUBLISH_DROPPED);
    }
    publisher->line_count = kept;
}

/* Does what publisher_sync waits for. Called with the mutex, and gives it away meanwhile. */
static void sync_directory(struct publisher *publisher)
{
    uint64_t wanted = publisher->syncs_wanted;
    struct pasar_err err = PASAR_ERR_INIT;

    pthread_mutex_unlock(&publisher->mutex);
    (void)!pasar_atomicfile_sync_dir(publisher->dir, &err);
    pthread_mutex_lock(&publisher->mutex);
    publisher->syncs_done = wanted;
    publisher->sync_err = err;
    pthread_cond_broadcast(&publisher->progress);
}

static void *commit_jobs(void *arg)
{
    struct publisher *publisher = arg;
    struct queued *round[ROUND_MAX];

    pthread_mutex_lock(&publisher->mutex);
    for (;;) {
        size_t count;

        settle_round(publisher);
        if (publisher->failed || publisher->closing)
            drop_line(publisher);
        if (publisher->closing && publisher->line_count == 0)
            break;
        if (publisher->syncs_done < publisher->syncs_wanted && !publisher->closing) {
            sync_directory(publisher);
            continue;
        }
        count = publisher->failed || publisher->closing ? 0 : plan_round(publisher, round);
        if (count == 0) {
            pthread_cond_wait(&publisher->sealed, &publisher->mutex);
            continue;
        }
        pthread_mutex_unlock(&publisher->mutex);
        run_round(publisher, round, count);
        pthread_mutex_lock(&publisher->mutex);
    }
    pthread_mutex_unlock(&publisher->mutex);
    return NULL;
}

/* Threads of ours leave signals to the main thread, whose poll they shall interrupt. */
static int start_thread(struct publisher *publisher, void *(*run)(void *), struct pasar_err *err)
{
    sigset_t all, before;
    int status;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(&publisher->threads[publisher->thread_count], NULL, run, publisher);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status != 0)
        return pasar_err_set(err, PASAR_EOS, "start a thread: %s", strerror(status));
    publisher->thread_count++;
    return 0;
}

struct publisher *publisher_new(const char *dir, const char *topic, int threads, struct pasar_err *err)
{
    struct publisher *publisher = calloc(1, sizeof(*publisher));
    pthread_condattr_t attr;
    int status;

    if (publisher == NULL) {
        pasar_err_nomem(err, "publisher");
        return NULL;
    }
    publisher->dir = dir;
    publisher->topic = topic;
    publisher->results_end = &publisher->results;
    pthread_mutex_init(&publisher->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&publisher->work, &attr);
    pthread_cond_init(&publisher->sealed, &attr);
    pthread_cond_init(&publisher->progress, &attr);
    pthread_condattr_destroy(&attr);
    status = start_thread(publisher, commit_jobs, err);
    for (int i = 0; status == 0 && i < threads && i < THREADS_MAX; i++)
        status = start_thread(publisher, seal_jobs, err);
    if (status != 0) {
        publisher_free(publisher);
        return NULL;
    }
    return publisher;
}

/* Makes room for one more job. */
static bool grow_line(struct publisher *publisher)
{
    size_t cap = publisher->line_cap == 0 ? PUBLISHER_ROOM : publisher->line_cap * 2;
    struct queued **grown;

    if (publisher->line_count < publisher->line_cap)
        return true;
    grown = realloc(publisher->line, cap * sizeof(*grown));
    if (grown == NULL)
        return false;
    publisher->line = grown;
    publisher->line_cap = cap;
    return true;
}

void publisher_submit(struct publisher *publisher, const struct publisher_job *job)
{
    struct queued *item = calloc(1, sizeof(*item));

    pthread_mutex_lock(&publisher->mutex);
    if (item == NULL ||
        !grow_line(
            publisher)) { /* no memory for the job: as if its publication had failed, but there is no room to say why */
        publisher->failed = true;
        pthread_cond_signal(&publisher->sealed);
        pthread_mutex_unlock(&publisher->mutex);
        pasar_batch_writer_abort(job->writer);
        free(item);
        return;
    }
    item->result.job = *job;
    item->result.is_end = job->writer == NULL;
    item->stage = item->result.is_end ? SEALED : WAITING;
    publisher->line[publisher->line_count++] = item;
    pthread_cond_signal(&publisher->work);
    if (item->result.is_end || publisher->failed)
        pthread_cond_signal(&publisher->sealed);
    pthread_mutex_unlock(&publisher->mutex);
}

bool publisher_take(struct publisher *publisher, struct publisher_result *result)
{
    struct queued *item;

    pthread_mutex_lock(&publisher->mutex);
    item = publisher->results;
    if (item != NULL && (publisher->results = item->next) == NULL)
        publisher->results_end = &publisher->results;
    pthread_mutex_unlock(&publisher->mutex);
    if (item == NULL)
        return false;
    *result = item->result;
    free(item);
    return true;
}

bool publisher_has_room(const struct publisher *publisher, size_t most)
{
    return publisher->line_count < most;
}

static struct timespec in_ms(int timeout_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    return until;
}

bool publisher_wait_room(struct publisher *publisher, size_t most, int timeout_ms)
{
    struct timespec until = in_ms(timeout_ms);
    bool has_room;

    pthread_mutex_lock(&publisher->mutex);
    while (publisher->line_count >= most)
        if (pthread_cond_timedwait(&publisher->progress, &publisher->mutex, &until) == ETIMEDOUT)
            break;
    has_room = publisher->line_count < most;
    pthread_mutex_unlock(&publisher->mutex);
    return has_room;
}

static bool has_nothing_to_do(const struct publisher *publisher)
{
    return publisher->line_count == 0 && publisher->syncs_done == publisher->syncs_wanted;
}

bool publisher_wait_idle(struct publisher *publisher, int timeout_ms)
{
    struct timespec until = in_ms(timeout_ms);
    bool is_idle;

    pthread_mutex_lock(&publisher->mutex);
    while (!has_nothing_to_do(publisher))
        if (pthread_cond_timedwait(&publisher->progress, &publisher->mutex, &until) == ETIMEDOUT)
            break;
    is_idle = has_nothing_to_do(publisher);
    pthread_mutex_unlock(&publisher->mutex);
    return is_idle;
}

int publisher_sync(struct publisher *publisher, int timeout_ms, struct pasar_err *err)
{
    struct timespec until = in_ms(timeout_ms);
    uint64_t ticket;
    int status = 0;

    pthread_mutex_lock(&publisher->mutex);
    ticket = ++publisher->syncs_wanted;
    pthread_cond_signal(&publisher->sealed);
    while (publisher->syncs_done < ticket)
        if (pthread_cond_timedwait(&publisher->progress, &publisher->mutex, &until) == ETIMEDOUT)
            break;
    if (publisher->syncs_done < ticket)
        status = pasar_err_set(err, PASAR_ETEMP, "the disk does not sync %s in %d ms", publisher->dir, timeout_ms);
    else if (publisher->sync_err.code != PASAR_OK)
        status = pasar_err_set(err, publisher->sync_err.code, "%s", publisher->sync_err.msg);
    pthread_mutex_unlock(&publisher->mutex);
    return status;
}

bool publisher_has_failed(struct publisher *publisher)
{
    bool failed;

    pthread_mutex_lock(&publisher->mutex);
    failed = publisher->failed;
    pthread_mutex_unlock(&publisher->mutex);
    return failed;
}

void publisher_reset(struct publisher *publisher)
{
    pthread_mutex_lock(&publisher->mutex);
    publisher->failed = false;
    pthread_mutex_unlock(&publisher->mutex);
}

void publisher_free(struct publisher *publisher)
{
    struct publisher_result unread;

    if (publisher == NULL)
        return;
    pthread_mutex_lock(&publisher->mutex);
    publisher->closing = true;
    pthread_cond_broadcast(&publisher->work);
    pthread_cond_broadcast(&publisher->sealed);
    pthread_mutex_unlock(&publisher->mutex);
    for (int i = 0; i < publisher->thread_count; i++)
        pthread_join(publisher->threads[i], NULL);
    while (publisher_take(publisher, &unread))
        continue;
    pthread_cond_destroy(&publisher->work);
    pthread_cond_destroy(&publisher->sealed);
    pthread_cond_destroy(&publisher->progress);
    pthread_mutex_destroy(&publisher->mutex);
    free(publisher->line);
    free(publisher);
}
