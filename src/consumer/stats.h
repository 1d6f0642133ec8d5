/* What the consumer did, in numbers; the same numbers make the metrics and the summary line. */
#ifndef CONSUMER_STATS_H
#define CONSUMER_STATS_H

#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/err.h"
#include "pasar/metrics.h"

enum stats_counter {
    STAT_MESSAGES,  /* taken from the broker: rows + rejects + ends published, + discarded */
    STAT_ROWS,      /* published */
    STAT_REJECTS,   /* published */
    STAT_ENDS,      /* published */
    STAT_DISCARDED, /* taken, but not published by us: read again by whoever owns the partition next */
    STAT_BATCHES,   /* files with rows or rejects */
    STAT_BYTES,     /* of published CSV */
    STAT_FAILURES,  /* batches that could not be written or published at the first attempt */
    STAT_LOST,      /* offsets that the broker had dropped before they were read */
    STAT_COUNT
};

/* What is known of one partition, whoever owns it now. */
struct stats_partition {
    struct pasar_metric *lag; /* NULL without --metrics-port, and before the first time */
    int64_t lost_to;          /* offsets below are counted as lost, or were not */
};

struct stats {
    uint64_t counts[STAT_COUNT];
    uint64_t shown[STAT_COUNT];    /* already in the metrics */
    struct pasar_metrics *metrics; /* NULL without --metrics-port */
    struct pasar_metric *series[STAT_COUNT];
    struct pasar_metric *partitions_owned, *published_at, *open_age;
    struct stats_partition *partitions; /* by number */
    size_t partition_count;
    int64_t started_ns;
    size_t partitions_most; /* most partitions owned at a time */
};

/* Starts the clock; with_metrics registers the series. 0, or -1 with err. */
int stats_init(struct stats *stats, bool with_metrics, struct pasar_err *err) PASAR_MUSTCHECK;
void stats_fini(struct stats *stats);

static inline void stats_add(struct stats *stats, enum stats_counter counter, uint64_t n)
{
    stats->counts[counter] += n;
}

/* Notes how many partitions are owned now. */
void stats_set_partitions(struct stats *stats, size_t count);

/* How many messages of the partition are not published yet; 0 for one that is not ours. */
void stats_set_lag(struct stats *stats, const char *topic, int32_t partition, int64_t lag);

/* How long the oldest open batch has been open; 0 when there is none. */
void stats_set_open_age(struct stats *stats, int64_t age_ns);

/* Counts offsets `from` up to (not including) `to` as lost, each once. Returns how many are new. */
uint64_t stats_add_lost(struct stats *stats, int32_t partition, int64_t from, int64_t to);

/* Brings the metrics up to date. Cheap enough for every turn of the loop. */
void stats_show(struct stats *stats);

/* messages = rows + rejects + ends + discarded. 0, or -1 with err (PASAR_EBUG) showing the numbers. */
int stats_check(const struct stats *stats, struct pasar_err *err) PASAR_MUSTCHECK;

/* "rows 1465, rejects 0, ends 4, batches 4, partitions 4; ..." */
void stats_add_text(struct pasar_buf *buf, const struct stats *stats);

#endif
