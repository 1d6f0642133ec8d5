/* Makes partitions ready: lock, clean up after a crash, find the offset to resume from. */
#include "consumer/recovery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "consumer/resume.h"
#include "pasar/dirlock.h"
#include "pasar/log.h"

enum { QUERY_TIMEOUT_MS = 1000 }; /* short: a stop must not wait for a silent broker */

/* True when the partition's lock is ours. False: somebody else's (said in the log), or err is set. */
static bool take_lock(struct assignment *a, struct partition *p, struct pasar_err *err)
{
    static struct pasar_log_limit limit = {1, 10000, 0, 0, 0};
    char name[32];

    if (p->lock_fd >= 0)
        return true;
    snprintf(name, sizeof(name), ".lock.%" PRId32, p->id);
    p->lock_fd = pasar_dirlock_take(a->config->output, name, err);
    if (p->lock_fd >= 0)
        return true;
    if (err->code == PASAR_EUNAVAILABLE) {
        pasar_log_limited(&limit, PASAR_LOG_WARN, "waiting for partition %" PRId32 ": %s", p->id, err->msg);
        pasar_err_clear(err);
    }
    return false;
}

/*
 * True when the lock that we hold is still the one in the directory. It is not when the directory was moved away,
 * unmounted or replaced: an empty list of its files would then send us back to offsets that are long published.
 */
static bool lock_is_current(const struct assignment *a, const struct partition *p)
{
    struct stat held, found;
    char *path = NULL;
    bool current;

    if (asprintf(&path, "%s/.lock.%" PRId32, a->config->output, p->id) < 0)
        return false;
    current = fstat(p->lock_fd, &held) == 0 && stat(path, &found) == 0 && held.st_dev == found.st_dev &&
              held.st_ino == found.st_ino;
    free(path);
    return current;
}

/* True when nobody took the directory away from under the partitions that are to be recovered. */
static bool directory_is_ours(const struct assignment *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (!a->partitions[i].is_ready && a->partitions[i].lock_fd >= 0 && !lock_is_current(a, &a->partitions[i]))
            return false;
    return true;
}

/* Tells the end watch what the directory already holds of a partition. */
static int replay(struct assignment *a, const struct partition *p, const struct pasar_batch_list *list,
                  struct pasar_err *err)
{
    endwatch_own(a->endwatch, p->id);
    for (size_t i = 0; i < list->count; i++) {
        const struct pasar_batch_name *name = &list->names[i];
        struct pasar_batch_sidecar sidecar;
        struct pasar_run_end end;

        if (name->partition != p->id)
            continue;
        if (name->kind == PASAR_BATCH_END) {
            if (pasar_batch_read_end(a->config->output, name, &end, err) != 0)
                return -1;
            endwatch_end(a->endwatch, p->id, &end);
            continue;
        }
        if (pasar_batch_sidecar_read(&sidecar, a->config->output, name, err) != 0)
            return -1;
        endwatch_row(a->endwatch, p->id, "");
        for (size_t r = 0; r < sidecar.run_count; r++)
            endwatch_row(a->endwatch, p->id, sidecar.runs[r].run);
        pasar_batch_sidecar_free(&sidecar);
    }
    return 0;
}

static enum recovery_result later(const char *what, const char *why)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;

    pasar_log_limited(&limit, PASAR_LOG_WARN, "%s: %s; trying again", what, why);
    return RECOVERY_LATER;
}

/*
 * The offset that was committed on behalf of this directory, or -1. A commit made for another directory says nothing
 * about this one, and one made by a tool is no proof that anything was published.
 */
static enum recovery_result ask_committed(struct assignment *a, const struct partition *p, int64_t directory_next,
                                          int64_t *committed)
{
    static struct pasar_log_limit limit = {1, 60000, 0, 0, 0};
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    const rd_kafka_topic_partition_t *element;
    rd_kafka_resp_err_t code;

    *committed = -1;
    element = rd_kafka_topic_partition_list_add(list, a->config->kafka.topic, p->id);
    code = rd_kafka_committed(a->rk, list, QUERY_TIMEOUT_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = element->err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && element->offset >= 0) {
        if (element->metadata_size == META_ID_LEN && memcmp(element->metadata, a->directory_id, META_ID_LEN) == 0)
            *committed = element->offset;
        else
            pasar_log_limited(&limit, PASAR_LOG_WARN,
                              "partition %" PRId32 ": the group's commit at offset %" PRId64
                              " was made for another directory or by another program, so it does not count: reading "
                              "from %s",
                              p->id, element->offset, directory_next < 0 ? "the beginning" : "where our files end");
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return RECOVERY_DONE;
    return later("ask for the committed offset", rd_kafka_err2str(code));
}

static enum recovery_result say_lost(struct assignment *a, const struct partition *p, const struct resume_point *point,
                                     struct pasar_err *err)
{
    uint64_t newly = stats_add_lost(a->stats, p->id, point->offset - point->lost, point->offset);

    if (a->config->on_data_loss == ON_DATA_LOSS_CONTINUE) {
        if (newly == 0) /* said before; nothing was published since */
            return RECOVERY_DONE;
        pasar_error("DATA LOST: %s [%" PRId32 "]: the broker dropped offsets %" PRId64 " to %" PRId64
                    " before they were read; going on at %" PRId64,
                    a->config->kafka.topic, p->id, point->offset - point->lost, point->offset - 1, point->offset);
        return RECOVERY_DONE;
    }
    pasar_err_set(err, PASAR_EDATA,
                  "DATA LOST: %s [%" PRId32 "]: the broker dropped %" PRId64 " messages (offsets %" PRId64
                  " to %" PRId64 ") before they were read; use --on-data-loss continue to go on without them",
                  a->config->kafka.topic, p->id, point->lost, point->offset - point->lost, point->offset - 1);
    return RECOVERY_IMPOSSIBLE;
}

static enum recovery_result check_point(struct assignment *a, const struct partition *p,
                                        const struct resume_facts *facts, const struct resume_point *point,
                                        struct pasar_err *err)
{
    static const char *const bases[] = {"the directory", "the group's commit", "the beginning"};

    if (point->verdict == RESUME_DATA_LOST)
        return say_lost(a, p, point, err);
    if (point->verdict == RESUME_BEYOND_THE_END) {
        pasar_err_set(err, PASAR_EDATA,
                      "%s [%" PRId32 "] ends at offset %" PRId64 " but %s says that it was read up to %" PRId64
                      ": the topic was truncated or made anew; use another --output and --group for it",
                      a->config->kafka.topic, p->id, facts->high, bases[point->basis], point->offset);
        return RECOVERY_IMPOSSIBLE;
    }
    if (point->basis == RESUME_FROM_COMMIT)
        pasar_info("partition %" PRId32 " resumes at offset %" PRId64
                   ", which was committed: files before it were moved away",
                   p->id, point->offset);
    else
        pasar_debug("partition %" PRId32 " resumes at offset %" PRId64 ", from %s", p->id, point->offset,
                    bases[point->basis]);
    return RECOVERY_DONE;
}

static enum recovery_result resume_partition(struct assignment *a, struct partition *p,
                                             const struct pasar_batch_list *list, struct pasar_err *err)
{
    struct resume_facts facts = {.directory_next = pasar_batch_list_next_offset(list, a->config->kafka.topic, p->id)};
    enum recovery_result result = ask_committed(a, p, facts.directory_next, &facts.committed);
    struct resume_point point;
    rd_kafka_resp_err_t code;

    if (result != RECOVERY_DONE)
        return result;
    code = rd_kafka_query_watermark_offsets(a->rk, a->config->kafka.topic, p->id, &facts.low, &facts.high,
                                            QUERY_TIMEOUT_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return later("ask for the topic's offsets", rd_kafka_err2str(code));
    point = resume_decide(&facts);
    result = check_point(a, p, &facts, &point, err);
    if (result != RECOVERY_DONE)
        return result;
    if (a->endwatch != NULL && replay(a, p, list, err) != 0)
        return RECOVERY_IMPOSSIBLE;
    if (p->first_offset < 0)
        p->first_offset = point.offset;
    p->next_offset = p->resumed_offset = point.offset;
    p->high = facts.high;
    p->published_next = facts.directory_next;
    p->committed_next = facts.committed;
    p->is_ready = true;
    a->assign_due = true;
    return RECOVERY_DONE;
}

/* Locks what can be locked. RECOVERY_LATER when the directory is in trouble. */
static enum recovery_result lock_all(struct assignment *a, bool *all_locked, struct pasar_err *err)
{
    for (size_t i = 0; i < a->count; i++) {
        struct partition *p = &a->partitions[i];

        if (p->is_ready)
            continue;
        if (!take_lock(a, p, err)) {
            if (err->code != PASAR_OK)
                return later("lock a partition", err->msg);
            *all_locked = false;
        }
    }
    return RECOVERY_DONE;
}

/* Cleans up after a crash and lists what is there. */
static enum recovery_result read_directory(struct assignment *a, struct pasar_batch_list *list, struct pasar_err *err)
{
    int32_t *ids = calloc(a->count, sizeof(*ids));
    size_t count = 0;
    int status;

    if (ids == NULL)
        return later("read the directory", "out of memory");
    for (size_t i = 0; i < a->count; i++)
        if (!a->partitions[i].is_ready && a->partitions[i].lock_fd >= 0)
            ids[count++] = a->partitions[i].id;
    status = pasar_batch_list_recover(list, a->config->output, a->config->kafka.topic, ids, count, err);
    free(ids);
    if (status == 0)
        return RECOVERY_DONE;
    return err->code == PASAR_EDATA ? RECOVERY_IMPOSSIBLE : later("read the directory", err->msg);
}

/* The directory's offsets mean nothing in another cluster. */
static enum recovery_result check_cluster(struct assignment *a, struct pasar_err *err)
{
    switch (clusterwatch_ask(&a->cluster, a->rk, a->config->kafka.topic, QUERY_TIMEOUT_MS, err)) {
    case CLUSTERWATCH_SAME:
        return RECOVERY_DONE;
    case CLUSTERWATCH_OTHER:
        return RECOVERY_IMPOSSIBLE;
    case CLUSTERWATCH_UNKNOWN:
        break;
    }
    return later("ask the broker for its cluster", err->msg);
}

enum recovery_result recovery_run(struct assignment *a, bool *all_ready, struct pasar_err *err)
{
    enum recovery_result result = lock_all(a, all_ready, err);
    struct pasar_batch_list list;
    bool any = false;

    for (size_t i = 0; i < a->count; i++)
        any = any || (!a->partitions[i].is_ready && a->partitions[i].lock_fd >= 0);
    if (result != RECOVERY_DONE || !any)
        return result;
    result = check_cluster(a, err);
    if (result != RECOVERY_DONE)
        return result;
    if (!directory_is_ours(a))
        return later(a->config->output, "the directory was moved or replaced while in use: put it back or start again");
    result = read_directory(a, &list, err);
    if (result != RECOVERY_DONE)
        return result;
    if (!directory_is_ours(a))
        result = later(a->config->output, "the directory changed while it was read");
    for (size_t i = 0; i < a->count && result == RECOVERY_DONE; i++) {
        struct partition *p = &a->partitions[i];

        if (!p->is_ready && p->lock_fd >= 0)
            result = resume_partition(a, p, &list, err);
    }
    pasar_batch_list_free(&list);
    return result;
}
