/* What the consumer did, in numbers; the same numbers make the metrics and the summary line. */
#include "consumer/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/clock.h"

static const struct {
    const char *name, *help;
} series[STAT_COUNT] = {
    [STAT_MESSAGES] = {"pasar_consumer_messages_total", "Messages taken from the broker."},
    [STAT_ROWS] = {"pasar_consumer_rows_total", "Rows published in batch files."},
    [STAT_REJECTS] = {"pasar_consumer_rejects_total", "Messages published as rejects."},
    [STAT_ENDS] = {"pasar_consumer_ends_total", "End records published."},
    [STAT_DISCARDED] = {"pasar_consumer_discarded_total", "Messages taken and given back, to be read again."},
    [STAT_BATCHES] = {"pasar_consumer_batches_total", "Batch files published."},
    [STAT_BYTES] = {"pasar_consumer_bytes_total", "Bytes of published CSV."},
    [STAT_FAILURES] = {"pasar_consumer_failures_total", "Failed attempts to write or publish."},
    [STAT_LOST] = {"pasar_consumer_lost_total", "Messages dropped by the broker before they were read."},
};

int stats_init(struct stats *stats, bool with_metrics, struct pasar_err *err)
{
    memset(stats, 0, sizeof(*stats));
    stats->started_ns = pasar_clock_mono_ns();
    if (!with_metrics)
        return 0;
    stats->metrics = pasar_metrics_new();
    if (stats->metrics == NULL)
        return pasar_err_nomem(err, "metrics");
    for (int i = 0; i < STAT_COUNT; i++)
        stats->series[i] = pasar_metrics_counter(stats->metrics, series[i].name, series[i].help, NULL);
    stats->partitions_owned =
        pasar_metrics_gauge(stats->metrics, "pasar_consumer_partitions", "Partitions owned at the moment.", NULL);
    stats->published_at = pasar_metrics_gauge(stats->metrics, "pasar_consumer_last_publish_timestamp_seconds",
                                              "When the last batch was published.", NULL);
    stats->open_age = pasar_metrics_gauge(stats->metrics, "pasar_consumer_open_batch_age_seconds",
                                          "Age of the oldest batch that is still open, 0 without one.", NULL);
    return 0;
}

void stats_fini(struct stats *stats)
{
    pasar_metrics_free(stats->metrics);
    stats->metrics = NULL;
    free(stats->partitions);
    stats->partitions = NULL;
    stats->partition_count = 0;
}

/* The account of a partition, or NULL: out of memory. */
static struct stats_partition *find(struct stats *stats, int32_t partition)
{
    size_t count = (size_t)partition + 1;
    struct stats_partition *grown;

    if (count <= stats->partition_count)
        return &stats->partitions[partition];
    grown = reallocarray(stats->partitions, count, sizeof(*grown));
    if (grown == NULL)
        return NULL;
    memset(grown + stats->partition_count, 0, (count - stats->partition_count) * sizeof(*grown));
    stats->partitions = grown;
    stats->partition_count = count;
    return &grown[partition];
}

void stats_set_lag(struct stats *stats, const char *topic, int32_t partition, int64_t lag)
{
    struct stats_partition *p = stats->metrics != NULL ? find(stats, partition) : NULL;
    char *labels = NULL;

    if (p == NULL)
        return;
    if (p->lag == NULL && asprintf(&labels, "topic=\"%s\",partition=\"%" PRId32 "\"", topic, partition) >= 0) {
        p->lag = pasar_metrics_gauge(stats->metrics, "pasar_consumer_lag",
                                     "Messages of the partition that are not published yet, as of the last fetch; 0 "
                                     "for a partition of others.",
                                     labels);
        free(labels);
    }
    pasar_metric_set(p->lag, (double)(lag > 0 ? lag : 0));
}

void stats_set_open_age(struct stats *stats, int64_t age_ns)
{
    pasar_metric_set(stats->open_age, (double)age_ns / 1e9);
}

uint64_t stats_add_lost(struct stats *stats, int32_t partition, int64_t from, int64_t to)
{
    struct stats_partition *p = find(stats, partition);

    if (p != NULL && from < p->lost_to)
        from = p->lost_to;
    if (from >= to)
        return 0;
    if (p != NULL)
        p->lost_to = to;
    stats_add(stats, STAT_LOST, (uint64_t)(to - from));
    return (uint64_t)(to - from);
}

void stats_set_partitions(struct stats *stats, size_t count)
{
    if (count > stats->partitions_most)
        stats->partitions_most = count;
    pasar_metric_set(stats->partitions_owned, (double)count);
}

void stats_show(struct stats *stats)
{
    if (stats->metrics == NULL)
        return;
    if (stats->counts[STAT_BATCHES] != stats->shown[STAT_BATCHES])
        pasar_metric_set(stats->published_at, (double)pasar_clock_wall_us() / 1e6);
    for (int i = 0; i < STAT_COUNT; i++) {
        pasar_metric_add(stats->series[i], stats->counts[i] - stats->shown[i]);
        stats->shown[i] = stats->counts[i];
    }
}

int stats_check(const struct stats *stats, struct pasar_err *err)
{
    const uint64_t *n = stats->counts;

    if (n[STAT_MESSAGES] == n[STAT_ROWS] + n[STAT_REJECTS] + n[STAT_ENDS] + n[STAT_DISCARDED])
        return 0;
    return pasar_err_set(err, PASAR_EBUG,
                         "the counts do not add up: messages %" PRIu64 ", rows %" PRIu64 ", rejects %" PRIu64
                         ", ends %" PRIu64 ", discarded %" PRIu64,
                         n[STAT_MESSAGES], n[STAT_ROWS], n[STAT_REJECTS], n[STAT_ENDS], n[STAT_DISCARDED]);
}

void stats_add_text(struct pasar_buf *buf, const struct stats *stats)
{
    const uint64_t *n = stats->counts;
    double seconds = (double)(pasar_clock_mono_ns() - stats->started_ns) / 1e9;

    pasar_buf_printf(buf,
                     "messages %" PRIu64 ", rows %" PRIu64 ", rejects %" PRIu64 ", ends %" PRIu64 ", discarded %" PRIu64
                     "; batches %" PRIu64 ", partitions %zu, failures %" PRIu64 ", lost %" PRIu64
                     "; %.2f s, %.0f rows/s",
                     n[STAT_MESSAGES], n[STAT_ROWS], n[STAT_REJECTS], n[STAT_ENDS], n[STAT_DISCARDED], n[STAT_BATCHES],
                     stats->partitions_most, n[STAT_FAILURES], n[STAT_LOST], seconds,
                     seconds > 0 ? (double)n[STAT_ROWS] / seconds : 0.0);
}
