/*
 * Up to where a run is safe in the topic. Pure: it is told what was sent and acknowledged.
 *
 * Rows of different partitions are acknowledged out of order. Instead of keeping book of each row, a mark is set now
 * and then behind the last row sent; once everything sent before it is acknowledged, the mark is the new checkpoint.
 */
#ifndef PRODUCER_CHECKPOINT_H
#define PRODUCER_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

struct checkpoint_partition {
    int64_t next_offset; /* rows of the run past the checkpoint stand here or later, if they are stored at all */
    uint64_t last_row;   /* the row at next_offset - 1; 0 = none of this run's */
};

/* The account of a run's rows 1..row, and of the time stamped on the last of them. */
struct checkpoint_counts {
    uint64_t row;      /* each row up to it is stored or rejected */
    uint64_t stored;   /* how many are stored */
    uint64_t rejected; /* how many are not, being bad */
    uint64_t digest;   /* sum of pasar_hash_row over the stored ones */
    int64_t timestamp_us;
};

struct checkpoint {
    struct checkpoint_counts counts;
    int32_t partition_count;
    struct checkpoint_partition *partitions; /* owned */
};

/* Row 0 of a topic with `partition_count` partitions. 0, or -1 with err. */
int checkpoint_init(struct checkpoint *checkpoint, int32_t partition_count, struct pasar_err *err) PASAR_MUSTCHECK;
void checkpoint_fini(struct checkpoint *checkpoint);

struct checkpointer {
    struct checkpoint done;             /* the newest one that is whole */
    struct checkpoint marked;           /* the next one, while is_marked */
    struct checkpoint_partition *acked; /* of everything acknowledged so far */
    uint64_t left;                      /* messages before the mark that are not acknowledged yet */
    bool is_marked;
};

/*
 * Starts from `from` (copied); a topic that has grown since has partitions at offset 0 more. 0, or -1 with err.
 */
int checkpointer_init(struct checkpointer *c, const struct checkpoint *from, int32_t partition_count,
                      struct pasar_err *err) PASAR_MUSTCHECK;
void checkpointer_fini(struct checkpointer *c);

/* Notes that `row` is stored at `offset` of `partition` (partition < 0: elsewhere, in the dead letter queue). */
void checkpointer_acked(struct checkpointer *c, uint64_t row, int32_t partition, int64_t offset);

/*
 * Sets the mark behind counts->row, the last row sent or rejected. `outstanding` messages of the rows before are not
 * acknowledged yet. An earlier mark that is not reached yet is given up.
 */
void checkpointer_mark(struct checkpointer *c, const struct checkpoint_counts *counts, uint64_t outstanding);

/* True, once per mark, when everything before it is acknowledged: `done` has moved. */
bool checkpointer_advance(struct checkpointer *c);

#endif
