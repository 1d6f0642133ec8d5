/* The metrics registry: atomic series, and the Prometheus text exposition format 0.0.4. */
#include "pasar/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/num.h"

enum kind { COUNTER, GAUGE, HISTOGRAM };

static const char *const kind_names[] = {"counter", "gauge", "histogram"};

struct pasar_metric {
    struct pasar_metric *next;  /* in the order of registration */
    char *name, *help, *labels; /* labels may be NULL */
    enum kind kind;
    _Atomic uint64_t count; /* counter */
    _Atomic uint64_t bits;  /* gauge's value or histogram's sum, as the bits of a double */
    size_t bound_count;
    double *bounds;            /* histogram */
    _Atomic uint64_t *buckets; /* bound_count + 1, each for its own interval; cumulated when rendered */
};

struct pasar_metrics {
    pthread_mutex_t mutex; /* of the list; values need none */
    struct pasar_metric *first, **last;
};

static uint64_t to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

struct pasar_metrics *pasar_metrics_new(void)
{
    struct pasar_metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL)
        return NULL;
    pthread_mutex_init(&metrics->mutex, NULL);
    metrics->last = &metrics->first;
    return metrics;
}

static void metric_free(struct pasar_metric *metric)
{
    free(metric->name);
    free(metric->help);
    free(metric->labels);
    free(metric->bounds);
    free(metric->buckets);
    free(metric);
}

void pasar_metrics_free(struct pasar_metrics *metrics)
{
    if (metrics == NULL)
        return;
    while (metrics->first != NULL) {
        struct pasar_metric *next = metrics->first->next;
        metric_free(metrics->first);
        metrics->first = next;
    }
    pthread_mutex_destroy(&metrics->mutex);
    free(metrics);
}

static struct pasar_metric *add(struct pasar_metrics *metrics, enum kind kind, const char *name, const char *help,
                                const char *labels, const double *bounds, size_t bound_count)
{
    struct pasar_metric *metric = calloc(1, sizeof *metric);
    if (metric == NULL)
        return NULL;
    metric->kind = kind;
    metric->name = strdup(name);
    metric->help = strdup(help);
    metric->labels = labels != NULL ? strdup(labels) : NULL;
    metric->bound_count = bound_count;
    if (kind == HISTOGRAM) {
        metric->bounds = malloc((bound_count + 1) * sizeof *metric->bounds);
        metric->buckets = calloc(bound_count + 1, sizeof *metric->buckets);
        if (metric->bounds != NULL && bound_count > 0)
            memcpy(metric->bounds, bounds, bound_count * sizeof *bounds);
    }
    if (metric->name == NULL || metric->help == NULL || (labels != NULL && metric->labels == NULL) ||
        (kind == HISTOGRAM && (metric->bounds == NULL || metric->buckets == NULL))) {
        metric_free(metric);
        return NULL;
    }
    pthread_mutex_lock(&metrics->mutex);
    *metrics->last = metric;
    metrics->last = &metric->next;
    pthread_mutex_unlock(&metrics->mutex);
    return metric;
}

struct pasar_metric *pasar_metrics_counter(struct pasar_metrics *metrics, const char *name, const char *help,
                                           const char *labels)
{
    return add(metrics, COUNTER, name, help, labels, NULL, 0);
}

struct pasar_metric *pasar_metrics_gauge(struct pasar_metrics *metrics, const char *name, const char *help,
                                         const char *labels)
{
    return add(metrics, GAUGE, name, help, labels, NULL, 0);
}

struct pasar_metric *pasar_metrics_histogram(struct pasar_metrics *metrics, const char *name, const char *help,
                                             const char *labels, const double *bounds, size_t bound_count)
{
    return add(metrics, HISTOGRAM, name, help, labels, bounds, bound_count);
}

/* ------------------------------------------------------------------ updates */

void pasar_metric_add(struct pasar_metric *metric, uint64_t n)
{
    if (metric != NULL)
        atomic_fetch_add_explicit(&metric->count, n, memory_order_relaxed);
}

void pasar_metric_set(struct pasar_metric *metric, double value)
{
    if (metric != NULL)
        atomic_store_explicit(&metric->bits, to_bits(value), memory_order_relaxed);
}

void pasar_metric_observe(struct pasar_metric *metric, double value)
{
    size_t i = 0;

    if (metric == NULL)
        return;
    while (i < metric->bound_count && !(value <= metric->bounds[i]))
        i++;
    atomic_fetch_add_explicit(&metric->buckets[i], 1, memory_order_relaxed);
    uint64_t old = atomic_load_explicit(&metric->bits, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&metric->bits, &old, to_bits(from_bits(old) + value),
                                                  memory_order_relaxed, memory_order_relaxed))
        ; /* another thread added its own: take that sum */
}

double pasar_metric_value(const struct pasar_metric *metric)
{
    if (metric == NULL)
        return 0;
    if (metric->kind == COUNTER)
        return (double)atomic_load_explicit(&metric->count, memory_order_relaxed);
    return from_bits(atomic_load_explicit(&metric->bits, memory_order_relaxed));
}

/* ------------------------------------------------------------------ text */

/* HELP text: backslash and line feed are escaped. */
static void add_help(struct pasar_buf *buf, const char *help)
{
    for (; *help != '\0'; help++) {
        if (*help == '\\')
            pasar_buf_adds(buf, "\\\\");
        else if (*help == '\n')
            pasar_buf_adds(buf, "\\n");
        else
            pasar_buf_addc(buf, *help);
    }
}

static void add_number(struct pasar_buf *buf, double value)
{
    char text[PASAR_NUM_DOUBLE_MAX];

    if (isnan(value))
        pasar_buf_adds(buf, "NaN");
    else if (isinf(value))
        pasar_buf_adds(buf, value > 0 ? "+Inf" : "-Inf");
    else
        pasar_buf_add(buf, text, pasar_num_format_double(value, text));
}

/* `name_suffix{labels,le="bound"} `; le NaN = no such label. */
static void add_series(struct pasar_buf *buf, const struct pasar_metric *metric, const char *suffix, double le)
{
    bool has_labels = metric->labels != NULL && metric->labels[0] != '\0';

    pasar_buf_adds(buf, metric->name);
    pasar_buf_adds(buf, suffix);
    if (has_labels || !isnan(le)) {
        pasar_buf_addc(buf, '{');
        if (has_labels)
            pasar_buf_adds(buf, metric->labels);
        if (!isnan(le)) {
            pasar_buf_adds(buf, has_labels ? ",le=\"" : "le=\"");
            add_number(buf, le);
            pasar_buf_addc(buf, '"');
        }
        pasar_buf_addc(buf, '}');
    }
    pasar_buf_addc(buf, ' ');
}

static void add_count(struct pasar_buf *buf, uint64_t count)
{
    pasar_num_add_u64(buf, count);
    pasar_buf_addc(buf, '\n');
}

static void render_histogram(struct pasar_buf *buf, const struct pasar_metric *metric)
{
    uint64_t total = 0;

    for (size_t i = 0; i <= metric->bound_count; i++) {
        total += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        add_series(buf, metric, "_bucket", i < metric->bound_count ? metric->bounds[i] : INFINITY);
        add_count(buf, total);
    }
    add_series(buf, metric, "_sum", NAN);
    add_number(buf, from_bits(atomic_load_explicit(&metric->bits, memory_order_relaxed)));
    pasar_buf_addc(buf, '\n');
    add_series(buf, metric, "_count", NAN); /* the +Inf bucket, also while others add */
    add_count(buf, total);
}

static void render_one(struct pasar_buf *buf, const struct pasar_metric *metric)
{
    if (metric->kind == HISTOGRAM) {
        render_histogram(buf, metric);
        return;
    }
    add_series(buf, metric, "", NAN);
    if (metric->kind == COUNTER) {
        add_count(buf, atomic_load_explicit(&metric->count, memory_order_relaxed));
        return;
    }
    add_number(buf, pasar_metric_value(metric));
    pasar_buf_addc(buf, '\n');
}

/* True when an earlier series has the name: then the whole family stands there. */
static bool is_rendered(const struct pasar_metrics *metrics, const struct pasar_metric *metric)
{
    for (const struct pasar_metric *m = metrics->first; m != metric; m = m->next)
        if (strcmp(m->name, metric->name) == 0)
            return true;
    return false;
}

void pasar_metrics_render(struct pasar_metrics *metrics, struct pasar_buf *buf)
{
    pthread_mutex_lock(&metrics->mutex);
    for (const struct pasar_metric *family = metrics->first; family != NULL; family = family->next) {
        if (is_rendered(metrics, family))
            continue;
        pasar_buf_printf(buf, "# HELP %s ", family->name);
        add_help(buf, family->help);
        pasar_buf_printf(buf, "\n# TYPE %s %s\n", family->name, kind_names[family->kind]);
        for (const struct pasar_metric *metric = family; metric != NULL; metric = metric->next)
            if (strcmp(metric->name, family->name) == 0)
                render_one(buf, metric);
    }
    pthread_mutex_unlock(&metrics->mutex);
}
