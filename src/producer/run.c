/* A run on its way: its checkpoints, its journal, its end. */
#include "producer/run.h"

#include <stdlib.h>

#include "pasar/clock.h"
#include "pasar/dirlock.h"
#include "pasar/log.h"
#include "producer/run_private.h"

enum { STEP_US = 1000000 };

int run_write_journal(struct run *run, struct pasar_err *err)
{
    int result;

    if (run->dir == NULL)
        return 0;
    run->journal.checkpoint = run->acks.done; /* lent for the call */
    result = journal_write(run->dir, run->name, &run->journal, err);
    run->journal.checkpoint = (struct checkpoint){0};
    return result;
}

static void try_write_journal(struct run *run)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;
    struct pasar_err err = PASAR_ERR_INIT;

    if (run_write_journal(run, &err) != 0)
        pasar_log_limited(&limit, PASAR_LOG_WARN, "the journal cannot be written, going on with an older one: %s",
                          err.msg);
}

/* Rows up to the tail's last are stored out of order, so that no single offset lies before all that follow. */
static bool can_mark(const struct run *run, const struct checkpoint_counts *counts)
{
    return counts->row > run->acks.done.counts.row && counts->row >= run->tail.last;
}

void run_step(struct run *run, const struct checkpoint_counts *counts, uint64_t outstanding)
{
    int64_t now_us = counts->timestamp_us;

    if (!run->is_tracked)
        return;
    if (run->acks.is_marked) {
        if (checkpointer_advance(&run->acks))
            try_write_journal(run);
        return;
    }
    if (now_us - run->marked_us < STEP_US && now_us >= run->marked_us && run->is_marked_once)
        return;
    run->marked_us = now_us;
    if (run->is_marked_once && can_mark(run, counts))
        checkpointer_mark(&run->acks, counts, outstanding);
    run->is_marked_once = true; /* the first mark comes a step after the start */
}

void run_save(struct run *run, const struct checkpoint_counts *counts, uint64_t outstanding)
{
    bool moved;

    if (!run->is_tracked || run->acks.done.partitions == NULL)
        return;
    moved = checkpointer_advance(&run->acks);
    if (outstanding == 0 && can_mark(run, counts)) {
        checkpointer_mark(&run->acks, counts, 0);
        moved |= checkpointer_advance(&run->acks);
    }
    if (moved)
        try_write_journal(run);
}

void run_finish(struct run *run, const struct checkpoint_counts *counts, int32_t partition, int64_t offset)
{
    if (!run->is_tracked)
        return;
    checkpointer_mark(&run->acks, counts, 0);
    (void)checkpointer_advance(&run->acks);
    run->journal.finished_us = pasar_clock_wall_us();
    run->journal.end_partition = partition >= 0 ? partition : run->end_partition;
    run->journal.end_offset = partition >= 0 ? offset : run->end_offset;
    try_write_journal(run);
}

int run_refuse(struct run *run, uint64_t row, struct pasar_err *err)
{
    return run->is_tracked && !journal_is_refused(&run->journal.refused, row)
               ? journal_refuse(&run->journal.refused, row, err)
               : 0;
}

void run_close(struct run *run)
{
    if (run->config == NULL)
        return;
    checkpointer_fini(&run->acks);
    tail_fini(&run->tail);
    journal_fini(&run->journal);
    free(run->ended);
    pasar_dirlock_release(run->lock);
    *run = (struct run){.lock = -1};
}
