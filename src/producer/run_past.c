/* What was before a run: the journal of its input, and what the topic says to it. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/atomicfile.h"
#include "pasar/dirlock.h"
#include "pasar/hash.h"
#include "pasar/log.h"
#include "producer/readback.h"
#include "producer/run_private.h"

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

/* A damaged journal is an error, unless a new run was asked for anyway. */
static int read_journal(struct run *run, bool *found, struct pasar_err *err)
{
    struct pasar_err why = PASAR_ERR_INIT;

    if (journal_read(run->dir, run->name, &run->journal, found, &why) == 0)
        return 0;
    if (why.code != PASAR_EDATA || !run->config->abandon)
        return pasar_err_set(err, why.code, "%s", why.msg);
    pasar_warn("%s", why.msg);
    *found = false;
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
    return read_journal(run, found, err);
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

/* ------------------------------------------------------------------ names */

/* Whether another journal in the directory is of a run of that name in the same topic. One that is damaged is of none.
 */
static bool is_name_of(const struct run *run, const char *file, const char *cluster)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct journal journal = {0};
    bool found = false, is_same;

    is_same = journal_read(run->dir, file, &journal, &found, &err) == 0 && found &&
              strcmp(journal.run, run->config->run_id) == 0 && strcmp(journal.topic, run->config->kafka.topic) == 0 &&
              strcmp(journal.cluster, cluster) == 0;
    journal_fini(&journal);
    return is_same;
}

/* Looks for --run-id in the journals of other inputs. 0, or -1 with err. */
static int find_name(const struct run *run, const char *cluster, bool *is_taken, struct pasar_err *err)
{
    DIR *dir = opendir(run->dir);
    const struct dirent *entry;
    char pattern[sizeof(run->name)];

    if (dir == NULL)
        return pasar_err_errno(err, PASAR_EIO, "read %s", run->dir);
    snprintf(pattern, sizeof(pattern), "%.100s.*.journal", run->config->kafka.topic);
    while (!*is_taken && (entry = readdir(dir)) != NULL)
        *is_taken = fnmatch(pattern, entry->d_name, FNM_PERIOD) == 0 && strcmp(entry->d_name, run->name) != 0 &&
                    is_name_of(run, entry->d_name, cluster);
    closedir(dir);
    return 0;
}

/* ------------------------------------------------------------------ all of it */

/* Where there is no journal, or a new run is wanted beside an earlier one: what the ends of the partitions say. */
static int look_at_ends(struct run *run, const struct inputid *input, const struct watermarks *marks,
                        int32_t partition_count, struct resume_facts *facts, struct pasar_err *err)
{
    const struct producer_config *config = run->config;
    struct readback_last last;
    bool is_name_wanted = config->run_id != NULL && (!facts->has_journal || config->again || config->abandon);

    if (!is_name_wanted && (facts->has_journal || !config->journal))
        return 0;
    if (readback_last(config, input->hash, config->run_id, partition_count, marks, &last, err) != 0)
        return -1;
    facts->is_name_taken |= last.has_run_id;
    if (facts->has_journal || !config->journal || last.run[0] == '\0')
        return 0;
    facts->trace = last.is_ended ? TRACE_WHOLE : TRACE_PART;
    snprintf(run->id, sizeof(run->id), "%s", last.run);
    return 0;
}

int run_look_back(struct run *run, const struct inputid *input, const char *cluster, const char *settings,
                  rd_kafka_t *rk, struct watermarks *marks, int32_t partition_count, struct resume_facts *facts,
                  struct pasar_err *err)
{
    const struct producer_config *config = run->config;

    *facts = (struct resume_facts){.again = config->again, .abandon = config->abandon, .skip_sent = config->skip_sent};
    if (find_journal(run, input, cluster, &facts->has_journal, err) != 0 || /* which takes the lock, so first */
        readback_watermarks(rk, config, partition_count, marks, err) != 0)
        return -1;
    if (facts->has_journal) {
        facts->is_finished = run->journal.finished_us != 0;
        facts->same_settings = strcmp(run->journal.settings, settings) == 0;
        facts->other_run_id = config->run_id != NULL && strcmp(config->run_id, run->journal.run) != 0;
        if (probe_topic(run, marks, partition_count, &facts->probe, err) != 0)
            return -1;
        memcpy(run->id, run->journal.run, sizeof(run->id));
    }
    if (config->run_id != NULL) {
        facts->is_name_taken = facts->has_journal && !facts->other_run_id && facts->probe != PROBE_OTHER;
        if (run->dir != NULL && find_name(run, cluster, &facts->is_name_taken, err) != 0)
            return -1;
    }
    return look_at_ends(run, input, marks, partition_count, facts, err);
}
