/* What a run has stored past its checkpoint, as read back from the topic. */
#include "producer/tail.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void tail_init(struct tail *tail, uint64_t after)
{
    *tail = (struct tail){.after = after, .last = after};
}

void tail_fini(struct tail *tail)
{
    free(tail->timestamp_us);
    *tail = (struct tail){0};
}

static int make_room(struct tail *tail, size_t index, struct pasar_err *err)
{
    size_t cap = tail->cap > 0 ? tail->cap : 1024;
    int64_t *grown;

    while (cap <= index)
        cap *= 2;
    if (cap == tail->cap)
        return 0;
    grown = realloc(tail->timestamp_us, cap * sizeof(*grown));
    if (grown == NULL)
        return pasar_err_nomem(err, "the rows stored already");
    memset(grown + tail->cap, 0, (cap - tail->cap) * sizeof(*grown));
    tail->timestamp_us = grown;
    tail->cap = cap;
    return 0;
}

int tail_add(struct tail *tail, uint64_t row, int64_t timestamp_us, uint64_t share, struct pasar_err *err)
{
    if (row <= tail->after)
        return 0;
    if (row - tail->after > TAIL_ROWS_MAX || timestamp_us <= 0)
        return pasar_err_set(err, PASAR_EDATA, "row %" PRIu64 " in the topic cannot be of this run", row);
    if (make_room(tail, (size_t)(row - tail->after - 1), err) != 0)
        return -1;
    if (row <= tail->last && tail->timestamp_us[row - tail->after - 1] != 0) {
        tail->doubled++;
        return 0;
    }
    tail->timestamp_us[row - tail->after - 1] = timestamp_us;
    tail->count++;
    tail->digest += share;
    if (row > tail->last)
        tail->last = row;
    return 0;
}
