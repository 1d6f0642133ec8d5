/* Prometheus metrics: a registry, its text format, and a small HTTP server for /metrics and /healthz. */
#ifndef PASAR_METRICS_H
#define PASAR_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/err.h"

struct pasar_metrics; /* a registry; lives until the process ends or is freed */
struct pasar_metric;  /* one series, owned by its registry; updates are atomic and lock-free */

struct pasar_metrics *pasar_metrics_new(void) PASAR_MUSTCHECK;
void pasar_metrics_free(struct pasar_metrics *metrics);

/*
 * Registers one series. `labels` is the inside of the braces, ready-made (`route="/api/products",code="200"`), or
 * NULL. Series of one name must be registered with the same type; help is taken from the first. Strings are copied.
 * NULL when out of memory. Register before threads start.
 */
struct pasar_metric *pasar_metrics_counter(struct pasar_metrics *metrics, const char *name, const char *help,
                                           const char *labels);
struct pasar_metric *pasar_metrics_gauge(struct pasar_metrics *metrics, const char *name, const char *help,
                                         const char *labels);

/* Buckets are `bound_count` rising upper bounds; +Inf is added. */
struct pasar_metric *pasar_metrics_histogram(struct pasar_metrics *metrics, const char *name, const char *help,
                                             const char *labels, const double *bounds, size_t bound_count);

/* Updates; a NULL metric is ignored, so that a caller without metrics need not ask. */
void pasar_metric_add(struct pasar_metric *metric, uint64_t n);       /* counter */
void pasar_metric_set(struct pasar_metric *metric, double value);     /* gauge */
void pasar_metric_observe(struct pasar_metric *metric, double value); /* histogram */
double pasar_metric_value(const struct pasar_metric *metric);         /* counter or gauge */

/* Appends the text exposition format, version 0.0.4. */
void pasar_metrics_render(struct pasar_metrics *metrics, struct pasar_buf *buf);

/*
 * Serves /metrics and /healthz (200 "ok") on bind:port in a thread of its own; `bind` is an IP address
 * or "localhost". NULL with err (a taken port is named).
 */
struct pasar_metrics_server;
struct pasar_metrics_server *pasar_metrics_server_start(struct pasar_metrics *metrics, const char *bind, uint16_t port,
                                                        struct pasar_err *err) PASAR_MUSTCHECK;
/* The port it listens on, which port 0 leaves to the system. */
uint16_t pasar_metrics_server_port(const struct pasar_metrics_server *server);
void pasar_metrics_server_stop(struct pasar_metrics_server *server); /* NULL is fine */

#endif
