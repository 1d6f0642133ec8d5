/* Working memory of searches. */
#include "api/similar_private.h"

#include <stdlib.h>
#include <string.h>

static void blocks_fini(struct similar_scratch *s)
{
    free(s->bound);
    free(s->bound_group);
    free(s->cached);
    free(s->queue);
    free(s->found);
    free(s->candidates);
    free(s->other);
    s->bound = s->bound_group = NULL;
    s->cached = NULL;
    s->queue = NULL;
    s->found = s->candidates = s->other = NULL;
    s->block_cap = 0;
}

static void categories_fini(struct similar_scratch *s)
{
    free(s->likely);
    free(s->bonus);
    free(s->vote);
    free(s->cosine);
    free(s->odds);
    free(s->label);
    s->likely = s->bonus = s->vote = s->cosine = s->odds = s->label = NULL;
    s->node_cap = 0;
}

static void hits_fini(struct similar_scratch *s)
{
    free(s->heap);
    free(s->known);
    free(s->hits);
    s->heap = NULL;
    s->known = NULL;
    s->hits = NULL;
    s->heap_cap = 0;
}

void similar_scratch_fini(struct similar_scratch *s)
{
    tokens_fini(&s->tokens);
    blocks_fini(s);
    categories_fini(s);
    hits_fini(s);
    free(s->cells);
    free(s->cells_group);
    free(s->bounds);
    pasar_buf_fini(&s->folded);
    pasar_buf_fini(&s->name);
    memset(s, 0, sizeof *s);
}

static int reserve_blocks(struct similar_scratch *s, uint32_t blocks)
{
    size_t words = (size_t)blocks * (TEXTINDEX_BLOCK / 64);
    if (!s->cells)
        s->cells = malloc((SIMILAR_CACHE_BLOCKS + 1) * 2 * TEXTINDEX_BLOCK * sizeof *s->cells);
    if (!s->cells_group)
        s->cells_group = malloc(TEXTINDEX_BLOCK * sizeof *s->cells_group);
    if (!s->bounds)
        s->bounds = malloc(TEXTINDEX_BLOCK * sizeof *s->bounds);
    if (!s->cells || !s->cells_group || !s->bounds)
        return -1;
    if (blocks <= s->block_cap)
        return 0;
    blocks_fini(s);
    s->bound = malloc(blocks * sizeof *s->bound);
    s->bound_group = malloc(blocks * sizeof *s->bound_group);
    s->cached = malloc(blocks * sizeof *s->cached);
    s->queue = malloc(blocks * sizeof *s->queue);
    s->found = calloc(words, sizeof *s->found);
    s->candidates = malloc(words * sizeof *s->candidates);
    s->other = malloc(words * sizeof *s->other);
    if (!s->bound || !s->bound_group || !s->cached || !s->queue || !s->found || !s->candidates || !s->other)
        return -1;
    memset(s->cached, 0xff, blocks * sizeof *s->cached);
    s->block_cap = blocks;
    return 0;
}

static int reserve_categories(struct similar_scratch *s, uint32_t nodes)
{
    if (nodes <= s->node_cap)
        return 0;
    categories_fini(s);
    s->likely = malloc(nodes * sizeof *s->likely);
    s->bonus = malloc(nodes * sizeof *s->bonus);
    s->vote = malloc(nodes * sizeof *s->vote);
    s->cosine = malloc(nodes * sizeof *s->cosine);
    s->odds = malloc(nodes * sizeof *s->odds);
    s->label = malloc(nodes * sizeof *s->label);
    if (!s->likely || !s->bonus || !s->vote || !s->cosine || !s->odds || !s->label)
        return -1;
    s->node_cap = nodes;
    return 0;
}

int similar_reserve(struct similar_scratch *s, const struct textindex *x, size_t hits)
{
    hits = hits < SIMILAR_VOTERS ? SIMILAR_VOTERS : hits;
    if (hits > s->heap_cap) {
        hits_fini(s);
        s->heap = malloc(2 * hits * sizeof *s->heap); /* ranked, and before them those that contain the query */
        s->known = malloc(hits * sizeof *s->known);
        s->hits = malloc(hits * sizeof *s->hits);
        if (!s->heap || !s->known || !s->hits)
            return -1;
        s->heap_cap = hits;
    }
    return reserve_blocks(s, x->block_count) != 0 || reserve_categories(s, x->evidence.node_count) != 0 ? -1 : 0;
}
