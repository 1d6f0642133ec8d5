/* Up to where a run is safe in the topic. */
#include "producer/checkpoint.h"

#include <stdlib.h>
#include <string.h>

int checkpoint_init(struct checkpoint *checkpoint, int32_t partition_count, struct pasar_err *err)
{
    *checkpoint = (struct checkpoint){.partition_count = partition_count};
    checkpoint->partitions = calloc((size_t)partition_count + 1, sizeof(*checkpoint->partitions));
    return checkpoint->partitions != NULL ? 0 : pasar_err_nomem(err, "checkpoint");
}

void checkpoint_fini(struct checkpoint *checkpoint)
{
    free(checkpoint->partitions);
    *checkpoint = (struct checkpoint){0};
}

static void copy(struct checkpoint_partition *to, const struct checkpoint_partition *from, int32_t count)
{
    memcpy(to, from, (size_t)count * sizeof(*to));
}

int checkpointer_init(struct checkpointer *c, const struct checkpoint *from, int32_t partition_count,
                      struct pasar_err *err)
{
    int32_t known = from->partition_count < partition_count ? from->partition_count : partition_count;

    memset(c, 0, sizeof(*c));
    if (checkpoint_init(&c->done, partition_count, err) != 0 || checkpoint_init(&c->marked, partition_count, err) != 0)
        return -1;
    c->acked = calloc((size_t)partition_count + 1, sizeof(*c->acked));
    if (c->acked == NULL)
        return pasar_err_nomem(err, "checkpoint");
    c->done.counts = from->counts;
    copy(c->done.partitions, from->partitions, known);
    copy(c->acked, c->done.partitions, partition_count);
    return 0;
}

void checkpointer_fini(struct checkpointer *c)
{
    checkpoint_fini(&c->done);
    checkpoint_fini(&c->marked);
    free(c->acked);
    memset(c, 0, sizeof(*c));
}

/* An unknown offset (negative) moves nothing, which is safe: then more is read back than need be. */
static void move(struct checkpoint_partition *partition, uint64_t row, int64_t offset)
{
    if (offset >= partition->next_offset)
        *partition = (struct checkpoint_partition){.next_offset = offset + 1, .last_row = row};
}

void checkpointer_acked(struct checkpointer *c, uint64_t row, int32_t partition, int64_t offset)
{
    bool is_row = partition >= 0 && partition < c->done.partition_count;

    if (is_row)
        move(&c->acked[partition], row, offset);
    if (!c->is_marked || row > c->marked.counts.row)
        return;
    if (is_row)
        move(&c->marked.partitions[partition], row, offset);
    if (c->left > 0)
        c->left--;
}

void checkpointer_mark(struct checkpointer *c, const struct checkpoint_counts *counts, uint64_t outstanding)
{
    c->marked.counts = *counts;
    copy(c->marked.partitions, c->acked, c->done.partition_count);
    c->left = outstanding;
    c->is_marked = true;
}

bool checkpointer_advance(struct checkpointer *c)
{
    if (!c->is_marked || c->left > 0)
        return false;
    c->done.counts = c->marked.counts;
    copy(c->done.partitions, c->marked.partitions, c->done.partition_count);
    c->is_marked = false;
    return true;
}
