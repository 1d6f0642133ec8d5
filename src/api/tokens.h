/*
 * Text → search words: runs of letters or of digits, lower case, without accents: "1.5m" → 1.5, m. Apostrophes are
 * dropped
 * ("men's" → mens).
 */
#ifndef PASAR_API_TOKENS_H
#define PASAR_API_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/buf.h"

enum {
    TOKEN_MAX_BYTES = 64,                   /* longer words are cut */
    TOKEN_WHOLE_BYTES = TOKEN_MAX_BYTES - 4 /* a word of so many or fewer is whole */
};

/* Words of one text, back to back in `bytes`; keep one around and refill it. */
struct tokens {
    struct pasar_buf bytes;
    struct token {
        uint32_t start, len; /* within bytes */
    } * list;
    size_t count, cap;
    bool failed; /* memory ran out: the list is incomplete */
};

void tokens_fini(struct tokens *tokens);

enum tokens_style {
    TOKENS_PLAIN,
    TOKENS_CAMEL /* category levels: "USBCables" → usb, cables */
};

/* Replaces the contents by the words of `text`. */
void tokens_split(struct tokens *tokens, const char *text, size_t len, enum tokens_style style);

/* Bytes of a product name before its first comma, bracket, bar, colon, semicolon or spaced dash: what the product is;
 * what follows are its features. */
size_t tokens_head_len(const char *text, size_t len);

static inline const char *tokens_text(const struct tokens *tokens, size_t i)
{
    return tokens->bytes.data + tokens->list[i].start;
}

/* True when the word holds a digit: a model number, size or capacity, which no spelling repair may touch. */
bool tokens_has_digit(const char *word, size_t len);

/*
 * Length of the word's stem in `stem` (room for TOKEN_MAX_BYTES): plural endings are undone as Harman's S stemmer does
 * ("How effective is suffixing?", JASIS 1991): batteries → battery, cables → cable, watches → watch; glass stays.
 */
size_t tokens_stem(const char *word, size_t len, char stem[TOKEN_MAX_BYTES]);

#endif
