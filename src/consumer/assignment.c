/* The partitions that the group gave us, from the rebalance callback to their release. */
#include "consumer/assignment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "consumer/commit.h"
#include "consumer/connection.h"
#include "consumer/recovery.h"
#include "pasar/clock.h"
#include "pasar/dirlock.h"
#include "pasar/log.h"
#include "pasar/stop.h"

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MOST_MS = 5000,

    LOCK_RETRY_MS = 200,
    ASK_MS = 1000,
    THROTTLE_MS = 100
};

#define NS_PER_MS INT64_C(1000000)

void assignment_init(struct assignment *a)
{
    a->backoff_ms = BACKOFF_FIRST_MS;
    a->limits = (struct batcher_limits){
        .records = (uint64_t)a->config->batch_records,
        .bytes = a->config->batch_bytes,
        .age_ns = (int64_t)(a->config->batch_seconds * 1e9),
    };
}

void assignment_drop_all(struct assignment *a)
{
    for (size_t i = 0; i < a->count; i++)
        stats_add(a->stats, STAT_DISCARDED, partition_drop(&a->partitions[i], a->publisher));
}

/* Gives every partition back. The publisher is idle: nobody writes for them any more. */
static void release_all(struct assignment *a)
{
    assignment_drop_all(a);
    for (size_t i = 0; i < a->count; i++) {
        if (a->endwatch != NULL)
            endwatch_disown(a->endwatch, a->partitions[i].id);
        stats_set_lag(a->stats, a->config->kafka.topic, a->partitions[i].id, 0);
        pasar_dirlock_release(a->partitions[i].lock_fd);
    }
    free(a->partitions);
    a->partitions = NULL;
    a->count = 0;
    a->needs_recovery = false;
    stats_set_partitions(a->stats, 0);
}

void assignment_fini(struct assignment *a)
{
    release_all(a);
    clusterwatch_fini(&a->cluster);
}

/* Tells librdkafka which partitions to fetch, each from its next offset. None when held: that stops fetching. */
static int assign_ready(struct assignment *a, struct pasar_err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)a->count + 1);
    rd_kafka_resp_err_t code;
    size_t ready = 0;

    for (size_t i = 0; i < a->count; i++) {
        if (!a->partitions[i].is_ready || a->is_held)
            continue;
        rd_kafka_topic_partition_list_add(list, a->config->kafka.topic, a->partitions[i].id)->offset =
            a->partitions[i].next_offset;
        ready++;
    }
    code = connection_assign(a->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    stats_set_partitions(a->stats, ready);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return pasar_err_set(err, PASAR_EUNAVAILABLE, "assign partitions: %s", rd_kafka_err2str(code));
    return 0;
}

static const char *noun(size_t count)
{
    return count == 1 ? "partition" : "partitions";
}

static void note_assigned(struct assignment *a, const rd_kafka_topic_partition_list_t *list)
{
    release_all(a);
    if (list->cnt > 0 && !a->is_closing) {
        a->partitions = calloc((size_t)list->cnt, sizeof(*a->partitions));
        if (a->partitions == NULL) {
            pasar_error("out of memory for %d partitions", list->cnt);
            return;
        }
    }
    for (int i = 0; a->partitions != NULL && i < list->cnt; i++) {
        a->partitions[i] = (struct partition){
            .id = list->elems[i].partition,
            .lock_fd = -1,
            .first_offset = -1,
            .published_next = -1,
            .committed_next = -1,
        };
        a->count++;
    }
    a->needs_recovery = a->count > 0;
    a->retry_ns = 0;
    a->assigned_ns = pasar_clock_mono_ns();
    if (a->config->partitions != NULL)
        pasar_info("reading %zu %s of %s, as --partitions says", a->count, noun(a->count), a->config->kafka.topic);
    else
        pasar_info("the group gave us %zu %s of %s", a->count, noun(a->count), a->config->kafka.topic);
}

static void note_revoked(struct assignment *a, bool lost)
{
    if (a->count > 0)
        pasar_info("%zu %s %s", a->count, noun(a->count),
                   lost ? "lost: open batches are dropped and will be read again" : "revoked");
    if (!lost)
        assignment_close_all(a);
    assignment_drop_all(a);
    while (!publisher_wait_idle(a->publisher, LOCK_RETRY_MS)) /* a lock is kept until nobody writes under it */
        if (pasar_stop_requested())
            return; /* with the locks: they end with the process */
    assignment_collect(a);
    if (!lost)
        commit_published(a, INT64_MAX);
    release_all(a);
    publisher_reset(a->publisher); /* a failure ends with the partitions that it was about */
    a->is_failed = a->is_held = false;
}

void assignment_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
                             void *opaque)
{
    struct assignment *a = opaque;
    struct pasar_err err = PASAR_ERR_INIT;

    switch (code) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
        note_assigned(a, list);
        if (assign_ready(a, &err) != 0) /* none yet: they are read once locked and resumed */
            pasar_warn("%s", err.msg);
        return;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
        note_revoked(a, rd_kafka_assignment_lost(rk) != 0);
        break;
    default:
        pasar_warn("rebalance failed: %s", rd_kafka_err2str(code));
        note_revoked(a, true);
    }
    if (connection_assign(rk, NULL) != RD_KAFKA_RESP_ERR_NO_ERROR)
        pasar_debug("unassign refused");
}

struct partition *assignment_find(struct assignment *a, int32_t partition)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->partitions[i].id == partition)
            return a->partitions[i].is_ready ? &a->partitions[i] : NULL;
    return NULL;
}

void assignment_on_connect(void *opaque)
{
    struct assignment *a = opaque;

    clusterwatch_on_connect(&a->cluster);
}

static void schedule_recovery(struct assignment *a, int delay_ms)
{
    a->needs_recovery = a->count > 0;
    a->retry_ns = pasar_clock_mono_ns() + delay_ms * NS_PER_MS;
}

void assignment_throttle(struct assignment *a)
{
    struct pasar_err err = PASAR_ERR_INIT;

    if (a->is_held ? !publisher_has_room(a->publisher, PUBLISHER_ROOM / 2)
                   : publisher_wait_room(a->publisher, PUBLISHER_ROOM, THROTTLE_MS))
        return;
    a->is_held = !a->is_held;
    pasar_debug(a->is_held ? "the disk is behind: fetching stops" : "the disk has caught up: fetching goes on");
    if (assign_ready(a, &err) != 0)
        pasar_warn("%s", err.msg);
}

void assignment_fail(struct assignment *a, const struct pasar_err *cause)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;
    struct pasar_err err = PASAR_ERR_INIT;

    stats_add(a->stats, STAT_FAILURES, 1);
    assignment_drop_all(a);
    for (size_t i = 0; i < a->count; i++)
        a->partitions[i].is_ready = false;
    if (a->is_failed) /* a second cause of the same failure: its pause is running */
        return;
    a->is_failed = true;
    pasar_log_limited(&limit, PASAR_LOG_ERROR, "%s; the open batches are dropped and read again in %d ms", cause->msg,
                      a->backoff_ms);
    if (assign_ready(a, &err) != 0)
        pasar_warn("%s", err.msg);
    schedule_recovery(a, a->backoff_ms);
    a->backoff_ms = a->backoff_ms * 2 < BACKOFF_MOST_MS ? a->backoff_ms * 2 : BACKOFF_MOST_MS;
}

void assignment_restart_partition(struct assignment *a, struct partition *partition)
{
    partition_close(partition, a->publisher);
    partition->is_ready = false;
    schedule_recovery(a, LOCK_RETRY_MS);
}

bool assignment_is_sure(struct assignment *a)
{
    struct pasar_err err = PASAR_ERR_INIT;

    if (clusterwatch_is_sure(&a->cluster))
        return true;
    if (clusterwatch_ask(&a->cluster, a->rk, a->config->kafka.topic, ASK_MS, &err) == CLUSTERWATCH_SAME)
        return true;
    assignment_close_all(a); /* taken over connections that were sure */
    for (size_t i = 0; i < a->count; i++)
        a->partitions[i].is_ready = false;
    schedule_recovery(a, 0);
    return false;
}

/*
 * Before a partition that we had already is read again, nobody may be writing for it. (New ones wait for nothing, so
 * that waiting for a lock does not slow the others down.) False: not yet.
 */
static bool quiesce(struct assignment *a)
{
    bool was_ours = false;

    for (size_t i = 0; i < a->count; i++)
        was_ours = was_ours || (!a->partitions[i].is_ready && a->partitions[i].lock_fd >= 0);
    if (!was_ours)
        return true;
    if (!publisher_wait_idle(a->publisher, LOCK_RETRY_MS))
        return false;
    assignment_collect(a);
    publisher_reset(a->publisher);
    return true;
}

int assignment_recover(struct assignment *a, int64_t now_ns, struct pasar_err *err)
{
    bool all_ready = true;

    if (!a->needs_recovery || now_ns < a->retry_ns || a->is_closing)
        return 0;
    if (!quiesce(a)) {
        schedule_recovery(a, LOCK_RETRY_MS);
        return 0;
    }
    switch (recovery_run(a, &all_ready, err)) {
    case RECOVERY_DONE:
        break;
    case RECOVERY_LATER:
        pasar_err_clear(err);
        schedule_recovery(a, a->is_failed ? a->backoff_ms : LOCK_RETRY_MS * 5);
        return 0;
    case RECOVERY_IMPOSSIBLE:
        return -1;
    }
    a->is_failed = false;
    if (a->assign_due) {
        if (assign_ready(a, err) != 0) {
            pasar_warn("%s", err->msg);
            pasar_err_clear(err);
            all_ready = false;
        } else {
            a->assign_due = false;
            a->assigned_ns = pasar_clock_mono_ns();
        }
    }
    a->needs_recovery = !all_ready;
    if (a->needs_recovery)
        schedule_recovery(a, LOCK_RETRY_MS);
    return 0;
}

static void count_published(struct assignment *a, const struct publisher_result *result)
{
    const struct publisher_job *job = &result->job;

    for (size_t i = 0; i < a->count; i++)
        if (a->partitions[i].id == job->partition)
            a->partitions[i].published_next = job->next_offset;
    if (result->is_end) {
        stats_add(a->stats, STAT_ENDS, 1);
        pasar_info("run %s ended in partition %" PRId32 " at offset %" PRId64 ": %" PRIu64 " rows in all", job->end.run,
                   job->partition, job->next_offset - 1, job->end.rows);
        return;
    }
    stats_add(a->stats, STAT_BATCHES, 1);
    stats_add(a->stats, STAT_ROWS, job->stats.rows);
    stats_add(a->stats, STAT_REJECTS, job->stats.rejects);
    stats_add(a->stats, STAT_BYTES, job->stats.bytes);
    pasar_debug("published partition %" PRId32 ", offsets %" PRId64 " to %" PRId64 ": %" PRIu64 " rows, %" PRIu64
                " rejects",
                job->partition, job->stats.first_offset, job->stats.last_offset, job->stats.rows, job->stats.rejects);
}

void assignment_collect(struct assignment *a)
{
    struct publisher_result result;
    struct pasar_err failure = PASAR_ERR_INIT;
    bool has_failed = publisher_has_failed(a->publisher, &failure);

    while (publisher_take(a->publisher, &result)) {
        if (result.outcome == PUBLISHED) {
            count_published(a, &result);
            a->backoff_ms = BACKOFF_FIRST_MS;
            continue;
        }
        stats_add(a->stats, STAT_DISCARDED, result.is_end ? 1 : result.job.stats.rows + result.job.stats.rejects);
        if (result.outcome == PUBLISH_FAILED)
            assignment_fail(a, &result.err);
    }
    if (has_failed && !a->is_failed) /* no job's failure */
        assignment_fail(a, &failure);
}

int assignment_close_due(struct assignment *a, int64_t now_ns, int most_ms)
{
    int left_ms = most_ms;

    for (size_t i = 0; i < a->count; i++) {
        struct partition *p = &a->partitions[i];

        if (p->writer == NULL)
            continue;
        if (batcher_is_old(&a->limits, p->opened_ns, now_ns))
            partition_close(p, a->publisher);
        else
            left_ms = batcher_left_ms(&a->limits, p->opened_ns, now_ns, left_ms);
    }
    return left_ms;
}

void assignment_close_all(struct assignment *a)
{
    for (size_t i = 0; i < a->count; i++)
        partition_close(&a->partitions[i], a->publisher);
}

bool assignment_is_steady(const struct assignment *a)
{
    return a->count > 0 && !a->needs_recovery && !a->is_failed;
}
