/*
 * The consumer's life: connect, read (RUNNING), publish what is open (DRAINING), close (DONE). One thread polls; the
 * publisher's threads wait for the disk.
 */
#include "consumer/consumer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "consumer/assignment.h"
#include "consumer/commit.h"
#include "consumer/connection.h"
#include "consumer/decode.h"
#include "consumer/lag.h"
#include "consumer/meta.h"
#include "pasar/atomicfile.h"
#include "pasar/clock.h"
#include "pasar/log.h"
#include "pasar/progress.h"
#include "pasar/stop.h"

#define NS_PER_MS INT64_C(1000000)

enum {
    POLL_MS = 100,          /* a stop is seen within this */
    MESSAGES_A_TURN = 256,  /* between looks at clock and publisher */
    PUBLISHER_THREADS = 16, /* syncs at a time */
    NUDGE_BYTES = CONNECTION_QUEUE_KIB / 4 * 1024,
    DRAIN_MS = 1000, /* after a signal; the three together stay below 2 s */
    FINAL_COMMIT_MS = 250,
    CLOSE_MS = 400,
    WAIT_LOG_MS = 10000, /* between lines about what --exit-at-end waits for */
    FIRST_WAIT_LOG_MS = 1000,
    LAG_MS = 250, /* between looks at how far behind we are */
};

enum stage { RUNNING, DRAINING, DONE };

struct consumer {
    const struct consumer_config *config;
    struct stats *stats;
    rd_kafka_t *rk;
    struct connection_events events;
    struct assignment assignment;
    struct publisher *publisher;
    struct endwatch *endwatch;
    struct pasar_buf scratch; /* of decoding */
    struct decoded decoded;
    struct pasar_progress progress;
    int64_t last_message_ns, waiting_logged_ns, lag_ns;
    size_t taken_bytes;      /* out of librdkafka's queue since it was told so */
    bool publisher_is_stuck; /* a sync did not return in time: its thread cannot be joined */
};

/* A message of ours: into the open batch, or an end. 0, or -1 with err when it could not be written. */
static int take(struct consumer *c, struct partition *p, const rd_kafka_message_t *message, int64_t now_ns,
                struct pasar_err *err)
{
    struct decoded *decoded = &c->decoded;

    decode_message(decoded, message, &c->scratch);
    if (decoded->kind == DECODED_END) {
        partition_close(p, c->publisher);
        partition_end(p, message->offset, &decoded->end, c->publisher);
        stats_add(c->stats, STAT_MESSAGES, 1);
        if (c->endwatch != NULL)
            endwatch_end(c->endwatch, p->id, &decoded->end);
        return 0;
    }
    if (partition_take(p, c->config->output, message, c->config->kafka.topic, decoded, now_ns, c->publisher, err) !=
        0) {
        stats_add(c->stats, STAT_MESSAGES, p->writer != NULL ? 1 : 0);
        return -1;
    }
    stats_add(c->stats, STAT_MESSAGES, 1);
    if (c->endwatch != NULL)
        endwatch_row(c->endwatch, p->id, decoded->run);
    if (decoded->kind == DECODED_REJECT) {
        static struct pasar_log_limit limit = PASAR_LOG_LIMIT;

        pasar_log_limited(&limit, PASAR_LOG_WARN, "%s [%" PRId32 "] offset %" PRId64 " is no valid record: %s",
                          c->config->kafka.topic, p->id, message->offset, decoded->reason.msg);
    }
    return 0;
}

static bool is_full(const struct consumer *c, const struct partition *p)
{
    struct pasar_batch_stats stats;

    if (p->writer == NULL)
        return false;
    pasar_batch_writer_stats(p->writer, &stats);
    return batcher_is_full(&c->assignment.limits, p->messages, stats.bytes);
}

/*
 * False when the partition cannot have that offset yet: the checksum of a message set does not cover its offset. Such a
 * one must not name a file.
 */
static bool is_possible(const struct consumer *c, const struct partition *p, int64_t offset)
{
    int64_t low, high;

    return rd_kafka_get_watermark_offsets(c->rk, c->config->kafka.topic, p->id, &low, &high) !=
               RD_KAFKA_RESP_ERR_NO_ERROR ||
           high < 0 || offset < high;
}

static void on_record(struct consumer *c, const rd_kafka_message_t *message, int64_t now_ns)
{
    struct partition *p = assignment_find(&c->assignment, message->partition);
    struct pasar_err err = PASAR_ERR_INIT;

    if (p == NULL || message->offset < p->next_offset)
        return; /* fetched before the partition was repositioned or given back */
    if (!assignment_is_sure(&c->assignment))
        return;
    if (message->offset > p->next_offset && !is_possible(c, p, message->offset)) {
        pasar_err_set(&err, PASAR_EIO, "%s [%" PRId32 "]: offset %" PRId64 " is behind the end: damaged on the way",
                      c->config->kafka.topic, p->id, message->offset);
        assignment_fail(&c->assignment, &err);
        return;
    }
    if (message->offset > p->next_offset)
        pasar_debug("%s [%" PRId32 "]: offsets %" PRId64 " to %" PRId64 " hold no messages", c->config->kafka.topic,
                    p->id, p->next_offset, message->offset - 1);
    c->last_message_ns = now_ns;
    if (take(c, p, message, now_ns, &err) != 0)
        assignment_fail(&c->assignment, &err);
    else if (is_full(c, p))
        partition_close(p, c->publisher);
}

/* Events and errors that come in the place of a message. 0, or -1 with err when there is no going on. */
static int on_event(struct consumer *c, const rd_kafka_message_t *message, struct pasar_err *err)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;
    struct partition *p = message->rkt != NULL ? assignment_find(&c->assignment, message->partition) : NULL;
    struct pasar_err damaged = PASAR_ERR_INIT;

    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (c->endwatch != NULL && p != NULL && message->offset >= p->next_offset)
            endwatch_at_end(c->endwatch, message->partition);
        return 0;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET: /* our offset is not there: the watermarks will say why */
        if (p != NULL)
            assignment_restart_partition(&c->assignment, p);
        return 0;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION: /* the library would go on behind the damage: read it again instead */
        pasar_err_set(&damaged, PASAR_EIO, "%s [%" PRId32 "]: %s", c->config->kafka.topic, message->partition,
                      rd_kafka_message_errstr(message));
        assignment_fail(&c->assignment, &damaged);
        return 0;
    case RD_KAFKA_RESP_ERR__FATAL:
        return pasar_err_set(err, PASAR_EUNAVAILABLE, "%s", rd_kafka_message_errstr(message));
    default:
        pasar_log_limited(&limit, PASAR_LOG_WARN, "%s (retrying)", rd_kafka_message_errstr(message));
        return 0;
    }
}

/* One turn: up to MESSAGES_A_TURN messages, waiting wait_ms for the first. Returns how many, or -1 with err. */
static int turn(struct consumer *c, int wait_ms, struct pasar_err *err)
{
    int count = 0;
    int64_t now_ns = 0;

    while (count < MESSAGES_A_TURN && (c->assignment.is_held || publisher_has_room(c->publisher, PUBLISHER_ROOM))) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(c->rk, count == 0 ? wait_ms : 0);
        int result = 0;

        if (message == NULL)
            break;
        if (count == 0)
            now_ns = pasar_clock_mono_ns();
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            on_record(c, message, now_ns);
        else
            result = on_event(c, message, err);
        c->taken_bytes += message->len;
        rd_kafka_message_destroy(message);
        if (c->taken_bytes >= NUDGE_BYTES) {
            connection_nudge(c->rk);
            c->taken_bytes = 0;
        }
        if (result != 0)
            return -1;
        count++;
    }
    return count;
}

/* True when everything taken so far is safe, publishing what is open. */
static bool settle(struct consumer *c)
{
    assignment_close_all(&c->assignment);
    while (!publisher_wait_idle(c->publisher, POLL_MS))
        if (pasar_stop_requested())
            return false;
    assignment_collect(&c->assignment);
    return assignment_is_steady(&c->assignment);
}

static void log_waiting(struct consumer *c, int64_t now_ns, struct pasar_buf *what)
{
    const char *text = pasar_buf_cstr(what);

    if (now_ns - c->waiting_logged_ns < WAIT_LOG_MS * NS_PER_MS || text == NULL)
        return;
    c->waiting_logged_ns = now_ns;
    pasar_info("waiting for %s", text);
}

/* True when --exit-at-end or --exit-idle says that it is over and all is published. */
static bool should_exit(struct consumer *c, int64_t now_ns)
{
    const struct assignment *a = &c->assignment;
    int64_t since_ns = c->last_message_ns > a->assigned_ns ? c->last_message_ns : a->assigned_ns;
    bool over = false;

    if (c->endwatch != NULL) {
        struct pasar_buf what = {0};

        over = assignment_is_steady(a) && endwatch_is_over(c->endwatch, &what);
        if (!over && assignment_is_steady(a))
            log_waiting(c, now_ns, &what);
        pasar_buf_fini(&what);
    }
    if (!over && c->config->exit_idle > 0 && assignment_is_steady(a))
        over = (double)(now_ns - since_ns) >= c->config->exit_idle * 1e9;
    return over && settle(c);
}

/* Metrics and the progress line. Only with --exit-at-end is there an end to be near to. */
static void show(struct consumer *c, int64_t now_ns)
{
    uint64_t done = c->stats->counts[STAT_MESSAGES], total = 0;

    if (now_ns - c->lag_ns >= LAG_MS * NS_PER_MS) {
        lag_refresh(&c->assignment, now_ns);
        c->lag_ns = now_ns;
    }
    stats_show(c->stats);
    if (c->config->exit_at_end)
        lag_progress(&c->assignment, &done, &total);
    pasar_progress_update(&c->progress, c->stats->counts[STAT_MESSAGES], done, total);
}

static int run_stage(struct consumer *c, struct pasar_err *err)
{
    struct assignment *a = &c->assignment;
    int count = 0;

    while (!pasar_stop_requested()) {
        int64_t now_ns = pasar_clock_mono_ns();
        bool may_be_over = count > 0 && c->config->exit_at_end;
        int wait_ms;

        if (assignment_recover(a, now_ns, err) != 0)
            return -1;
        wait_ms = assignment_close_due(a, now_ns, may_be_over ? 0 : POLL_MS);
        assignment_throttle(a);
        count = turn(c, wait_ms, err);
        if (count < 0)
            return -1;
        assignment_collect(a);
        commit_published(a, now_ns);
        show(c, now_ns);
        if (count == 0 && should_exit(c, now_ns))
            return 0;
    }
    return 0;
}

/* Publishes what is open; after a signal for DRAIN_MS at most. What cannot be published will be read again. */
static int drain_stage(struct consumer *c, struct pasar_err *err)
{
    struct assignment *a = &c->assignment;

    a->is_closing = true;
    if (!a->is_failed)
        assignment_close_all(a);
    if (!publisher_wait_idle(c->publisher, DRAIN_MS)) {
        c->publisher_is_stuck = true;
        assignment_collect(a);
        return pasar_err_set(err, PASAR_ETEMP,
                             "the disk did not sync within %d ms: what it holds is taken up, and the rest "
                             "read again, at the next start",
                             DRAIN_MS);
    }
    assignment_collect(a);
    assignment_drop_all(a);
    commit_finally(a, FINAL_COMMIT_MS);
    if (a->is_failed)
        return pasar_err_set(err, PASAR_EIO,
                             "stopped while %s could not be written; nothing is lost, the rest is read "
                             "at the next start",
                             c->config->output);
    return 0;
}

static int open_all(struct consumer *c, struct pasar_err *err)
{
    const struct consumer_config *config = c->config;

    c->publisher = publisher_new(config->output, config->kafka.topic, PUBLISHER_THREADS, err);
    if (c->publisher == NULL)
        return -1;
    if (config->exit_at_end && (c->endwatch = endwatch_new()) == NULL)
        return pasar_err_nomem(err, "end watch");
    c->assignment =
        (struct assignment){.config = config, .publisher = c->publisher, .endwatch = c->endwatch, .stats = c->stats};
    assignment_init(&c->assignment);
    c->events = (struct connection_events){assignment_on_rebalance, assignment_on_connect, &c->assignment};
    c->rk = connection_open(config, &c->events, err);
    c->assignment.rk = c->rk;
    return c->rk != NULL ? connection_subscribe(c->rk, config, &c->events, c->assignment.directory_id,
                                                &c->assignment.cluster, err)
                         : -1;
}

/* Frees everything; false when threads are left that still use some of it (then that is kept). */
static bool close_all(struct consumer *c)
{
    bool is_closed = true;

    assignment_drop_all(&c->assignment);
    if (c->rk != NULL)
        is_closed = connection_close(c->rk, CLOSE_MS);
    if (c->publisher_is_stuck)
        return false;
    publisher_free(c->publisher);
    if (c->assignment.stats != NULL)
        assignment_fini(&c->assignment);
    endwatch_free(c->endwatch);
    pasar_buf_fini(&c->scratch);
    return is_closed;
}

int consumer_run(const struct consumer_config *config, struct stats *stats, bool *threads_left, struct pasar_err *err)
{
    struct consumer *c = calloc(1, sizeof(*c));
    enum stage stage = RUNNING;
    int result;

    *threads_left = false;
    if (c == NULL)
        return pasar_err_nomem(err, "consumer");
    c->config = config;
    c->stats = stats;
    result = pasar_atomicfile_mkdirs(config->output, err);
    if (result == 0)
        result = open_all(c, err);
    if (result != 0) {
        stage = DONE;
        if (pasar_stop_requested() && (err->code == PASAR_ETEMP || err->code == PASAR_EUNAVAILABLE)) {
            pasar_err_clear(err); /* stopped while it was still waiting for the broker or the topic */
            result = 0;
        }
    }
    c->waiting_logged_ns = pasar_clock_mono_ns() - (WAIT_LOG_MS - FIRST_WAIT_LOG_MS) * NS_PER_MS;
    pasar_progress_start(&c->progress, "messages", config->common.quiet);
    if (stage == RUNNING) {
        result = run_stage(c, err);
        stage = DRAINING;
    }
    if (stage == DRAINING) {
        struct pasar_err drain_err = PASAR_ERR_INIT;

        if (drain_stage(c, &drain_err) != 0)
            result = pasar_err_set(err, drain_err.code, "%s", drain_err.msg);
    }
    pasar_progress_finish(&c->progress);
    *threads_left = !close_all(c);
    stats_show(stats);
    if (!*threads_left)
        free(c);
    return result;
}
