/* What becomes of one row of the input: sent, passed over or rejected, and counted. */
#include <inttypes.h>
#include <math.h>

#include "pasar/clock.h"
#include "pasar/hash.h"
#include "pasar/log.h"
#include "pasar/num.h"
#include "pasar/stop.h"
#include "producer/producer_private.h"

int64_t producer_next_timestamp(struct producer *p)
{
    int64_t now_us = pasar_clock_wall_us();

    if (p->done.row < p->run.tail.last) /* between stored rows */
        return ++p->last_timestamp_us;
    p->last_timestamp_us = now_us > p->last_timestamp_us ? now_us : p->last_timestamp_us + 1;
    return p->last_timestamp_us;
}

enum next producer_handle_reject(struct producer *p, const struct sink_reject *reject, struct pasar_err *err)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;
    const struct producer_config *config = p->config;
    enum sink_result result = SINK_DONE;

    if (config->on_error == ON_ERROR_DLQ && reject->row > p->from.row) {
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

/* Holds back while the next row is not due yet. 0, or -1 with err when the sink has failed meanwhile. */
static int pace(struct producer *p, struct pasar_err *err)
{
    int64_t ahead_ms;
    int result = 0;

    if (p->config->rate <= 0 && p->pacer.pause_max <= 0)
        return 0;
    while (result == 0 && (ahead_ms = (p->pacer.due_ns - pasar_clock_mono_ns()) / 1000000) > 0 &&
           !pasar_stop_requested())
        result = p->sink->ops->wait(p->sink, ahead_ms < 200 ? (int)ahead_ms : 200, err);
    return result;
}

static void count_row(struct producer *p, const struct rowsource_row *row)
{
    if (p->config->rate > 0 || p->pacer.pause_max > 0)
        pacer_sent(&p->pacer, pasar_clock_mono_ns());
    p->summary->rows_read++;
    p->summary->digest += pasar_hash_row(row->row, p->json.data, p->json.len);
}

/* The row's key: the value of a column as text, numbers as in JSON; none when it is null. */
static void set_key(const struct producer *p, struct sink_row *out, const struct pasar_record *record,
                    char number[PASAR_NUM_DOUBLE_MAX])
{
    int column = p->config->key_column;

    if (!pasar_columns[column].is_number) {
        out->key = record->text[column].data;
        out->key_len = record->text[column].len;
    } else if (isfinite(record->number[column])) {
        out->key = number;
        out->key_len = pasar_num_format_double(record->number[column], number);
    }
}

static enum next refuse_row(struct producer *p, const struct rowsource_row *row, const char *why, struct pasar_err *err)
{
    struct sink_reject reject = {row->file, row->line, row->offset, row->row, why, row->raw, row->raw_len};

    if (run_refuse(&p->run, row->row, err) != 0)
        return NEXT_FAILED;
    return producer_handle_reject(p, &reject, err);
}

/* A row that need not be sent, because it is in the topic or was found too long for it. False: send it. */
static bool pass_over(struct producer *p, const struct rowsource_row *row, enum next *next, struct pasar_err *err)
{
    int64_t stored_us = tail_find(&p->run.tail, row->row);

    if (row->row > p->from.row && stored_us == 0)
        return false;
    *next = NEXT_ROW;
    if (row->row <= p->from.row && journal_is_refused(&p->run.journal.refused, row->row)) {
        *next = refuse_row(p, row, "longer than the producer's message.max.bytes", err);
        return true;
    }
    p->summary->rows_read++;
    p->summary->stored++;
    if (stored_us != 0)
        p->last_timestamp_us = stored_us;
    return true;
}

enum next producer_handle_row(struct producer *p, struct rowsource_row *row, struct pasar_err *err)
{
    struct sink_row out = {.row = row->row};
    struct pasar_err refusal = PASAR_ERR_INIT;
    char number[PASAR_NUM_DOUBLE_MAX];
    enum next next;

    if (row->row <= p->run.tail.last && pass_over(p, row, &next, err))
        return next;
    if (pace(p, err) != 0)
        return NEXT_FAILED;
    row->record.timestamp_us = producer_next_timestamp(p);
    pasar_buf_reset(&p->json);
    pasar_record_add_json(&p->json, &row->record);
    if (p->json.failed) {
        pasar_err_nomem(err, "a row");
        return NEXT_FAILED;
    }
    out.timestamp_us = row->record.timestamp_us;
    set_key(p, &out, &row->record, number);
    out.value = p->json.data;
    out.value_len = p->json.len;
    switch (p->sink->ops->send(p->sink, &out, &refusal)) {
    case SINK_DONE:
        count_row(p, row);
        return NEXT_ROW;
    case SINK_REFUSED:
        return refuse_row(p, row, refusal.msg, err);
    case SINK_STOPPED:
        return NEXT_STOPPED;
    case SINK_FAILED:
        break;
    }
    pasar_err_set(err, refusal.code, "%s", refusal.msg);
    return NEXT_FAILED;
}
