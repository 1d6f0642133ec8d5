/* How many products a query finds in all. */
#include <string.h>

#include "api/similar_private.h"
#include "api/similar_rank.h"

enum { FEW_BLOCKS = 8 }; /* of so many, the scores of all tell sooner than the postings */

static bool is_open(const struct similar_search *f, uint32_t category)
{
    return f->s->bonus[category] >= similar_open_bonus(f);
}

static bool is_of_model(const struct similar_search *f, uint32_t doc)
{
    return f->index->models[doc] >> (f->query->model - 1) & 1;
}

/* ------------------------------------------------------------------ few blocks: by scores */

static bool is_few(const struct similar_search *f)
{
    return f->index->block_count <= FEW_BLOCKS && !f->query->exhaustive; /* so that tests compare both ways */
}

static bool is_found_few(const struct similar_search *f, uint32_t doc)
{
    return similar_rank_cells(f->index, f->s, doc / TEXTINDEX_BLOCK)[doc % TEXTINDEX_BLOCK] != 0 ||
           is_open(f, f->index->docs[doc].category);
}

/* Documents of the block with a score, and those of open categories that have none. */
static uint32_t count_block(const struct similar_search *f, uint32_t block)
{
    const struct textindex *x = f->index;
    const uint32_t *cells = similar_rank_cells(x, f->s, block);
    uint32_t first = block * TEXTINDEX_BLOCK, end = textindex_block_end(x, block), count = 0;
    const uint8_t *models = x->models + first, bit = (uint8_t)(1U << (f->query->model - 1));
    for (uint32_t i = 0; i < end - first; i++)
        count += (cells[i] != 0) & ((models[i] & bit) != 0);
    for (uint32_t c = x->docs[first].category; c <= x->docs[end - 1].category; c++) {
        if (!is_open(f, c))
            continue;
        uint32_t doc = x->category_start[c], stop = x->category_start[c + 1];
        for (doc = doc > first ? doc : first; doc < stop && doc < end; doc++)
            count += cells[doc - first] == 0 && is_of_model(f, doc);
    }
    return count;
}

static uint32_t count_few(const struct similar_search *f)
{
    uint32_t count = 0, own = (uint32_t)f->own_doc;
    for (uint32_t block = 0; block < f->index->block_count; block++)
        count += count_block(f, block);
    return f->own_doc >= 0 && is_of_model(f, own) && is_found_few(f, own) ? count - 1 : count;
}

/* s->found, as far as `contains` may ask for it. */
static void mark_few(const struct similar_search *f, const struct contains *contains)
{
    uint32_t docs = f->index->doc_count;
    for (uint32_t at = 0; at < docs; at += 64) {
        uint64_t bits = 0;
        for (uint32_t i = 0; contains_word(contains, at) != 0 && i < 64 && at + i < docs; i++)
            bits |= (uint64_t)is_found_few(f, at + i) << i;
        f->s->found[at / 64] = bits;
    }
}

/* ------------------------------------------------------------------ many: by postings */

/* Marks documents as found and counts those that are new and the model's. */
struct marking {
    uint64_t *found;
    const uint8_t *models;
    uint32_t model_bit, count;
};

static inline void mark(struct marking *m, uint32_t doc)
{
    uint64_t bit = (uint64_t)1 << doc % 64, *word = &m->found[doc / 64];
    m->count += !(*word & bit) && (m->models[doc] & m->model_bit);
    *word |= bit;
}

static void mark_term(struct marking *m, const struct textindex *x, const struct textindex_term *t)
{
    for (uint32_t span = t->span; span < t->span + t->span_count && m->count < SIMILAR_TOTAL_MAX; span++) {
        uint32_t base = x->spans[span].block * TEXTINDEX_BLOCK;
        for (uint64_t i = x->spans[span].first; i < x->spans[span + 1].first; i++)
            mark(m, base + textindex_slot(x->slots[i]));
    }
}

/* Is one term alone enough? */
static bool has_frequent_term(const struct similar_search *f)
{
    const struct textindex *x = f->index;
    const struct similar_scratch *s = f->s;
    uint64_t others = x->doc_count - x->catalog->views[f->query->model - 1].count;
    for (size_t g = 0; g < s->group_count; g++) {
        for (uint32_t k = 0; k < s->groups[g].count; k++) {
            if (x->terms[s->terms[s->groups[g].first + k].term].df > SIMILAR_TOTAL_MAX + others)
                return true;
        }
    }
    return false;
}

/* Counts up to SIMILAR_TOTAL_MAX; s->found has the documents' bits when there are fewer. */
static uint32_t count_many(const struct similar_search *f)
{
    const struct textindex *x = f->index;
    struct similar_scratch *s = f->s;
    struct marking m = {.found = s->found, .models = x->models, .model_bit = 1U << (f->query->model - 1)};
    if (has_frequent_term(f))
        return SIMILAR_TOTAL_MAX;
    memset(s->found, 0, (size_t)x->block_count * (TEXTINDEX_BLOCK / 64) * sizeof *s->found);
    if (f->own_doc >= 0)
        s->found[f->own_doc / 64] |= (uint64_t)1 << f->own_doc % 64;
    for (uint32_t c = 0; c < x->catalog->category_count; c++) {
        for (uint32_t doc = x->category_start[c]; is_open(f, c) && doc < x->category_start[c + 1]; doc++)
            mark(&m, doc);
    }
    for (size_t g = 0; g < s->group_count; g++) {
        for (uint32_t k = 0; k < s->groups[g].count; k++)
            mark_term(&m, x, &x->terms[s->terms[s->groups[g].first + k].term]);
    }
    return m.count;
}

/* ------------------------------------------------------------------ all together */

static bool is_found(const struct similar_search *f, uint32_t doc)
{
    return is_few(f) ? is_found_few(f, doc) : f->s->found[doc / 64] >> doc % 64 & 1;
}

uint32_t similar_count(const struct similar_search *f, const struct contains *contains, size_t containing, bool is_all)
{
    if (f->query->contains_only)
        return is_all ? (uint32_t)containing : contains_count(contains, f->query->model, NULL, SIMILAR_TOTAL_MAX);
    uint32_t total = is_few(f) ? count_few(f) : count_many(f);
    if (total >= SIMILAR_TOTAL_MAX || contains->is_none)
        return total < SIMILAR_TOTAL_MAX ? total : SIMILAR_TOTAL_MAX;
    for (size_t i = 0; is_all && i < containing; i++)
        total += !is_found(f, f->s->heap[i].doc);
    if (!is_all && is_few(f))
        mark_few(f, contains);
    if (!is_all)
        total += contains_count(contains, f->query->model, f->s->found, SIMILAR_TOTAL_MAX - total);
    return total < SIMILAR_TOTAL_MAX ? total : SIMILAR_TOTAL_MAX;
}
