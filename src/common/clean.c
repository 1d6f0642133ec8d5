/* Cleaning: text → typed, nullable columns. */
#include "pasar/clean.h"

#include <string.h>
#include <strings.h>

#include "pasar/num.h"

enum { GROUPED_MAX = 64 }; /* longest number with commas; 2^53 with groups of two has 23 characters */

struct slice {
    const char *p, *end;
};

static size_t slice_len(struct slice s)
{
    return (size_t)(s.end - s.p);
}

/* Bytes of the blank that the slice starts with, or 0. */
static size_t blank_at_start(struct slice s)
{
    static const char *const wide[] = {"\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89"}; /* no-break, narrow, thin space */

    if (s.p == s.end)
        return 0;
    if (*s.p == ' ' || (*s.p >= '\t' && *s.p <= '\r'))
        return 1;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(wide); i++)
        if (slice_len(s) >= strlen(wide[i]) && memcmp(s.p, wide[i], strlen(wide[i])) == 0)
            return strlen(wide[i]);
    return 0;
}

static struct slice trim(struct slice s)
{
    size_t n;

    while ((n = blank_at_start(s)) > 0)
        s.p += n;
    while (s.p < s.end) {
        /* The last character begins at its last byte that is no UTF-8 tail. */
        struct slice last = {s.end - 1, s.end};
        while (last.p > s.p && ((unsigned char)*last.p & 0xc0) == 0x80)
            last.p--;
        if (blank_at_start(last) != slice_len(last))
            break;
        s.end = last.p;
    }
    return s;
}

/* Takes a currency sign from the start or the end of a price, and the blanks next to it. */
static struct slice strip_currency(struct slice s)
{
    static const char *const signs[] = {"\xe2\x82\xb9", "$", "\xe2\x82\xac", "\xc2\xa3", "rs.", "rs", "inr"};

    for (size_t i = 0; i < PASAR_ARRAY_LEN(signs); i++) {
        size_t n = strlen(signs[i]);
        if (slice_len(s) <= n)
            continue;
        if (strncasecmp(s.p, signs[i], n) == 0)
            return trim((struct slice){s.p + n, s.end});
        if (strncasecmp(s.end - n, signs[i], n) == 0)
            return trim((struct slice){s.p, s.end - n});
    }
    return s;
}

/* "-₹5" → the sign stays, what is behind it loses its currency. Such prices are out of range, but not unparseable. */
static struct slice strip_signed_currency(struct slice s, bool *is_negative)
{
    *is_negative = false;
    if (s.p < s.end && *s.p == '-' && s.end - s.p > 1 && !(s.p[1] >= '0' && s.p[1] <= '9')) {
        struct slice rest = strip_currency(trim((struct slice){s.p + 1, s.end}));
        if (rest.p < rest.end && *rest.p >= '0' && *rest.p <= '9') {
            *is_negative = true;
            return rest;
        }
    }
    return strip_currency(s);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/*
 * Copies a number without its grouping commas. False when they are not well formed: one to three digits, then groups
 * of two or three, the last one of three.
 */
static bool ungroup(struct slice s, char *out, size_t *out_len)
{
    size_t n = 0, group = 0;
    bool is_first = true;
    const char *p = s.p;

    if (slice_len(s) > GROUPED_MAX)
        return false;
    if (*p == '-' || *p == '+')
        out[n++] = *p++;
    for (; p < s.end && (is_digit(*p) || *p == ','); p++) {
        if (*p != ',') {
            out[n++] = *p;
            group++;
            continue;
        }
        if (group > 3 || group < (is_first ? 1u : 2u))
            return false;
        is_first = false;
        group = 0;
    }
    if (group != 3 || memchr(p, ',', (size_t)(s.end - p)) != NULL)
        return false;
    memcpy(out + n, p, (size_t)(s.end - p));
    *out_len = n + (size_t)(s.end - p);
    return true;
}

static bool parse(struct slice s, double *value)
{
    char plain[GROUPED_MAX];
    size_t len;

    if (s.p == s.end)
        return false;
    if (memchr(s.p, ',', slice_len(s)) == NULL)
        return pasar_num_double(s.p, slice_len(s), value) == 0;
    return ungroup(s, plain, &len) && pasar_num_double(plain, len, value) == 0;
}

enum pasar_clean_result pasar_clean_number(enum pasar_column column, const char *text, size_t len, double *value)
{
    struct slice s = trim((struct slice){text, text + len});
    bool is_negative = false;
    double number;

    *value = NAN;
    if (s.p == s.end)
        return PASAR_CLEAN_MISSING;
    if (column == PASAR_COL_DISCOUNTED_PRICE || column == PASAR_COL_ACTUAL_PRICE) {
        s = strip_signed_currency(s, &is_negative);
    } else if (column == PASAR_COL_DISCOUNT_PERCENTAGE && s.end[-1] == '%') {
        s.end--;
        s = trim(s);
    }
    if (!parse(s, &number))
        return PASAR_CLEAN_UNPARSEABLE;
    if (is_negative)
        number = -number;
    if (!pasar_column_accepts(column, number))
        return PASAR_CLEAN_OUT_OF_RANGE;
    *value = number + 0.0; /* -0 + 0 = 0 */
    return PASAR_CLEAN_VALUE;
}

static bool is_blank(const struct pasar_csv_field *field)
{
    struct slice s = trim((struct slice){field->data, field->data + field->len});
    return s.p == s.end;
}

int pasar_clean_row(const struct pasar_record_map *map, const struct pasar_csv_row *row, struct pasar_record *out,
                    struct pasar_clean_counts *counts, struct pasar_err *err)
{
    if (row->field_count != map->field_count)
        return pasar_err_set(err, PASAR_EDATA, "%zu fields instead of %zu", row->field_count, map->field_count);
    if (is_blank(&row->fields[map->field[PASAR_COL_PRODUCT_ID]]))
        return pasar_err_set(err, PASAR_EDATA, "empty product_id");
    out->timestamp_us = 0;
    for (int i = 0; i < PASAR_COLUMNS; i++) {
        const struct pasar_csv_field *field = &row->fields[map->field[i]];
        if (!pasar_columns[i].is_number) {
            out->text[i] = (struct pasar_text){field->len > 0 ? field->data : NULL, field->len};
            counts->missing[i] += field->len == 0;
            continue;
        }
        switch (pasar_clean_number((enum pasar_column)i, field->data, field->len, &out->number[i])) {
        case PASAR_CLEAN_VALUE:
            break;
        case PASAR_CLEAN_MISSING:
            counts->missing[i]++;
            break;
        case PASAR_CLEAN_UNPARSEABLE:
            counts->unparseable[i]++;
            break;
        case PASAR_CLEAN_OUT_OF_RANGE:
            counts->out_of_range[i]++;
            break;
        }
    }
    return 0;
}
