/*
 * The fields of a record are only pointed at, where they stand; those with doubled quotes stand nowhere as they are,
 * and libcsv makes them.
 */
#include "csv_fields.h"

#include <stdlib.h>
#include <string.h>

enum { LIBCSV_STEP = 4096 }; /* by which libcsv's field buffer grows */

/* Blanks are data (RFC 4180, section 2, rule 4). */
static int no_byte(unsigned char c)
{
    (void)c;
    return 0;
}

int pasar_csv_fields_init(struct csv_fields *f)
{
    *f = (struct csv_fields){0};
    if (csv_init(&f->libcsv, 0) != 0)
        return -1;
    csv_set_space_func(&f->libcsv, no_byte);
    csv_set_blk_size(&f->libcsv, LIBCSV_STEP);
    return 0;
}

void pasar_csv_fields_fini(struct csv_fields *f)
{
    csv_free(&f->libcsv);
    free(f->text);
    free(f->items);
}

/* One more field of the record. One beyond PASAR_CSV_FIELDS_MAX is counted, none is kept. */
static void add_field(struct csv_fields *f, const char *data, size_t len)
{
    if (f->count == f->cap) {
        if (f->count == PASAR_CSV_FIELDS_MAX || f->no_memory) {
            f->count += f->count == PASAR_CSV_FIELDS_MAX; /* one too many, at most */
            return;
        }
        size_t cap = f->cap ? f->cap * 2 : 32;
        struct pasar_csv_field *fields = realloc(f->items, cap * sizeof *fields);
        if (fields == NULL) {
            f->no_memory = true;
            return;
        }
        f->items = fields;
        f->cap = cap;
    }
    if (f->count <= PASAR_CSV_FIELDS_MAX)
        f->items[f->count++] = (struct pasar_csv_field){data, len};
}

/* libcsv's callback: one field. Its bytes are only lent, and `text` has room for them. */
static void take_field(void *data, size_t len, void *ctx)
{
    struct csv_fields *f = ctx;
    char *copy = f->text + f->text_len;

    if (len > 0)
        memcpy(copy, data, len);
    f->text_len += len;
    add_field(f, copy, len);
}

/* The quote that closes the field whose first byte behind its opening quote is *p; NULL when there is none. */
static const char *closing_quote(const char *p, const char *end, bool *has_doubled)
{
    *has_doubled = false;
    for (const char *quote; (quote = memchr(p, '"', (size_t)(end - p))) != NULL; p = quote + 2) {
        if (quote + 1 == end || quote[1] != '"')
            return quote;
        *has_doubled = true;
    }
    return NULL;
}

/* Lets libcsv make the field that `len` bytes with their quotes stand for. `text` has room for `most` bytes from here.
 */
static int make_field(struct csv_fields *f, const char *bytes, size_t len, size_t most, struct pasar_err *err)
{
    if (f->text_len == 0 && f->text_cap < most) {
        free(f->text);
        f->text_cap = most + most / 4 + 1024;
        f->text = malloc(f->text_cap);
        if (f->text == NULL) {
            f->text_cap = 0;
            return pasar_err_nomem(err, "the fields of a CSV record");
        }
    }
    /* After a failure csv_fini would hand out half a field as if it were good, hence no call then. */
    bool ok =
        csv_parse(&f->libcsv, bytes, len, take_field, NULL, f) == len && csv_fini(&f->libcsv, take_field, NULL, f) == 0;
    return ok ? 0 : pasar_err_nomem(err, "a CSV field");
}

int pasar_csv_fields_split(struct csv_fields *f, const char *bytes, size_t len, struct pasar_err *err)
{
    const char *p = bytes, *end = bytes + len;

    f->text_len = f->count = 0;
    for (;;) {
        bool is_quoted = p < end && *p == '"', has_doubled = false;
        const char *first = p + is_quoted;
        const char *stop =
            is_quoted ? closing_quote(first, end, &has_doubled) : memchr(first, ',', (size_t)(end - first));
        if (stop == NULL)
            stop = end;
        if (!has_doubled)
            add_field(f, first, (size_t)(stop - first));
        else if (make_field(f, p, (size_t)(stop + 1 - p), (size_t)(end - p), err) != 0)
            return -1;
        p = stop + is_quoted;
        if (p >= end)
            break;
        p++; /* the comma */
    }
    return f->no_memory ? pasar_err_nomem(err, "the fields of a CSV record") : 0;
}
