#include "api/rank.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 };

static uint32_t scan(const uint32_t *ranks, uint32_t first, uint32_t last)
{
    uint32_t least = UINT32_MAX, best = first;
    for (uint32_t i = first; i < last; i++) /* the value first: this loop the compiler turns into vectors */
        least = ranks[i] < least ? ranks[i] : least;
    while (best + 1 < last && ranks[best] != least)
        best++;
    return best;
}

static uint32_t log2_floor(uint32_t x)
{
    return 31u - (uint32_t)__builtin_clz(x);
}

int rank_init(struct rank_index *index, uint32_t *ranks, uint32_t n, struct pasar_err *err)
{
    *index = (struct rank_index){.ranks = ranks, .n = n};
    uint32_t blocks = n / BLOCK; /* whole ones; the tail is always scanned */
    if (blocks == 0)
        return 0;
    uint32_t level_count = log2_floor(blocks) + 1;
    index->levels = calloc(level_count, sizeof *index->levels);
    if (!index->levels)
        return pasar_err_nomem(err, "rank index");
    for (uint32_t l = 0; l < level_count; l++) {
        uint32_t entries = blocks - (1u << l) + 1;
        uint32_t *level = malloc(entries * sizeof *level);
        if (!level)
            return pasar_err_nomem(err, "rank index");
        index->levels[index->level_count++] = level;
        for (uint32_t b = 0; b < entries; b++) {
            if (l == 0) {
                level[b] = scan(ranks, b * BLOCK, (b + 1) * BLOCK);
                continue;
            }
            uint32_t left = index->levels[l - 1][b], right = index->levels[l - 1][b + (1u << (l - 1))];
            level[b] = ranks[right] < ranks[left] ? right : left;
        }
    }
    return 0;
}

void rank_fini(struct rank_index *index)
{
    for (uint32_t l = 0; l < index->level_count; l++)
        free(index->levels[l]);
    free(index->levels);
    free(index->ranks);
    memset(index, 0, sizeof *index);
}

uint32_t rank_min(const struct rank_index *index, uint32_t first, uint32_t last)
{
    const uint32_t *ranks = index->ranks;
    uint32_t from = (first + BLOCK - 1) / BLOCK, to = last / BLOCK; /* whole blocks [from, to) */
    if (from >= to)
        return scan(ranks, first, last);
    uint32_t l = log2_floor(to - from);
    uint32_t best = index->levels[l][from];
    uint32_t other = index->levels[l][to - (1u << l)];
    if (ranks[other] < ranks[best])
        best = other;
    if (first < from * BLOCK) {
        other = scan(ranks, first, from * BLOCK);
        if (ranks[other] <= ranks[best])
            best = other;
    }
    if (to * BLOCK < last) {
        other = scan(ranks, to * BLOCK, last);
        if (ranks[other] < ranks[best])
            best = other;
    }
    return best;
}

int rank_heap_push(struct rank_heap *heap, struct rank_heap_item item)
{
    if (heap->count == heap->cap) {
        size_t cap = heap->cap ? heap->cap * 2 : 16;
        struct rank_heap_item *items = realloc(heap->items, cap * sizeof *items);
        if (!items)
            return -1;
        heap->items = items;
        heap->cap = cap;
    }
    size_t i = heap->count++;
    while (i > 0 && heap->items[(i - 1) / 2].key > item.key) {
        heap->items[i] = heap->items[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap->items[i] = item;
    return 0;
}

struct rank_heap_item rank_heap_pop(struct rank_heap *heap)
{
    struct rank_heap_item top = heap->items[0], last = heap->items[--heap->count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->items[child + 1].key < heap->items[child].key)
            child++;
        if (heap->items[child].key >= last.key)
            break;
        heap->items[i] = heap->items[child];
        i = child;
    }
    heap->items[i] = last;
    return top;
}

void rank_heap_fini(struct rank_heap *heap)
{
    free(heap->items);
    memset(heap, 0, sizeof *heap);
}

static int push_stretch(const struct rank_index *index, struct rank_heap *heap, uint32_t first, uint32_t last)
{
    if (first >= last)
        return 0;
    uint32_t at = rank_min(index, first, last);
    return rank_heap_push(heap, (struct rank_heap_item){index->ranks[at], at, first, last});
}

int64_t rank_top(const struct rank_index *index, uint32_t first, uint32_t last, uint32_t skip, uint32_t count,
                 uint32_t *out)
{
    struct rank_heap heap = {0};
    int64_t found = 0;
    int rc = push_stretch(index, &heap, first, last);
    for (uint64_t i = 0; rc == 0 && heap.count > 0 && i < (uint64_t)skip + count; i++) {
        struct rank_heap_item top = rank_heap_pop(&heap);
        if (i >= skip)
            out[found++] = top.at;
        rc = push_stretch(index, &heap, top.first, top.at);
        if (rc == 0)
            rc = push_stretch(index, &heap, top.at + 1, top.last);
    }
    rank_heap_fini(&heap);
    return rc == 0 ? found : -1;
}
