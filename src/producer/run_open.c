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

/* ------------------------------------------------------------------ what is refused */

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

static enum run_result refuse(const struct run *run, enum resume decision, const char *file, const char *settings,
                              struct pasar_err *err)
{
    const struct journal *journal = &run->journal;
    const char *topic = run->config->kafka.topic;
    char when[PASAR_CLOCK_TEXT_LEN + 1];

    pasar_clock_format(journal->finished_us, when);
    if (decision == RESUME_REFUSE_SENT && journal->finished_us != 0)
        pasar_err_set(err, PASAR_EDATA,
                      "%s was already sent to topic %s: %" PRIu64 " rows, whole at %.19sZ, run %s; --again sends it "
                      "once more, --skip-sent takes it as done",
                      file, topic, journal->checkpoint.counts.stored, when, run->id);
    else if (decision == RESUME_REFUSE_SENT)
        pasar_err_set(
            err, PASAR_EDATA,
            "%s was already sent to topic %s, which ends with run %s of it (there is no journal of that here, "
            "see --state); --again sends it once more, --skip-sent takes it as done",
            file, topic, run->id);
    else if (decision == RESUME_REFUSE_TRACE)
        pasar_err_set(err, PASAR_EDATA,
                      "%s is sent in part: topic %s ends with rows of run %s, but there is no journal of that here; go "
                      "on with the --state that it was begun with, or begin a new run with --abandon",
                      file, topic, run->id);
    else if (decision == RESUME_REFUSE_NAME)
        pasar_err_set(err, PASAR_EUSAGE, "--run-id %s is the name of an earlier run in topic %s: use another",
                      run->config->run_id, topic);
    else if (decision == RESUME_REFUSE_RUN_ID)
        pasar_err_set(err, PASAR_EUSAGE,
                      "%s is sent in part as run %s: go on with that --run-id, or begin a new run with --abandon", file,
                      run->id);
    else
        pasar_err_set(err, PASAR_EUSAGE,
                      "%s is sent in part, run %s, with %s: go on with the same options instead of %s, or begin a new "
                      "run with --abandon",
                      file, run->id, journal->settings, settings);
    return RUN_ERROR;
}

/* Says where the journal is: the same command in another directory may look for it elsewhere. */
static void say_begins(const struct run *run)
{
    char *dir = run->dir != NULL ? realpath(run->dir, NULL) : NULL;

    if (dir != NULL)
        pasar_info("run %s begins, its journal is %s/%s", run->id, dir, run->name);
    else
        pasar_info("run %s begins, without a journal", run->id);
    free(dir);
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
        say_begins(run);
    return result;
}

/* A topic that ends before the checkpoint has lost rows that were acknowledged: nobody may go on as if it had them. */
static int check_ends(const struct run *run, const struct watermarks *marks, int32_t partition_count,
                      struct pasar_err *err)
{
    const struct checkpoint *done = &run->acks.done;

    for (int32_t p = 0; p < done->partition_count && p < partition_count; p++)
        if (done->partitions[p].next_offset > marks[p].high)
            return pasar_err_set(err, PASAR_EDATA,
                                 "topic %s [%" PRId32 "] ends at offset %" PRId64 ", but run %s had come to %" PRId64
                                 ": it was made anew or has lost rows (the same command begins a new run)",
                                 run->config->kafka.topic, p, marks[p].high, run->id, done->partitions[p].next_offset);
    return 0;
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
        check_ends(run, marks, partition_count, err) != 0 ||
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
    struct resume_facts facts;
    char *settings = NULL;
    enum run_result result = RUN_ERROR;
    enum resume decision;

    if (make_settings(config, &settings, err) != 0 ||
        run_look_back(run, input, cluster, settings, sink_kafka_client(sink), marks, partition_count, &facts, err) != 0)
        goto out;
    decision = resume_decide(&facts);
    switch (decision) {
    case RESUME_TOPIC_ANEW:
        pasar_warn("run %s of this input is not in topic %s any more: the topic was made anew, so a new run begins",
                   run->id, config->kafka.topic);
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
        pasar_info("%s was already sent to topic %s as run %s: nothing to do", file, config->kafka.topic, run->id);
        result = RUN_SENT;
        break;
    case RESUME_REFUSE_SENT:
    case RESUME_REFUSE_NAME:
    case RESUME_REFUSE_TRACE:
    case RESUME_REFUSE_RUN_ID:
    case RESUME_REFUSE_SETTINGS:
        result = refuse(run, decision, file, settings, err);
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

/* The broker at the old address may be of another cluster by now. */
static int check_cluster(const struct run *run, struct sink *sink, struct pasar_err *err)
{
    char *cluster = rd_kafka_clusterid(sink_kafka_client(sink), CLUSTER_MS);
    int result = 0;

    if (strcmp(cluster != NULL ? cluster : "", run->journal.cluster) != 0)
        result = pasar_err_set(err, PASAR_EDATA, "run %s was begun in cluster %s, but %s is of cluster %s", run->id,
                               run->journal.cluster, run->config->kafka.brokers, cluster != NULL ? cluster : "?");
    if (cluster != NULL)
        rd_kafka_mem_free(sink_kafka_client(sink), cluster);
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
    } else if (check_cluster(run, sink, err) == 0 &&
               checkpointer_init(&acks, &run->acks.done, partition_count, err) == 0) {
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
