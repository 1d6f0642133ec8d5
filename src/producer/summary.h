/* What a run of the producer did, in numbers that must add up, and the one line that says so. */
#ifndef PRODUCER_SUMMARY_H
#define PRODUCER_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/clean.h"
#include "pasar/err.h"
#include "pasar/record.h"
#include "producer/sink.h"

struct summary {
    const char *run;    /* "" = none was begun */
    uint64_t rows_read; /* data rows met, good or bad */
    uint64_t rejected;
    uint64_t stored;                 /* of these: stored before, by a process or client that died; not sent again */
    uint64_t rebuilds;               /* clients that gave up and were replaced */
    struct pasar_clean_counts nulls; /* cells that became null, by column and cause */
    uint64_t bytes_read;
    uint64_t digest; /* sum of pasar_hash_row over the run's rows, stored before or accepted now */
    struct sink_counts sink;
    double seconds;
    bool ended;  /* the end of the run was sent and acknowledged */
    bool is_dry; /* the rows went nowhere: they are those that would be sent */
};

/* rows read = stored before + accepted + rejected, accepted = acknowledged + failed. 0, or -1 with err (PASAR_EBUG)
 * showing the numbers. */
int summary_check(const struct summary *summary, struct pasar_err *err) PASAR_MUSTCHECK;

/* "rows read 10, sent 9, acknowledged 9, failed 0, rejected 1; nulls: rating 2 (1 unparseable); 0.10 s, 100 rows/s; run
 * ID". A dry run says what would be sent. */
void summary_add_text(struct pasar_buf *buf, const struct summary *summary);

/* The same in Prometheus' text format (for --metrics-file); a dry run has sent and ended nothing. */
void summary_add_metrics(struct pasar_buf *buf, const struct summary *summary);

#endif
