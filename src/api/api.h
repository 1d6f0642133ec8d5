/* What one running API consists of: its settings, its world, its counters. */
#ifndef PASAR_API_API_H
#define PASAR_API_API_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/blob.h"
#include "api/page.h"
#include "api/request.h"
#include "api/snapshot.h"
#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/metrics.h"
#include "pasar/options.h"

struct api_config {
    struct pasar_common common;
    char *models;
    char *bind;
    int64_t port;
    int64_t max_limit;
    int64_t threads; /* 0 = as many as processors */
    int64_t max_connections;
    int64_t max_connections_per_ip; /* 0 = no limit */
    uint64_t max_body_bytes;
    double idle_timeout_s;    /* a silent connection */
    double request_timeout_s; /* a request must have come in whole */
    struct pasar_option_list allow_hosts;
    char *access_log; /* "off", "all" or N */
};

enum { API_CODES = 12, API_ROUTES_MAX = 32 };

struct api_route_metrics {
    struct pasar_metric *requests[API_CODES + 1]; /* the last: other codes */
    struct pasar_metric *seconds;
};

struct api {
    const struct api_config *config;
    struct snapshot_store store;
    struct page page;
    struct blob openapi;
    struct pasar_metrics *metrics;
    struct api_route_metrics route_metrics[API_ROUTES_MAX + 1]; /* the last: no route */
    struct pasar_metric *connections, *in_flight, *reloads_ok, *reloads_refused, *generation_gauge, *rows_gauge,
        *products_gauge, *deadline_cuts;
    _Atomic bool stopping;
    _Atomic int64_t busy; /* requests whose reply has not been sent yet */
    struct api_reload {   /* the reloading thread's */
        uint64_t loaded_stamp;
        char refused_name[32]; /* "" = none */
        uint64_t refused_stamp;
        bool is_final; /* it is broken; else it is tried again */
        int wait_s;
        int64_t retry_at_ns; /* monotonic */
    } reload;
    pthread_mutex_t lock;     /* of the one below */
    char refused_reason[500]; /* why what is current is not what is served; "" = it is */
};

/* 0 or -1 with err. api_fini in every case. `config` is kept by reference. */
int api_init(struct api *api, const struct api_config *config, struct pasar_err *err) PASAR_MUSTCHECK;
void api_fini(struct api *api);

/*
 * Answers a request: request->method, path, query, body, scratch are set; the route, parameters and snapshot are found
 * here. *slot is what snapshot_release wants once the reply has been sent. Never fails: what goes wrong is a reply too.
 */
void api_answer(struct api *api, struct request *request, struct reply *reply, int *slot);

/* Counts a finished request: its route (NULL = none), status and time. */
void api_count(struct api *api, const struct route *route, int status, double seconds);

#endif
