/*
 * Products whose name has every word of the query, in whatever order: what they are of is what is meant, more surely
 * than any sum over words can tell.
 */
#include "api/similar_private.h"

#include <string.h>

enum {
    WORDS_MIN = 4,    /* fewer stand together in names of all kinds */
    WORDS_MAX = 8,    /* more are not a question but a name, of which there is no second */
    LOOKS_MAX = 4096, /* names; where even the rarest word has more, they are not asked */
};

static bool is_in_name(const struct textindex *x, uint32_t term, uint32_t doc)
{
    int64_t posting = textindex_find_posting(x, term, doc);
    return posting >= 0 && (x->slots[posting] & TEXTINDEX_IN_NAME);
}

/* Is one of the word's first `count` terms in the name? */
static bool has_word(const struct textindex *x, const struct similar_word *word, size_t count, uint32_t doc)
{
    for (size_t i = 0; i < count; i++) {
        if (is_in_name(x, word->terms[i].term, doc))
            return true;
    }
    return false;
}

static bool has_all(const struct similar_search *f, const struct similar_word *except, uint32_t doc)
{
    for (size_t w = 0; w < f->s->word_count; w++) {
        const struct similar_word *word = &f->s->words[w];
        if (word != except && !has_word(f->index, word, word->count, doc))
            return false;
    }
    return true;
}

static uint64_t names_with(const struct textindex *x, const struct similar_word *word)
{
    uint64_t count = 0;
    for (size_t i = 0; i < word->count; i++)
        count += x->terms[word->terms[i].term].name_df;
    return count;
}

/* The word that the fewest names have; NULL: there are none, or not so many words as it takes. */
static const struct similar_word *rarest_word(const struct similar_search *f)
{
    const struct similar_word *rarest = NULL;
    uint64_t least = UINT64_MAX;
    if (f->s->word_count < WORDS_MIN || f->s->word_count > WORDS_MAX)
        return NULL;
    for (size_t w = 0; w < f->s->word_count; w++) {
        uint64_t count = names_with(f->index, &f->s->words[w]);
        if (count < least) {
            least = count;
            rarest = &f->s->words[w];
        }
    }
    return least > 0 && least <= LOOKS_MAX ? rarest : NULL;
}

/* Counts, by category, the names that have all words, of those that have this term of the rarest. Returns how many. */
static uint32_t count_whole(const struct similar_search *f, const struct similar_word *rarest, size_t choice)
{
    const struct textindex *x = f->index;
    const struct textindex_term *t = &x->terms[rarest->terms[choice].term];
    const uint8_t bit = (uint8_t)(1U << (f->query->model - 1));
    uint32_t count = 0;
    for (uint32_t span = t->span; span < t->span + t->span_count; span++) {
        for (uint64_t i = x->spans[span].first; i < x->spans[span + 1].first; i++) {
            uint32_t doc = x->spans[span].block * TEXTINDEX_BLOCK + textindex_slot(x->slots[i]);
            if (!(x->slots[i] & TEXTINDEX_IN_NAME) || !(x->models[doc] & bit) || (int64_t)doc == f->own_doc ||
                has_word(x, rarest, choice, doc) || !has_all(f, rarest, doc)) /* counted with an earlier choice */
                continue;
            f->s->vote[x->docs[doc].category]++;
            count++;
        }
    }
    return count;
}

void similar_add_whole(struct similar_search *f)
{
    const uint32_t categories = f->index->catalog->category_count;
    const struct similar_word *rarest = rarest_word(f);
    uint32_t count = 0;
    if (!rarest)
        return;
    memset(f->s->vote, 0, categories * sizeof *f->s->vote);
    for (size_t i = 0; i < rarest->count; i++)
        count += count_whole(f, rarest, i);
    for (uint32_t c = 0; count > 0 && c < categories; c++)
        f->s->likely[c] += f->weights->whole * f->s->vote[c] / (float)count;
}
