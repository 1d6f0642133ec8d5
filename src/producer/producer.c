/*
 * The producer's loop: rows in, sink out, and a count of everything.
 *
 * A row's timestamp is the time at which it was read, and always later than that of the row before: so the order of
 * arrival, (timestamp, partition, offset), is the order of the file, whatever partitions the rows go to.
 */
#include "producer/producer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pasar/clock.h"
#include "pasar/hash.h"
#include "pasar/log.h"
#include "pasar/progress.h"
#include "pasar/stop.h"
#include "producer/rejects.h"
#include "producer/rowsource.h"
#include "producer/sink.h"

struct producer {
    const struct producer_config *config;
    struct rowsource *source;
    struct sink *sink;
    struct rejects *rejects; /* NULL without --rejects */
    struct summary *summary;
    struct pasar_buf json;
    struct pasar_progress progress;
    int64_t started_ns, last_timestamp_us;
};

/* How the loop goes on after a row. */
enum next { NEXT_ROW, NEXT_STOPPED, NEXT_FAILED };

static int64_t next_timestamp(struct producer *p)
{
    int64_t now_us = pasar_clock_wall_us();

    p->last_timestamp_us = now_us > p->last_timestamp_us ? now_us : p->last_timestamp_us + 1;
    return p->last_timestamp_us;
}

/* Counts a reject and puts it where the options say. */
static enum next handle_reject(struct producer *p, const struct sink_reject *reject, struct pasar_err *err)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;
    const struct producer_config *config = p->config;
    enum sink_result result = SINK_DONE;

    if (config->on_error == ON_ERROR_DLQ) {
        result = p->sink->ops->reject(p->sink, reject, err);
        if (result == SINK_STOPPED)
            return NEXT_STOPPED;
        if (result == SINK_REFUSED) { /* too large even for the dead letter queue: the log and --rejects have it */
            pasar_warn("%s:%" PRIu64 ": not sent to %s: %s", reject->file, reject->line, config->dlq_topic, err->msg);
            pasar_err_clear(err);
        }
    }
    p->summary->rows_read++;
    p->summary->rejected++;
    pasar_log_limited(&limit, PASAR_LOG_WARN, "%s:%" PRIu64 ": rejected (byte offset %" PRIu64 "): %s", reject->file,
                      reject->line, reject->offset, reject->reason);
    if (result == SINK_FAILED || (p->rejects != NULL && rejects_add(p->rejects, reject, err) != 0))
        return NEXT_FAILED;
    if (config->on_error == ON_ERROR_STOP) {
        pasar_err_set(err, PASAR_EDATA,
                      "%s:%" PRIu64 ": %s (byte offset %" PRIu64 "); --on-error skip leaves such rows out",
                      reject->file, reject->line, reject->reason, reject->offset);
        return NEXT_FAILED;
    }
    if (config->max_errors >= 0 && p->summary->rejected > (uint64_t)config->max_errors) {
        pasar_err_set(err, PASAR_EDATA,
                      "more than --max-errors %" PRId64 " rows rejected, the last at %s:%" PRIu64 ": %s",
                      config->max_errors, reject->file, reject->line, reject->reason);
        return NEXT_FAILED;
    }
    return NEXT_ROW;
}

/* Holds back while the rows sent so far are ahead of --rate. */
static void pace(struct producer *p)
{
    int64_t due_ns, ahead_ms;

    if (p->config->rate <= 0)
        return;
    due_ns = p->started_ns + (int64_t)((double)p->sink->counts.accepted / p->config->rate * 1e9);
    while ((ahead_ms = (due_ns - pasar_clock_mono_ns()) / 1000000) > 0 && !pasar_stop_requested())
        p->sink->ops->wait(p->sink, ahead_ms < 200 ? (int)ahead_ms : 200);
}

static void count_row(struct producer *p, const struct rowsource_row *row)
{
    p->summary->rows_read++;
    p->summary->digest += pasar_hash_row(row->row, p->json.data, p->json.len);
}

static enum next handle_row(struct producer *p, struct rowsource_row *row, struct pasar_err *err)
{
    struct sink_row out = {.row = row->row};
    struct pasar_err refusal = PASAR_ERR_INIT;

    pace(p);
    row->record.timestamp_us = next_timestamp(p);
    pasar_buf_reset(&p->json);
    pasar_record_add_json(&p->json, &row->record);
    if (p->json.failed) {
        pasar_err_nomem(err, "a row");
        return NEXT_FAILED;
    }
    out.timestamp_us = row->record.timestamp_us;
    out.key = row->record.text[PASAR_COL_PRODUCT_ID].data;
    out.key_len = row->record.text[PASAR_COL_PRODUCT_ID].len;
    out.value = p->json.data;
    out.value_len = p->json.len;
    switch (p->sink->ops->send(p->sink, &out, &refusal)) {
    case SINK_DONE:
        count_row(p, row);
        return NEXT_ROW;
    case SINK_REFUSED: {
        struct sink_reject reject = {row->file, row->line, row->offset, row->row, refusal.msg, row->raw, row->raw_len};

        return handle_reject(p, &reject, err);
    }
    case SINK_STOPPED:
        return NEXT_STOPPED;
    case SINK_FAILED:
        break;
    }
    pasar_err_set(err, refusal.code, "%s", refusal.msg);
    return NEXT_FAILED;
}

/* Reads to the end. 0 = all rows are with the sink; 1 = stopped; -1 = err. */
static int send_rows(struct producer *p, struct pasar_err *err)
{
    enum next next = NEXT_ROW;

    while (next == NEXT_ROW) {
        struct rowsource_row row;

        if (pasar_stop_requested())
            return 1;
        switch (rowsource_next(p->source, &row, err)) {
        case ROWSOURCE_ROW:
            next = handle_row(p, &row, err);
            break;
        case ROWSOURCE_REJECT: {
            struct sink_reject reject = {row.file, row.line, row.offset, row.row, row.reason, row.raw, row.raw_len};

            next = handle_reject(p, &reject, err);
            break;
        }
        case ROWSOURCE_END:
            return 0;
        case ROWSOURCE_ERROR:
            return -1;
        }
        pasar_progress_update(&p->progress, p->summary->rows_read, rowsource_offset(p->source),
                              rowsource_total(p->source));
    }
    return next == NEXT_STOPPED ? 1 : -1;
}

/* Waits for the acknowledgements and ends the run. 0, 1 = stopped, -1 = err. */
static int finish(struct producer *p, struct pasar_err *err)
{
    struct pasar_run_end end = {.rows = p->sink->counts.accepted, .digest = p->summary->digest};

    snprintf(end.run, sizeof(end.run), "%s", p->summary->run);
    end.timestamp_us = next_timestamp(p);
    switch (p->sink->ops->finish(p->sink, &end, err)) {
    case SINK_DONE:
        p->summary->ended = true;
        return 0;
    case SINK_STOPPED:
        return 1;
    default:
        return -1;
    }
}

static int stopped(const struct producer *p, struct pasar_err *err)
{
    return pasar_err_set(err, PASAR_ETEMP,
                         "stopped by a signal after %" PRIu64 " rows, %" PRIu64 " of them acknowledged; "
                         "the run has no end record",
                         p->summary->sink.accepted, p->summary->sink.acknowledged);
}

static int open_all(struct producer *p, char *const *files, int file_count, char run[RUNID_MAX], struct pasar_err *err)
{
    const struct producer_config *config = p->config;

    p->source = rowsource_open(files, file_count, config->max_row_bytes, err);
    if (p->source == NULL)
        return -1;
    if (config->run_id != NULL)
        snprintf(run, RUNID_MAX, "%s", config->run_id);
    else if (runid_make(run, files, file_count, pasar_clock_wall_us(), err) != 0)
        return -1;
    if (config->rejects != NULL && (p->rejects = rejects_open(config->rejects, err)) == NULL)
        return -1;
    p->sink = sink_open(config, run, err);
    return p->sink != NULL ? 0 : -1;
}

/* Everything that must be said and freed, whatever happened; the first cause stays in err. */
static int close_all(struct producer *p, int result, struct pasar_err *err)
{
    struct pasar_err later = PASAR_ERR_INIT;

    pasar_progress_finish(&p->progress);
    if (p->sink != NULL) {
        if (result != 0)
            p->sink->ops->settle(p->sink);
        p->summary->sink = p->sink->counts;
    }
    if (result == 1)
        result = stopped(p, err);
    if (p->source != NULL) {
        p->summary->bytes_read = rowsource_offset(p->source);
        p->summary->nulls = *rowsource_counts(p->source);
    }
    p->summary->seconds = (double)(pasar_clock_mono_ns() - p->started_ns) / 1e9;
    if (rejects_close(p->rejects, &later) != 0 || summary_check(p->summary, &later) != 0)
        result = pasar_err_set(err, later.code, "%s", later.msg);
    sink_free(p->sink);
    rowsource_free(p->source);
    pasar_buf_fini(&p->json);
    return result;
}

int producer_run(const struct producer_config *config, char *const *files, int file_count, char run[RUNID_MAX],
                 struct summary *summary, struct pasar_err *err)
{
    struct producer p = {.config = config, .summary = summary, .started_ns = pasar_clock_mono_ns()};
    int result;

    summary->run = run;
    pasar_progress_start(&p.progress, "rows sent", config->common.quiet);
    result = open_all(&p, files, file_count, run, err);
    p.started_ns = pasar_clock_mono_ns();
    if (result == 0)
        result = send_rows(&p, err);
    if (result == 0)
        result = finish(&p, err);
    return close_all(&p, result, err);
}
