/* How fast rows go. */
#include "producer/pacer.h"

void pacer_init(struct pacer *pacer, double rate, double pause_min, double pause_max, uint64_t seed, int64_t now_ns)
{
    *pacer = (struct pacer){.rate = rate,
                            .pause_min = pause_min,
                            .pause_max = pause_max,
                            .random = seed,
                            .due_ns = now_ns,
                            .started_ns = now_ns};
}

/* Uniform in [0, 1): SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014). */
static double next_random(struct pacer *pacer)
{
    uint64_t z = pacer->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

void pacer_sent(struct pacer *pacer, int64_t now_ns)
{
    static const int64_t slack_ns = 2000000; /* pauses shorter than a wait can be are added up */
    int64_t from_ns = pacer->due_ns > now_ns - slack_ns ? pacer->due_ns : now_ns;

    pacer->rows++;
    if (pacer->pause_max > 0)
        pacer->due_ns =
            from_ns + (int64_t)((pacer->pause_min + (pacer->pause_max - pacer->pause_min) * next_random(pacer)) * 1e9);
    else if (pacer->rate > 0)
        pacer->due_ns = pacer->started_ns + (int64_t)((double)pacer->rows / pacer->rate * 1e9);
}
