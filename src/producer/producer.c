/*
 * The producer's loop: rows in, sink out, and a count of everything.
 *
 * A row's timestamp is the time at which it was read, and always later than that of the row before: so the order of
 * arrival, (timestamp, partition, offset), is the order of the file, whatever partitions the rows go to. That holds
 * over a restart too: a row that is sent later than its successors, because it had not arrived when the process died,
 * gets the microsecond after its predecessor's, which its successors are all later than.
 *
 * A run that goes on, in a new process or with a new client, reads the input from its start once more and passes over
 * the rows that are stored. So rejects, nulls and counts are always those of the whole input.
 */
#include "producer/producer_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pasar/clock.h"
#include "pasar/log.h"
#include "pasar/stop.h"

#define REBUILDS_NS (60 * INT64_C(1000000000))

/* While a pipe has nothing to read: acknowledgements. False after a stop, or when the sink has failed. */
static bool idle(void *ctx)
{
    struct producer *p = ctx;

    return !pasar_stop_requested() && p->sink->ops->wait(p->sink, 0, NULL) == 0;
}

static uint64_t outstanding(const struct producer *p)
{
    const struct sink_counts *counts = &p->sink->counts;

    return counts->accepted - counts->acknowledged + counts->dlq_accepted - counts->dlq_acknowledged;
}

/* Brings the account up to date with a row that was dealt with. 0, or -1 when it cannot be this run's input. */
static int settle_row(struct producer *p, uint64_t row, struct pasar_err *err)
{
    p->done.row = row;
    p->done.stored = p->summary->stored + p->sink->counts.accepted;
    p->done.rejected = p->summary->rejected;
    if (row == p->from.row && (p->done.stored != p->from.stored || p->done.rejected != p->from.rejected))
        return pasar_err_set(err, PASAR_EDATA,
                             "of the first %" PRIu64 " rows %" PRIu64 " are bad, but %" PRIu64
                             " were when run %s began: the input was changed; --abandon begins a new run",
                             row, p->done.rejected, p->from.rejected, p->run.id);
    if (row <= p->from.row) {
        if (row == p->from.row)
            p->done = p->from;
        return 0;
    }
    p->done.digest = p->summary->digest;
    p->done.timestamp_us = p->last_timestamp_us;
    run_step(&p->run, &p->done, outstanding(p));
    return 0;
}

/* Whether the input had all the rows that the topic has. 0, or -1 with err. */
static int check_stored(const struct producer *p, struct pasar_err *err)
{
    if (p->done.row >= p->run.tail.last && p->summary->stored == p->from.stored + p->run.tail.count)
        return 0;
    return pasar_err_set(err, PASAR_EDATA,
                         "the input's %" PRIu64 " rows are not those of which run %s has stored up to row %" PRIu64
                         ": it was changed; --abandon begins a new run",
                         p->done.row, p->run.id, p->run.tail.last);
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
            next = producer_handle_row(p, &row, err);
            break;
        case ROWSOURCE_REJECT: {
            struct sink_reject reject = {row.file, row.line, row.offset, row.row, row.reason, row.raw, row.raw_len};

            next = producer_handle_reject(p, &reject, err);
            break;
        }
        case ROWSOURCE_END:
            return check_stored(p, err);
        case ROWSOURCE_IDLE:
            if (pasar_stop_requested())
                return 1;
            (void)p->sink->ops->wait(p->sink, 0, err); /* says again what has failed */
            return -1;
        case ROWSOURCE_ERROR:
            return -1;
        }
        if (next == NEXT_ROW && settle_row(p, row.row, err) != 0)
            return -1;
        pasar_progress_update(&p->progress, p->summary->rows_read, rowsource_offset(p->source),
                              rowsource_total(p->source));
    }
    return next == NEXT_STOPPED ? 1 : -1;
}

/* Waits for the acknowledgements and ends the run. 0, 1 = stopped, -1 = err. */
static int finish(struct producer *p, struct pasar_err *err)
{
    struct pasar_run_end end = {.rows = p->summary->stored + p->sink->counts.accepted, .digest = p->summary->digest};

    snprintf(end.run, sizeof(end.run), "%s", p->summary->run);
    end.timestamp_us = producer_next_timestamp(p);
    if (p->run.end_partition >= 0) { /* a process died between the end records: the others must be like them */
        if (p->run.end.rows != end.rows || p->run.end.digest != end.digest)
            return pasar_err_set(err, PASAR_EDATA,
                                 "the topic holds an end of run %s with %" PRIu64 " rows, but there are %" PRIu64
                                 ", or others: the input was changed; --abandon begins a new run",
                                 end.run, p->run.end.rows, end.rows);
        end = p->run.end;
    }
    switch (p->sink->ops->finish(p->sink, &end, p->run.ended, err)) {
    case SINK_DONE:
        p->summary->ended = true;
        run_finish(&p->run, &p->done, p->sink->end_partition, p->sink->end_offset);
        return 0;
    case SINK_STOPPED:
        return 1;
    default:
        return -1;
    }
}

static int stopped(const struct producer *p, struct pasar_err *err)
{
    if (config_sink(p->config) == SINK_KIND_NULL)
        return pasar_err_set(err, PASAR_ETEMP, "stopped by a signal after %" PRIu64 " rows of a dry run",
                             p->summary->rows_read);
    return pasar_err_set(
        err, PASAR_ETEMP, "stopped by a signal after %" PRIu64 " rows, %" PRIu64 " of them acknowledged; %s",
        p->summary->stored + p->summary->sink.accepted, p->summary->stored + p->summary->sink.acknowledged,
        p->run.is_tracked && p->run.dir != NULL ? "the same command goes on from there" : "the run has no end record");
}

/* Opens everything for a new run or one that goes on. 0, 1 = there is nothing to do, -1 = err. */
static int open_all(struct producer *p, char run[RUNID_MAX], struct pasar_err *err)
{
    const struct producer_config *config = p->config;
    bool is_new = p->run.config == NULL;
    enum run_result result = RUN_READY;

    p->done = (struct checkpoint_counts){0}; /* whatever fails below, no row of an earlier client is taken for safe */
    if (p->source != NULL)
        rowsource_rewind(p->source);
    else if ((p->source = rowsource_open(p->files, p->file_count, config->max_row_bytes, err)) == NULL)
        return -1;
    p->sink = sink_open(config, err);
    if (p->sink == NULL)
        return -1;
    if (is_new)
        result = run_open(&p->run, config, p->files, p->file_count, p->sink, err);
    else if (run_reopen(&p->run, p->sink, err) != 0)
        result = RUN_ERROR;
    if (result == RUN_ERROR)
        return -1;
    memcpy(run, p->run.id, RUNID_MAX);
    if (result == RUN_SENT)
        return 1;
    if (config->rejects != NULL && (p->rejects = rejects_open(config->rejects, err)) == NULL)
        return -1;
    p->from = p->run.acks.done.counts;
    p->last_timestamp_us = p->from.timestamp_us;
    p->summary->digest = p->from.digest + p->run.tail.digest;
    rowsource_set_idle(p->source, idle, p);
    p->sink->ops->begin(p->sink, run, p->run.is_tracked ? &p->run.acks : NULL);
    pasar_debug("run %s begins at row %" PRIu64, run, p->run.tail.last + 1);
    return 0;
}

/* Closes what belongs to one client and makes its counts final. `result` as in producer_run. */
static int close_client(struct producer *p, int result, struct pasar_err *err)
{
    struct pasar_err later = PASAR_ERR_INIT;
    bool is_broken = false;

    if (p->sink != NULL) {
        if (result != 0)
            p->sink->ops->settle(p->sink);
        is_broken = p->sink->is_broken;
        p->summary->sink = p->sink->counts;
        if (result != 0)
            run_save(&p->run, &p->done, outstanding(p));
    }
    if (p->source != NULL) {
        p->summary->bytes_read = rowsource_offset(p->source);
        p->summary->nulls = *rowsource_counts(p->source);
    }
    if (rejects_close(p->rejects, &later) != 0 || summary_check(p->summary, &later) != 0)
        result = pasar_err_set(err, later.code, "%s", later.msg);
    sink_free(p->sink);
    p->rejects = NULL;
    p->sink = NULL;
    return is_broken && later.code == PASAR_OK && !pasar_stop_requested() ? 2 : result;
}

/* Whether a client that gave up is replaced: the input must be readable again, and it must not happen all the time. */
static bool may_rebuild(struct producer *p, struct pasar_err *err)
{
    int64_t now_ns = pasar_clock_mono_ns();
    int64_t *oldest = &p->rebuilt_ns[p->summary->rebuilds % REBUILDS_MAX];

    if (!p->run.is_tracked || p->run.acks.done.partitions == NULL)
        return false;
    if (p->summary->rebuilds >= REBUILDS_MAX && now_ns - *oldest < REBUILDS_NS) {
        pasar_err_context(err, "after %d new clients within a minute (the same command goes on from here)",
                          REBUILDS_MAX);
        return false;
    }
    *oldest = now_ns;
    pasar_warn("%s: going on with a new client", err->msg);
    pasar_err_clear(err);
    return true;
}

/* Sends with one client. 0; 1 = stopped; 2 = the client is broken, err says how; -1 = err. */
static int run_client(struct producer *p, char run[RUNID_MAX], bool *is_sent, struct pasar_err *err)
{
    int result = open_all(p, run, err);

    *is_sent = result == 1;
    if (result == 0 && p->summary->rebuilds == 0)
        p->started_ns = pasar_clock_mono_ns();
    if (result == 0) {
        pacer_init(&p->pacer, p->config->rate, p->config->pause_min, p->config->pause_max, (uint64_t)p->config->seed,
                   pasar_clock_mono_ns());
        result = send_rows(p, err);
        if (result == 0)
            result = finish(p, err);
    }
    return close_client(p, *is_sent ? 0 : result, err);
}

/* Whether a run goes on with another client after `result` of run_client. One that has begun waits as long as it takes.
 */
static bool goes_on(struct producer *p, int result, struct pasar_err *err)
{
    static struct pasar_log_limit limit = {1, 10000, 0, 0, 0};
    uint64_t rebuilds = p->summary->rebuilds;

    if (result == 2 && may_rebuild(p, err)) {
        rebuilds++;
    } else if (result == -1 && rebuilds > 0 && err->code == PASAR_EUNAVAILABLE && !pasar_stop_requested()) {
        pasar_log_limited(&limit, PASAR_LOG_WARN, "%s (waiting for it, as the run has begun)", err->msg);
        pasar_err_clear(err);
    } else {
        return false;
    }
    *p->summary = (struct summary){.run = p->summary->run, .rebuilds = rebuilds};
    return true;
}

int producer_run(const struct producer_config *config, char *const *files, int file_count, char run[RUNID_MAX],
                 struct summary *summary, struct pasar_err *err)
{
    struct producer p = {.config = config,
                         .files = files,
                         .file_count = file_count,
                         .run = {.lock = -1},
                         .summary = summary,
                         .started_ns = pasar_clock_mono_ns()};
    bool is_sent = false;
    int result;

    summary->run = run;
    pasar_progress_start(&p.progress, config_sink(config) == SINK_KIND_NULL ? "rows read" : "rows sent",
                         config->common.quiet);
    do
        result = run_client(&p, run, &is_sent, err);
    while (goes_on(&p, result, err));
    pasar_progress_finish(&p.progress);
    summary->ended |= is_sent;
    summary->seconds = (double)(pasar_clock_mono_ns() - p.started_ns) / 1e9;
    if (result == 1)
        result = stopped(&p, err);
    run_close(&p.run);
    rowsource_free(p.source);
    pasar_buf_fini(&p.json);
    return result == 0 ? 0 : -1;
}
