/* What a run of the producer did, in numbers that must add up, and the one line that says so. */
#include "producer/summary.h"

#include <inttypes.h>

int summary_check(const struct summary *summary, struct pasar_err *err)
{
    const struct sink_counts *sink = &summary->sink;

    if (summary->rows_read == summary->stored + sink->accepted + summary->rejected &&
        sink->accepted == sink->acknowledged + sink->failed)
        return 0;
    return pasar_err_set(err, PASAR_EBUG,
                         "the counts do not add up: read %" PRIu64 ", stored before %" PRIu64 ", accepted %" PRIu64
                         ", rejected %" PRIu64 ", acknowledged %" PRIu64 ", failed %" PRIu64,
                         summary->rows_read, summary->stored, sink->accepted, summary->rejected, sink->acknowledged,
                         sink->failed);
}

static void add_nulls(struct pasar_buf *buf, const struct pasar_clean_counts *nulls)
{
    bool any = false;

    for (int c = 0; c < PASAR_COLUMNS; c++) {
        uint64_t bad = nulls->unparseable[c], outside = nulls->out_of_range[c], all = nulls->missing[c] + bad + outside;

        if (all == 0)
            continue;
        pasar_buf_printf(buf, "%s%s %" PRIu64, any ? ", " : "; nulls: ", pasar_columns[c].name, all);
        any = true;
        if (bad > 0)
            pasar_buf_printf(buf, " (%" PRIu64 " unparseable%s", bad, outside > 0 ? "" : ")");
        if (outside > 0)
            pasar_buf_printf(buf, "%s%" PRIu64 " out of range)", bad > 0 ? ", " : " (", outside);
    }
    if (!any)
        pasar_buf_adds(buf, "; nulls: none");
}

/* What became of the rows. */
static void add_counts(struct pasar_buf *buf, const struct summary *summary)
{
    const struct sink_counts *sink = &summary->sink;

    if (summary->is_dry) {
        pasar_buf_printf(buf, "rows read %" PRIu64 ", would be sent %" PRIu64 ", rejected %" PRIu64, summary->rows_read,
                         sink->accepted, summary->rejected);
        return;
    }
    pasar_buf_printf(
        buf, "rows read %" PRIu64 ", sent %" PRIu64 ", acknowledged %" PRIu64 ", failed %" PRIu64 ", rejected %" PRIu64,
        summary->rows_read, sink->accepted, sink->acknowledged, sink->failed, summary->rejected);
    if (summary->stored > 0)
        pasar_buf_printf(buf, ", stored before %" PRIu64, summary->stored);
    if (summary->rebuilds > 0)
        pasar_buf_printf(buf, ", clients replaced %" PRIu64, summary->rebuilds);
    if (sink->uncertain > 0)
        pasar_buf_printf(buf, " (%" PRIu64 " of the failed may be stored)", sink->uncertain);
    if (sink->dlq_accepted > 0)
        pasar_buf_printf(buf, " (%" PRIu64 " of them in the dead letter queue)", sink->dlq_acknowledged);
}

void summary_add_text(struct pasar_buf *buf, const struct summary *summary)
{
    add_counts(buf, summary);
    add_nulls(buf, &summary->nulls);
    pasar_buf_printf(buf, "; %.2f s, %.0f rows/s; ", summary->seconds,
                     summary->seconds > 0 ? (double)summary->rows_read / summary->seconds : 0.0);
    if (summary->is_dry)
        pasar_buf_adds(buf, "a dry run, nothing was sent");
    else if (summary->run[0] == '\0')
        pasar_buf_adds(buf, "no run begun");
    else
        pasar_buf_printf(buf, "run %s%s", summary->run, summary->ended ? "" : " not ended");
}

static void add_metric(struct pasar_buf *buf, const char *name, const char *type, const char *help)
{
    pasar_buf_printf(buf, "# HELP pasar_producer_%s %s\n# TYPE pasar_producer_%s %s\n", name, help, name, type);
}

static void add_counter(struct pasar_buf *buf, const char *name, const char *help, uint64_t value)
{
    add_metric(buf, name, "counter", help);
    pasar_buf_printf(buf, "pasar_producer_%s %" PRIu64 "\n", name, value);
}

static void add_null(struct pasar_buf *buf, int column, const char *cause, uint64_t value)
{
    pasar_buf_printf(buf, "pasar_producer_nulls_total{column=\"%s\",cause=\"%s\"} %" PRIu64 "\n",
                     pasar_columns[column].name, cause, value);
}

void summary_add_metrics(struct pasar_buf *buf, const struct summary *summary)
{
    static const struct sink_counts none;
    const struct sink_counts *sink = summary->is_dry ? &none : &summary->sink;

    add_counter(buf, "rows_read_total", "Data rows read.", summary->rows_read);
    add_counter(buf, "rows_sent_total", "Rows handed to the sink.", sink->accepted);
    add_counter(buf, "rows_acknowledged_total", "Rows acknowledged by the broker.", sink->acknowledged);
    add_counter(buf, "rows_failed_total", "Rows sent and not acknowledged.", sink->failed);
    add_counter(buf, "rows_uncertain_total", "Failed rows that may be stored all the same.", sink->uncertain);
    add_counter(buf, "rows_rejected_total", "Rows not sent because they were bad.", summary->rejected);
    add_counter(buf, "rows_stored_before_total", "Rows found in the topic that were not sent again.", summary->stored);
    add_counter(buf, "clients_replaced_total", "Kafka clients that gave up and were replaced.", summary->rebuilds);
    add_counter(buf, "dlq_acknowledged_total", "Rejected rows in the dead letter queue.", sink->dlq_acknowledged);
    add_counter(buf, "bytes_read_total", "Bytes of CSV read.", summary->bytes_read);
    add_metric(buf, "nulls_total", "counter", "Cells that became null, by cause.");
    for (int c = 0; c < PASAR_COLUMNS; c++) {
        add_null(buf, c, "missing", summary->nulls.missing[c]);
        add_null(buf, c, "unparseable", summary->nulls.unparseable[c]);
        add_null(buf, c, "out_of_range", summary->nulls.out_of_range[c]);
    }
    add_metric(buf, "seconds", "gauge", "How long the run took.");
    pasar_buf_printf(buf, "pasar_producer_seconds %.6f\n", summary->seconds);
    add_metric(buf, "run_ended", "gauge", "1 when every row and the end of the run were acknowledged.");
    pasar_buf_printf(buf, "pasar_producer_run_ended %d\n", summary->ended && !summary->is_dry ? 1 : 0);
}
