/* JSON strings: copied 16 bytes at a time up to the next byte that needs an escape. */
#include "json_text.h"

#include <string.h>

#include "pasar/csv.h"

#include "csv_scan.h"

enum { ESCAPE_MAX = 6, BLOCK = 16 };

/* Writes the escape of `c` at `out`; its length. */
static size_t put_escape(char *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char short_forms[0x20] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char form = c < 0x20 ? short_forms[c] : (char)c;

    out[0] = '\\';
    if (form != 0) {
        out[1] = form;
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return ESCAPE_MAX;
}

/* Room for `left` plain bytes, one escape, the quotes and a block stored past the end. */
static char *make_room(struct pasar_buf *buf, size_t left)
{
    if (pasar_buf_reserve(buf, left + ESCAPE_MAX + 2 + BLOCK) != 0)
        return NULL;
    return buf->data + buf->len;
}

/* Copies bytes up to the first that needs an escape; returns their count. `out` has room for a block more. */
static inline size_t copy_plain(char *out, const char *data, size_t len)
{
    size_t n = 0;
#if defined(__SSE2__)
    for (; len - n >= BLOCK; n += BLOCK) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(data + n));
        _mm_storeu_si128((__m128i *)(void *)(out + n), bytes);
        unsigned mask = pasar_json_special_mask(bytes);
        if (mask != 0)
            return n + (size_t)__builtin_ctz(mask);
    }
#endif
    for (; n < len && !pasar_json_is_special(data[n]); n++)
        out[n] = data[n];
    return n;
}

void pasar_json_text_add(struct pasar_buf *buf, const char *data, size_t len)
{
    char *out = make_room(buf, len);

    if (out == NULL)
        return;
    *out++ = '"';
    for (;;) {
        size_t n = copy_plain(out, data, len);
        out += n;
        data += n;
        len -= n;
        if (len == 0)
            break;
        out += put_escape(out, (unsigned char)*data);
        data++;
        len--;
        buf->len = (size_t)(out - buf->data);
        out = make_room(buf, len);
        if (out == NULL)
            return;
    }
    *out++ = '"';
    buf->len = (size_t)(out - buf->data);
}

void pasar_json_text_add_any(struct pasar_buf *buf, const char *data, size_t len)
{
    struct pasar_buf clean = {0};

    pasar_csv_add_utf8(&clean, data, len);
    if (clean.failed)
        buf->failed = true;
    else
        pasar_json_text_add(buf, clean.data, clean.len);
    pasar_buf_fini(&clean);
}
