#include "api/api.h"

#include <stdio.h>
#include <string.h>

#include "api/openapi.h"
#include "api/router.h"

static const int codes[API_CODES] = {200, 204, 304, 400, 404, 405, 413, 414, 415, 421, 500, 503};

static int register_routes(struct api *api, struct pasar_err *err)
{
    static const double bounds[] = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                    0.01,    0.025,  0.05,    0.1,    0.25,  1};
    char labels[160];
    for (size_t i = 0; i <= route_count; i++) {
        struct api_route_metrics *m = &api->route_metrics[i == route_count ? API_ROUTES_MAX : i];
        const char *endpoint = i == route_count ? "other" : routes[i].pattern;
        for (size_t c = 0; c <= API_CODES; c++) {
            char code[8] = "other";
            if (c < API_CODES)
                snprintf(code, sizeof code, "%d", codes[c]);
            snprintf(labels, sizeof labels, "endpoint=\"%s\",code=\"%s\"", endpoint, code);
            m->requests[c] =
                pasar_metrics_counter(api->metrics, "pasar_api_requests_total", "Requests answered", labels);
            if (!m->requests[c])
                return pasar_err_nomem(err, "metrics");
        }
        snprintf(labels, sizeof labels, "endpoint=\"%s\"", endpoint);
        m->seconds = pasar_metrics_histogram(api->metrics, "pasar_api_request_seconds",
                                             "Time from a request's last byte read to its reply ready", labels, bounds,
                                             PASAR_ARRAY_LEN(bounds));
        if (!m->seconds)
            return pasar_err_nomem(err, "metrics");
    }
    return 0;
}

static int register_metrics(struct api *api, struct pasar_err *err)
{
    api->metrics = pasar_metrics_new();
    if (!api->metrics)
        return pasar_err_nomem(err, "metrics");
    struct pasar_metrics *m = api->metrics;
    api->connections = pasar_metrics_gauge(m, "pasar_api_connections", "Open connections", NULL);
    api->in_flight = pasar_metrics_gauge(m, "pasar_api_requests_in_flight", "Requests being answered", NULL);
    api->reloads_ok =
        pasar_metrics_counter(m, "pasar_api_reloads_total", "Generations loaded or refused", "result=\"loaded\"");
    api->reloads_refused = pasar_metrics_counter(m, "pasar_api_reloads_total", "", "result=\"refused\"");
    api->generation_gauge =
        pasar_metrics_gauge(m, "pasar_api_generation", "Number of the loaded generation, 0 = none", NULL);
    api->rows_gauge = pasar_metrics_gauge(m, "pasar_api_rows", "Rows of the loaded generation", NULL);
    api->products_gauge = pasar_metrics_gauge(m, "pasar_api_products", "Products of the loaded generation", NULL);
    api->deadline_cuts = pasar_metrics_counter(m, "pasar_api_deadline_cuts_total",
                                               "Connections cut because a request came in too slowly", NULL);
    if (!api->connections || !api->in_flight || !api->reloads_ok || !api->reloads_refused || !api->generation_gauge ||
        !api->rows_gauge || !api->products_gauge || !api->deadline_cuts)
        return pasar_err_nomem(err, "metrics");
    return register_routes(api, err);
}

int api_init(struct api *api, const struct api_config *config, struct pasar_err *err)
{
    memset(api, 0, sizeof *api);
    api->config = config;
    snapshot_store_init(&api->store);
    pthread_mutex_init(&api->lock, NULL);
    struct pasar_buf text = {0};
    openapi_write(&text, routes, route_count, (uint32_t)config->max_limit);
    size_t len = 0;
    char *data = pasar_buf_steal(&text, &len);
    if (blob_take(&api->openapi, data, len, err) != 0)
        return -1;
    if (page_init(&api->page, err) != 0)
        return -1;
    return register_metrics(api, err);
}

void api_fini(struct api *api)
{
    snapshot_store_fini(&api->store);
    page_fini(&api->page);
    blob_fini(&api->openapi);
    pasar_metrics_free(api->metrics);
    pthread_mutex_destroy(&api->lock);
}

/* ------------------------------------------------------------------ requests */

static void check_required(const struct request *r, struct reply *reply)
{
    for (int p = 0; p < PARAMS; p++) {
        if ((r->route->required & PARAM_BIT(p)) && !r->params.given[p]) {
            reply_problem(reply, 400, "%s is missing", param_specs[p].name);
            return;
        }
    }
}

static void answer(struct api *api, struct request *r, struct reply *reply)
{
    struct pasar_err err = PASAR_ERR_INIT;
    switch (router_find(routes, route_count, r->path, r->path_len, &r->route, &r->segment)) {
    case ROUTER_NO_PATH:
        reply_problem(reply, 404, "there is nothing at this address; /openapi.json lists what there is");
        return;
    case ROUTER_BAD_PATH:
        reply_problem(reply, 400, "the path is badly encoded: percent-encoded UTF-8 without NUL is expected");
        return;
    case ROUTER_NO_MEMORY:
        reply_no_memory(reply);
        return;
    case ROUTER_FOUND:
        break;
    }
    bool is_read = r->method == METHOD_GET || r->method == METHOD_HEAD;
    if (r->method == METHOD_OPTIONS) {
        reply->status = 204;
        reply->allow = router_allow(r->route);
        reply->no_store = true;
        return;
    }
    if (!(r->route->methods & (is_read ? METHOD_GET : r->method))) {
        reply->allow = router_allow(r->route);
        reply_problem(reply, 405, "this method is not for this address; allowed: %s", reply->allow);
        return;
    }
    if (r->method == METHOD_POST && r->body_problem) {
        reply_problem(reply, 415, "%s", r->body_problem);
        return;
    }
    double max_limit = r->route->max_limit ? r->route->max_limit : (double)api->config->max_limit;
    if (params_parse(&r->params, r->query, r->query_len, r->route->accepted, max_limit, &err) != 0) {
        if (err.code == PASAR_EOS)
            reply_no_memory(reply);
        else
            reply_problem(reply, 400, "%s", err.msg);
        return;
    }
    check_required(r, reply);
    if (reply->status != 200)
        return;
    if (r->route->needs_snapshot && !r->snapshot) {
        reply_problem(reply, 503, "no generation is loaded yet: run pasar-trainer, or wait until it has published");
        reply->retry_after_s = 1;
        return;
    }
    r->route->handler(r, reply);
}

void api_answer(struct api *api, struct request *r, struct reply *reply, int *slot)
{
    *slot = -1;
    r->api = api;
    r->snapshot = snapshot_acquire(&api->store, slot); /* early: every reply names its generation */
    answer(api, r, reply);
    if ((!reply->blob && reply->body.failed) || reply->relaxed.failed) /* whatever the handler: no half answers */
        reply_no_memory(reply);
}

void api_count(struct api *api, const struct route *route, int status, double seconds)
{
    struct api_route_metrics *m = &api->route_metrics[route ? (size_t)(route - routes) : API_ROUTES_MAX];
    size_t c = 0;
    while (c < API_CODES && codes[c] != status)
        c++;
    pasar_metric_add(m->requests[c], 1);
    pasar_metric_observe(m->seconds, seconds);
}
