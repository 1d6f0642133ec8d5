/*
 * Which names contain the query, letter for letter, ignoring case? Words and word pairs that must stand in such a name
 * narrow the documents down; those left are compared as text.
 */
#ifndef PASAR_API_CONTAINS_H
#define PASAR_API_CONTAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "api/similar.h"

struct contains {
    const struct textindex *index;
    const char *needle; /* folded */
    size_t len;
    const uint64_t *bits; /* documents that may contain it; NULL: any may */
    bool is_none;         /* none can */
};

/*
 * Prepares for `name`, whose words are in s->tokens; uses s->folded, which is empty, s->candidates and s->other. The
 * query's first word may be the end of a word of the name, its last one the beginning; those between stand in the name
 * as they are.
 */
void contains_prepare(struct contains *c, const struct textindex *index, const char *name, size_t len,
                      struct similar_scratch *s);

/* Which of the 64 documents from `first` on (a multiple of 64) may contain it: a bit for each; beyond the last document
 * they mean nothing. */
static inline uint64_t contains_word(const struct contains *c, uint32_t first)
{
    return c->bits ? c->bits[first / 64] : UINT64_MAX;
}

/* May one of these documents (first a multiple of 64) contain it? */
static inline bool contains_in_range(const struct contains *c, uint32_t first, uint32_t last)
{
    uint64_t any = !c->bits;
    for (uint32_t i = first / 64; c->bits && i <= last / 64; i++)
        any |= c->bits[i];
    return any != 0;
}

static inline bool contains_holds(const struct contains *c, uint32_t doc)
{
    const struct textindex *x = c->index;
    const char *name = x->names.data + x->name_start[doc];
    return memmem(name, x->name_start[doc + 1] - x->name_start[doc] - 1, c->needle, c->len) != NULL;
}

/* How many documents of the model contain it, counted up to `max` and as far as it
 * takes no more than 30,000 comparisons; those in `except` (bits, or NULL) do not count. */
uint32_t contains_count(const struct contains *c, int model, const uint64_t *except, uint32_t max);

#endif
