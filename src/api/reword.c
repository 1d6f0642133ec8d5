#include "api/reword.h"

enum { WHOLE_WORDS_MAX = 10 }; /* of a longer query only the words that were read differently are shown */

/* The word that begins at token i, when it was read as another; else NULL. */
static const struct similar_word *repaired_at(const struct similar_scratch *s, size_t i)
{
    for (size_t w = 0; w < s->word_count; w++) {
        if (s->words[w].repaired >= 0 && s->words[w].start == s->tokens.list[i].start)
            return &s->words[w];
    }
    return NULL;
}

static void add_quoted_words(const struct similar_scratch *s, size_t count, struct pasar_buf *text)
{
    size_t said = 0;
    for (size_t w = 0; w < s->word_count; w++) {
        const struct similar_word *word = &s->words[w];
        if (word->repaired < 0)
            continue;
        pasar_buf_adds(text, said == 0 ? "\"" : said + 1 < count ? ", \"" : " or \"");
        pasar_buf_add(text, s->tokens.bytes.data + word->start, word->len);
        pasar_buf_addc(text, '"');
        said++;
    }
}

void reword_say(const struct textindex *x, const struct similar_scratch *s, struct pasar_buf *text)
{
    const struct vocabulary *v = &x->vocabulary;
    size_t count = 0, said = 0;
    pasar_buf_reset(text);
    for (size_t w = 0; w < s->word_count; w++)
        count += s->words[w].repaired >= 0;
    if (count == 0)
        return;
    pasar_buf_adds(text, "no product mentions ");
    add_quoted_words(s, count, text);
    pasar_buf_adds(text, ": showing results for \"");
    for (size_t i = 0; i < s->tokens.count; i++) {
        const struct similar_word *word = repaired_at(s, i);
        if (!word && s->tokens.count > WHOLE_WORDS_MAX)
            continue;
        pasar_buf_adds(text, said++ ? " " : "");
        if (word)
            pasar_buf_add(text, vocabulary_text(v, (uint32_t)word->repaired), v->words[word->repaired].len);
        else
            pasar_buf_add(text, tokens_text(&s->tokens, i), s->tokens.list[i].len);
    }
    pasar_buf_addc(text, '"');
}
