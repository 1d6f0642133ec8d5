#include "api/deadline.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "pasar/clock.h"
#include "pasar/thread.h"

enum { LOOK_MS = 250 };

static void cut_late_ones(struct deadline *d)
{
    int64_t now = pasar_clock_mono_ns();
    pthread_mutex_lock(&d->lock);
    for (struct deadline_conn *c = d->head.next; c != &d->head; c = c->next) {
        if (atomic_load_explicit(&c->at_ns, memory_order_relaxed) > now)
            continue;
        shutdown(c->fd, SHUT_RDWR);
        atomic_store(&c->at_ns, INT64_MAX); /* once is enough; libmicrohttpd closes it */
        pasar_metric_add(d->cuts, 1);
    }
    pthread_mutex_unlock(&d->lock);
}

static void *run(void *arg)
{
    struct deadline *d = arg;
    while (!atomic_load(&d->stop)) {
        pasar_clock_sleep_ms(LOOK_MS);
        cut_late_ones(d);
    }
    return NULL;
}

int deadline_start(struct deadline *d, double request_timeout_s, double idle_timeout_s, struct pasar_metric *cuts,
                   struct pasar_metric *connections, struct pasar_err *err)
{
    memset(d, 0, sizeof *d);
    pthread_mutex_init(&d->lock, NULL);
    d->head.prev = d->head.next = &d->head;
    d->request_ns = (int64_t)(request_timeout_s * 1e9);
    d->idle_ns = (int64_t)(idle_timeout_s * 1e9);
    d->cuts = cuts;
    d->connections = connections;
    if (pasar_thread_start(&d->thread, run, d) != 0)
        return pasar_err_set(err, PASAR_EOS, "cannot start the thread that watches slow clients");
    d->is_running = true;
    return 0;
}

void deadline_stop(struct deadline *d)
{
    if (!d->is_running)
        return;
    atomic_store(&d->stop, true);
    pthread_join(d->thread, NULL);
    pthread_mutex_destroy(&d->lock);
    d->is_running = false;
}

struct deadline_conn *deadline_add(struct deadline *d, int fd)
{
    struct deadline_conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->fd = fd;
    c->at_ns = pasar_clock_coarse_ns() + d->request_ns;
    pthread_mutex_lock(&d->lock);
    c->prev = &d->head;
    c->next = d->head.next;
    c->next->prev = d->head.next = c;
    pasar_metric_set(d->connections, (double)++d->count);
    pthread_mutex_unlock(&d->lock);
    return c;
}

void deadline_remove(struct deadline *d, struct deadline_conn *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&d->lock);
    c->prev->next = c->next;
    c->next->prev = c->prev;
    pasar_metric_set(d->connections, (double)--d->count);
    pthread_mutex_unlock(&d->lock);
    free(c);
}

void deadline_replying(struct deadline_conn *c, int64_t now_ns, double seconds)
{
    if (c)
        atomic_store_explicit(&c->at_ns, now_ns + (int64_t)(seconds * 1e9), memory_order_relaxed);
}

void deadline_await_request(const struct deadline *d, struct deadline_conn *c)
{
    if (c)
        atomic_store_explicit(&c->at_ns, pasar_clock_coarse_ns() + d->idle_ns + d->request_ns, memory_order_relaxed);
}

void deadline_request_begins(const struct deadline *d, struct deadline_conn *c)
{
    int64_t at = c ? pasar_clock_coarse_ns() + d->request_ns : 0;
    if (c && at < atomic_load_explicit(&c->at_ns, memory_order_relaxed))
        atomic_store_explicit(&c->at_ns, at, memory_order_relaxed);
}
