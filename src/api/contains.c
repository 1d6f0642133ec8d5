#include "api/contains.h"

#include <stdbool.h>
#include <string.h>

#include "api/fold.h"

enum { CANDIDATES_MAX = 6000, TERMS_MAX = 512 };

struct search {
    const struct textindex *index;
    struct similar_scratch *s;
    const char *needle;
    size_t len;
    uint32_t left; /* candidates that may still be looked at */
    bool at_end;   /* only words that end with the token */
    size_t token_len;
};

static void mark(struct search *f, uint32_t doc)
{
    struct similar_cell *cell = &f->s->cells[doc];
    if (cell->words & CONTAINS_BIT)
        return;
    if (!cell->words)
        f->s->touched[f->s->touched_count++] = doc;
    cell->words |= CONTAINS_BIT;
}

static bool holds(const struct search *f, uint32_t doc)
{
    const struct textindex *x = f->index;
    const char *name = x->names.data + x->name_start[doc];
    return memmem(name, x->name_start[doc + 1] - x->name_start[doc] - 1, f->needle, f->len) != NULL;
}

static void try_term(struct search *f, uint32_t term)
{
    const struct textindex_term *t = &f->index->terms[term];
    for (uint32_t i = 0; i < t->count && f->left > 0; i++, f->left--) {
        uint32_t doc = f->index->docs[t->first + i];
        if (!(f->s->cells[doc].words & CONTAINS_BIT) && holds(f, doc))
            mark(f, doc);
    }
}

static int try_word(void *ctx, uint32_t word, size_t at)
{
    struct search *f = ctx;
    const struct vocabulary_word *w = &f->index->vocabulary.words[word];
    if (f->at_end && at + f->token_len != w->len) {
        const char *text = vocabulary_text(&f->index->vocabulary, word);
        if (memcmp(text + w->len - f->token_len, text + at, f->token_len) != 0)
            return 0;
    }
    try_term(f, w->term);
    return f->left == 0;
}

/* The interior words of the query must stand in the name as they are: the rarest, or -1; *missing when one occurs
 * nowhere. */
static int64_t rarest_inside(const struct search *f, bool *missing)
{
    const struct tokens *t = &f->s->tokens;
    int64_t best = -1;
    *missing = false;
    for (size_t i = 1; i + 1 < t->count; i++) {
        int64_t word = vocabulary_find(&f->index->vocabulary, tokens_text(t, i), t->list[i].len);
        if (word < 0) {
            *missing = t->list[i].len < TOKEN_MAX_BYTES;
            if (*missing)
                return -1;
            continue;
        }
        uint32_t term = f->index->vocabulary.words[word].term;
        if (best < 0 || f->index->terms[term].count < f->index->terms[best].count)
            best = term;
    }
    return best;
}

static void try_prefixed(struct search *f, const char *text, size_t len)
{
    const struct vocabulary *v = &f->index->vocabulary;
    uint32_t first, n = vocabulary_prefix(v, text, len, &first);
    for (uint32_t i = first; i < first + n && f->left > 0; i++)
        try_term(f, v->words[v->sorted[i]].term);
}

/* How many postings the words with this beginning have, as far as it matters. */
static uint64_t prefixed_cost(const struct search *f, const char *text, size_t len)
{
    const struct vocabulary *v = &f->index->vocabulary;
    uint32_t first, n = vocabulary_prefix(v, text, len, &first);
    uint64_t cost = 0;
    for (uint32_t i = first; i < first + n && cost < CANDIDATES_MAX; i++)
        cost += v->words[v->sorted[i]].df;
    return cost;
}

void contains_mark(const struct textindex *x, const char *name, size_t len, struct similar_scratch *s)
{
    const struct tokens *t = &s->tokens;
    pasar_buf_reset(&s->folded);
    fold_case(&s->folded, name, len);
    if (s->folded.failed || s->folded.len == 0)
        return;
    struct search f = {.index = x, .s = s, .needle = s->folded.data, .len = s->folded.len, .left = CANDIDATES_MAX};
    if (t->count == 0) { /* nothing but signs: look at the names themselves */
        for (uint32_t doc = 0; doc < x->catalog->count && f.left > 0; doc++, f.left--) {
            if (holds(&f, doc))
                mark(&f, doc);
        }
        return;
    }
    size_t last = t->count - 1;
    f.token_len = t->list[0].len;
    if (t->count == 1) {
        vocabulary_containing(&x->vocabulary, tokens_text(t, 0), t->list[0].len, try_word, &f);
        return;
    }
    bool missing;
    int64_t inside = rarest_inside(&f, &missing);
    if (missing)
        return;
    uint64_t end_cost =
        t->list[last].len < TOKEN_MAX_BYTES ? prefixed_cost(&f, tokens_text(t, last), t->list[last].len) : UINT64_MAX;
    if (end_cost == 0)
        return;
    if (inside >= 0 && x->terms[inside].count <= end_cost) {
        try_term(&f, (uint32_t)inside);
    } else if (end_cost < CANDIDATES_MAX) {
        try_prefixed(&f, tokens_text(t, last), t->list[last].len);
    } else {
        f.at_end = true;
        vocabulary_containing(&x->vocabulary, tokens_text(t, 0), t->list[0].len, try_word, &f);
    }
}
