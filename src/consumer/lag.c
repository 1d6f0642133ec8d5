/* How far behind the broker our partitions are: for the metrics, and for the progress of --exit-at-end. */
#include "consumer/lag.h"

/* The end of a partition as the last fetch told it. */
static void note_high(const struct assignment *a, struct partition *p)
{
    int64_t low, high;

    if (rd_kafka_get_watermark_offsets(a->rk, a->config->kafka.topic, p->id, &low, &high) ==
            RD_KAFKA_RESP_ERR_NO_ERROR &&
        high > p->high)
        p->high = high;
}

static int64_t unpublished(const struct partition *p)
{
    return p->high - (p->published_next > p->resumed_offset ? p->published_next : p->resumed_offset);
}

void lag_refresh(struct assignment *a, int64_t now_ns)
{
    int64_t opened_ns = now_ns;

    for (size_t i = 0; i < a->count; i++) {
        struct partition *p = &a->partitions[i];

        if (p->first_offset < 0)
            continue;
        note_high(a, p);
        stats_set_lag(a->stats, a->config->kafka.topic, p->id, unpublished(p));
        if (p->writer != NULL && p->opened_ns < opened_ns)
            opened_ns = p->opened_ns;
    }
    stats_set_open_age(a->stats, now_ns - opened_ns);
}

void lag_progress(const struct assignment *a, uint64_t *done, uint64_t *total)
{
    *done = *total = 0;
    for (size_t i = 0; i < a->count; i++) {
        const struct partition *p = &a->partitions[i];

        if (p->first_offset < 0 || p->high <= p->first_offset)
            continue;
        *done += (uint64_t)(p->next_offset - p->first_offset);
        *total += (uint64_t)(p->high - p->first_offset);
    }
}
