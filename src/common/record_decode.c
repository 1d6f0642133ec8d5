/*
 * JSON to record: one pass over the text, no tree, no copies but of strings with escapes. RFC 8259 throughout, with
 * what a record cannot hold refused: nested values, NUL, numbers that a double cannot hold, columns that stand twice.
 */
#include <string.h>

#include "pasar/clock.h"
#include "pasar/num.h"
#include "pasar/record.h"

#include "csv_scan.h"
#include "record_private.h"

enum { TIMESTAMP = PASAR_COLUMNS, OTHER = PASAR_COLUMNS + 1 }; /* members beside the columns */

struct decoder {
    const char *start, *p, *end;
    struct pasar_buf *scratch; /* once used it has room for all of the text, so that it never moves again */
    struct pasar_err *err;
    unsigned seen; /* one bit per column and timestamp */
};

static int refuse(const struct decoder *d, const char *why)
{
    return pasar_err_set(d->err, PASAR_EDATA, "byte %zu: %s", (size_t)(d->p - d->start) + 1, why);
}

static int refuse_member(const struct decoder *d, int member, const char *why)
{
    const char *name = member == TIMESTAMP ? "timestamp" : pasar_columns[member].name;
    return pasar_err_set(d->err, PASAR_EDATA, "%s: %s", name, why);
}

static inline void skip_blanks(struct decoder *d)
{
    while (d->p < d->end && (*d->p == ' ' || *d->p == '\n' || *d->p == '\r' || *d->p == '\t'))
        d->p++;
}

static inline bool take(struct decoder *d, char c)
{
    if (d->p == d->end || *d->p != c)
        return false;
    d->p++;
    return true;
}

/* Four hex digits at p, or -1. */
static int take_hex4(struct decoder *d)
{
    int value = 0;

    if (d->end - d->p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = d->p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    d->p += 4;
    return value;
}

static size_t put_utf8(char out[4], unsigned c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* What follows `\u`, with the second half of a surrogate pair. */
static int take_unicode(struct decoder *d)
{
    char utf8[4];
    int c = take_hex4(d);

    if (c < 0)
        return refuse(d, "four hex digits must follow \\u");
    if (c == 0)
        return refuse(d, "NUL character");
    if (c >= 0xdc00 && c <= 0xdfff)
        return refuse(d, "half of a surrogate pair");
    if (c >= 0xd800 && c <= 0xdbff) {
        int low = take(d, '\\') && take(d, 'u') ? take_hex4(d) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return refuse(d, "half of a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    pasar_buf_add(d->scratch, utf8, put_utf8(utf8, (unsigned)c));
    return 0;
}

static int take_escape(struct decoder *d)
{
    if (d->p == d->end)
        return refuse(d, "the string does not end");
    switch (*d->p++) {
    case '"':
        pasar_buf_addc(d->scratch, '"');
        return 0;
    case '\\':
        pasar_buf_addc(d->scratch, '\\');
        return 0;
    case '/':
        pasar_buf_addc(d->scratch, '/');
        return 0;
    case 'b':
        pasar_buf_addc(d->scratch, '\b');
        return 0;
    case 'f':
        pasar_buf_addc(d->scratch, '\f');
        return 0;
    case 'n':
        pasar_buf_addc(d->scratch, '\n');
        return 0;
    case 'r':
        pasar_buf_addc(d->scratch, '\r');
        return 0;
    case 't':
        pasar_buf_addc(d->scratch, '\t');
        return 0;
    case 'u':
        return take_unicode(d);
    default:
        d->p--;
        return refuse(d, "unknown escape");
    }
}

/* A string whose opening quote is taken: points into the text, or into scratch when it has escapes. */
static int take_string(struct decoder *d, struct pasar_text *text)
{
    const char *start = d->p, *p = pasar_json_find_special(start, d->end);

    if (p < d->end && *p == '"') {
        *text = (struct pasar_text){start, (size_t)(p - start)};
        d->p = p + 1;
        return 0;
    }
    /* An escape is never shorter than what it stands for, so that all strings together fit in the text's length. */
    if (d->scratch->len == 0 && pasar_buf_reserve(d->scratch, (size_t)(d->end - d->start)) != 0)
        return pasar_err_nomem(d->err, "a record's text");
    size_t from = d->scratch->len;
    for (;;) {
        pasar_buf_add(d->scratch, d->p, (size_t)(p - d->p));
        d->p = p;
        if (p == d->end)
            return refuse(d, "the string does not end");
        if (take(d, '"'))
            break;
        if (!take(d, '\\'))
            return refuse(d, "control character in a string");
        if (take_escape(d) != 0)
            return -1;
        p = pasar_json_find_special(d->p, d->end);
    }
    *text = (struct pasar_text){d->scratch->data + from, d->scratch->len - from};
    return 0;
}

static size_t take_digits(struct decoder *d)
{
    const char *from = d->p;

    while (d->p < d->end && *d->p >= '0' && *d->p <= '9')
        d->p++;
    return (size_t)(d->p - from);
}

/* RFC 8259, section 6. */
static int take_number(struct decoder *d, double *value)
{
    const char *start = d->p;

    (void)take(d, '-');
    const char *digits = d->p;
    size_t n = take_digits(d);
    if (n == 0)
        return refuse(d, "a value was expected");
    if (n > 1 && *digits == '0')
        return refuse(d, "number with a leading zero");
    if (take(d, '.') && take_digits(d) == 0)
        return refuse(d, "digits must follow the point");
    if (take(d, 'e') || take(d, 'E')) {
        if (!take(d, '+'))
            (void)take(d, '-');
        if (take_digits(d) == 0)
            return refuse(d, "digits must follow the e");
    }
    if (pasar_num_double(start, (size_t)(d->p - start), value) != 0)
        return refuse(d, "number too large");
    return 0;
}

static bool take_word(struct decoder *d, const char *word, size_t len)
{
    if ((size_t)(d->end - d->p) < len || memcmp(d->p, word, len) != 0)
        return false;
    d->p += len;
    return true;
}

enum value_type { VALUE_STRING, VALUE_NUMBER, VALUE_NULL, VALUE_BOOL, VALUE_BAD };

static enum value_type take_value(struct decoder *d, struct pasar_text *text, double *number)
{
    if (take(d, '"'))
        return take_string(d, text) == 0 ? VALUE_STRING : VALUE_BAD;
    if (take_word(d, "null", 4))
        return VALUE_NULL;
    if (take_word(d, "true", 4) || take_word(d, "false", 5))
        return VALUE_BOOL;
    if (d->p < d->end && (*d->p == '{' || *d->p == '[')) {
        (void)refuse(d, "nested value");
        return VALUE_BAD;
    }
    return take_number(d, number) == 0 ? VALUE_NUMBER : VALUE_BAD;
}

static int store(struct decoder *d, struct pasar_record *record, int member, enum value_type type,
                 const struct pasar_text *text, double number)
{
    if (member == TIMESTAMP) {
        if (type != VALUE_STRING || pasar_clock_parse(text->data, text->len, &record->timestamp_us) != 0)
            return refuse_member(d, member, "not an RFC 3339 time in UTC");
    } else if (pasar_columns[member].is_number) {
        record->number[member] = NAN;
        if (type == VALUE_NUMBER) {
            if (!pasar_column_accepts((enum pasar_column)member, number))
                return refuse_member(d, member, "out of range");
            record->number[member] = number;
        } else if (type != VALUE_NULL) {
            return refuse_member(d, member, "neither a number nor null");
        }
    } else {
        record->text[member] = (struct pasar_text){NULL, 0};
        if (type == VALUE_STRING && text->len > 0)
            record->text[member] = *text;
        else if (type != VALUE_STRING && type != VALUE_NULL)
            return refuse_member(d, member, "neither a string nor null");
    }
    return 0;
}

/* The member's name and the colon. `next` is the member that the canonical form has here. */
static int take_name(struct decoder *d, int next)
{
    struct pasar_text name;

    if (next <= TIMESTAMP && take_word(d, pasar_record_members[next].text + 1, pasar_record_members[next].len - 1)) {
        skip_blanks(d);
        return next;
    }
    if (!take(d, '"')) {
        (void)refuse(d, "a member's name was expected");
        return -1;
    }
    if (take_string(d, &name) != 0)
        return -1;
    skip_blanks(d);
    if (!take(d, ':')) {
        (void)refuse(d, "a colon was expected");
        return -1;
    }
    skip_blanks(d);
    int column = pasar_column_find(name.data, name.len);
    if (column >= 0)
        return column;
    return name.len == 9 && memcmp(name.data, "timestamp", 9) == 0 ? TIMESTAMP : OTHER;
}

static int take_members(struct decoder *d, struct pasar_record *record)
{
    for (int next = 0;;) {
        struct pasar_text text = {NULL, 0};
        double number = NAN;
        skip_blanks(d);
        int member = take_name(d, next);
        if (member < 0)
            return -1;
        enum value_type type = take_value(d, &text, &number);
        if (type == VALUE_BAD)
            return -1;
        if (member != OTHER) {
            if (d->seen & 1u << member)
                return refuse_member(d, member, "stands twice");
            d->seen |= 1u << member;
            if (store(d, record, member, type, &text, number) != 0)
                return -1;
            next = member + 1;
        }
        skip_blanks(d);
        if (take(d, '}'))
            return 0;
        if (!take(d, ','))
            return refuse(d, "a comma or a closing brace was expected");
    }
}

int pasar_record_from_json(struct pasar_record *record, const char *json, size_t len, struct pasar_buf *scratch,
                           struct pasar_err *err)
{
    struct decoder d = {json, json, json + len, scratch, err, 0};

    pasar_buf_reset(scratch);
    if (len == 0)
        return pasar_err_set(err, PASAR_EDATA, "empty value");
    d.p += pasar_csv_utf8_prefix(json, len);
    if (d.p < d.end)
        return refuse(&d, "invalid UTF-8");
    d.p = json;
    skip_blanks(&d);
    if (!take(&d, '{'))
        return refuse(&d, "not a JSON object");
    skip_blanks(&d);
    if (!take(&d, '}') && take_members(&d, record) != 0)
        return -1;
    skip_blanks(&d);
    if (d.p < d.end)
        return refuse(&d, "text after the JSON object");
    for (int i = 0; i <= TIMESTAMP; i++)
        if (!(d.seen & 1u << i))
            return refuse_member(&d, i, "missing");
    if (record->text[PASAR_COL_PRODUCT_ID].data == NULL)
        return refuse_member(&d, PASAR_COL_PRODUCT_ID, "null or empty");
    return 0;
}
