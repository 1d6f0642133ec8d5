#include "api/similar_rank.h"

#include <string.h>

enum { SWEEPS = 4 }; /* over a block's categories, each for those of half the promise */

void similar_rank_begin(const struct textindex *x, struct similar_scratch *s)
{
    uint32_t n = x->block_count;
    memset(s->bound, 0, n * sizeof *s->bound);
    for (size_t g = 0; g < s->group_count; g++) {
        const struct similar_term *terms = s->terms + s->groups[g].first;
        if (s->groups[g].count == 1) {
            const struct textindex_term *t = &x->terms[terms->term];
            for (uint32_t i = t->span; i < t->span + t->span_count; i++)
                s->bound[x->spans[i].block] += terms->weight * x->tops[i];
            continue;
        }
        memset(s->bound_group, 0, n * sizeof *s->bound_group);
        for (uint32_t k = 0; k < s->groups[g].count; k++) {
            const struct textindex_term *t = &x->terms[terms[k].term];
            for (uint32_t i = t->span; i < t->span + t->span_count; i++) {
                uint32_t *bound = &s->bound_group[x->spans[i].block], score = terms[k].weight * x->tops[i];
                *bound = *bound > score ? *bound : score;
            }
        }
        for (uint32_t i = 0; i < n; i++)
            s->bound[i] += s->bound_group[i];
    }
}

void similar_rank_end(struct similar_scratch *s)
{
    for (uint32_t i = 0; i < s->cached_count; i++)
        s->cached[s->cached_blocks[i]] = -1;
    s->cached_count = 0;
}

static void add_group(const struct textindex *x, struct similar_scratch *s, const struct similar_group *group,
                      uint32_t block, uint32_t *cells)
{
    const struct similar_term *terms = s->terms + group->first;
    uint32_t n = textindex_block_end(x, block) - block * TEXTINDEX_BLOCK;
    bool is_touched = false;
    for (uint32_t k = 0; k < group->count; k++) {
        int64_t span = textindex_find_span(x, terms[k].term, block);
        if (span < 0)
            continue;
        uint64_t from = x->spans[span].first, to = x->spans[span + 1].first;
        uint32_t weight = terms[k].weight;
        if (group->count == 1) {
            for (uint64_t i = from; i < to; i++)
                cells[textindex_slot(x->slots[i])] += weight * x->impacts[i];
            return;
        }
        if (!is_touched)
            memset(s->cells_group, 0, n * sizeof *s->cells_group);
        is_touched = true;
        for (uint64_t i = from; i < to; i++) {
            uint32_t score = weight * x->impacts[i], *cell = &s->cells_group[textindex_slot(x->slots[i])];
            *cell = *cell > score ? *cell : score;
        }
    }
    for (uint32_t i = 0; is_touched && i < n; i++)
        cells[i] += s->cells_group[i];
}

/* The largest cell of each of the block's categories, which all have documents: so there are never more of them. */
static void note_tops(const struct textindex *x, uint32_t block, const uint32_t *cells, uint32_t *tops)
{
    uint32_t first = block * TEXTINDEX_BLOCK, end = textindex_block_end(x, block);
    for (uint32_t doc = first, c = x->docs[first].category; doc < end; c++) {
        uint32_t top = 0, stop = x->category_start[c + 1] < end ? x->category_start[c + 1] : end;
        for (; doc < stop; doc++)
            top = top > cells[doc - first] ? top : cells[doc - first];
        *tops++ = top;
    }
}

const uint32_t *similar_rank_cells(const struct textindex *x, struct similar_scratch *s, uint32_t block)
{
    uint32_t at = SIMILAR_CACHE_BLOCKS; /* one more, for those that are not kept */
    if (s->cached[block] >= 0)
        return s->cells + (size_t)s->cached[block] * 2 * TEXTINDEX_BLOCK;
    if (s->cached_count < SIMILAR_CACHE_BLOCKS) {
        at = s->cached_count;
        s->cached[block] = (int16_t)at;
        s->cached_blocks[s->cached_count++] = block;
    }
    uint32_t *cells = s->cells + (size_t)at * 2 * TEXTINDEX_BLOCK;
    memset(cells, 0, (textindex_block_end(x, block) - block * TEXTINDEX_BLOCK) * sizeof *cells);
    for (size_t g = 0; g < s->group_count; g++)
        add_group(x, s, &s->groups[g], block, cells);
    note_tops(x, block, cells, cells + TEXTINDEX_BLOCK);
    return cells;
}

float similar_rank_text_of(const struct textindex *x, struct similar_scratch *s, uint32_t doc)
{
    return similar_rank_text(similar_rank_cells(x, s, doc / TEXTINDEX_BLOCK)[doc % TEXTINDEX_BLOCK]);
}

/* ------------------------------------------------------------------ blocks in order of promise */

static void sink(struct similar_block *queue, uint32_t n, uint32_t i)
{
    struct similar_block top = queue[i];
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && queue[child + 1].key > queue[child].key)
            child++;
        if (!(queue[child].key > top.key))
            break;
        queue[i] = queue[child];
    }
    queue[i] = top;
}

static uint32_t queue_blocks(const struct textindex *x, struct similar_scratch *s, const struct similar_pass *pass)
{
    uint32_t n = 0;
    for (uint32_t block = 0; block < x->block_count; block++) {
        uint32_t first = block * TEXTINDEX_BLOCK, last = textindex_block_end(x, block) - 1;
        uint32_t category = x->docs[first].category;
        float most = similar_rank_largest(pass->bonus + category, x->docs[last].category - category + 1);
        if (pass->contains ? !contains_in_range(pass->contains, first, last)
                           : s->bound[block] == 0 && most < pass->open_bonus)
            continue;
        s->queue[n++] =
            (struct similar_block){similar_rank_text(s->bound[block]) + most + pass->cluster_bonus_max, block};
    }
    for (uint32_t i = n / 2; i-- > 0;)
        sink(s->queue, n, i);
    return n;
}

/* ------------------------------------------------------------------ the best */

/* heap[0] is the worst of the kept ones. */
static void sift_down(struct similar_ranked *heap, size_t n)
{
    struct similar_ranked top = heap[0];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && heap[child + 1].key < heap[child].key;
        if (heap[child].key >= top.key)
            break;
        heap[i] = heap[child];
    }
    heap[i] = top;
}

static void keep(struct similar_ranked *heap, size_t *n, size_t max, struct similar_ranked hit)
{
    if (*n == max) {
        heap[0] = hit;
        sift_down(heap, max);
        return;
    }
    size_t i = (*n)++;
    for (; i > 0 && heap[(i - 1) / 2].key > hit.key; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = hit;
}

static bool is_known(const struct similar_scratch *s, size_t count, uint32_t doc)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->known[mid] < doc)
            low = mid + 1;
        else
            high = mid;
    }
    return low < count && s->known[low] == doc;
}

/* Of numbers that are not negative, the bits are in the order of the numbers. */
static inline uint32_t float_bits(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

struct ranking {
    const struct textindex *index;
    struct similar_scratch *s;
    const struct similar_pass *pass;
    size_t n, max;
};

static void consider(struct ranking *r, uint32_t doc, uint32_t cell, float bonus)
{
    const struct similar_pass *pass = r->pass;
    const struct textindex_doc *info = &r->index->docs[doc];
    float score = similar_rank_text(cell) + bonus;
    if (pass->cluster_bonus)
        score += pass->cluster_bonus[info->cluster[pass->model - 1]];
    struct similar_ranked hit = {(uint64_t)float_bits(score) << 32 | (UINT32_MAX - info->place), doc};
    if ((r->n == r->max && hit.key < r->s->heap[0].key) || !(r->index->models[doc] >> (pass->model - 1) & 1) ||
        (int64_t)doc == pass->excluded)
        return;
    if (pass->contains ? !contains_holds(pass->contains, doc) : is_known(r->s, pass->known_count, doc))
        return;
    keep(r->s->heap, &r->n, r->max, hit);
}

/* The smallest cell that can still matter in a category; rounding may let one through too many, never too few. */
static uint32_t least_cell(const struct ranking *r, float bonus)
{
    double none = bonus >= r->pass->open_bonus ? 0 : 1;
    if (r->n < r->max)
        return (uint32_t)none;
    double least =
        (double)(similar_rank_score(&r->s->heap[0]) - r->pass->cluster_bonus_max - bonus) * (65536.0 * 255.0) - 64;
    return (uint32_t)(least < none ? none : least);
}

/* The first cell from i on that is `least` or more; n when there is none. Most cells of a block are not: they are
 * looked at by the vector. Cells stay far below 2^31. */
static uint32_t next_cell(const uint32_t *cells, uint32_t i, uint32_t n, uint32_t least)
{
    typedef int32_t ints __attribute__((vector_size(16)));
    const int32_t l = (int32_t)least;
    const ints low = {l, l, l, l};
    for (; i + 16 <= n; i += 16) {
        ints four[4];
        memcpy(four, cells + i, sizeof four);
        ints any = (four[0] >= low) | (four[1] >= low) | (four[2] >= low) | (four[3] >= low);
        uint64_t half[2];
        memcpy(half, &any, sizeof half);
        if (half[0] | half[1])
            break;
    }
    while (i < n && cells[i] < least)
        i++;
    return i;
}

static void rank_containing(struct ranking *r, const uint32_t *cells, uint32_t first, uint32_t end)
{
    const struct textindex_doc *docs = r->index->docs;
    for (uint32_t at = first; at < end; at += 64) {
        uint64_t bits = contains_word(r->pass->contains, at);
        for (; bits; bits &= bits - 1) {
            uint32_t doc = at + (uint32_t)__builtin_ctzll(bits);
            if (doc < end)
                consider(r, doc, cells[doc - first], r->pass->bonus[docs[doc].category]);
        }
    }
}

/*
 * For each of the block's categories the most that its documents can score, as bits, which order as the numbers do, and
 * 1 more; 0 where none is looked for. Returns the largest.
 */
static uint32_t bound_categories(const struct ranking *r, const uint32_t *tops, uint32_t category, uint32_t count,
                                 uint32_t *restrict bounds)
{
    const float *bonus = r->pass->bonus + category;
    const float open = r->pass->open_bonus, cluster = r->pass->cluster_bonus_max;
    int32_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        float bound = similar_rank_text(tops[i]) + bonus[i] + cluster;
        int32_t is_wanted = (tops[i] != 0) | (bonus[i] >= open), bits = ((int32_t)float_bits(bound) + 1) & -is_wanted;
        bounds[i] = (uint32_t)bits;
        most = most > bits ? most : bits;
    }
    return (uint32_t)most;
}

/* The documents of a category that are in the block. */
static void rank_category(struct ranking *r, const uint32_t *cells, uint32_t first, uint32_t end, uint32_t category)
{
    const uint32_t *start = r->index->category_start + category;
    float bonus = r->pass->bonus[category];
    uint32_t i = (start[0] > first ? start[0] : first) - first, n = (start[1] < end ? start[1] : end) - first;
    uint32_t least = least_cell(r, bonus);
    while ((i = next_cell(cells, i, n, least)) < n) {
        consider(r, first + i, cells[i], bonus);
        least = least_cell(r, bonus);
        i++;
    }
}

/* The bound below which no category matters any more. */
static uint32_t least_bound(const struct ranking *r)
{
    return r->n < r->max || r->pass->exhaustive ? 1 : (uint32_t)(r->s->heap[0].key >> 32) + 1;
}

/* The most promising categories first, so that the others need not be kept only to be dropped again. */
static void rank_categories(struct ranking *r, const uint32_t *cells, uint32_t first, uint32_t end)
{
    const uint32_t halved = 1U << 23; /* of a float's bits: half the number */
    uint32_t category = r->index->docs[first].category, *bounds = r->s->bounds;
    uint32_t count = r->index->docs[end - 1].category - category + 1;
    uint32_t low = bound_categories(r, cells + TEXTINDEX_BLOCK, category, count, bounds), least;
    for (int sweep = 0; low > 0; sweep++) {
        low = sweep < SWEEPS && low > halved ? low - halved : 1;
        least = least_bound(r);
        for (uint32_t i = 0; (i = next_cell(bounds, i, count, low > least ? low : least)) < count; i++) {
            bounds[i] = 0;
            rank_category(r, cells, first, end, category + i);
            least = least_bound(r);
        }
        if (low <= least)
            break;
    }
}

static void rank_block(struct ranking *r, uint32_t block)
{
    const uint32_t *cells = similar_rank_cells(r->index, r->s, block);
    uint32_t first = block * TEXTINDEX_BLOCK, end = textindex_block_end(r->index, block);
    if (r->pass->contains) {
        rank_containing(r, cells, first, end);
        return;
    }
    rank_categories(r, cells, first, end);
}

size_t similar_rank_best(const struct textindex *x, struct similar_scratch *s, const struct similar_pass *pass,
                         size_t max)
{
    struct ranking r = {.index = x, .s = s, .pass = pass, .max = max};
    uint32_t n = max > 0 && x->doc_count > 0 ? queue_blocks(x, s, pass) : 0;
    while (n > 0) {
        struct similar_block best = s->queue[0];
        s->queue[0] = s->queue[--n];
        sink(s->queue, n, 0);
        if (r.n == max && best.key < similar_rank_score(&s->heap[0]) && !pass->exhaustive)
            break;
        rank_block(&r, best.block);
    }
    for (size_t left = r.n; left > 1;) { /* the worst goes last */
        struct similar_ranked worst = s->heap[0];
        s->heap[0] = s->heap[--left];
        sift_down(s->heap, left);
        s->heap[left] = worst;
    }
    return r.n;
}
