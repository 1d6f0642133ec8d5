/* Reading back what the topic holds of a run: watermarks, single records, and everything past a checkpoint. */
#include "producer/readback.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/clock.h"
#include "pasar/hash.h"
#include "pasar/kafka.h"
#include "pasar/log.h"
#include "pasar/num.h"
#include "pasar/stop.h"
#include "producer/runid.h"
#include "producer/topicreader.h"

enum { SLICE_MS = 100, SETTLE_MS = 1000, SETTLE_MAX_MS = 10000, QUERY_MS = 1000 };

static int stopped(struct pasar_err *err)
{
    return pasar_err_set(err, PASAR_ETEMP, "stopped while looking for what the topic already holds");
}

/* Lets time pass, all of it (pasar_stop_wait ends early at a SIGHUP). True after a stop. */
static bool wait_ms(int64_t timeout_ms)
{
    int64_t end_ns = pasar_clock_mono_ns() + timeout_ms * 1000000;

    while (!pasar_stop_requested() && pasar_clock_mono_ns() < end_ns)
        pasar_clock_sleep_ms(20);
    return pasar_stop_requested();
}

/* ------------------------------------------------------------------ watermarks */

/*
 * One question for an end of all partitions, answered within QUERY_MS or not at all. (rd_kafka_query_watermark_offsets
 * waits for a silent broker as long as socket.timeout.ms, deaf to signals.)
 */
static rd_kafka_resp_err_t ask(rd_kafka_t *rk, const char *topic, int32_t partition_count, int64_t which,
                               rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t code;

    for (int32_t p = 0; p < partition_count; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = which;
    code = rd_kafka_offsets_for_times(rk, list, QUERY_MS);
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        code = list->elems[i].err;
    return code;
}

static rd_kafka_resp_err_t ask_all(rd_kafka_t *rk, const char *topic, int32_t partition_count, int64_t which,
                                   struct watermarks *marks)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partition_count);
    rd_kafka_resp_err_t code = ask(rk, topic, partition_count, which, list);

    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        int32_t p = list->elems[i].partition;

        if (which == RD_KAFKA_OFFSET_BEGINNING)
            marks[p].low = list->elems[i].offset;
        else
            marks[p].high = list->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

int readback_watermarks(rd_kafka_t *rk, const struct producer_config *config, int32_t partition_count,
                        struct watermarks *marks, struct pasar_err *err)
{
    int64_t end_ns = pasar_clock_mono_ns() + (int64_t)(config->connect_timeout * 1e9);

    for (;;) {
        const char *topic = config->kafka.topic;
        rd_kafka_resp_err_t code = ask_all(rk, topic, partition_count, RD_KAFKA_OFFSET_BEGINNING, marks);

        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            code = ask_all(rk, topic, partition_count, RD_KAFKA_OFFSET_END, marks);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        if (pasar_clock_mono_ns() >= end_ns)
            return pasar_err_set(err, PASAR_EUNAVAILABLE, "topic %s does not tell its offsets: %s", topic,
                                 rd_kafka_err2str(code));
        if (wait_ms(SLICE_MS))
            return stopped(err);
    }
}

int readback_settle(rd_kafka_t *rk, const struct producer_config *config, int32_t partition_count,
                    struct watermarks *marks, struct pasar_err *err)
{
    size_t bytes = (size_t)partition_count * sizeof(*marks);
    struct watermarks *before = malloc(bytes + 1);
    int64_t end_ns = pasar_clock_mono_ns() + SETTLE_MAX_MS * INT64_C(1000000);
    int result =
        before != NULL ? readback_watermarks(rk, config, partition_count, marks, err) : pasar_err_nomem(err, "offsets");

    while (result == 0) {
        memcpy(before, marks, bytes);
        if (wait_ms(SETTLE_MS))
            result = stopped(err);
        else
            result = readback_watermarks(rk, config, partition_count, marks, err);
        if (result != 0 || memcmp(before, marks, bytes) == 0)
            break;
        if (pasar_clock_mono_ns() >= end_ns) {
            pasar_warn("topic %s has not come to rest within %d s, others seem to write to it: what this run sent just "
                       "before it was cut short is taken to be there by now",
                       config->kafka.topic, SETTLE_MAX_MS / 1000);
            break;
        }
    }
    free(before);
    return result;
}

/* ------------------------------------------------------------------ records */

static bool is_of_run(const rd_kafka_message_t *message, const char *run)
{
    const char *text;
    size_t len;

    return pasar_kafka_header(message, PASAR_HEADER_RUN, &text, &len) && len == strlen(run) &&
           memcmp(text, run, len) == 0;
}

/* The row number of a record, 0 when it has none. */
static uint64_t row_of(const rd_kafka_message_t *message)
{
    const char *text;
    uint64_t row = 0;
    size_t len;

    if (!pasar_kafka_header(message, PASAR_HEADER_ROW, &text, &len) || pasar_num_u64(text, len, &row) != 0)
        return 0;
    return row;
}

int readback_probe(const struct producer_config *config, const struct readback_claim *claim,
                   const struct watermarks *mark, enum resume_probe *probe, struct pasar_err *err)
{
    struct topicreader reader;
    rd_kafka_message_t *message;
    int32_t eof;

    *probe = claim->offset < mark->low ? PROBE_NONE : PROBE_OTHER;
    if (claim->offset < mark->low || claim->offset >= mark->high)
        return 0;
    if (topicreader_open(&reader, config, err) != 0)
        return -1;
    if (topicreader_start(&reader, claim->partition, claim->offset, err) == 0) {
        message = topicreader_next(&reader, &eof, err);
        *probe = resume_probe_of(claim->offset, message != NULL ? message->offset : mark->high,
                                 message != NULL && is_of_run(message, claim->run) && row_of(message) == claim->row);
        if (message != NULL)
            rd_kafka_message_destroy(message);
        topicreader_stop(&reader, claim->partition);
    }
    topicreader_close(&reader);
    return err->code == PASAR_OK ? 0 : -1;
}

/* ------------------------------------------------------------------ the ends of the partitions */

static void take_last(struct readback_last *last, const rd_kafka_message_t *message, uint64_t input_hash,
                      const char *run_id)
{
    const char *text;
    size_t len;

    last->has_run_id |= run_id != NULL && is_of_run(message, run_id);
    if (!pasar_kafka_header(message, PASAR_HEADER_RUN, &text, &len) || !runid_is_of(text, len, input_hash))
        return;
    snprintf(last->run, sizeof(last->run), "%.*s", (int)len, text);
    last->is_ended |= pasar_kafka_header(message, PASAR_HEADER_END, &text, &len);
}

static bool is_empty(const struct watermarks *marks, int32_t partition_count)
{
    for (int32_t p = 0; p < partition_count; p++)
        if (marks[p].high > marks[p].low)
            return false;
    return true;
}

int readback_last(const struct producer_config *config, uint64_t input_hash, const char *run_id,
                  int32_t partition_count, const struct watermarks *marks, struct readback_last *last,
                  struct pasar_err *err)
{
    struct topicreader reader;
    int result = 0;

    *last = (struct readback_last){0};
    if (is_empty(marks, partition_count))
        return 0;
    if (topicreader_open(&reader, config, err) != 0)
        return -1;
    for (int32_t p = 0; p < partition_count && result == 0; p++) {
        rd_kafka_message_t *message;
        int32_t eof;

        if (marks[p].high <= marks[p].low)
            continue;
        if (topicreader_start(&reader, p, marks[p].high - 1, err) != 0) {
            result = -1;
            break;
        }
        message = topicreader_next(&reader, &eof, err);
        if (message != NULL) {
            take_last(last, message, input_hash, run_id);
            rd_kafka_message_destroy(message);
        } else if (eof < 0) {
            result = -1;
        }
        topicreader_stop(&reader, p);
    }
    topicreader_close(&reader);
    return result;
}

/* ------------------------------------------------------------------ a run past its checkpoint */

static int take_end(struct readback *found, const rd_kafka_message_t *message, const char *json, size_t len,
                    struct pasar_err *err)
{
    if (pasar_run_end_from_json(&found->end, json, len, err) != 0)
        return -1;
    found->ended[message->partition] = true;
    found->end_partition = message->partition;
    found->end_offset = message->offset;
    return 0;
}

static int take_record(struct readback *found, const char *run, const rd_kafka_message_t *message,
                       struct pasar_buf *scratch, struct pasar_err *err)
{
    struct pasar_record record;
    const char *json;
    uint64_t row;
    size_t len;

    if (!is_of_run(message, run))
        return 0;
    if (pasar_kafka_header(message, PASAR_HEADER_END, &json, &len))
        return take_end(found, message, json, len, err);
    row = row_of(message);
    if (row == 0 || message->payload == NULL ||
        pasar_record_from_json(&record, message->payload, message->len, scratch, err) != 0 ||
        tail_add(found->tail, row, record.timestamp_us, pasar_hash_row(row, message->payload, message->len), err) != 0)
        return pasar_err_set(err, PASAR_EDATA, "no row number, or no record");
    found->partitions[message->partition] =
        (struct checkpoint_partition){.next_offset = message->offset + 1, .last_row = row};
    return 0;
}

/* Starts reading wherever there is something to read; the number of such partitions, or -1 with err. */
static int32_t start_all(struct topicreader *reader, int32_t partition_count, const struct watermarks *marks,
                         struct readback *found, bool *open, struct pasar_err *err)
{
    int32_t count = 0;

    for (int32_t p = 0; p < partition_count; p++) {
        int64_t from = found->partitions[p].next_offset;

        if (from < marks[p].low)
            return pasar_err_set(err, PASAR_EDATA,
                                 "topic %s [%" PRId32 "] no longer holds the offsets %" PRId64 " to %" PRId64
                                 ", so nobody can tell what of this run is stored (--abandon sends everything)",
                                 reader->config->kafka.topic, p, from, marks[p].low - 1);
        if (from >= marks[p].high)
            continue;
        if (topicreader_start(reader, p, from, err) != 0)
            return -1;
        open[p] = true;
        count++;
    }
    return count;
}

static int read_all(struct topicreader *reader, const char *run, int32_t left, const struct watermarks *marks,
                    struct readback *found, bool *open, struct pasar_err *err)
{
    struct pasar_buf scratch = {0};
    int result = 0;

    while (left > 0 && result == 0) {
        int32_t done;
        rd_kafka_message_t *message = topicreader_next(reader, &done, err);

        if (message == NULL && done < 0) {
            result = -1;
        } else if (message != NULL) {
            int32_t p = message->partition;

            done = message->offset + 1 >= marks[p].high ? p : -1;
            if (message->offset < marks[p].high && take_record(found, run, message, &scratch, err) != 0)
                result = pasar_err_context(err, "topic %s [%" PRId32 "] offset %" PRId64 " claims to be of run %s",
                                           reader->config->kafka.topic, p, message->offset, run);
            rd_kafka_message_destroy(message);
        }
        if (done >= 0 && open[done]) {
            open[done] = false;
            left--;
            topicreader_stop(reader, done);
        }
    }
    pasar_buf_fini(&scratch);
    return result;
}

int readback_run(const struct producer_config *config, const char *run, int32_t partition_count,
                 const struct watermarks *marks, struct readback *found, struct pasar_err *err)
{
    bool *open = calloc((size_t)partition_count + 1, sizeof(*open));
    struct topicreader reader;
    int32_t count;
    int result = -1;

    found->end_partition = -1;
    if (open == NULL)
        return pasar_err_nomem(err, "partitions");
    if (topicreader_open(&reader, config, err) == 0) {
        count = start_all(&reader, partition_count, marks, found, open, err);
        if (count >= 0)
            result = read_all(&reader, run, count, marks, found, open, err);
        for (int32_t p = 0; p < partition_count; p++)
            if (open[p])
                topicreader_stop(&reader, p);
        topicreader_close(&reader);
    }
    free(open);
    return result;
}
