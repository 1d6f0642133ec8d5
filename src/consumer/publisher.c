/* Publishes closed batches in threads of their own, so that reading goes on while a disk syncs. */
#include "consumer/publisher.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 16, WAITING_MAX = 16 };

struct queued {
    struct publisher_result result;
    struct queued *next;
};

struct queue {
    struct queued *first, **last;
};

struct worker {
    struct publisher *publisher;
    struct queue jobs; /* of the partitions that belong to it: partition modulo threads */
    pthread_t thread;
};

struct publisher {
    const char *dir, *topic;
    pthread_mutex_t mutex;
    pthread_cond_t work, progress; /* a job came; a job is done */
    struct worker workers[THREADS_MAX];
    int worker_count;
    struct queue results;
    size_t unfinished; /* jobs waiting or running */
    bool failed, closing;
};

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void queue_push(struct queue *queue, struct queued *item)
{
    item->next = NULL;
    *queue->last = item;
    queue->last = &item->next;
}

static struct queued *queue_pop(struct queue *queue)
{
    struct queued *item = queue->first;

    if (item == NULL)
        return NULL;
    queue->first = item->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    return item;
}

/* Publishes one job, or drops it. Called without the mutex. */
static void carry_out(struct publisher *publisher, struct publisher_result *result, bool drop)
{
    struct publisher_job *job = &result->job;
    int status = 0;

    if (drop) {
        pasar_batch_writer_abort(job->writer);
        result->outcome = PUBLISH_DROPPED;
    } else {
        if (result->is_end)
            status = pasar_batch_publish_end(publisher->dir, publisher->topic, job->partition, job->next_offset - 1,
                                             &job->end, &result->err);
        else
            status = pasar_batch_writer_publish(job->writer, &result->err);
        result->outcome = status == 0 ? PUBLISHED : PUBLISH_FAILED;
    }
    job->writer = NULL;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct publisher *publisher = worker->publisher;

    pthread_mutex_lock(&publisher->mutex);
    for (;;) {
        struct queued *item = queue_pop(&worker->jobs);
        bool drop;

        if (item == NULL) {
            if (publisher->closing)
                break;
            pthread_cond_wait(&publisher->work, &publisher->mutex);
            continue;
        }
        drop = publisher->failed || publisher->closing;
        pthread_mutex_unlock(&publisher->mutex);
        carry_out(publisher, &item->result, drop);
        pthread_mutex_lock(&publisher->mutex);
        if (item->result.outcome == PUBLISH_FAILED)
            publisher->failed = true;
        queue_push(&publisher->results, item);
        publisher->unfinished--;
        pthread_cond_broadcast(&publisher->progress);
    }
    pthread_mutex_unlock(&publisher->mutex);
    return NULL;
}

/* Threads of ours leave signals to the main thread, whose poll they shall interrupt. */
static int start_worker(struct publisher *publisher, struct worker *worker)
{
    sigset_t all, before;
    int status;

    worker->publisher = publisher;
    queue_init(&worker->jobs);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

struct publisher *publisher_new(const char *dir, const char *topic, int threads, struct pasar_err *err)
{
    struct publisher *publisher = calloc(1, sizeof(*publisher));
    pthread_condattr_t attr;

    if (publisher == NULL) {
        pasar_err_nomem(err, "publisher");
        return NULL;
    }
    publisher->dir = dir;
    publisher->topic = topic;
    queue_init(&publisher->results);
    pthread_mutex_init(&publisher->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&publisher->work, &attr);
    pthread_cond_init(&publisher->progress, &attr);
    pthread_condattr_destroy(&attr);
    for (int i = 0; i < threads && i < THREADS_MAX; i++) {
        int status = start_worker(publisher, &publisher->workers[i]);

        if (status != 0) {
            pasar_err_set(err, PASAR_EOS, "start a thread: %s", strerror(status));
            publisher_free(publisher);
            return NULL;
        }
        publisher->worker_count++;
    }
    return publisher;
}

void publisher_submit(struct publisher *publisher, const struct publisher_job *job)
{
    struct queued *item = calloc(1, sizeof(*item));

    pthread_mutex_lock(&publisher->mutex);
    if (item == NULL) { /* no memory for the job: as if its publication had failed, but there is no room to say why */
        publisher->failed = true;
        pthread_mutex_unlock(&publisher->mutex);
        pasar_batch_writer_abort(job->writer);
        return;
    }
    while (publisher->unfinished >= WAITING_MAX)
        pthread_cond_wait(&publisher->progress, &publisher->mutex);
    item->result.job = *job;
    item->result.is_end = job->writer == NULL;
    publisher->unfinished++;
    queue_push(&publisher->workers[job->partition % publisher->worker_count].jobs, item);
    pthread_cond_broadcast(&publisher->work);
    pthread_mutex_unlock(&publisher->mutex);
}

bool publisher_take(struct publisher *publisher, struct publisher_result *result)
{
    struct queued *item;

    pthread_mutex_lock(&publisher->mutex);
    item = queue_pop(&publisher->results);
    pthread_mutex_unlock(&publisher->mutex);
    if (item == NULL)
        return false;
    *result = item->result;
    free(item);
    return true;
}

bool publisher_wait_idle(struct publisher *publisher, int timeout_ms)
{
    struct timespec until;
    bool idle;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&publisher->mutex);
    while (publisher->unfinished > 0) {
        if (timeout_ms < 0)
            pthread_cond_wait(&publisher->progress, &publisher->mutex);
        else if (pthread_cond_timedwait(&publisher->progress, &publisher->mutex, &until) == ETIMEDOUT)
            break;
    }
    idle = publisher->unfinished == 0;
    pthread_mutex_unlock(&publisher->mutex);
    return idle;
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
    struct queued *item;

    if (publisher == NULL)
        return;
    pthread_mutex_lock(&publisher->mutex);
    publisher->closing = true;
    pthread_cond_broadcast(&publisher->work);
    pthread_mutex_unlock(&publisher->mutex);
    for (int i = 0; i < publisher->worker_count; i++)
        pthread_join(publisher->workers[i].thread, NULL);
    while ((item = queue_pop(&publisher->results)) != NULL)
        free(item);
    pthread_cond_destroy(&publisher->work);
    pthread_cond_destroy(&publisher->progress);
    pthread_mutex_destroy(&publisher->mutex);
    free(publisher);
}
