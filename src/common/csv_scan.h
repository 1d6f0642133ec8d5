/* Byte searches of the CSV and JSON hot paths: 16 bytes at a time where SSE2 is there. Private to src/common. */
#ifndef PASAR_CSV_SCAN_H
#define PASAR_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SSE2__)
#include <emmintrin.h>

/* One bit for each of 16 bytes that equals `c`. */
static inline unsigned pasar_csv_mask(__m128i bytes, char c)
{
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));
}
#endif

/* The first quote, CR or LF in [p, end), or end. */
static inline const char *pasar_csv_find_break(const char *p, const char *end)
{
#if defined(__SSE2__)
    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        unsigned mask = pasar_csv_mask(bytes, '"') | pasar_csv_mask(bytes, '\r') | pasar_csv_mask(bytes, '\n');
        if (mask != 0)
            return p + __builtin_ctz(mask);
    }
#endif
    while (p < end && *p != '"' && *p != '\r' && *p != '\n')
        p++;
    return p;
}

/* True when a CSV field with these bytes needs quotes somewhere inside: comma, quote, CR, LF. */
static inline bool pasar_csv_has_special(const char *p, size_t len)
{
    const char *end = p + len;
#if defined(__SSE2__)
    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        if ((pasar_csv_mask(bytes, '"') | pasar_csv_mask(bytes, ',') | pasar_csv_mask(bytes, '\r') |
             pasar_csv_mask(bytes, '\n')) != 0)
            return true;
    }
#endif
    for (; p < end; p++)
        if (*p == '"' || *p == ',' || *p == '\r' || *p == '\n')
            return true;
    return false;
}

#if defined(__SSE2__)
/* One bit for each of 16 bytes that cannot stand as it is in a JSON string: a quote, a backslash, below 0x20. */
static inline unsigned pasar_json_special_mask(__m128i bytes)
{
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    return pasar_csv_mask(bytes, '"') | pasar_csv_mask(bytes, '\\') | (unsigned)_mm_movemask_epi8(low);
}
#endif

static inline bool pasar_json_is_special(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

/* The first byte of [p, end) that cannot stand as it is in a JSON string, or end. */
static inline const char *pasar_json_find_special(const char *p, const char *end)
{
#if defined(__SSE2__)
    for (; end - p >= 16; p += 16) {
        unsigned mask = pasar_json_special_mask(_mm_loadu_si128((const __m128i *)(const void *)p));
        if (mask != 0)
            return p + __builtin_ctz(mask);
    }
#endif
    while (p < end && !pasar_json_is_special(*p))
        p++;
    return p;
}

#endif
