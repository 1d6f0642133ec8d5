/*
 * What a run has stored past its checkpoint, as read back from the topic: which rows, with which timestamps. Pure.
 *
 * A row's timestamp is part of its value, and was stamped by a process that is gone; hence it is read back, for the
 * digest as for the order of time. A row that is missing between stored ones can be sent later with a time of its own
 * between theirs: it had one when it was first stamped, and no two are alike.
 */
#ifndef PRODUCER_TAIL_H
#define PRODUCER_TAIL_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

enum { TAIL_ROWS_MAX = 1 << 26 }; /* a row further from the checkpoint is damage: 512 MiB of timestamps */

struct tail {
    uint64_t after; /* the checkpoint's row */
    uint64_t last;  /* the last stored row; `after` when there is none */
    uint64_t count, digest;
    uint64_t doubled;      /* sightings beyond the first: they are in the topic and stay there */
    int64_t *timestamp_us; /* of row after + 1 + i; 0 = not stored */
    size_t cap;
};

/* An empty tail past row `after`. */
void tail_init(struct tail *tail, uint64_t after);
void tail_fini(struct tail *tail);

/* Notes a stored row; rows up to `after` are known already and ignored. 0, or -1 with err: no memory, absurd row. */
int tail_add(struct tail *tail, uint64_t row, int64_t timestamp_us, uint64_t share,
             struct pasar_err *err) PASAR_MUSTCHECK;

/* The timestamp of a stored row, 0 of one that is not. */
static inline int64_t tail_find(const struct tail *tail, uint64_t row)
{
    return row > tail->after && row <= tail->last ? tail->timestamp_us[row - tail->after - 1] : 0;
}

#endif
