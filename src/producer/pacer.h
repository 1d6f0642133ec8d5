/* How fast rows go: --rate holds an average, --pause waits a random time between rows. Pure: it is told the time. */
#ifndef PRODUCER_PACER_H
#define PRODUCER_PACER_H

#include <stdint.h>

struct pacer {
    double rate;                 /* rows per second; 0 = any */
    double pause_min, pause_max; /* seconds; pause_max 0 = none */
    uint64_t random;             /* state of the pause's generator */
    int64_t due_ns;              /* the next row goes no earlier */
    uint64_t rows;
    int64_t started_ns;
};

/* `now_ns` of a monotonic clock. The same seed gives the same pauses. */
void pacer_init(struct pacer *pacer, double rate, double pause_min, double pause_max, uint64_t seed, int64_t now_ns);

/* Counts a row that was sent at `now_ns` and works out when the next one is due. */
void pacer_sent(struct pacer *pacer, int64_t now_ns);

#endif
