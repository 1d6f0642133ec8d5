/*
 * The committer gives sealed batches their names, in the order of submission and in rounds that share a sync of the
 * directory: a round reveals the first batch of each partition whose twins the round before has made durable, and the
 * twins of all further sealed batches. So each partition has at most one .csv whose name a power loss could undo, and
 * never a later one without the earlier.
 */
#include "consumer/publisher_private.h"

#include "pasar/atomicfile.h"

enum { ROUND_MAX = 32 };

/* True when one of the first `count` jobs of the line is of that partition. */
static bool has_partition(const struct publisher *publisher, size_t count, int32_t partition)
{
    for (size_t i = 0; i < count; i++)
        if (publisher->line[i]->result.job.partition == partition)
            return true;
    return false;
}

/* Fills `round` with what can be done now. Returns how many that is. */
static size_t plan_round(struct publisher *publisher, struct publisher_item *round[ROUND_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < publisher->line_count && count < ROUND_MAX; i++) {
        struct publisher_item *item = publisher->line[i];
        bool is_first = !has_partition(publisher, i, item->result.job.partition);

        item->deed = NOTHING;
        item->status = 0;
        if (item->stage == SEALED && !item->result.is_end)
            item->deed = REVEAL_TWINS;
        else if (is_first && (item->stage == TWINS_OUT || item->stage == SEALED))
            item->deed = REVEAL;
        if (item->deed != NOTHING)
            round[count++] = item;
    }
    return count;
}

static void do_deed(const struct publisher *publisher, struct publisher_item *item)
{
    struct publisher_job *job = &item->result.job;
    struct pasar_err *err = &item->result.err;

    if (item->deed == REVEAL_TWINS)
        item->status = pasar_batch_writer_reveal_twins(job->writer, err);
    else if (item->result.is_end)
        item->status = pasar_batch_publish_end(publisher->dir, publisher->topic, job->partition, job->next_offset - 1,
                                               &job->end, err);
    else
        item->status = pasar_batch_writer_reveal(job->writer, err);
}

/* Called without the mutex: what has a deed belongs to the committer. */
static void run_round(struct publisher *publisher, struct publisher_item *round[ROUND_MAX], size_t count)
{
    struct pasar_err err = PASAR_ERR_INIT;

    for (size_t i = 0; i < count; i++)
        do_deed(publisher, round[i]);
    if (pasar_atomicfile_sync_dir(publisher->dir, &err) == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (round[i]->status == 0) {
            round[i]->status = -1;
            round[i]->result.err = err;
        }
    }
}

static void finish(struct publisher *publisher, struct publisher_item *item, enum publisher_outcome outcome)
{
    item->result.outcome = outcome;
    pasar_batch_writer_abort(item->result.job.writer); /* once it is published, only memory is left of it */
    item->result.job.writer = NULL;
    item->next = NULL;
    *publisher->results_end = item;
    publisher->results_end = &item->next;
    pthread_cond_broadcast(&publisher->progress);
}

/* Takes out of the line what the round has published, and the first failure of each partition. */
static void settle_round(struct publisher *publisher)
{
    size_t kept = 0;

    for (size_t i = 0; i < publisher->line_count; i++) {
        struct publisher_item *item = publisher->line[i];
        enum publisher_deed deed = item->deed;

        item->deed = NOTHING;
        if (deed != NOTHING && item->status != 0)
            item->stage = BROKEN;
        else if (deed == REVEAL_TWINS)
            item->stage = TWINS_OUT;
        if (deed == REVEAL && item->status == 0) {
            finish(publisher, item, PUBLISHED);
        } else if (item->stage == BROKEN && !has_partition(publisher, kept, item->result.job.partition)) {
            enum publisher_outcome outcome = publisher->failed ? PUBLISH_DROPPED : PUBLISH_FAILED;

            publisher_fail(publisher, &item->result.err);
            finish(publisher, item, outcome);
        } else {
            publisher->line[kept++] = item;
        }
    }
    publisher->line_count = kept;
}

/* Drops everything that no other thread has in its hands. */
static void drop_line(struct publisher *publisher)
{
    size_t kept = 0;

    for (size_t i = 0; i < publisher->line_count; i++) {
        struct publisher_item *item = publisher->line[i];

        if (item->stage == SEALING || item->stage == WRITING)
            publisher->line[kept++] = item;
        else
            finish(publisher, item, PUBLISH_DROPPED);
    }
    publisher->line_count = kept;
}

/* Does what publisher_sync waits for. Called with the mutex, and gives it away meanwhile. */
static void sync_directory(struct publisher *publisher)
{
    uint64_t wanted = publisher->syncs_wanted;
    struct pasar_err err = PASAR_ERR_INIT;

    pthread_mutex_unlock(&publisher->mutex);
    (void)!pasar_atomicfile_sync_dir(publisher->dir, &err);
    pthread_mutex_lock(&publisher->mutex);
    publisher->syncs_done = wanted;
    publisher->sync_err = err;
    pthread_cond_broadcast(&publisher->progress);
}

void *publisher_committer(void *arg)
{
    struct publisher *publisher = arg;
    struct publisher_item *round[ROUND_MAX];

    pthread_mutex_lock(&publisher->mutex);
    for (;;) {
        size_t count;

        settle_round(publisher);
        if (publisher->failed || publisher->closing)
            drop_line(publisher);
        if (publisher->closing && publisher->line_count == 0)
            break;
        if (publisher->syncs_done < publisher->syncs_wanted && !publisher->closing) {
            sync_directory(publisher);
            continue;
        }
        count = publisher->failed || publisher->closing ? 0 : plan_round(publisher, round);
        if (count == 0) {
            pthread_cond_wait(&publisher->sealed, &publisher->mutex);
            continue;
        }
        pthread_mutex_unlock(&publisher->mutex);
        run_round(publisher, round, count);
        pthread_mutex_lock(&publisher->mutex);
    }
    pthread_mutex_unlock(&publisher->mutex);
    return NULL;
}
