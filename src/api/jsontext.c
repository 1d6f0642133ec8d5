#include "api/jsontext.h"

#include <math.h>
#include <stdint.h>

#include "api/fold.h"
#include "pasar/num.h"

static void add_escape(struct pasar_buf *buf, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    switch (c) {
    case '"':
    case '\\':
        text[1] = (char)c;
        break;
    case '\n':
        text[1] = 'n';
        break;
    case '\r':
        text[1] = 'r';
        break;
    case '\t':
        text[1] = 't';
        break;
    default:
        pasar_buf_add(buf, text, sizeof text);
        return;
    }
    pasar_buf_add(buf, text, 2);
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != '<' && c < 0x7f;
}

/* How many of the first bytes are plain, looking at 16 at a time: most of all text is. */
static size_t plain_len(const char *text, size_t len)
{
    typedef int8_t bytes __attribute__((vector_size(16)));
    size_t i = 0;
    for (; i + 16 <= len; i += 16) {
        bytes v;
        uint64_t half[2];
        memcpy(&v, text + i, sizeof v);
        v = (v < ' ') | (v == '"') | (v == '\\') | (v == '<') | (v == 0x7f); /* bytes from 0x80 on are negative */
        memcpy(half, &v, sizeof half);
        if (half[0] | half[1])
            break;
    }
    while (i < len && is_plain((unsigned char)text[i]))
        i++;
    return i;
}

bool jsontext_needs_escape(const char *text, size_t len)
{
    return plain_len(text, len) < len;
}

void jsontext_add_string(struct pasar_buf *buf, const char *text, size_t len)
{
    pasar_buf_addc(buf, '"');
    size_t plain = 0; /* start of the stretch that needs no change */
    for (size_t at = 0; (at += plain_len(text + at, len - at)) < len;) {
        unsigned char c = (unsigned char)text[at];
        size_t here = at;
        if (c >= 0x80) {
            if (fold_decode(text, len, &at) != 0xfffd || at - here == 3)
                continue;
            pasar_buf_add(buf, text + plain, here - plain);
            pasar_buf_adds(buf, "\xef\xbf\xbd");
        } else {
            at++;
            pasar_buf_add(buf, text + plain, here - plain);
            add_escape(buf, c);
        }
        plain = at;
    }
    pasar_buf_add(buf, text + plain, len - plain);
    pasar_buf_addc(buf, '"');
}

void jsontext_add_number(struct pasar_buf *buf, double value)
{
    char text[PASAR_NUM_DOUBLE_MAX];
    if (!isfinite(value)) {
        pasar_buf_adds(buf, "null");
        return;
    }
    pasar_buf_add(buf, text, pasar_num_format_double(value, text));
}

void jsontext_add_rounded(struct pasar_buf *buf, double value, int digits)
{
    static const double scales[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    double scaled = round(value * scales[digits]);
    if (!(fabs(scaled) < 1e15)) { /* not finite, or so large that there are no decimals to round */
        jsontext_add_number(buf, value);
        return;
    }
    uint64_t whole = (uint64_t)fabs(scaled), scale = (uint64_t)scales[digits];
    if (scaled < 0)
        pasar_buf_addc(buf, '-');
    pasar_num_add_u64(buf, whole / scale);
    whole %= scale;
    if (whole == 0)
        return;
    pasar_buf_addc(buf, '.');
    for (scale /= 10; whole > 0; scale /= 10) { /* trailing zeros stay away */
        pasar_buf_addc(buf, (char)('0' + whole / scale));
        whole %= scale;
    }
}

static int hex_value(char c)
{
    return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

void jsontext_unescape(struct pasar_buf *buf, const char *literal, size_t len)
{
    if (len < 2)
        return;
    const char *end = literal + len - 1;
    const char *plain = literal + 1;
    for (const char *p = plain; p < end; p++) {
        if (*p != '\\')
            continue;
        pasar_buf_add(buf, plain, (size_t)(p - plain));
        p++;
        if (*p == 'u' && end - p > 4) {
            fold_encode(
                buf, (uint32_t)(hex_value(p[1]) << 12 | hex_value(p[2]) << 8 | hex_value(p[3]) << 4 | hex_value(p[4])));
            p += 4;
        } else {
            pasar_buf_addc(buf, *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p == 't' ? '\t' : *p);
        }
        plain = p + 1;
    }
    pasar_buf_add(buf, plain, (size_t)(end - plain));
}
