/* When a batch is full: by count, by bytes, by age. Pure: reads no clock, does no I/O. */
#include "consumer/batcher.h"

bool batcher_is_full(const struct batcher_limits *limits, uint64_t messages, uint64_t bytes)
{
    return messages >= limits->records || (limits->bytes > 0 && bytes >= limits->bytes);
}

bool batcher_is_old(const struct batcher_limits *limits, int64_t opened_ns, int64_t now_ns)
{
    return limits->age_ns > 0 && now_ns - opened_ns >= limits->age_ns;
}

int batcher_left_ms(const struct batcher_limits *limits, int64_t opened_ns, int64_t now_ns, int most_ms)
{
    int64_t left_ns = limits->age_ns - (now_ns - opened_ns);
    int64_t left_ms;

    if (limits->age_ns == 0)
        return most_ms;
    if (left_ns <= 0)
        return 0;
    left_ms = (left_ns + 999999) / 1000000;
    return left_ms < most_ms ? (int)left_ms : most_ms;
}
