/*
 * Publishes closed batches in threads of their own, so that reading goes on while a disk syncs.
 *
 * One thread (publisher_writer.c) writes what open batches have gathered. A disk that takes 5 ms for one sync takes
 * hardly longer for sixteen at a time, so the files of closed batches are synced by several threads at once, in any
 * order (sealing). One more thread, the committer (publisher_committer.c), gives them their names.
 */
#include "consumer/publisher_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pasar/thread.h"

/* The next job to be sealed, or NULL. */
static struct publisher_item *next_waiting(const struct publisher *publisher)
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
        struct publisher_item *item = publisher->failed ? NULL : next_waiting(publisher);
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

static int start_thread(struct publisher *publisher, void *(*run)(void *), struct pasar_err *err)
{
    int status = pasar_thread_start(&publisher->threads[publisher->thread_count], run, publisher);

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
    publisher->blocks_end = &publisher->blocks;
    pthread_mutex_init(&publisher->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&publisher->blocks_came, &attr);
    pthread_cond_init(&publisher->work, &attr);
    pthread_cond_init(&publisher->sealed, &attr);
    pthread_cond_init(&publisher->progress, &attr);
    pthread_condattr_destroy(&attr);
    status = start_thread(publisher, publisher_committer, err);
    if (status == 0)
        status = start_thread(publisher, publisher_writer, err);
    for (int i = 0; status == 0 && i < threads && i < PUBLISHER_THREADS_MAX; i++)
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
    struct publisher_item **grown;

    if (publisher->line_count < publisher->line_cap)
        return true;
    grown = realloc(publisher->line, cap * sizeof(*grown));
    if (grown == NULL)
        return false;
    publisher->line = grown;
    publisher->line_cap = cap;
    return true;
}

void publisher_fail(struct publisher *publisher, const struct pasar_err *err)
{
    if (!publisher->failed)
        publisher->failure = *err;
    publisher->failed = true;
    pthread_cond_signal(&publisher->sealed);
}

/* Puts the job into the line. Called with the mutex. */
static void append(struct publisher *publisher, struct publisher_item *item, const struct publisher_job *job)
{
    item->result.job = *job;
    item->result.is_end = job->writer == NULL;
    publisher->line[publisher->line_count++] = item;
    if (item->result.is_end)
        item->stage = SEALED;
    else
        item->stage = publisher_defer(publisher, item) ? WRITING : WAITING;
    if (item->stage == WAITING)
        pthread_cond_signal(&publisher->work);
    if (item->stage == SEALED || publisher->failed)
        pthread_cond_signal(&publisher->sealed);
}

void publisher_submit(struct publisher *publisher, const struct publisher_job *job)
{
    struct publisher_item *item = calloc(1, sizeof(*item));
    bool is_in_line;

    pthread_mutex_lock(&publisher->mutex);
    is_in_line = item != NULL && grow_line(publisher);
    if (is_in_line) {
        append(publisher, item, job);
    } else { /* as if its publication had failed */
        struct pasar_err err = PASAR_ERR_INIT;

        (void)pasar_err_nomem(&err, "a batch to publish");
        publisher_fail(publisher, &err);
    }
    pthread_mutex_unlock(&publisher->mutex);
    if (!is_in_line) {
        free(item);
        if (job->writer != NULL)
            publisher_drop(publisher, job->writer);
    }
}

bool publisher_take(struct publisher *publisher, struct publisher_result *result)
{
    struct publisher_item *item;

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
    return publisher->line_count < most && publisher->block_count * PUBLISHER_ROOM < most * PUBLISHER_BLOCKS;
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
    while (!publisher_has_room(publisher, most))
        if (pthread_cond_timedwait(&publisher->progress, &publisher->mutex, &until) == ETIMEDOUT)
            break;
    has_room = publisher_has_room(publisher, most);
    pthread_mutex_unlock(&publisher->mutex);
    return has_room;
}

static bool has_nothing_to_do(const struct publisher *publisher)
{
    return publisher->line_count == 0 && publisher->block_count == 0 &&
           publisher->syncs_done == publisher->syncs_wanted;
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

bool publisher_has_failed(struct publisher *publisher, struct pasar_err *err)
{
    bool failed;

    pthread_mutex_lock(&publisher->mutex);
    failed = publisher->failed;
    if (failed)
        *err = publisher->failure;
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
    pthread_cond_broadcast(&publisher->blocks_came);
    pthread_cond_broadcast(&publisher->work);
    pthread_cond_broadcast(&publisher->sealed);
    pthread_mutex_unlock(&publisher->mutex);
    for (int i = 0; i < publisher->thread_count; i++)
        pthread_join(publisher->threads[i], NULL);
    while (publisher_take(publisher, &unread))
        continue;
    publisher_free_spares(publisher);
    pthread_cond_destroy(&publisher->blocks_came);
    pthread_cond_destroy(&publisher->work);
    pthread_cond_destroy(&publisher->sealed);
    pthread_cond_destroy(&publisher->progress);
    pthread_mutex_destroy(&publisher->mutex);
    free(publisher->line);
    free(publisher);
}
