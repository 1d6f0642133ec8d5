/*
 * Slow clients: libmicrohttpd's timeout starts anew with each byte, so a byte a second keeps a connection for ever.
 * Here every connection has an absolute deadline; a thread shuts down the sockets of those that are past it.
 */
#ifndef PASAR_API_DEADLINE_H
#define PASAR_API_DEADLINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/metrics.h"

struct deadline_conn {
    int fd;
    _Atomic int64_t at_ns; /* monotonic */
    struct deadline_conn *prev, *next;
    /* The connection's unfinished request, the server's to free: libmicrohttpd forgets some broken ones. */
    void *pending;
};

struct deadline {
    pthread_mutex_t
        lock; /* of the list; held while a socket is shut down, so that its number cannot have been reused */
    struct deadline_conn head;
    int64_t request_ns, idle_ns;
    struct pasar_metric *cuts, *connections;
    uint64_t count;
    pthread_t thread;
    _Atomic bool stop;
    bool is_running;
};

/* Starts the thread. 0 or -1 with err. */
int deadline_start(struct deadline *deadline, double request_timeout_s, double idle_timeout_s,
                   struct pasar_metric *cuts, struct pasar_metric *connections, struct pasar_err *err) PASAR_MUSTCHECK;
void deadline_stop(struct deadline *deadline);

/* A connection was opened: from now on it has request_timeout to bring its first request. NULL when out of memory. */
struct deadline_conn *deadline_add(struct deadline *deadline, int fd);
void deadline_remove(struct deadline *deadline, struct deadline_conn *conn);

/* The request is in and its reply ready at now_ns (monotonic): allow `seconds` for sending it. */
void deadline_replying(struct deadline_conn *conn, int64_t now_ns, double seconds);

/* The reply is out: the next request has idle_timeout to begin and request_timeout to come in. */
void deadline_await_request(const struct deadline *deadline, struct deadline_conn *conn);

/* Its first line is in: the rest has request_timeout, whatever was left of the wait for it. */
void deadline_request_begins(const struct deadline *deadline, struct deadline_conn *conn);

#endif
