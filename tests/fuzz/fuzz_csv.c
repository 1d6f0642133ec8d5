/*
 * CSV → record. Whatever the bytes: the outcome does not depend on how reads cut them, raw bytes are those at the
 * offset, nothing is seen twice, the fields are those that libcsv makes of the record, written fields read back the
 * same, and a cleaned row survives JSON and batch CSV byte for byte. The first byte chooses the size cap and the size
 * of reads.
 */
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "fuzz.h"
#include "pasar/csv.h"
#include "pasar/record.h"
#include "pasar/clean.h"

struct source {
    const uint8_t *data;
    size_t len, pos, chunk;
};

static ssize_t read_source(void *ctx, void *bytes, size_t len)
{
    struct source *s = ctx;
    size_t n = s->len - s->pos;

    n = n < len ? n : len;
    n = n < s->chunk ? n : s->chunk;
    memcpy(bytes, s->data + s->pos, n);
    s->pos += n;
    return (ssize_t)n;
}

static void check_record(const struct pasar_record *record)
{
    struct pasar_buf json = {0}, again = {0}, csv = {0}, scratch = {0};
    struct pasar_record decoded, reread;
    struct pasar_record_map map;
    struct pasar_csv_row row;
    struct pasar_err err = PASAR_ERR_INIT;
    const char *reason;

    pasar_record_add_json(&json, record);
    fuzz_require(pasar_record_from_json(&decoded, json.data, json.len, &scratch, &err) == 0);
    pasar_record_add_csv_header(&csv);
    pasar_record_add_csv(&csv, &decoded);
    struct source source = {(const uint8_t *)csv.data, csv.len, 0, SIZE_MAX};
    struct pasar_csv_reader *reader = pasar_csv_reader_new(read_source, &source, 1 << 24);
    fuzz_require(pasar_csv_reader_next(reader, &row, &reason, &err) == PASAR_CSV_ROW);
    fuzz_require(pasar_record_map_header(&map, &row, &err) == 0);
    fuzz_require(pasar_csv_reader_next(reader, &row, &reason, &err) == PASAR_CSV_ROW);
    fuzz_require(pasar_record_from_csv(&reread, &map, &row, &err) == 0);
    pasar_record_add_json(&again, &reread);
    fuzz_require(again.len == json.len && memcmp(again.data, json.data, json.len) == 0);
    fuzz_require(pasar_csv_reader_next(reader, &row, &reason, &err) == PASAR_CSV_END);
    pasar_csv_reader_free(reader);
    pasar_buf_fini(&json);
    pasar_buf_fini(&again);
    pasar_buf_fini(&csv);
    pasar_buf_fini(&scratch);
}

/* libcsv's fields of the same bytes. */
struct twin {
    const struct pasar_csv_row *row;
    size_t count;
};

static void compare_field(void *data, size_t len, void *ctx)
{
    struct twin *twin = ctx;

    fuzz_require(twin->count < twin->row->field_count);
    const struct pasar_csv_field *field = &twin->row->fields[twin->count++];
    fuzz_require(field->len == len && (len == 0 || memcmp(field->data, data, len) == 0));
}

static int is_blank(unsigned char c)
{
    (void)c;
    return 0;
}

static void check_libcsv(const struct pasar_csv_row *row)
{
    struct twin twin = {row, 0};
    struct csv_parser parser;
    size_t len = row->raw_len;

    while (len > 0 && (row->raw[len - 1] == '\n' || row->raw[len - 1] == '\r'))
        len--;
    fuzz_require(csv_init(&parser, 0) == 0);
    csv_set_space_func(&parser, is_blank);
    fuzz_require(csv_parse(&parser, row->raw, len, compare_field, NULL, &twin) == len);
    fuzz_require(csv_fini(&parser, compare_field, NULL, &twin) == 0);
    fuzz_require(twin.count == row->field_count);
    csv_free(&parser);
}

static void check_fields(const struct pasar_csv_row *row)
{
    struct pasar_buf csv = {0};
    struct pasar_csv_row again;
    struct pasar_err err = PASAR_ERR_INIT;
    const char *reason;

    for (size_t i = 0; i < row->field_count; i++)
        pasar_csv_add_field(&csv, i, row->fields[i].data, row->fields[i].len);
    pasar_csv_end_row(&csv);
    struct source source = {(const uint8_t *)csv.data, csv.len, 0, SIZE_MAX};
    struct pasar_csv_reader *reader = pasar_csv_reader_new(read_source, &source, 1 << 24);
    enum pasar_csv_result result = pasar_csv_reader_next(reader, &again, &reason, &err);
    if (row->field_count == 1 && row->fields[0].len == 0) {
        fuzz_require(result == PASAR_CSV_END); /* one empty field is an empty line */
    } else {
        fuzz_require(result == PASAR_CSV_ROW && again.field_count == row->field_count);
        for (size_t i = 0; i < row->field_count; i++)
            fuzz_require(again.fields[i].len == row->fields[i].len &&
                         memcmp(again.fields[i].data, row->fields[i].data, row->fields[i].len) == 0);
    }
    pasar_csv_reader_free(reader);
    pasar_buf_fini(&csv);
}

/* A digest of everything that the reader says of the bytes. */
static void read_all(const uint8_t *data, size_t len, size_t max, size_t chunk, bool deep, struct pasar_buf *story)
{
    struct source source = {data, len, 0, chunk};
    struct pasar_csv_reader *reader = pasar_csv_reader_new(read_source, &source, max);
    struct pasar_record_map map;
    struct pasar_clean_counts counts = {0};
    bool is_mapped = false;
    uint64_t end = 0, line = 0;

    fuzz_require(reader != NULL);
    for (bool is_first = true;; is_first = false) {
        struct pasar_err err = PASAR_ERR_INIT;
        struct pasar_csv_row row;
        const char *reason;
        enum pasar_csv_result result = pasar_csv_reader_next(reader, &row, &reason, &err);
        fuzz_require(result != PASAR_CSV_ERROR);
        if (result == PASAR_CSV_END)
            break;
        fuzz_require(row.offset >= end && row.line > line && row.offset + row.raw_len <= len && row.raw_len > 0);
        fuzz_require(memcmp(row.raw, data + row.offset, row.raw_len) == 0);
        end = row.offset + row.raw_len;
        line = row.line;
        pasar_buf_printf(story, "%d %ju %ju %zu %s|", (int)result, (uintmax_t)row.offset, (uintmax_t)row.line,
                         row.raw_len, result == PASAR_CSV_BAD ? reason : "");
        if (result == PASAR_CSV_BAD)
            continue;
        for (size_t i = 0; i < row.field_count; i++) {
            pasar_buf_printf(story, "%zu:", row.fields[i].len);
            pasar_buf_add(story, row.fields[i].data, row.fields[i].len);
        }
        if (!deep)
            continue;
        check_libcsv(&row);
        check_fields(&row);
        struct pasar_record record;
        if (is_first)
            is_mapped = pasar_record_map_header(&map, &row, &err) == 0;
        else if (is_mapped && pasar_clean_row(&map, &row, &record, &counts, &err) == 0)
            check_record(&record);
    }
    fuzz_require(source.pos == len && pasar_csv_reader_offset(reader) == len);
    pasar_csv_reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const size_t caps[] = {1 << 20, 8, 24, 64, 200, 1};
    static const size_t chunks[] = {1, 2, 3, 7, 64};
    struct pasar_buf whole = {0}, pieces = {0};

    if (len == 0)
        return 0;
    size_t max = caps[data[0] % 6], chunk = chunks[data[0] / 6 % 5];
    read_all(data + 1, len - 1, max, SIZE_MAX, true, &whole);
    read_all(data + 1, len - 1, max, chunk, false, &pieces);
    fuzz_require(whole.len == pieces.len && (whole.len == 0 || memcmp(whole.data, pieces.data, whole.len) == 0));
    pasar_buf_fini(&whole);
    pasar_buf_fini(&pieces);
    return 0;
}
