#include "api/similar_words.h"

#include <math.h>
#include <string.h>

enum { PREFIX_SCAN_MAX = 2000, NEAR_MAX = 64, GLUED_LEN_MIN = 6, COMPLETIONS = 8 };

/* Adds a term unless it is there; keeps the larger weight. */
static void add_term(struct similar_word *word, uint32_t term, float weight)
{
    for (size_t i = 0; i < word->count; i++) {
        if (word->terms[i].term == term) {
            if (word->terms[i].weight < weight)
                word->terms[i].weight = weight;
            return;
        }
    }
    if (word->count < SIMILAR_TERMS_MAX)
        word->terms[word->count++] = (struct similar_choice){term, weight};
}

/* The most frequent words seen so far, first the best. */
struct frequent {
    const struct vocabulary *vocabulary;
    uint32_t best[COMPLETIONS], count;
};

static int note_frequent(void *ctx, uint32_t candidate, size_t at)
{
    struct frequent *f = ctx;
    const struct vocabulary_word *words = f->vocabulary->words;
    uint32_t i = f->count < COMPLETIONS ? f->count++ : COMPLETIONS;
    (void)at;
    for (; i > 0 && words[f->best[i - 1]].df < words[candidate].df; i--) {
        if (i < COMPLETIONS)
            f->best[i] = f->best[i - 1];
    }
    if (i < COMPLETIONS)
        f->best[i] = candidate;
    return 0;
}

static void add_frequent(const struct frequent *f, struct similar_word *word, size_t len, float weight)
{
    const struct vocabulary_word *words = f->vocabulary->words;
    for (uint32_t i = 0; i < f->count; i++)
        add_term(word, words[f->best[i]].term, weight * (float)len / (float)words[f->best[i]].len);
}

/* Words that the last one begins: the frequent ones, each the closer the less is missing. */
static void add_prefixes(const struct textindex *x, struct similar_word *word, const char *text, size_t len,
                         float weight)
{
    const struct vocabulary *v = &x->vocabulary;
    struct frequent frequent = {.vocabulary = v};
    uint32_t first, n = vocabulary_prefix(v, text, len, &first);
    if (n > PREFIX_SCAN_MAX)
        n = PREFIX_SCAN_MAX;
    for (uint32_t i = first; i < first + n; i++)
        (void)note_frequent(&frequent, v->sorted[i], 0);
    add_frequent(&frequent, word, len, weight);
}

/* How likely a word is meant by one that is a slip away: frequent ones are, and people seldom mistype the first letter
 * (Yannakoudakis & Fawthrop, "The rules of spelling errors", 1983). */
static void weigh_repairs(const struct textindex *x, const char *text, size_t len, float *best, int64_t *repaired)
{
    const struct vocabulary *v = &x->vocabulary;
    uint32_t near[NEAR_MAX];
    size_t n = vocabulary_near(v, text, len, near, NEAR_MAX);
    for (size_t i = 0; i < n; i++) {
        float score = sqrtf((float)x->terms[v->words[near[i]].term].name_df) *
                      (vocabulary_text(v, near[i])[0] == text[0] ? 1.0f : 0.3f);
        if (score > *best) {
            *best = score;
            *repaired = near[i];
        }
    }
}

/* The likeliest word that is one slip away from the word or its stem. */
static void add_repair(const struct textindex *x, struct similar_word *word, const char *text, size_t len)
{
    char stem[TOKEN_MAX_BYTES];
    float best = 0;
    size_t stem_len = tokens_stem(text, len, stem);
    weigh_repairs(x, text, len, &best, &word->repaired);
    if (stem_len != len)
        weigh_repairs(x, stem, stem_len, &best, &word->repaired);
    if (word->repaired >= 0)
        add_term(word, x->vocabulary.words[word->repaired].term, 1);
}

/* "powerbank" → power, bank, when both are words and the pieces are long enough to mean something. */
static void add_parts(const struct textindex *x, struct similar_word *word, const char *text, size_t len, float weight)
{
    const struct vocabulary *v = &x->vocabulary;
    int64_t best_left = -1, best_right = -1;
    uint32_t best = 0;
    if (len < GLUED_LEN_MIN || tokens_has_digit(text, len))
        return;
    for (size_t cut = 3; cut + 3 <= len; cut++) {
        int64_t left = vocabulary_find(v, text, cut), right = vocabulary_find(v, text + cut, len - cut);
        if (left < 0 || right < 0)
            continue;
        uint32_t df = v->words[left].df < v->words[right].df ? v->words[left].df : v->words[right].df;
        if (df > best) {
            best = df;
            best_left = left;
            best_right = right;
        }
    }
    if (best_left < 0)
        return;
    add_term(word, v->words[best_left].term, weight);
    add_term(word, v->words[best_right].term, weight);
}

/* Fills `word` from token i. */
static void expand_word(const struct textindex *x, const struct similar_weights *weights, bool unfinished,
                        const struct tokens *tokens, size_t i, struct similar_word *word)
{
    const struct vocabulary *v = &x->vocabulary;
    const char *text = tokens_text(tokens, i);
    size_t len = tokens->list[i].len;
    bool is_last = unfinished && i + 1 == tokens->count;
    int64_t term = vocabulary_find_term(v, text, len);
    word->count = 0;
    word->token = (uint32_t)i;
    word->repaired = -1;
    word->is_exact = term >= 0;
    if (term >= 0)
        add_term(word, (uint32_t)term, 1);
    else
        add_repair(x, word, text, len);
    if (is_last)
        add_prefixes(x, word, text, len, weights->prefix);
    if (term < 0 && word->repaired < 0)
        add_parts(x, word, text, len, weights->joined);
    if (is_last && word->count == 0 && tokens->count == 1) {
        struct frequent frequent = {.vocabulary = v};
        vocabulary_containing(v, text, len, note_frequent, &frequent);
        add_frequent(&frequent, word, len, weights->infix);
    }
    if (i + 1 < tokens->count) {
        int64_t both = vocabulary_find(v, text, len + tokens->list[i + 1].len); /* tokens stand back to back */
        if (both >= 0)
            add_term(word, v->words[both].term, weights->joined);
    }
}

/* ------------------------------------------------------------------ groups */

static bool has_word(const struct similar_scratch *s, uint32_t term)
{
    for (size_t i = 0; i < s->word_count; i++) {
        if (s->words[i].is_exact && s->words[i].terms[0].term == term)
            return true;
    }
    return false;
}

static void add_pair(const struct textindex *x, struct similar_scratch *s, uint32_t left, uint32_t right)
{
    int64_t number = pairs_find(&x->pairs, left, right);
    if (number < 0 || s->pair_count == SIMILAR_WORDS_MAX)
        return;
    uint32_t term = x->vocabulary.term_count + (uint32_t)number;
    for (size_t i = 0; i < s->pair_count; i++) {
        if (s->pairs[i] == term)
            return;
    }
    s->pairs[s->pair_count++] = term;
}

/* The groups' terms, weighted so that all groups together weigh 65536 and the best text score is 1. */
static void weigh_groups(const struct textindex *x, struct similar_scratch *s)
{
    float sum = 0, best[2 * SIMILAR_WORDS_MAX];
    uint32_t count = 0;
    for (size_t g = 0; g < s->word_count + s->pair_count; g++) {
        bool is_word = g < s->word_count;
        best[g] = is_word ? 0 : x->terms[s->pairs[g - s->word_count]].idf;
        for (size_t i = 0; is_word && i < s->words[g].count; i++)
            best[g] = fmaxf(best[g], s->words[g].terms[i].weight * x->terms[s->words[g].terms[i].term].idf);
        sum += best[g];
    }
    float scale = sum > 0 ? 65536 / sum : 0;
    for (size_t g = 0; g < s->word_count + s->pair_count; g++) {
        const struct similar_word *word = g < s->word_count ? &s->words[g] : NULL;
        s->groups[g] = (struct similar_group){count, word ? (uint32_t)word->count : 1};
        for (uint32_t i = 0; i < s->groups[g].count; i++) {
            uint32_t term = word ? word->terms[i].term : s->pairs[g - s->word_count];
            uint32_t weight = (uint32_t)(scale * x->terms[term].idf * (word ? word->terms[i].weight : 1));
            s->terms[count++] = (struct similar_term){term, weight ? weight : 1};
        }
    }
    s->group_count = s->word_count + s->pair_count;
}

void similar_words_expand(const struct textindex *x, const struct similar_weights *weights, bool unfinished,
                          struct similar_scratch *s)
{
    int64_t before = -1; /* likeliest term of the token before */
    s->word_count = s->pair_count = 0;
    for (size_t i = 0; i < s->tokens.count && i < 2 * SIMILAR_WORDS_MAX; i++) {
        struct similar_word *word = &s->words[s->word_count];
        if (s->word_count == SIMILAR_WORDS_MAX)
            break;
        expand_word(x, weights, unfinished, &s->tokens, i, word);
        int64_t term = word->is_exact || word->repaired >= 0 ? (int64_t)word->terms[0].term : -1;
        if (before >= 0 && term >= 0)
            add_pair(x, s, (uint32_t)before, (uint32_t)term);
        before = term;
        if (word->count > 0 && !(word->is_exact && has_word(s, word->terms[0].term)))
            s->word_count++;
    }
    weigh_groups(x, s);
}
