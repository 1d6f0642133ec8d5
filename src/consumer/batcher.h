/* When a batch is full: by count, by bytes, by age. Pure: reads no clock, does no I/O. */
#ifndef CONSUMER_BATCHER_H
#define CONSUMER_BATCHER_H

#include <stdbool.h>
#include <stdint.h>

struct batcher_limits {
    uint64_t records; /* messages: rows and rejects (>= 1) */
    uint64_t bytes;   /* of CSV; 0 = any */
    int64_t age_ns;   /* since the first message; 0 = any */
};

/* True when a batch with so many messages and bytes takes no further one. */
bool batcher_is_full(const struct batcher_limits *limits, uint64_t messages, uint64_t bytes);

/* True when a batch opened at opened_ns has reached its age at now_ns (both on one clock that never jumps). */
bool batcher_is_old(const struct batcher_limits *limits, int64_t opened_ns, int64_t now_ns);

/* Milliseconds until that, rounded up, at most `most_ms`; 0 when it is now. */
int batcher_left_ms(const struct batcher_limits *limits, int64_t opened_ns, int64_t now_ns, int most_ms);

#endif
