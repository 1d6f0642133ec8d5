/*
 * Top k of a stretch: positions 0..n-1 hold ranks (small is good); the best k of any stretch [first, last) come out in
 * order, in O(k log k) after two look-ups, whatever the stretch's length. A sparse table over blocks of 32 (Bender &
 * Farach-Colton, "The LCA problem revisited", 2000) answers "where is the minimum", and a heap of stretches splits at
 * each answer (Frederickson's way of selecting in a heap).
 */
#ifndef PASAR_API_RANK_H
#define PASAR_API_RANK_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

struct rank_index {
    uint32_t *ranks; /* n; owned */
    uint32_t n;
    uint32_t **levels; /* level l, entry b: position of the minimum of blocks b .. b + 2^l - 1; owned */
    uint32_t level_count;
};

/* Takes `ranks` (malloc'd, n entries; also on failure). 0 or -1 with err. Free with rank_fini. */
int rank_init(struct rank_index *index, uint32_t *ranks, uint32_t n, struct pasar_err *err) PASAR_MUSTCHECK;
void rank_fini(struct rank_index *index);

/* Position of the smallest rank in [first, last), first < last <= n. The leftmost wins ties. */
uint32_t rank_min(const struct rank_index *index, uint32_t first, uint32_t last);

/*
 * The positions of ranks number skip .. skip + count - 1 of [first, last), best first, into out. Returns how many there
 * are, or -1 when memory ran out.
 */
int64_t rank_top(const struct rank_index *index, uint32_t first, uint32_t last, uint32_t skip, uint32_t count,
                 uint32_t *out) PASAR_MUSTCHECK;

/* A binary min-heap of (key, a, b), shared with the merge of categories. {0} is empty. */
struct rank_heap {
    struct rank_heap_item {
        uint32_t key, at, first, last;
    } * items;
    size_t count, cap;
};

/* 0, or -1 when memory ran out. */
int rank_heap_push(struct rank_heap *heap, struct rank_heap_item item) PASAR_MUSTCHECK;
struct rank_heap_item rank_heap_pop(struct rank_heap *heap); /* not on an empty heap */
void rank_heap_fini(struct rank_heap *heap);

#endif
