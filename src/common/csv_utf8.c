/* UTF-8 validation by RFC 3629, section 4 (the table of well-formed byte sequences), with a fast path for ASCII. */
#include <stdint.h>

#include "pasar/csv.h"

#include "csv_scan.h"

static inline bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Length of the well-formed sequence that starts at p with a byte >= 0x80, or 0. */
static inline size_t sequence_len(const unsigned char *p, const unsigned char *end)
{
    size_t left = (size_t)(end - p);
    unsigned char c = p[0];

    if (c < 0xc2)
        return 0; /* a stray tail byte, or an overlong form of ASCII */
    if (c < 0xe0)
        return left >= 2 && is_tail(p[1]) ? 2 : 0;
    if (c < 0xf0) {
        if (left < 3 || !is_tail(p[1]) || !is_tail(p[2]))
            return 0;
        bool is_overlong = c == 0xe0 && p[1] < 0xa0, is_surrogate = c == 0xed && p[1] >= 0xa0;
        return is_overlong || is_surrogate ? 0 : 3;
    }
    if (c > 0xf4 || left < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3]))
        return 0;
    bool is_overlong = c == 0xf0 && p[1] < 0x90, is_beyond = c == 0xf4 && p[1] >= 0x90;
    return is_overlong || is_beyond ? 0 : 4;
}

size_t pasar_csv_utf8_prefix(const char *data, size_t len)
{
    const unsigned char *start = (const unsigned char *)data, *p = start, *end = start + len;

    while (p < end) {
#if defined(__SSE2__)
        if (end - p >= 16) {
            unsigned high = (unsigned)_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)p));
            if (high == 0) {
                p += 16;
                continue;
            }
            p += __builtin_ctz(high);
        }
#endif
        if (*p < 0x80) {
            p++;
            continue;
        }
        /* Text of other scripts comes in runs: stay here as long as it lasts. */
        do {
            size_t n = sequence_len(p, end);
            if (n == 0)
                return (size_t)(p - start);
            p += n;
        } while (p < end && *p >= 0x80);
    }
    return len;
}

bool pasar_csv_is_utf8(const char *data, size_t len)
{
    return pasar_csv_utf8_prefix(data, len) == len;
}

void pasar_csv_add_utf8(struct pasar_buf *buf, const char *data, size_t len)
{
    while (len > 0) {
        size_t n = pasar_csv_utf8_prefix(data, len);

        pasar_buf_add(buf, data, n);
        if (n == len)
            break;
        pasar_buf_adds(buf, "\xef\xbf\xbd");
        data += n + 1;
        len -= n + 1;
    }
}
