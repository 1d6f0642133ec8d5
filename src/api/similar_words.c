#include "api/similar_words.h"

#include <math.h>
#include <string.h>

#include "api/compound.h"

enum {
    PREFIX_SCAN_MAX = 2000,
    NEAR_MAX = 64,
    COMPLETIONS = 8,
    TOGETHER_MIN = 2, /* names that must have a word written together for two to be taken for it */
    APART_MIN =
        2, /* names that must have its parts as neighbours for a word that is unknown, but one slip from another */
    CLEARLY_MORE = 2, /* times as many names write it the other way: so the query is read that way */
};

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

static int note_frequent(void *ctx, uint32_t candidate)
{
    struct frequent *f = ctx;
    const struct vocabulary_word *words = f->vocabulary->words;
    uint32_t i = f->count < COMPLETIONS ? f->count++ : COMPLETIONS;
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
        (void)note_frequent(&frequent, v->sorted[i]);
    add_frequent(&frequent, word, len, weight);
}

/* The words beside the one that is read, as terms; -1: none, or unknown. The one before has been read already. */
struct neighbours {
    int64_t before, after;
};

/* Names in which the term stands beside its neighbours. */
static float names_beside(const struct textindex *x, const struct neighbours *n, uint32_t term)
{
    int64_t before = compound_pair(x, n->before, term), after = compound_pair(x, term, n->after);
    return (before < 0 ? 0 : (float)x->terms[before].df) + (after < 0 ? 0 : (float)x->terms[after].df);
}

/* How likely a word is meant by one that is a slip away: frequent ones are, above all beside these neighbours, and
 * people seldom mistype the first letter (Yannakoudakis & Fawthrop, "The rules of spelling errors", 1983). */
static void weigh_repairs(const struct textindex *x, const struct neighbours *neighbours, const char *text, size_t len,
                          float *best, int64_t *repaired)
{
    const struct vocabulary *v = &x->vocabulary;
    uint32_t near[NEAR_MAX];
    size_t n = vocabulary_near(v, text, len, near, NEAR_MAX);
    for (size_t i = 0; i < n; i++) {
        uint32_t term = v->words[near[i]].term;
        float score = sqrtf((float)x->terms[term].name_df) * (1 + sqrtf(names_beside(x, neighbours, term))) *
                      (vocabulary_text(v, near[i])[0] == text[0] ? 1.0f : 0.3f);
        if (score > *best) {
            *best = score;
            *repaired = near[i];
        }
    }
}

/* The likeliest word that is one slip away from the word or its stem. */
static void add_repair(const struct textindex *x, struct similar_word *word, const struct neighbours *neighbours,
                       const char *text, size_t len)
{
    char stem[TOKEN_MAX_BYTES];
    float best = 0;
    size_t stem_len = tokens_stem(text, len, stem);
    weigh_repairs(x, neighbours, text, len, &best, &word->repaired);
    if (stem_len != len)
        weigh_repairs(x, neighbours, stem, stem_len, &best, &word->repaired);
    if (word->repaired >= 0)
        add_term(word, x->vocabulary.words[word->repaired].term, 1);
}

/* Another way to write what the word's first term means: worth no more than that one, however rare. */
static void add_spelling(const struct textindex *x, struct similar_word *word, uint32_t term, float weight)
{
    float own = x->terms[word->terms[0].term].idf, other = x->terms[term].idf;
    add_term(word, term, other > own ? weight * own / other : weight);
}

/* The word that this one and a neighbour make together, if it is one. */
static void add_whole(const struct textindex *x, struct similar_word *word, const char *text, size_t len, float weight)
{
    int64_t whole = vocabulary_find(&x->vocabulary, text, len);
    if (whole >= 0 && word->count > 0)
        add_spelling(x, word, x->vocabulary.words[whole].term, weight);
    else if (whole >= 0)
        add_term(word, x->vocabulary.words[whole].term, weight);
}

static void begin_word(struct similar_word *word, uint32_t start, size_t len)
{
    word->count = 0;
    word->start = start;
    word->len = (uint32_t)len;
    word->repaired = -1;
    word->is_exact = false;
}

/* Fills `word` from token i, as it stands; `before` is the term of the word before, or -1. */
static void expand_word(const struct textindex *x, const struct similar_weights *weights, bool unfinished,
                        const struct tokens *tokens, size_t i, int64_t before, struct similar_word *word)
{
    const struct vocabulary *v = &x->vocabulary;
    const char *text = tokens_text(tokens, i);
    size_t len = tokens->list[i].len;
    bool is_last = unfinished && i + 1 == tokens->count;
    int64_t term = vocabulary_find_term(v, text, len);
    begin_word(word, tokens->list[i].start, len);
    word->is_exact = term >= 0;
    if (term >= 0) {
        add_term(word, (uint32_t)term, 1);
    } else {
        struct neighbours neighbours = {before, -1};
        if (i + 1 < tokens->count)
            neighbours.after = vocabulary_find_term(v, tokens_text(tokens, i + 1), tokens->list[i + 1].len);
        add_repair(x, word, &neighbours, text, len);
    }
    if (is_last)
        add_prefixes(x, word, text, len, weights->prefix);
    if (is_last && word->count == 0 && tokens->count == 1) {
        struct frequent frequent = {.vocabulary = v};
        vocabulary_containing(v, text, len, note_frequent, &frequent);
        add_frequent(&frequent, word, len, weights->infix);
    }
    if (i + 1 < tokens->count) /* tokens stand back to back */
        add_whole(x, word, text, len + tokens->list[i + 1].len, weights->joined);
    if (i > 0)
        add_whole(x, word, tokens_text(tokens, i - 1), len + tokens->list[i - 1].len, weights->joined);
}

/* ------------------------------------------------------------------ together or apart */

/* Names that hold what the word was taken for. */
static uint32_t names_with(const struct textindex *x, const struct similar_word *word)
{
    return x->terms[word->terms[0].term].name_df;
}

/* Reads the word as its two parts, in words[0] and words[1]; either is also found in the word as it was typed. */
static void take_apart(const struct textindex *x, const struct similar_weights *weights, struct similar_word *words,
                       const struct compound *c)
{
    struct similar_word whole = words[0];
    for (int part = 0; part < 2; part++) {
        begin_word(&words[part], whole.start + (part ? (uint32_t)c->cut : 0), part ? whole.len - c->cut : c->cut);
        words[part].is_exact = true;
        add_term(&words[part], part ? c->right : c->left, 1);
        if (whole.is_exact)
            add_spelling(x, &words[part], whole.terms[0].term, weights->joined);
    }
}

/* The word that tokens i and i + 1 make when the names mostly write them so; -1 when they do not. */
static int64_t together(const struct textindex *x, const struct tokens *tokens, size_t i)
{
    const struct vocabulary *v = &x->vocabulary;
    if (i + 1 >= tokens->count)
        return -1;
    size_t len = tokens->list[i].len, next = tokens->list[i + 1].len; /* tokens stand back to back */
    int64_t both = vocabulary_find_term(v, tokens_text(tokens, i), len + next);
    if (both < 0 || x->terms[both].name_df < TOGETHER_MIN)
        return -1;
    int64_t pair = compound_pair(x, vocabulary_find_term(v, tokens_text(tokens, i), len),
                                 vocabulary_find_term(v, tokens_text(tokens, i + 1), next));
    return pair < 0 || x->terms[both].name_df >= CLEARLY_MORE * x->terms[pair].df ? both : -1;
}

/* Fills words[0], or two of them, from token i or two of them; `before` as in expand_word. Returns how many words;
 * *used is how many tokens. */
static size_t expand(const struct textindex *x, const struct similar_weights *weights, bool unfinished,
                     const struct tokens *tokens, size_t i, int64_t before, struct similar_word *words, size_t *used)
{
    struct compound apart;
    const char *text = tokens_text(tokens, i);
    size_t len = tokens->list[i].len;
    int64_t both = together(x, tokens, i);
    if (both >= 0) {
        begin_word(words, tokens->list[i].start, len + tokens->list[i + 1].len);
        words->is_exact = true;
        add_term(words, (uint32_t)both, 1);
        *used = 2;
        return 1;
    }
    *used = 1;
    expand_word(x, weights, unfinished, tokens, i, before, words);
    bool is_known = words->is_exact || words->repaired >= 0;
    if (compound_split(x, text, len, &apart)) {
        if (words->is_exact ? apart.df >= CLEARLY_MORE * names_with(x, words)
                            : words->repaired < 0 || apart.df >= APART_MIN) {
            take_apart(x, weights, words, &apart);
            return 2;
        }
        if (words->is_exact)
            add_spelling(x, words, apart.pair, weights->joined);
    } else if (!is_known && compound_guess(x, text, len, &apart)) {
        take_apart(x, weights, words, &apart);
        return 2;
    }
    return words->count > 0 ? 1 : 0;
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

/* The term that the word is most likely about, or -1. */
static int64_t likeliest(const struct similar_word *word)
{
    return word->is_exact || word->repaired >= 0 ? (int64_t)word->terms[0].term : -1;
}

void similar_words_expand(const struct textindex *x, const struct similar_weights *weights, bool unfinished,
                          struct similar_scratch *s)
{
    int64_t before = -1; /* likeliest term of the word before */
    size_t used;
    s->word_count = s->pair_count = 0;
    for (size_t i = 0; i < s->tokens.count && i < 2 * SIMILAR_WORDS_MAX; i += used) {
        struct similar_word words[2];
        size_t n = expand(x, weights, unfinished, &s->tokens, i, before, words, &used);
        if (s->word_count + n > SIMILAR_WORDS_MAX)
            break;
        if (n == 0)
            before = -1;
        for (size_t w = 0; w < n; w++) {
            int64_t term = likeliest(&words[w]);
            if (before >= 0 && term >= 0)
                add_pair(x, s, (uint32_t)before, (uint32_t)term);
            before = term;
            if (!(words[w].is_exact && has_word(s, words[w].terms[0].term)))
                s->words[s->word_count++] = words[w];
        }
    }
    weigh_groups(x, s);
}
