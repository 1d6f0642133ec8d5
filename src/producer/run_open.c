/* The beginning of a run: is its input new, unfinished or sent, and what of it is stored already. */
#include "producer/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/atomicfile.h"
#include "pasar/clock.h"
#include "pasar/dirlock.h"
#include "pasar/hash.h"
#include "pasar/log.h"
#include "producer/inputid.h"
#include "producer/partitioner.h"
#include "producer/readback.h"
#include "producer/resume.h"
#include "producer/run_private.h"
#include "producer/sink_kafka.h"

enum { CLUSTER_MS = 5000 };

static const char *first_name(char *const *files)
{
    const char *slash = strrchr(files[0], '/');

    return slash != NULL ? slash + 1 : files[0];
}

/* Makes the directory. Where nobody asked for one and none can be made (a read-only system), there is no journal. */
static int prepare_dir(struct run *run, struct pasar_err *err)
{
    struct pasar_err why = PASAR_ERR_INIT;

    if (!run->config->journal)
        return 0;
    run->dir = run->config->state != NULL ? run->config->state : CONFIG_STATE_DIR;
    if (pasar_atomicfile_mkdirs(run->dir, &why) != 0) {
        if (run->config->state != NULL)
            return pasar_err_set(err, why.code, "--state: %s", why.msg);
        run->dir = NULL;
        pasar_warn("no journal, so that a new start after a death sends everything again: %s (--state DIR)", why.msg);
    }
    return 0;
}

/* Locks and reads the journal of this input, topic and cluster. */
static int find_journal(struct run *run, const struct inputid *input, const char *cluster, bool *found,
                        struct pasar_err *err)
{
    const char *topic = run->config->kafka.topic;
    uint64_t parts[4] = {pasar_hash64(cluster, strlen(cluster)), pasar_hash64(topic, strlen(topic)), input->hash,
                         input->bytes};
    char lock[sizeof(run->name)];
    uint64_t hash = pasar_hash64(parts, sizeof(parts));

    *found = false;
    if (prepare_dir(run, err) != 0)
        return -1;
    if (run->dir == NULL)
        return 0;
    snprintf(run->name, sizeof(run->name), "%.100s.%016" PRIx64 ".journal", topic, hash);
    snprintf(lock, sizeof(lock), "%.100s.%016" PRIx64 ".lock", topic, hash);
    run->lock = pasar_dirlock_take(run->dir, lock, err);
    if (run->lock < 0)
        return err->code == PASAR_EUNAVAILABLE ? pasar_err_context(err, "the same input is being sent now") : -1;
    if (run->config->again)
        return 0;
    return journal_read(run->dir, run->name, &run->journal, found, err);
}

/* ------------------------------------------------------------------ what was before */

/* What the options make of a row: a run must not change them on its way. */
static int make_settings(const struct producer_config *config, char **settings, struct pasar_err *err)
{
    if (asprintf(settings, "--key %s --partitioner %s --max-row-bytes %" PRIu64, config->key,
                 config->partitioner == PARTITIONER_MURMUR2 ? "murmur2" : "consistent", config->max_row_bytes) < 0) {
        *settings = NULL;
        return pasar_err_nomem(err, "settings");
    }
    return 0;
}

/* The record that proves that the topic is still the one the journal speaks of. */
static bool make_claim(const struct journal *journal, struct readback_claim *claim)
{
    const struct checkpoint *checkpoint = &journal->checkpoint;

    claim->run = journal->run;
    if (journal->finished_us != 0) {
        claim->partition = journal->end_partition;
        claim->offset = journal->end_offset;
        claim->row = 0;
        return journal->end_partition >= 0;
    }
    for (int32_t p = 0; p < checkpoint->partition_count; p++) {
        if (checkpoint->partitions[p].last_row == 0)
            continue;
        claim->partition = p;
        claim->offset = checkpoint->partitions[p].next_offset - 1;
        claim->row = checkpoint->partitions[p].last_row;
        return true;
    }
    return false;
}

static int probe_topic(struct run *run, const struct watermarks *marks, int32_t partition_count,
                       enum resume_probe *probe, struct pasar_err *err)
{
    const struct checkpoint *checkpoint = &run->journal.checkpoint;
    struct readback_claim claim;

    *probe = PROBE_NONE;
    for (int32_t p = 0; p < checkpoint->partition_count; p++)
        if (p >= partition_count || checkpoint->partitions[p].next_offset > marks[p].high)
            *probe = PROBE_OTHER;
    if (*probe == PROBE_OTHER || !make_claim(&run->journal, &claim))
        return 0;
    if (claim.partition >= partition_count) {
        *probe = PROBE_OTHER;
        return 0;
    }
    return readback_probe(run->config, &claim, &marks[claim.partition], probe, err);
}

static enum run_result refuse(const struct run *run, enum resume decision, const char *settings, struct pasar_err *err)
{
    const struct journal *journal = &run->journal;
    char when[PASAR_CLOCK_TEXT_LEN + 1];

    pasar_clock_format(journal->finished_us, when);
    if (decision == RESUME_REFUSE_SENT)
        pasar_err_set(err, PASAR_EDATA,
                      "%s was already sent to topic %s: %" PRIu64 " rows, whole at %.19sZ, run %s; --again sends it "
                      "once more, --skip-sent takes it as done",
                      journal->file, journal->topic, journal->checkpoint.counts.stored, when, journal->run);
    else if (decision == RESUME_REFUSE_RUN_ID)
        pasar_err_set(err, PASAR_EUSAGE, "%s is sent in part as run %s: go on with that --run-id, or begin --again",
                      journal->file, journal->run);
    else
        pasar_err_set(
            err, PASAR_EUSAGE,
            "%s is sent in part, run %s, with %s: go on with the same options instead of %s, or begin --again",
            journal->file, journal->run, journal->settings, settings);
    return RUN_ERROR;
}

/* ------------------------------------------------------------------ beginning and going on */

static int begin_new(struct run *run, const struct inputid *input, const char *file, const char *cluster,
                     char **settings, const struct watermarks *marks, int32_t partition_count, struct pasar_err *err)
{
    struct checkpoint start;
    int64_t now_us = pasar_clock_wall_us();
    int result;

    journal_fini(&run->journal);
    if (run->config->run_id != NULL)
        snprintf(run->id, sizeof(run->id), "%s", run->config->run_id);
    else
        runid_make(run->id, file, input->hash, now_us);
    run->journal = (struct journal){.input_hash = input->hash,
                                    .input_bytes = input->bytes,
                                    .started_us = now_us,
                                    .end_partition = -1,
                                    .topic = strdup(run->config->kafka.topic),
                                    .cluster = strdup(cluster),
                                    .file = strdup(file),
                                    .settings = *settings};
    *settings = NULL;
    memcpy(run->journal.run, run->id, sizeof(run->id));
    if (run->journal.topic == NULL || run->journal.cluster == NULL || run->journal.file == NULL)
        return pasar_err_nomem(err, "journal");
    if (checkpoint_init(&start, partition_count, err) != 0)
        return -1;
    for (int32_t p = 0; p < partition_count; p++)
        start.partitions[p].next_offset = marks[p].high;
    result = checkpointer_init(&run->acks, &start, partition_count, err);
    checkpoint_fini(&start);
    tail_init(&run->tail, 0);
    if (result == 0)
        result = run_write_journal(run, err);
    if (result == 0)
        pasar_info("run %s begins", run->id);
    return result;
}

/* Reads the topic past the checkpoint. */
static int read_tail(struct run *run, struct sink *sink, struct watermarks *marks, int32_t partition_count,
                     struct pasar_err *err)
{
    struct readback found = {.tail = &run->tail, .partitions = run->acks.acked, .ended = run->ended};

    tail_fini(&run->tail);
    tail_init(&run->tail, run->acks.done.counts.row);
    journal_forget_refused(&run->journal.refused, run->acks.done.counts.row);
    if (readback_settle(sink_kafka_client(sink), run->config, partition_count, marks, err) != 0 ||
        readback_run(run->config, run->id, partition_count, marks, &found, err) != 0)
        return -1;
    if (found.end_partition >= 0) {
        run->end = found.end;
        run->end_partition = found.end_partition;
        run->end_offset = found.end_offset;
    }
    pasar_info("run %s goes on: %" PRIu64 " rows were stored, %" PRIu64 " of them known from the topic alone", run->id,
               run->acks.done.counts.stored + run->tail.count, run->tail.count);
    if (run->tail.doubled > 0)
        pasar_warn("the broker holds %" PRIu64 " of these rows twice", run->tail.doubled);
    return 0;
}

static int begin_again(struct run *run, struct sink *sink, struct watermarks *marks, int32_t partition_count,
                       struct pasar_err *err)
{
    memcpy(run->id, run->journal.run, sizeof(run->id));
    if (checkpointer_init(&run->acks, &run->journal.checkpoint, partition_count, err) != 0)
        return -1;
    checkpoint_fini(&run->journal.checkpoint);
    return read_tail(run, sink, marks, partition_count, err);
}

static enum run_result decide(struct run *run, const struct inputid *input, const char *file, const char *cluster,
                              struct sink *sink, struct watermarks *marks, int32_t partition_count,
                              struct pasar_err *err)
{
    const struct producer_config *config = run->config;
    struct resume_facts facts = {.again = config->again, .skip_sent = config->skip_sent};
    char *settings = NULL;
    enum run_result result = RUN_ERROR;
    enum resume decision;

    if (make_settings(config, &settings, err) != 0 || find_journal(run, input, cluster, &facts.has_journal, err) != 0 ||
        readback_watermarks(sink_kafka_client(sink), config, partition_count, marks, err) != 0)
        goto out;
    if (facts.has_journal) {
        facts.is_finished = run->journal.finished_us != 0;
        facts.same_settings = strcmp(run->journal.settings, settings) == 0;
        facts.other_run_id = config->run_id != NULL && strcmp(config->run_id, run->journal.run) != 0;
        if (probe_topic(run, marks, partition_count, &facts.probe, err) != 0)
            goto out;
    }
    decision = resume_decide(&facts);
    switch (decision) {
    case RESUME_TOPIC_ANEW:
        pasar_warn("run %s of this input is not in topic %s any more: the topic was made anew, so a new run begins",
                   run->journal.run, config->kafka.topic);
        /* fall through */
    case RESUME_NEW:
        if (begin_new(run, input, file, cluster, &settings, marks, partition_count, err) == 0)
            result = RUN_READY;
        break;
    case RESUME_CONTINUE:
        if (begin_again(run, sink, marks, partition_count, err) == 0)
            result = RUN_READY;
        break;
    case RESUME_SENT:
        memcpy(run->id, run->journal.run, sizeof(run->id));
        pasar_info("%s was already sent to topic %s as run %s: nothing to do", run->journal.file, config->kafka.topic,
                   run->id);
        result = RUN_SENT;
        break;
    case RESUME_REFUSE_SENT:
    case RESUME_REFUSE_RUN_ID:
    case RESUME_REFUSE_SETTINGS:
        result = refuse(run, decision, settings, err);
    }
out:
    free(settings);
    return result;
}

enum run_result run_open(struct run *run, const struct producer_config *config, char *const *files, int file_count,
                         struct sink *sink, struct pasar_err *err)
{
    struct inputid input = {0};
    struct watermarks *marks;
    enum run_result result = RUN_ERROR;
    int32_t partition_count;
    char *cluster;

    *run = (struct run){.config = config, .lock = -1, .end_partition = -1};
    if (config_sink(config) == SINK_KIND_KAFKA && inputid_of(&input, files, file_count, err) != 0)
        return RUN_ERROR;
    run->is_tracked = input.is_repeatable;
    if (!run->is_tracked) {
        if (config->run_id != NULL)
            snprintf(run->id, sizeof(run->id), "%s", config->run_id);
        else
            runid_make(run->id, first_name(files), input.hash, pasar_clock_wall_us());
        return RUN_READY;
    }
    partition_count = sink_kafka_partition_count(sink);
    cluster = rd_kafka_clusterid(sink_kafka_client(sink), CLUSTER_MS);
    marks = calloc((size_t)partition_count + 1, sizeof(*marks));
    run->ended = calloc((size_t)partition_count + 1, sizeof(*run->ended));
    if (marks == NULL || run->ended == NULL)
        pasar_err_nomem(err, "partitions");
    else
        result =
            decide(run, &input, first_name(files), cluster != NULL ? cluster : "", sink, marks, partition_count, err);
    if (cluster != NULL)
        rd_kafka_mem_free(sink_kafka_client(sink), cluster);
    free(marks);
    return result;
}

int run_reopen(struct run *run, struct sink *sink, struct pasar_err *err)
{
    int32_t partition_count = sink_kafka_partition_count(sink);
    struct watermarks *marks = calloc((size_t)partition_count + 1, sizeof(*marks));
    bool *ended = calloc((size_t)partition_count + 1, sizeof(*ended));
    struct checkpointer acks = {0};
    int result = -1;

    if (marks == NULL || ended == NULL) {
        pasar_err_nomem(err, "partitions");
    } else if (checkpointer_init(&acks, &run->acks.done, partition_count, err) == 0) {
        checkpointer_fini(&run->acks);
        run->acks = acks;
        acks = (struct checkpointer){0};
        free(run->ended);
        run->ended = ended;
        ended = NULL;
        result = read_tail(run, sink, marks, partition_count, err);
    }
    checkpointer_fini(&acks);
    free(ended);
    free(marks);
    return result;
}
