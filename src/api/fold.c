/*
 * Case folding and accent stripping by ranges (Unicode 15 blocks Latin-1 to Latin Extended Additional, Greek, Cyrillic,
 * Armenian, full-width), without locale.
 */
#include "api/fold.h"

#include <string.h>

uint32_t fold_decode(const char *text, size_t len, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text + *at;
    size_t left = len - *at;
    unsigned char lead = p[0];
    if (lead < 0x80) {
        *at += 1;
        return lead;
    }
    size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    uint32_t cp = n == 4 ? lead & 0x07u : n == 3 ? lead & 0x0fu : lead & 0x1fu;
    if (lead < 0xc2 || lead > 0xf4 || left < n) {
        *at += 1;
        return 0xfffd;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *at += 1;
            return 0xfffd;
        }
        cp = cp << 6 | (p[i] & 0x3fu);
    }
    *at += n;
    return cp;
}

void fold_encode(struct pasar_buf *buf, uint32_t cp)
{
    char out[4];
    size_t n;
    if (cp < 0x80) {
        pasar_buf_addc(buf, (char)cp);
        return;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        n = 2;
    } else if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        n = 3;
    } else {
        out[0] = (char)(0xf0 | cp >> 18);
        out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
        out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[3] = (char)(0x80 | (cp & 0x3f));
        n = 4;
    }
    pasar_buf_add(buf, out, n);
}

/* Latin Extended-A and -B, where upper and lower case alternate. */
static uint32_t lower_latin_extended(uint32_t cp)
{
    if (cp == 0x0130) /* dotted I: its plain lower case */
        return 'i';
    if (cp == 0x0178)
        return 0xff;
    if ((cp >= 0x0139 && cp <= 0x0148) || (cp >= 0x0179 && cp <= 0x017e)) /* pairs that start odd */
        return cp + (cp & 1);
    if ((cp >= 0x0100 && cp <= 0x0137) || (cp >= 0x014a && cp <= 0x0177) || (cp >= 0x01de && cp <= 0x01ef) ||
        (cp >= 0x01f8 && cp <= 0x021f) || (cp >= 0x0222 && cp <= 0x0233))
        return cp | 1;
    if (cp >= 0x01cd && cp <= 0x01dc)
        return cp + (cp & 1);
    if (cp == 0x01a0 || cp == 0x01af - 1)
        return cp | 1;
    if (cp == 0x01af)
        return 0x01b0;
    return cp;
}

uint32_t fold_lower(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    if (cp < 0x100)
        return cp >= 0xc0 && cp <= 0xde && cp != 0xd7 ? cp + 32 : cp;
    if (cp < 0x0250)
        return lower_latin_extended(cp);
    if (cp >= 0x0391 && cp <= 0x03ab && cp != 0x03a2)
        return cp + 32;
    if (cp >= 0x0410 && cp <= 0x042f)
        return cp + 32;
    if (cp >= 0x0400 && cp <= 0x040f)
        return cp + 80;
    if (cp >= 0x0460 && cp <= 0x0481)
        return cp | 1;
    if (cp >= 0x0531 && cp <= 0x0556)
        return cp + 48;
    if (cp >= 0x1e00 && cp <= 0x1eff && !(cp >= 0x1e96 && cp <= 0x1e9f))
        return cp | 1;
    if (cp >= 0xff21 && cp <= 0xff3a)
        return cp + 32;
    return cp;
}

void fold_case(struct pasar_buf *buf, const char *text, size_t len)
{
    if (pasar_buf_reserve(buf, len + 8) != 0)
        return;
    for (size_t at = 0; at < len;) {
        if ((unsigned char)text[at] < 0x80)
            pasar_buf_addc(buf, (char)fold_lower((unsigned char)text[at++]));
        else
            fold_encode(buf, fold_lower(fold_decode(text, len, &at)));
    }
}

/* U+00E0..U+00FF and U+0100..U+017F in lower case; '.' = stands for itself. */
static const char latin1[] = "aaaaaa.ceeeeiiii.nooooo.ouuuuy.y";
static const char latin_a[] =
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkkllllllllllnnnnnnnnnoooooo..rrrrrrss"
    "ssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

const char *fold_accent(uint32_t cp)
{
    static const char letters[26][2] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
                                        "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z"};
    char base = '.';
    switch (cp) {
    case 0xdf:
        return "ss";
    case 0xe6:
        return "ae";
    case 0xf0:
        return "d";
    case 0xf8:
        return "o";
    case 0xfe:
        return "th";
    case 0x0133:
        return "ij";
    case 0x0153:
        return "oe";
    case 0x03ac:
        return "\xce\xb1";
    case 0x03c2: /* final sigma */
        return "\xcf\x83";
    default:
        break;
    }
    if (cp >= 0xe0 && cp <= 0xff)
        base = latin1[cp - 0xe0];
    else if (cp >= 0x0100 && cp <= 0x017f && cp - 0x0100 < sizeof latin_a - 1)
        base = latin_a[cp - 0x0100];
    else if (cp >= 0x0300 && cp <= 0x036f)
        return "";
    else if (cp >= 0xff10 && cp <= 0xff19) {
        static const char digits[10][2] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
        return digits[cp - 0xff10];
    } else if (cp >= 0xff41 && cp <= 0xff5a)
        base = (char)('a' + (cp - 0xff41));
    return base == '.' ? NULL : letters[base - 'a'];
}

bool fold_is_word(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z');
    if (cp < 0xc0)
        return cp == 0xaa || cp == 0xb5 || cp == 0xba;
    if (cp == 0xd7 || cp == 0xf7 || cp == 0xfffd)
        return false;
    if (cp >= 0x2000 && cp <= 0x2bff) /* punctuation, currency, letter-like signs, arrows, shapes */
        return false;
    if ((cp >= 0x3000 && cp <= 0x303f) || (cp >= 0xfe00 && cp <= 0xfe6f))
        return false;
    if (cp >= 0xff00 && cp <= 0xffef)
        return (cp >= 0xff10 && cp <= 0xff19) || (cp >= 0xff21 && cp <= 0xff3a) || (cp >= 0xff41 && cp <= 0xff5a) ||
               cp >= 0xff66;
    return !(cp >= 0xe000 && cp <= 0xf8ff) && cp < 0x1f000;
}
