#include "api/contains.h"

#include "api/fold.h"

enum {
    LOOKS_MAX = 30000,       /* names that are compared to count */
    WORDS_MAX = 256,         /* completions of a word, and */
    COMBINATIONS_MAX = 8192, /* pairs of them, that are tried */
    FEW = 100,               /* so many names are compared without narrowing further */
    TERMS_MAX = 4,           /* lists that are intersected */
};

/* The rarest terms that every name with the query has. */
struct required {
    uint32_t terms[TERMS_MAX], count;
    bool missing; /* one occurs nowhere */
};

static void require(struct required *r, const struct textindex *x, uint32_t term)
{
    uint32_t at = r->count < TERMS_MAX ? r->count++ : TERMS_MAX;
    for (; at > 0 && x->terms[r->terms[at - 1]].df > x->terms[term].df; at--) {
        if (at < TERMS_MAX)
            r->terms[at] = r->terms[at - 1];
    }
    if (at < TERMS_MAX)
        r->terms[at] = term;
}

static void require_inside(struct required *r, const struct textindex *x, const struct tokens *t)
{
    int64_t before = -1;
    for (size_t i = 1; i + 1 < t->count; i++) {
        int64_t word = t->list[i].len > TOKEN_WHOLE_BYTES
                           ? -1
                           : vocabulary_find(&x->vocabulary, tokens_text(t, i), t->list[i].len);
        if (word < 0 && t->list[i].len <= TOKEN_WHOLE_BYTES) {
            r->missing = true;
            return;
        }
        int64_t term = word < 0 ? -1 : (int64_t)x->vocabulary.words[word].term;
        int64_t pair = before < 0 || term < 0 ? -1 : pairs_find(&x->pairs, (uint32_t)before, (uint32_t)term);
        if (term >= 0)
            require(r, x, (uint32_t)term);
        if (pair >= 0)
            require(r, x, x->vocabulary.term_count + (uint32_t)pair);
        before = term;
    }
}

/* ------------------------------------------------------------------ sets of documents */

struct set {
    const struct textindex *index;
    uint64_t *bits;
    uint64_t left; /* postings that may still be added; 0: too many */
};

static void clear(const struct textindex *x, uint64_t *bits)
{
    memset(bits, 0, ((size_t)x->doc_count + 63) / 64 * sizeof *bits);
}

static bool add_term(struct set *set, uint32_t term)
{
    const struct textindex *x = set->index;
    const struct textindex_term *t = &x->terms[term];
    if (set->left < t->df) {
        set->left = 0;
        return false;
    }
    set->left -= t->df;
    for (uint32_t s = t->span; s < t->span + t->span_count; s++) {
        uint64_t *bits = set->bits + (uint64_t)x->spans[s].block * (TEXTINDEX_BLOCK / 64);
        for (uint64_t i = x->spans[s].first; i < x->spans[s + 1].first; i++)
            bits[textindex_slot(x->slots[i]) / 64] |= (uint64_t)(x->slots[i] / TEXTINDEX_IN_NAME)
                                                      << textindex_slot(x->slots[i]) % 64;
    }
    return true;
}

static int add_word(void *ctx, uint32_t word)
{
    struct set *set = ctx;
    return !add_term(set, set->index->vocabulary.words[word].term);
}

/* Names with a word that contains, or ends with, the token. False when they are too many to be worth it. */
static bool collect_containing(struct set *set, const char *text, size_t len, bool at_end)
{
    const struct vocabulary *v = &set->index->vocabulary;
    if (at_end)
        vocabulary_ending(v, text, len, add_word, set);
    else
        vocabulary_containing(v, text, len, add_word, set);
    return set->left > 0;
}

static bool collect_prefixed(struct set *set, const char *text, size_t len)
{
    const struct vocabulary *v = &set->index->vocabulary;
    uint32_t first, n = vocabulary_prefix(v, text, len, &first);
    for (uint32_t i = first; i < first + n; i++) {
        if (!add_term(set, v->words[v->sorted[i]].term))
            return false;
    }
    return true;
}

static uint32_t intersect(const struct textindex *x, uint64_t *bits, const uint64_t *other)
{
    uint32_t count = 0;
    for (size_t i = 0; i < ((size_t)x->doc_count + 63) / 64; i++) {
        if (other)
            bits[i] &= other[i];
        count += (uint32_t)__builtin_popcountll(bits[i]);
    }
    return count;
}

/* ------------------------------------------------------------------ narrowing down */

/* Distinct terms of words, to be combined. */
struct words {
    const struct textindex *index;
    uint32_t terms[WORDS_MAX], count;
    bool failed; /* too many */
};

static int note_word(void *ctx, uint32_t word)
{
    struct words *list = ctx;
    uint32_t term = list->index->vocabulary.words[word].term;
    if (list->index->terms[term].name_df == 0)
        return 0;
    list->failed = list->failed || list->count == WORDS_MAX;
    if (!list->failed)
        list->terms[list->count++] = term;
    return list->failed;
}

/*
 * The last two words of the query stand side by side in the name, the second perhaps unfinished and, when there are
 * only two, the first perhaps the end of a longer one. Adds the documents of all such pairs. False when there are too
 * many to try, or pairs that are not indexed.
 */
static bool collect_pairs(struct set *set, const struct tokens *t)
{
    const struct textindex *x = set->index;
    const struct vocabulary *v = &x->vocabulary;
    const struct token *left = &t->list[t->count - 2], *right = &t->list[t->count - 1];
    struct words before = {.index = x}, after = {.index = x};
    if (left->len > TOKEN_WHOLE_BYTES || right->len > TOKEN_WHOLE_BYTES)
        return false;
    uint32_t first, n = vocabulary_prefix(v, tokens_text(t, t->count - 1), right->len, &first);
    for (uint32_t i = first; i < first + n && !after.failed; i++)
        (void)note_word(&after, v->sorted[i]);
    if (t->count > 2) {
        int64_t word = vocabulary_find(v, tokens_text(t, t->count - 2), left->len);
        if (word >= 0)
            (void)note_word(&before, (uint32_t)word);
    } else if (!after.failed) {
        vocabulary_ending(v, tokens_text(t, 0), left->len, note_word, &before);
    }
    if (before.failed || after.failed || before.count * after.count > COMBINATIONS_MAX)
        return false;
    for (uint32_t i = 0; i < before.count; i++) {
        for (uint32_t k = 0; k < after.count; k++) {
            if (!pairs_may_occur(&x->pairs, before.terms[i], after.terms[k]))
                continue;
            int64_t pair = pairs_find(&x->pairs, before.terms[i], after.terms[k]);
            if (pair < 0 || !add_term(set, v->term_count + (uint32_t)pair))
                return false;
        }
    }
    return true;
}

/* Narrows c->bits, which are s->candidates, down to the set, which is there or (but for the first set) in s->other. */
static uint32_t narrow_to(struct contains *c, struct similar_scratch *s)
{
    uint32_t left = intersect(c->index, s->candidates, c->bits ? s->other : NULL);
    c->bits = s->candidates;
    return left;
}

static struct set new_set(const struct contains *c, struct similar_scratch *s)
{
    struct set set = {.index = c->index, .bits = c->bits ? s->other : s->candidates};
    set.left = c->index->doc_count / 4 + FEW; /* longer lists narrow little */
    clear(c->index, set.bits);
    return set;
}

/* Two words or more. */
static void narrow(struct contains *c, struct similar_scratch *s)
{
    const struct textindex *x = c->index;
    const struct tokens *t = &s->tokens;
    const struct token *first = &t->list[0], *last = &t->list[t->count - 1];
    struct required required = {.count = 0};
    uint32_t left = UINT32_MAX;
    require_inside(&required, x, t);
    c->is_none = required.missing;
    if (c->is_none)
        return;
    struct set set = new_set(c, s);
    bool has_pairs = collect_pairs(&set, t);
    if (has_pairs)
        left = narrow_to(c, s);
    for (uint32_t i = 0; i < required.count; i++) { /* while it costs less than comparing the names */
        uint32_t df = x->terms[required.terms[i]].df;
        if (left <= FEW || df / 64 > left)
            break;
        set = new_set(c, s);
        if (!add_term(&set, required.terms[i]))
            break;
        left = narrow_to(c, s);
    }
    for (int end = 1; end >= 0 && left > FEW && !has_pairs; end--) { /* the last word, then the first */
        set = new_set(c, s);
        if (end ? last->len <= TOKEN_WHOLE_BYTES && collect_prefixed(&set, tokens_text(t, t->count - 1), last->len)
                : first->len <= TOKEN_WHOLE_BYTES && collect_containing(&set, tokens_text(t, 0), first->len, true))
            left = narrow_to(c, s);
    }
    c->is_none = left == 0;
}

void contains_prepare(struct contains *c, const struct textindex *x, const char *name, size_t len,
                      struct similar_scratch *s)
{
    fold_case(&s->folded, name, len);
    *c = (struct contains){.index = x, .needle = s->folded.data, .len = s->folded.len};
    c->is_none = s->folded.failed || c->len == 0 || x->doc_count == 0;
    if (c->is_none || s->tokens.count == 0)
        return;
    if (s->tokens.count > 1) {
        narrow(c, s);
        return;
    }
    struct set set = {.index = x, .bits = s->candidates, .left = x->doc_count / 4 + FEW};
    clear(x, s->candidates);
    if (s->tokens.list[0].len <= TOKEN_WHOLE_BYTES &&
        collect_containing(&set, tokens_text(&s->tokens, 0), s->tokens.list[0].len, false))
        c->bits = s->candidates;
}

uint32_t contains_count(const struct contains *c, int model, const uint64_t *except, uint32_t max)
{
    const struct textindex *x = c->index;
    uint32_t count = 0, looks = 0;
    if (c->is_none)
        return 0;
    for (uint32_t word = 0; word < (x->doc_count + 63) / 64 && count < max && looks < LOOKS_MAX && !c->is_none;
         word++) {
        uint64_t bits = (c->bits ? c->bits[word] : UINT64_MAX) & (except ? ~except[word] : UINT64_MAX);
        for (; bits && count < max; bits &= bits - 1) {
            uint32_t doc = word * 64 + (uint32_t)__builtin_ctzll(bits);
            if (doc >= x->doc_count || !(x->models[doc] >> (model - 1) & 1))
                continue;
            looks++;
            count += contains_holds(c, doc);
        }
    }
    return count;
}
