#include "api/similar_words.h"

#include <math.h>
#include <string.h>

enum { PREFIX_SCAN_MAX = 2000, NEAR_MAX = 64, GLUED_LEN_MIN = 6 };

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
    if (word->count == SIMILAR_TERMS_MAX)
        return;
    word->terms[word->count].term = term;
    word->terms[word->count++].weight = weight;
}

/* Words that the last one begins: the frequent ones, each the closer the less is missing. */
static void add_prefixes(const struct textindex *x, struct similar_word *word, const char *text, size_t len,
                         float weight)
{
    const struct vocabulary *v = &x->vocabulary;
    uint32_t first, n = vocabulary_prefix(v, text, len, &first), best[8], count = 0;
    if (n > PREFIX_SCAN_MAX)
        n = PREFIX_SCAN_MAX;
    for (uint32_t i = first; i < first + n; i++) {
        uint32_t candidate = v->sorted[i], at = count < 8 ? count++ : 8;
        for (; at > 0 && v->words[best[at - 1]].df < v->words[candidate].df; at--) {
            if (at < 8)
                best[at] = best[at - 1];
        }
        if (at < 8)
            best[at] = candidate;
    }
    for (uint32_t i = 0; i < count; i++)
        add_term(word, v->words[best[i]].term, weight * (float)len / (float)v->words[best[i]].len);
}

/* Words one slip away: the more frequent one is likelier meant, and people seldom mistype the first letter. */
static void add_repairs(const struct textindex *x, struct similar_word *word, const char *text, size_t len,
                        float weight)
{
    const struct vocabulary *v = &x->vocabulary;
    uint32_t near[NEAR_MAX];
    float best = 0, score[NEAR_MAX];
    size_t n = vocabulary_near(v, text, len, near, NEAR_MAX);
    for (size_t i = 0; i < n; i++) {
        const char *other = vocabulary_text(v, near[i]);
        score[i] = log1pf((float)x->terms[v->words[near[i]].term].count) * (other[0] == text[0] ? 1.0f : 0.5f);
        if (score[i] > best) {
            best = score[i];
            word->repaired = near[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        float share = score[i] / best;
        if (share > 0.5f)
            add_term(word, v->words[near[i]].term, weight * share * share);
    }
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

void similar_words_expand(const struct textindex *x, const struct similar_weights *weights, bool unfinished,
                          struct similar_scratch *s)
{
    const struct vocabulary *v = &x->vocabulary;
    s->word_count = 0;
    for (size_t i = 0; i < s->tokens.count && s->word_count < SIMILAR_WORDS_MAX; i++) {
        const char *text = tokens_text(&s->tokens, i);
        size_t len = s->tokens.list[i].len;
        struct similar_word *word = &s->words[s->word_count];
        word->count = 0;
        word->token = (uint32_t)i;
        word->repaired = -1;
        int64_t term = vocabulary_find_term(v, text, len);
        word->is_exact = term >= 0;
        bool repeated = false;
        for (size_t j = 0; term >= 0 && j < s->word_count; j++)
            repeated = repeated || (s->words[j].is_exact && s->words[j].terms[0].term == (uint32_t)term);
        if (repeated)
            continue;
        if (term >= 0)
            add_term(word, (uint32_t)term, 1);
        if (unfinished && i + 1 == s->tokens.count)
            add_prefixes(x, word, text, len, weights->prefix);
        if (term < 0) {
            add_repairs(x, word, text, len, weights->repair);
            add_parts(x, word, text, len, weights->repair);
        }
        if (i + 1 < s->tokens.count && s->tokens.list[i].start + len == s->tokens.list[i + 1].start) {
            int64_t both = vocabulary_find(v, text, len + s->tokens.list[i + 1].len); /* tokens stand back to back */
            if (both >= 0)
                add_term(word, v->words[both].term, weights->repair);
        }
        if (word->count > 0)
            s->word_count++;
    }
}
