#include "api/vocabulary.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "api/tokens.h"

enum { ENDS_MAX = 100000 }; /* words that are sorted by their ends; of more, that takes seconds of loading */

enum { REPAIR_LEN_MIN = 4, EDIT_LEN_MAX = 40 };

int vocabulary_init(struct vocabulary *v, struct pasar_err *err)
{
    memset(v, 0, sizeof *v);
    v->mask = v->stem_mask = 4095;
    v->slots = calloc(v->mask + 1, sizeof *v->slots);
    v->stem_slots = calloc(v->stem_mask + 1, sizeof *v->stem_slots);
    return v->slots && v->stem_slots ? 0 : pasar_err_nomem(err, "vocabulary");
}

void vocabulary_fini(struct vocabulary *v)
{
    pasar_buf_fini(&v->text);
    free(v->words);
    free(v->slots);
    free(v->stem_slots);
    free(v->sorted);
    free(v->by_end);
    free(v->deletions);
    memset(v, 0, sizeof *v);
}

static uint64_t hash(const char *text, size_t len)
{
    return XXH3_64bits(text, len);
}

static bool is_word(const struct vocabulary *v, uint32_t word, const char *text, size_t len)
{
    return v->words[word].len == len && memcmp(vocabulary_text(v, word), text, len) == 0;
}

int64_t vocabulary_find(const struct vocabulary *v, const char *text, size_t len)
{
    uint64_t at = hash(text, len);
    for (uint32_t slot; (slot = v->slots[at & v->mask]) != 0; at++) {
        if (is_word(v, slot - 1, text, len))
            return slot - 1;
    }
    return -1;
}

/* Slot of the stem: holds a word of the term, or is empty. */
static uint32_t stem_slot(const struct vocabulary *v, const char *stem, size_t len)
{
    uint64_t at = hash(stem, len);
    char other[TOKEN_MAX_BYTES];
    for (uint32_t slot; (slot = v->stem_slots[at & v->stem_mask]) != 0; at++) {
        size_t n = tokens_stem(vocabulary_text(v, slot - 1), v->words[slot - 1].len, other);
        if (n == len && memcmp(other, stem, len) == 0)
            break;
    }
    return (uint32_t)(at & v->stem_mask);
}

int64_t vocabulary_find_term(const struct vocabulary *v, const char *text, size_t len)
{
    char stem[TOKEN_MAX_BYTES];
    size_t n = tokens_stem(text, len, stem);
    uint32_t slot = v->stem_slots[stem_slot(v, stem, n)];
    return slot ? (int64_t)v->words[slot - 1].term : -1;
}

static int grow(struct vocabulary *v, struct pasar_err *err)
{
    uint32_t cap = v->cap ? v->cap * 2 : 2048;
    struct vocabulary_word *words = realloc(v->words, (size_t)cap * sizeof *words);
    if (!words)
        return pasar_err_nomem(err, "vocabulary");
    v->words = words;
    v->cap = cap;
    if ((uint64_t)cap * 2 <= v->mask)
        return 0;
    uint32_t size = (v->mask + 1) * 2;
    uint32_t *slots = calloc(size, sizeof *slots), *stems = calloc(size, sizeof *stems);
    if (!slots || !stems) {
        free(slots);
        free(stems);
        return pasar_err_nomem(err, "vocabulary");
    }
    free(v->slots);
    free(v->stem_slots);
    v->slots = slots;
    v->stem_slots = stems;
    v->mask = v->stem_mask = size - 1;
    for (uint32_t i = 0; i < v->count; i++) {
        uint64_t at = hash(vocabulary_text(v, i), v->words[i].len);
        while (v->slots[at & v->mask])
            at++;
        v->slots[at & v->mask] = i + 1;
        char stem[TOKEN_MAX_BYTES];
        size_t n = tokens_stem(vocabulary_text(v, i), v->words[i].len, stem);
        uint32_t slot = stem_slot(v, stem, n);
        if (!v->stem_slots[slot])
            v->stem_slots[slot] = i + 1;
    }
    return 0;
}

int vocabulary_add(struct vocabulary *v, const char *text, size_t len, uint32_t doc, uint32_t *word,
                   struct pasar_err *err)
{
    int64_t known = vocabulary_find(v, text, len);
    if (known < 0) {
        if (v->count == v->cap && grow(v, err) != 0)
            return -1;
        char stem[TOKEN_MAX_BYTES];
        uint32_t slot = stem_slot(v, stem, tokens_stem(text, len, stem));
        struct vocabulary_word *w = &v->words[v->count];
        *w = (struct vocabulary_word){.start = (uint32_t)v->text.len, .len = (uint32_t)len};
        pasar_buf_add(&v->text, text, len);
        pasar_buf_addc(&v->text, '\n');
        if (v->text.failed || v->text.len > UINT32_MAX)
            return pasar_err_nomem(err, "vocabulary");
        w->term = v->stem_slots[slot] ? v->words[v->stem_slots[slot] - 1].term : v->term_count++;
        known = v->count++;
        if (!v->stem_slots[slot])
            v->stem_slots[slot] = (uint32_t)known + 1;
        uint64_t at = hash(text, len);
        while (v->slots[at & v->mask])
            at++;
        v->slots[at & v->mask] = (uint32_t)known + 1;
    }
    *word = (uint32_t)known;
    if (v->words[known].last_doc != doc + 1) {
        v->words[known].last_doc = doc + 1;
        v->words[known].df++;
    }
    return 0;
}

/* ------------------------------------------------------------------ sorted, prefixes */

static int compare_word(const struct vocabulary *v, uint32_t word, const char *text, size_t len)
{
    size_t n = v->words[word].len < len ? v->words[word].len : len;
    int order = memcmp(vocabulary_text(v, word), text, n);
    return order ? order : (v->words[word].len > len) - (v->words[word].len < len);
}

static int by_text(const void *a, const void *b, void *ctx)
{
    const struct vocabulary *v = ctx;
    uint32_t y = *(const uint32_t *)b;
    return compare_word(v, *(const uint32_t *)a, vocabulary_text(v, y), v->words[y].len);
}

/* Orders text by its last byte, then by the one before it and so on. */
static int compare_end(const char *a, size_t a_len, const char *b, size_t b_len)
{
    for (; a_len > 0 && b_len > 0; a_len--, b_len--) {
        int order = (unsigned char)a[a_len - 1] - (unsigned char)b[b_len - 1];
        if (order)
            return order;
    }
    return (a_len > b_len) - (a_len < b_len);
}

static int by_end(const void *a, const void *b, void *ctx)
{
    const struct vocabulary *v = ctx;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    bool x_whole = v->words[x].len <= TOKEN_WHOLE_BYTES, y_whole = v->words[y].len <= TOKEN_WHOLE_BYTES;
    if (x_whole != y_whole)
        return x_whole - y_whole;
    return compare_end(vocabulary_text(v, x), v->words[x].len, vocabulary_text(v, y), v->words[y].len);
}

uint32_t vocabulary_prefix(const struct vocabulary *v, const char *prefix, size_t len, uint32_t *first)
{
    uint32_t bound[2];
    for (int upper = 0; upper < 2; upper++) {
        uint32_t low = 0, high = v->count;
        while (low < high) {
            uint32_t mid = low + (high - low) / 2, word = v->sorted[mid];
            size_t n = v->words[word].len;
            int order = memcmp(vocabulary_text(v, word), prefix, n < len ? n : len);
            if (order == 0 && n < len)
                order = -1;
            if (order < 0 || (upper && order == 0))
                low = mid + 1;
            else
                high = mid;
        }
        bound[upper] = low;
    }
    *first = bound[0];
    return bound[1] - bound[0];
}

/* ------------------------------------------------------------------ one edit */

/* Code points of UTF-8 text; 0 when there are too many to care. */
static size_t letters(const char *text, size_t len, uint8_t start[EDIT_LEN_MAX + 1])
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)text[i] & 0xc0) == 0x80)
            continue;
        if (n == EDIT_LEN_MAX)
            return 0;
        start[n++] = (uint8_t)i;
    }
    start[n] = (uint8_t)len;
    return n;
}

/* Hashes of the text with letter i left out, for each i (equal neighbours give the same form once). */
static size_t deletion_hashes(const char *text, size_t len, uint32_t hashes[EDIT_LEN_MAX])
{
    uint8_t start[EDIT_LEN_MAX + 1];
    char form[TOKEN_MAX_BYTES];
    size_t n = letters(text, len, start), count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t size = (size_t)(start[i + 1] - start[i]);
        if (i > 0 && (size_t)(start[i] - start[i - 1]) == size &&
            memcmp(text + start[i - 1], text + start[i], size) == 0)
            continue;
        memcpy(form, text, start[i]);
        memcpy(form + start[i], text + start[i + 1], len - start[i + 1]);
        hashes[count++] = (uint32_t)hash(form, len - size);
    }
    return count;
}

static int by_hash(const void *a, const void *b)
{
    const struct vocabulary_deletion *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->word < y->word ? -1 : x->word > y->word;
}

static bool is_repairable(const char *text, size_t len)
{
    return len >= REPAIR_LEN_MIN && !tokens_has_digit(text, len);
}

int vocabulary_finish(struct vocabulary *v, struct pasar_err *err)
{
    size_t total = 0;
    uint32_t hashes[EDIT_LEN_MAX];
    for (uint32_t i = 0; i < v->count; i++)
        total += is_repairable(vocabulary_text(v, i), v->words[i].len) ? v->words[i].len : 0;
    v->sorted = malloc(((size_t)v->count + 1) * sizeof *v->sorted);
    if (v->count <= ENDS_MAX)
        v->by_end = malloc(((size_t)v->count + 1) * sizeof *v->by_end);
    v->deletions = malloc((total + 1) * sizeof *v->deletions);
    if (!v->sorted || (v->count <= ENDS_MAX && !v->by_end) || !v->deletions || total > UINT32_MAX)
        return pasar_err_nomem(err, "vocabulary");
    for (uint32_t i = 0; i < v->count; i++) {
        v->sorted[i] = i;
        if (v->by_end)
            v->by_end[i] = i;
        v->cut_count += v->words[i].len > TOKEN_WHOLE_BYTES;
        if (!is_repairable(vocabulary_text(v, i), v->words[i].len))
            continue;
        size_t n = deletion_hashes(vocabulary_text(v, i), v->words[i].len, hashes);
        for (size_t j = 0; j < n; j++)
            v->deletions[v->deletion_count++] = (struct vocabulary_deletion){hashes[j], i};
    }
    if (v->count)
        qsort_r(v->sorted, v->count, sizeof *v->sorted, by_text, v);
    if (v->count && v->by_end)
        qsort_r(v->by_end, v->count, sizeof *v->by_end, by_end, v);
    if (v->deletion_count)
        qsort(v->deletions, v->deletion_count, sizeof *v->deletions, by_hash);
    return 0;
}

/* Is the byte at `at` within a code point? Not where the text ends: what comes behind is not the text's. */
static bool is_inside(const char *text, size_t len, size_t at)
{
    return at < len && ((unsigned char)text[at] & 0xc0) == 0x80;
}

/* True when a and b are one edit apart (optimal string alignment distance exactly 1). */
static bool is_one_edit(const char *a, size_t a_len, const char *b, size_t b_len)
{
    uint8_t sa[EDIT_LEN_MAX + 1], sb[EDIT_LEN_MAX + 1];
    size_t n = letters(a, a_len, sa), m = letters(b, b_len, sb), head = 0, tail = 0;
    if (n == 0 || m == 0 || n > m + 1 || m > n + 1)
        return false;
    while (head < a_len && head < b_len && a[head] == b[head])
        head++;
    while (tail < a_len - head && tail < b_len - head && a[a_len - 1 - tail] == b[b_len - 1 - tail])
        tail++;
    /* widen to whole code points */
    while (head > 0 && (is_inside(a, a_len, head) || is_inside(b, b_len, head)))
        head--;
    while (tail > 0 && (((unsigned char)a[a_len - tail] & 0xc0) == 0x80))
        tail--;
    size_t ra = 0, rb = 0; /* letters that differ */
    for (size_t i = head; i < a_len - tail; i++)
        ra += ((unsigned char)a[i] & 0xc0) != 0x80;
    for (size_t i = head; i < b_len - tail; i++)
        rb += ((unsigned char)b[i] & 0xc0) != 0x80;
    if (ra <= 1 && rb <= 1)
        return ra + rb > 0;
    if (ra != 2 || rb != 2 || a_len != b_len)
        return false;
    size_t first = 1;
    while (((unsigned char)a[head + first] & 0xc0) == 0x80)
        first++;
    size_t second = a_len - tail - head - first;
    return memcmp(a + head, b + head + second, first) == 0 && memcmp(a + head + first, b + head, second) == 0;
}

static size_t add_candidate(const struct vocabulary *v, uint32_t word, const char *text, size_t len, uint32_t *words,
                            size_t count, size_t max)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i] == word)
            return count;
    }
    if (count == max || !is_one_edit(text, len, vocabulary_text(v, word), v->words[word].len))
        return count;
    words[count] = word;
    return count + 1;
}

static size_t from_deletions(const struct vocabulary *v, uint32_t want, const char *text, size_t len, uint32_t *words,
                             size_t count, size_t max)
{
    uint32_t low = 0, high = v->deletion_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (v->deletions[mid].hash < want)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < v->deletion_count && v->deletions[low].hash == want; low++)
        count = add_candidate(v, v->deletions[low].word, text, len, words, count, max);
    return count;
}

size_t vocabulary_near(const struct vocabulary *v, const char *text, size_t len, uint32_t *words, size_t max)
{
    uint32_t hashes[EDIT_LEN_MAX];
    uint8_t start[EDIT_LEN_MAX + 1];
    char form[TOKEN_MAX_BYTES];
    if (!is_repairable(text, len) || len > TOKEN_MAX_BYTES)
        return 0;
    size_t count = from_deletions(v, (uint32_t)hash(text, len), text, len, words, 0, max); /* text lacks a letter */
    size_t n = deletion_hashes(text, len, hashes);
    for (size_t i = 0; i < n; i++) /* replaced, swapped */
        count = from_deletions(v, hashes[i], text, len, words, count, max);
    n = letters(text, len, start);
    for (size_t i = 0; i < n; i++) { /* text has a letter too many */
        size_t size = (size_t)(start[i + 1] - start[i]);
        memcpy(form, text, start[i]);
        memcpy(form + start[i], text + start[i + 1], len - start[i + 1]);
        int64_t word = vocabulary_find(v, form, len - size);
        if (word >= 0 && len - size >= REPAIR_LEN_MIN - 1)
            count = add_candidate(v, (uint32_t)word, text, len, words, count, max);
    }
    return count;
}

/* ------------------------------------------------------------------ inside words */

static uint32_t word_at(const struct vocabulary *v, size_t offset)
{
    uint32_t low = 0, high = v->count;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (v->words[mid].start <= offset)
            low = mid;
        else
            high = mid;
    }
    return low;
}

void vocabulary_containing(const struct vocabulary *v, const char *text, size_t len, vocabulary_fn fn, void *ctx)
{
    const char *p = v->text.data, *end = p + v->text.len;
    if (len == 0)
        return;
    while (p < end && (p = memmem(p, (size_t)(end - p), text, len)) != NULL) {
        uint32_t word = word_at(v, (size_t)(p - v->text.data));
        if (fn(ctx, word) != 0)
            return;
        p = v->text.data + v->words[word].start + v->words[word].len + 1; /* once per word */
    }
}

static bool ends_with(const struct vocabulary *v, uint32_t word, const char *text, size_t len)
{
    size_t own = v->words[word].len;
    return own >= len && memcmp(vocabulary_text(v, word) + own - len, text, len) == 0;
}

/* A caller of vocabulary_ending, where by_end was not worth its sorting. */
struct ending {
    const struct vocabulary *v;
    const char *text;
    size_t len;
    vocabulary_fn fn;
    void *ctx;
};

static int if_ending(void *ctx, uint32_t word)
{
    const struct ending *e = ctx;
    bool fits = e->v->words[word].len > TOKEN_WHOLE_BYTES || ends_with(e->v, word, e->text, e->len);
    return fits ? e->fn(e->ctx, word) : 0;
}

void vocabulary_ending(const struct vocabulary *v, const char *text, size_t len, vocabulary_fn fn, void *ctx)
{
    if (!v->by_end) {
        vocabulary_containing(v, text, len, if_ending, &(struct ending){v, text, len, fn, ctx});
        return;
    }
    for (uint32_t i = 0; i < v->cut_count; i++) {
        uint32_t word = v->by_end[i];
        if (memmem(vocabulary_text(v, word), v->words[word].len, text, len) && fn(ctx, word) != 0)
            return;
    }
    uint32_t low = v->cut_count, high = v->count;
    while (low < high) { /* the first that is not less; the text itself would be before all that end with it */
        uint32_t mid = low + (high - low) / 2, word = v->by_end[mid];
        if (compare_end(vocabulary_text(v, word), v->words[word].len, text, len) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < v->count && ends_with(v, v->by_end[low], text, len); low++) {
        if (fn(ctx, v->by_end[low]) != 0)
            return;
    }
}
