/* SplitMix64 as a counter-based generator. */
#include "trainer/rng.h"

static const uint64_t gamma64 = 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio, odd */

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void rng_init(struct rng *rng, uint64_t seed, uint64_t stream)
{
    /* Two rounds keep (seed, stream) and (seed + 1, stream - 1) apart. */
    rng->key = mix(mix(seed + gamma64) ^ (stream * gamma64 + 1));
    rng->counter = 0;
}

uint64_t rng_u64(struct rng *rng)
{
    return mix(rng->key + ++rng->counter * gamma64);
}

double rng_double(struct rng *rng)
{
    return (double)(rng_u64(rng) >> 11) * 0x1p-53;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    unsigned __int128 product = (unsigned __int128)rng_u64(rng) * bound;
    if ((uint64_t)product < bound) {
        uint64_t threshold = -bound % bound; /* 2^64 mod bound */
        while ((uint64_t)product < threshold)
            product = (unsigned __int128)rng_u64(rng) * bound;
    }
    return (uint64_t)(product >> 64);
}
