#include "api/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "api/fold.h"

void tokens_fini(struct tokens *tokens)
{
    pasar_buf_fini(&tokens->bytes);
    free(tokens->list);
    memset(tokens, 0, sizeof *tokens);
}

static void push(struct tokens *tokens, size_t start)
{
    size_t len = tokens->bytes.len - start;
    if (len == 0 || tokens->failed)
        return;
    if (tokens->count == tokens->cap) {
        size_t cap = tokens->cap ? tokens->cap * 2 : 32;
        struct token *list = realloc(tokens->list, cap * sizeof *list);
        if (!list) {
            tokens->failed = true;
            return;
        }
        tokens->list = list;
        tokens->cap = cap;
    }
    if (len > TOKEN_MAX_BYTES) { /* cut between code points */
        len = TOKEN_MAX_BYTES;
        while (len > 0 && ((unsigned char)tokens->bytes.data[start + len] & 0xc0) == 0x80)
            len--;
    }
    tokens->list[tokens->count++] = (struct token){(uint32_t)start, (uint32_t)len};
}

static bool is_upper(uint32_t cp)
{
    return fold_lower(cp) != cp;
}

static bool is_digit(uint32_t cp)
{
    return cp >= '0' && cp <= '9';
}

/* A capital starts a word after a small letter (smartWatches), and before one after capitals (USBCables). */
static bool is_camel_break(uint32_t before, uint32_t cp, const char *text, size_t len, size_t next)
{
    if (!is_upper(cp) || before == 0)
        return false;
    if (!is_upper(before))
        return !is_digit(before);
    if (next >= len)
        return false;
    uint32_t after = fold_decode(text, len, &next);
    return fold_is_word(after) && !is_upper(after) && !is_digit(after);
}

/* A decimal point inside a number. */
static bool joins_number(uint32_t cp, uint32_t before, const char *text, size_t len, size_t next)
{
    return cp == '.' && is_digit(before) && next < len && is_digit((unsigned char)text[next]);
}

void tokens_split(struct tokens *tokens, const char *text, size_t len, enum tokens_style style)
{
    pasar_buf_reset(&tokens->bytes);
    tokens->count = 0;
    tokens->failed = false;
    size_t start = 0;
    uint32_t before = 0; /* last code point of the open word, 0 = none open */
    for (size_t at = 0; at < len;) {
        uint32_t cp = fold_decode(text, len, &at);
        if (fold_is_word(cp) || (cp >= 0x0300 && cp <= 0x036f && before != 0)) {
            if (before != 0 && (is_digit(cp) != is_digit(before) ||
                                (style == TOKENS_CAMEL && is_camel_break(before, cp, text, len, at)))) {
                push(tokens, start);
                start = tokens->bytes.len;
            }
            uint32_t lower = fold_lower(cp);
            const char *plain = lower < 0x80 ? NULL : fold_accent(lower);
            if (plain)
                pasar_buf_adds(&tokens->bytes, plain);
            else
                fold_encode(&tokens->bytes, lower);
            before = cp;
        } else if (joins_number(cp, before, text, len, at)) {
            pasar_buf_addc(&tokens->bytes, '.');
        } else if ((cp == '\'' || cp == 0x2019) && before != 0) {
            continue;
        } else {
            push(tokens, start);
            start = tokens->bytes.len;
            before = 0;
        }
    }
    push(tokens, start);
    if (tokens->bytes.failed)
        tokens->failed = true;
}

/* A spaced dash, hyphen or not, at `at`. */
static bool is_spaced_dash(const char *text, size_t len, size_t at)
{
    size_t size = text[at] == '-' ? 1 : 3;
    if (at == 0 || at + size >= len || text[at - 1] != ' ' || text[at + size] != ' ')
        return false;
    return size == 1 || memcmp(text + at, "\xe2\x80\x93", 3) == 0 || memcmp(text + at, "\xe2\x80\x94", 3) == 0;
}

size_t tokens_head_len(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (memchr(",(|[]{};:)", text[i], 10) != NULL)
            return i;
        if ((text[i] == '-' || text[i] == '\xe2') && is_spaced_dash(text, len, i))
            return i;
    }
    return len;
}

bool tokens_has_digit(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (is_digit((unsigned char)word[i]))
            return true;
    }
    return false;
}

static bool ends(const char *word, size_t len, const char *tail)
{
    size_t n = strlen(tail);
    return len > n && memcmp(word + len - n, tail, n) == 0;
}

size_t tokens_stem(const char *word, size_t len, char stem[TOKEN_MAX_BYTES])
{
    if (len > TOKEN_MAX_BYTES)
        len = TOKEN_MAX_BYTES;
    memcpy(stem, word, len);
    if (len < 4 || !ends(word, len, "s") || tokens_has_digit(word, len))
        return len;
    if (ends(word, len, "ies") && !ends(word, len, "eies") && !ends(word, len, "aies")) {
        stem[len - 3] = 'y';
        return len - 2;
    }
    if (ends(word, len, "ches") || ends(word, len, "shes") || ends(word, len, "xes") || ends(word, len, "sses"))
        return len - 2;
    if (ends(word, len, "us") || ends(word, len, "ss"))
        return len;
    return len - 1;
}
