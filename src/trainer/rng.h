/*
 * The trainer's own random numbers: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
 * OOPSLA 2014) read as a counter-based generator: output i is mix(key + i * gamma). The same seed gives the same
 * numbers on every platform, and streams split off by number do not depend on the order in which they are used.
 */
#ifndef TRAINER_RNG_H
#define TRAINER_RNG_H

#include <stdint.h>

struct rng {
    uint64_t key;
    uint64_t counter;
};

/* Stream number `stream` of `seed`; two different pairs give unrelated streams. */
void rng_init(struct rng *rng, uint64_t seed, uint64_t stream);

/* 64 uniform bits. */
uint64_t rng_u64(struct rng *rng);

/* Uniform in [0, 1), a multiple of 2^-53. */
double rng_double(struct rng *rng);

/* Uniform in [0, bound), without bias (Lemire, "Fast random integer generation in an interval", 2019); bound > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

#endif
