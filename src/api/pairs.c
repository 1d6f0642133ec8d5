#include "api/pairs.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash(uint32_t left, uint32_t right)
{
    uint64_t x = ((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15u; /* Fibonacci hashing (Knuth, TAOCP 3, 6.4) */
    x ^= x >> 29;
    x *= 0xbf58476d1ce4e5b9u;
    return x ^ x >> 32;
}

int pairs_init(struct pairs *pairs, uint64_t noted, struct pasar_err *err)
{
    memset(pairs, 0, sizeof *pairs);
    pairs->mask = 4095;
    pairs->seen_mask = 4095;
    while (pairs->seen_mask < noted * 2)
        pairs->seen_mask = pairs->seen_mask * 2 + 1;
    pairs->slots = calloc((size_t)pairs->mask + 1, sizeof *pairs->slots);
    pairs->seen = noted ? calloc(pairs->seen_mask / 4 + 1, 1) : NULL;
    return pairs->slots && (pairs->seen || !noted) ? 0 : pasar_err_nomem(err, "word pairs");
}

void pairs_fini(struct pairs *pairs)
{
    free(pairs->slots);
    free(pairs->seen);
    memset(pairs, 0, sizeof *pairs);
}

void pairs_note(struct pairs *pairs, uint32_t left, uint32_t right)
{
    uint64_t at = hash(left, right) & pairs->seen_mask;
    unsigned shift = (unsigned)(at & 3) * 2, seen = pairs->seen[at / 4] >> shift & 3;
    if (seen < 2)
        pairs->seen[at / 4] = (uint8_t)(pairs->seen[at / 4] + (1u << shift));
}

static unsigned seen(const struct pairs *pairs, uint32_t left, uint32_t right)
{
    uint64_t at = hash(left, right) & pairs->seen_mask;
    return pairs->seen[at / 4] >> (at & 3) * 2 & 3;
}

bool pairs_is_repeated(const struct pairs *pairs, uint32_t left, uint32_t right)
{
    return seen(pairs, left, right) >= 2;
}

bool pairs_may_occur(const struct pairs *pairs, uint32_t left, uint32_t right)
{
    return pairs->seen ? seen(pairs, left, right) > 0 : pairs_find(pairs, left, right) >= 0;
}

static struct pairs_slot *find_slot(const struct pairs *pairs, uint32_t left, uint32_t right)
{
    uint64_t at = hash(left, right);
    for (;; at++) {
        struct pairs_slot *slot = &pairs->slots[at & pairs->mask];
        if (slot->number == 0 || (slot->left == left && slot->right == right))
            return slot;
    }
}

static int grow(struct pairs *pairs, struct pasar_err *err)
{
    struct pairs_slot *old = pairs->slots;
    uint32_t old_mask = pairs->mask;
    struct pairs_slot *slots = calloc(((size_t)old_mask + 1) * 2, sizeof *slots);
    if (!slots)
        return pasar_err_nomem(err, "word pairs");
    pairs->slots = slots;
    pairs->mask = old_mask * 2 + 1;
    for (size_t i = 0; i <= old_mask; i++) {
        if (old[i].number)
            *find_slot(pairs, old[i].left, old[i].right) = old[i];
    }
    free(old);
    return 0;
}

int pairs_add(struct pairs *pairs, uint32_t left, uint32_t right, uint32_t *number, struct pasar_err *err)
{
    if ((uint64_t)pairs->count * 3 > (uint64_t)pairs->mask * 2 && grow(pairs, err) != 0)
        return -1;
    struct pairs_slot *slot = find_slot(pairs, left, right);
    if (!slot->number)
        *slot = (struct pairs_slot){left, right, ++pairs->count};
    *number = slot->number - 1;
    return 0;
}

int64_t pairs_find(const struct pairs *pairs, uint32_t left, uint32_t right)
{
    if (!pairs->slots)
        return -1;
    return (int64_t)find_slot(pairs, left, right)->number - 1;
}
