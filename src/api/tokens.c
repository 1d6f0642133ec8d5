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

/* Letters (in lower case) and digits of ASCII; 0 for all else. */
static const unsigned char ascii[128] = {
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8',
    ['9'] = '9', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h',
    ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q',
    ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
    ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i',
    ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r',
    ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z'};

static void add_letter(struct pasar_buf *buf, uint32_t lower)
{
    const char *plain = fold_accent(lower);
    if (plain)
        pasar_buf_adds(buf, plain);
    else
        fold_encode(buf, lower);
}

void tokens_split(struct tokens *tokens, const char *text, size_t len, enum tokens_style style)
{
    pasar_buf_reset(&tokens->bytes);
    tokens->count = 0;
    tokens->failed = false;
    if (pasar_buf_reserve(&tokens->bytes, len) != 0) {
        tokens->failed = true;
        return;
    }
    size_t start = 0;
    uint32_t before = 0; /* last code point of the open word, 0 = none open */
    for (size_t at = 0; at < len;) {
        uint32_t cp = (unsigned char)text[at];
        if (cp < 0x80)
            at++;
        else
            cp = fold_decode(text, len, &at);
        if (cp < 0x80 ? ascii[cp] != 0 : fold_is_word(cp) || (cp >= 0x0300 && cp <= 0x036f && before != 0)) {
            if (before != 0 && (is_digit(cp) != is_digit(before) ||
                                (style == TOKENS_CAMEL && is_camel_break(before, cp, text, len, at)))) {
                push(tokens, start);
                start = tokens->bytes.len;
            }
            if (cp < 0x80)
                pasar_buf_addc(&tokens->bytes, (char)ascii[cp]);
            else
                add_letter(&tokens->bytes, fold_lower(cp));
            before = cp;
        } else if (joins_number(cp, before, text, len, at)) {
            pasar_buf_addc(&tokens->bytes, '.');
        } else if ((cp == '\'' || cp == 0x2019) && before != 0) {
            continue;
        } else if (before != 0) {
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
