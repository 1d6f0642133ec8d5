/*
 * The sink that matters: an idempotent librdkafka producer. Each row's delivery report is read; a full queue is
 * backpressure; whatever librdkafka reports as an error of a row is final (what can be retried it retries itself).
 */
#include "producer/sink_kafka_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/buf.h"
#include "pasar/clock.h"
#include "pasar/kafka.h"
#include "pasar/log.h"
#include "pasar/num.h"
#include "pasar/stop.h"
#include "producer/checkpoint.h"
#include "producer/partitioner.h"

enum {
    POLL_ROWS = 256,      /* delivery reports are collected every so many rows */
    BACKPRESSURE_MS = 50, /* wait for room in the queue */
    WAIT_LOG_MS = 10000,  /* "still waiting" */
    STOP_FLUSH_MS = 1200, /* what a stop leaves to rows in flight; with the rest below 2 s */
    SETTLE_MS = 300,      /* to collect the reports of purged rows */
};

/* What a message was, in the low bits of its opaque; the row number above them. */
enum kind { KIND_ROW, KIND_DLQ, KIND_END, KIND_BITS = 2 };

static void *opaque_of(enum kind kind, uint64_t row)
{
    return (void *)(uintptr_t)(row << KIND_BITS | kind);
}

void sink_kafka_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct sink_kafka *k = opaque;
    struct sink_counts *counts = &k->base.counts;
    uintptr_t tag = (uintptr_t)message->_private;
    enum kind kind = (enum kind)(tag & ((1u << KIND_BITS) - 1));
    uint64_t row = tag >> KIND_BITS;

    (void)rk;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (kind == KIND_END) {
            counts->ends_acknowledged++;
            if (message->offset >= 0) {
                k->base.end_partition = message->partition;
                k->base.end_offset = message->offset;
            }
            return;
        }
        if (kind == KIND_ROW)
            counts->acknowledged++;
        else
            counts->dlq_acknowledged++;
        if (k->acks != NULL)
            checkpointer_acked(k->acks, row, kind == KIND_ROW ? message->partition : -1, message->offset);
        return;
    }
    if (kind == KIND_ROW) {
        counts->failed++;
        if (rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED)
            counts->uncertain++;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        return; /* given up by sink_settle, whose caller knows why */
    pasar_err_set(&k->failure, PASAR_EIO, "%s %" PRIu64 " was not stored in topic %s [%" PRId32 "]: %s",
                  kind == KIND_ROW   ? "row"
                  : kind == KIND_DLQ ? "rejected row"
                                     : "end of run after row",
                  row, kind == KIND_DLQ ? k->dlq_name : k->topic_name, message->partition,
                  rd_kafka_err2str(message->err));
}

void sink_kafka_on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;
    struct sink_kafka *k = opaque;
    char why[256];

    if (code != RD_KAFKA_RESP_ERR__FATAL) {
        pasar_log_limited(&limit, PASAR_LOG_WARN, "%s (retrying)", reason);
        return;
    }
    rd_kafka_fatal_error(rk, why, sizeof(why));
    k->is_fatal = true;
    pasar_err_set(&k->failure, PASAR_EIO, "the idempotent producer had to give up: %s", why);
}

/* The headers of a row: run and row number. Owned by the message once it is accepted. */
static rd_kafka_headers_t *row_headers(struct sink_kafka *k, uint64_t row)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(2);

    pasar_buf_reset(&k->text);
    pasar_num_add_u64(&k->text, row);
    rd_kafka_header_add(headers, PASAR_HEADER_RUN, sizeof(PASAR_HEADER_RUN) - 1, k->run, (ssize_t)k->run_len);
    rd_kafka_header_add(headers, PASAR_HEADER_ROW, sizeof(PASAR_HEADER_ROW) - 1, k->text.data, (ssize_t)k->text.len);
    return headers;
}

struct outgoing {
    rd_kafka_topic_t *topic;
    int32_t partition;
    const void *key, *value;
    size_t key_len, value_len;
    int64_t timestamp_ms; /* 0 = now */
    rd_kafka_headers_t *headers;
    void *opaque;
};

/* Hands one message over (copied). Headers go with it on success only. */
static rd_kafka_resp_err_t produce(rd_kafka_t *rk, const struct outgoing *out)
{
    const rd_kafka_vu_t fields[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = out->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = out->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {.ptr = (void *)out->key, .size = out->key_len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {.ptr = (void *)out->value, .size = out->value_len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = out->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = out->headers},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = out->opaque},
    };
    rd_kafka_error_t *error = rd_kafka_produceva(rk, fields, sizeof(fields) / sizeof(fields[0]));
    rd_kafka_resp_err_t code;

    if (error == NULL)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return code;
}

/* Hands one message over, waiting while the queue is full. Takes the headers in every case. */
static enum sink_result produce_waiting(struct sink_kafka *k, const struct outgoing *out, bool stoppable,
                                        struct pasar_err *err)
{
    static struct pasar_log_limit limit = {1, WAIT_LOG_MS, 0, 0, 0};
    int64_t full_since = 0;
    rd_kafka_resp_err_t code;

    while ((code = produce(k->rk, out)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        if ((stoppable && pasar_stop_requested()) || k->failure.code != PASAR_OK)
            break;
        if (full_since == 0)
            full_since = pasar_clock_mono_ns();
        else if (pasar_clock_mono_ns() - full_since > WAIT_LOG_MS * INT64_C(1000000))
            pasar_log_limited(&limit, PASAR_LOG_WARN, "broker %s has taken nothing for %d s: waiting with %d messages",
                              k->brokers, (int)((pasar_clock_mono_ns() - full_since) / 1000000000),
                              rd_kafka_outq_len(k->rk));
        rd_kafka_poll(k->rk, BACKPRESSURE_MS);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return SINK_DONE;
    rd_kafka_headers_destroy(out->headers);
    if (k->failure.code != PASAR_OK) {
        pasar_err_set(err, k->failure.code, "%s", k->failure.msg);
        return SINK_FAILED;
    }
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return SINK_STOPPED;
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        pasar_err_set(err, PASAR_EDATA, "longer than the producer's message.max.bytes");
        return SINK_REFUSED;
    }
    pasar_err_set(err, PASAR_EIO, "cannot send to topic %s: %s", rd_kafka_topic_name(out->topic),
                  rd_kafka_err2str(code));
    return SINK_FAILED;
}

static void kafka_begin(struct sink *sink, const char *run, struct checkpointer *acks)
{
    struct sink_kafka *k = (struct sink_kafka *)sink;

    k->run = run;
    k->run_len = strlen(run);
    k->acks = acks;
}

static enum sink_result kafka_send(struct sink *sink, const struct sink_row *row, struct pasar_err *err)
{
    struct sink_kafka *k = (struct sink_kafka *)sink;
    struct outgoing out = {
        .topic = k->topic,
        .partition = partitioner_of_key(k->partitioner, row->key, row->key_len, k->partition_count),
        .key = row->key,
        .key_len = row->key_len,
        .value = row->value,
        .value_len = row->value_len,
        .timestamp_ms = row->timestamp_us / 1000,
        .opaque = opaque_of(KIND_ROW, row->row),
    };
    enum sink_result result;

    if (++k->since_poll >= POLL_ROWS) {
        k->since_poll = 0;
        rd_kafka_poll(k->rk, 0);
    }
    if (k->failure.code != PASAR_OK) {
        pasar_err_set(err, k->failure.code, "%s", k->failure.msg);
        return SINK_FAILED;
    }
    out.headers = row_headers(k, row->row);
    result = produce_waiting(k, &out, true, err);
    if (result == SINK_DONE)
        sink->counts.accepted++;
    return result;
}

static void add_text_header(rd_kafka_headers_t *headers, const char *name, const char *value)
{
    rd_kafka_header_add(headers, name, -1, value, -1);
}

static enum sink_result kafka_reject(struct sink *sink, const struct sink_reject *reject, struct pasar_err *err)
{
    struct sink_kafka *k = (struct sink_kafka *)sink;
    struct outgoing out = {
        .topic = k->dlq,
        .partition = RD_KAFKA_PARTITION_UA,
        .value = reject->raw,
        .value_len = reject->raw_len,
        .opaque = opaque_of(KIND_DLQ, reject->row),
        .headers = rd_kafka_headers_new(6),
    };
    char number[24];
    enum sink_result result;

    add_text_header(out.headers, PASAR_HEADER_RUN, k->run);
    add_text_header(out.headers, "pasar.error.reason", reject->reason);
    add_text_header(out.headers, "pasar.error.file", reject->file);
    snprintf(number, sizeof(number), "%" PRIu64, reject->line);
    add_text_header(out.headers, "pasar.error.line", number);
    snprintf(number, sizeof(number), "%" PRIu64, reject->offset);
    add_text_header(out.headers, "pasar.error.offset", number);
    if (reject->row > 0) {
        snprintf(number, sizeof(number), "%" PRIu64, reject->row);
        add_text_header(out.headers, PASAR_HEADER_ROW, number);
    }
    result = produce_waiting(k, &out, true, err);
    if (result == SINK_DONE)
        sink->counts.dlq_accepted++;
    return result;
}

/* librdkafka waits in whole milliseconds: rounded up, or the last one would be spent spinning. */
static int kafka_wait(struct sink *sink, int timeout_ms, struct pasar_err *err)
{
    struct sink_kafka *k = (struct sink_kafka *)sink;
    int64_t end_ns = pasar_clock_mono_ns() + timeout_ms * INT64_C(1000000);
    int64_t left_ns;

    rd_kafka_poll(k->rk, 0);
    while ((left_ns = end_ns - pasar_clock_mono_ns()) > 0 && !pasar_stop_requested() && k->failure.code == PASAR_OK)
        rd_kafka_poll(k->rk, (int)((left_ns + 999999) / 1000000));
    return k->failure.code == PASAR_OK ? 0 : pasar_err_set(err, k->failure.code, "%s", k->failure.msg);
}

/*
 * Waits until every message is reported, as long as that takes; a stop leaves STOP_FLUSH_MS from when it is first seen.
 * False when that time ran out.
 */
static bool drain(struct sink_kafka *k, bool despite_failure)
{
    int64_t logged_ns = pasar_clock_mono_ns();

    while (rd_kafka_outq_len(k->rk) > 0 && (despite_failure || k->failure.code == PASAR_OK)) {
        int64_t now_ns = pasar_clock_mono_ns();

        if (k->stop_ns == 0 && (pasar_stop_requested() || k->is_fatal))
            k->stop_ns = now_ns + STOP_FLUSH_MS * INT64_C(1000000);
        if (k->stop_ns != 0 && now_ns >= k->stop_ns)
            return false;
        if (now_ns - logged_ns > WAIT_LOG_MS * INT64_C(1000000)) {
            logged_ns = now_ns;
            pasar_warn("waiting for %s to acknowledge the last %d messages", k->brokers, rd_kafka_outq_len(k->rk));
        }
        rd_kafka_flush(k->rk, 100);
    }
    return true;
}

/* drain as a step of finish: SINK_STOPPED when time ran out, SINK_FAILED with err when something was not stored. */
static enum sink_result drain_step(struct sink_kafka *k, struct pasar_err *err)
{
    bool in_time = drain(k, false);

    if (k->failure.code != PASAR_OK) {
        pasar_err_set(err, k->failure.code, "%s", k->failure.msg);
        return SINK_FAILED;
    }
    return in_time ? SINK_DONE : SINK_STOPPED;
}

/* One control record per partition: whoever reads a partition learns that the run is whole there. */
static enum sink_result send_ends(struct sink_kafka *k, const struct pasar_run_end *end, const bool *ended,
                                  struct pasar_err *err)
{
    struct pasar_buf json = {0};
    enum sink_result result = SINK_DONE;

    pasar_run_end_add_json(&json, end);
    if (json.failed) {
        pasar_err_nomem(err, "end of run");
        result = SINK_FAILED;
    }
    for (int32_t p = 0; p < k->partition_count && result == SINK_DONE; p++) {
        struct outgoing out = {
            .topic = k->topic,
            .partition = p,
            .key = "",
            .timestamp_ms = end->timestamp_us / 1000,
            .opaque = opaque_of(KIND_END, end->rows),
        };

        if (ended != NULL && ended[p])
            continue;
        out.headers = rd_kafka_headers_new(2);
        add_text_header(out.headers, PASAR_HEADER_RUN, k->run);
        rd_kafka_header_add(out.headers, PASAR_HEADER_END, -1, json.data, (ssize_t)json.len);
        result = produce_waiting(k, &out, true, err);
    }
    pasar_buf_fini(&json);
    return result;
}

static enum sink_result kafka_finish(struct sink *sink, struct pasar_run_end *end, const bool *ended,
                                     struct pasar_err *err)
{
    struct sink_kafka *k = (struct sink_kafka *)sink;
    enum sink_result result = drain_step(k, err);

    if (result == SINK_DONE && pasar_stop_requested())
        return SINK_STOPPED;
    if (end->partition_count == 0)
        end->partition_count = k->partition_count;
    if (result == SINK_DONE)
        result = send_ends(k, end, ended, err);
    if (result == SINK_DONE)
        result = drain_step(k, err);
    return result;
}

static void kafka_settle(struct sink *sink)
{
    struct sink_kafka *k = (struct sink_kafka *)sink;
    bool is_drained = drain(k, true);
    char why[8];

    sink->is_broken = rd_kafka_fatal_error(k->rk, why, sizeof(why)) != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (is_drained)
        return;
    rd_kafka_purge(k->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    for (int64_t end_ns = pasar_clock_mono_ns() + SETTLE_MS * INT64_C(1000000);
         rd_kafka_outq_len(k->rk) > 0 && pasar_clock_mono_ns() < end_ns;)
        rd_kafka_poll(k->rk, 20);
}

static void kafka_free(struct sink *sink)
{
    struct sink_kafka *k = (struct sink_kafka *)sink;

    if (k->topic != NULL)
        rd_kafka_topic_destroy(k->topic);
    if (k->dlq != NULL)
        rd_kafka_topic_destroy(k->dlq);
    if (k->rk != NULL)
        rd_kafka_destroy(k->rk);
    pasar_buf_fini(&k->text);
    free(k);
}

const struct sink_ops sink_kafka_ops = {kafka_begin,  kafka_send,   kafka_reject, kafka_wait,
                                        kafka_finish, kafka_settle, kafka_free};
