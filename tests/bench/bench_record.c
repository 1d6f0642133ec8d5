/*
 * The record's way through the suite, step by step: records per second of bare libcsv, our reader, cleaning, encoding
 * and decoding, next to jansson's dump and parse of the same records. bench_record FILE.csv [SECONDS per step]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>
#include <jansson.h>

#include "pasar/clean.h"
#include "pasar/clock.h"
#include "pasar/csv.h"
#include "pasar/record.h"

struct text {
    char *data;
    size_t len, pos;
};

struct bench {
    struct text file;
    struct pasar_buf jsons;       /* all records as JSON, one after the other */
    size_t *starts;               /* of each in `jsons`, and the end of the last */
    struct pasar_record *records; /* decoded from `jsons` */
    struct pasar_buf *scratch;    /* what the records' text points to besides */
    json_t **trees;
    size_t count;
    size_t sink; /* so that no work is optimised away */
};

static ssize_t read_text(void *ctx, void *bytes, size_t len)
{
    struct text *t = ctx;
    size_t n = t->len - t->pos < len ? t->len - t->pos : len;

    memcpy(bytes, t->data + t->pos, n);
    t->pos += n;
    return (ssize_t)n;
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_record: %s: %s\n", what, why);
    exit(1);
}

/* Reads the file through our reader, cleaning and encoding as far as asked; adds the JSONs to `out` if not NULL. */
enum depth { READ_ONLY, CLEANED, ENCODED };

static size_t run_reader(struct bench *b, enum depth depth, struct pasar_buf *out)
{
    struct pasar_csv_reader *reader = pasar_csv_reader_new(read_text, &b->file, 1 << 20);
    struct pasar_record_map map;
    struct pasar_record record;
    struct pasar_clean_counts counts = {0};
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_csv_row row;
    const char *reason;
    size_t n = 0;

    b->file.pos = 0;
    if (reader == NULL || pasar_csv_reader_next(reader, &row, &reason, &err) != PASAR_CSV_ROW ||
        pasar_record_map_header(&map, &row, &err) != 0)
        die("header", err.msg);
    while (pasar_csv_reader_next(reader, &row, &reason, &err) == PASAR_CSV_ROW) {
        n++;
        b->sink += row.fields[0].len;
        if (depth == READ_ONLY)
            continue;
        if (pasar_clean_row(&map, &row, &record, &counts, &err) != 0)
            die("row", err.msg);
        record.timestamp_us = (int64_t)n;
        if (depth == CLEANED)
            continue;
        pasar_buf_reset(out);
        pasar_record_add_json(out, &record);
        b->sink += out->len;
    }
    pasar_csv_reader_free(reader);
    return n;
}

static void count_field(void *data, size_t len, void *ctx)
{
    (void)data;
    *(size_t *)ctx += len;
}

static size_t step_libcsv(struct bench *b)
{
    struct csv_parser parser;

    if (csv_init(&parser, 0) != 0 ||
        csv_parse(&parser, b->file.data, b->file.len, count_field, NULL, &b->sink) != b->file.len)
        die("libcsv", "failed");
    csv_fini(&parser, count_field, NULL, &b->sink);
    csv_free(&parser);
    return b->count;
}

static size_t step_reader(struct bench *b)
{
    return run_reader(b, READ_ONLY, NULL);
}

static size_t step_clean(struct bench *b)
{
    return run_reader(b, CLEANED, NULL);
}

static size_t step_rows(struct bench *b)
{
    struct pasar_buf json = {0};
    size_t n = run_reader(b, ENCODED, &json);

    pasar_buf_fini(&json);
    return n;
}

static size_t step_encode(struct bench *b)
{
    struct pasar_buf json = {0};

    for (size_t i = 0; i < b->count; i++) {
        pasar_buf_reset(&json);
        pasar_record_add_json(&json, &b->records[i]);
        b->sink += json.len;
    }
    pasar_buf_fini(&json);
    return b->count;
}

static size_t step_csv(struct bench *b)
{
    struct pasar_buf csv = {0};

    for (size_t i = 0; i < b->count; i++) {
        pasar_buf_reset(&csv);
        pasar_record_add_csv(&csv, &b->records[i]);
        b->sink += csv.len;
    }
    pasar_buf_fini(&csv);
    return b->count;
}

static size_t step_decode(struct bench *b)
{
    struct pasar_buf scratch = {0};
    struct pasar_record record;
    struct pasar_err err = PASAR_ERR_INIT;

    for (size_t i = 0; i < b->count; i++) {
        if (pasar_record_from_json(&record, b->jsons.data + b->starts[i], b->starts[i + 1] - b->starts[i], &scratch,
                                   &err) != 0)
            die("decode", err.msg);
        b->sink += record.text[0].len;
    }
    pasar_buf_fini(&scratch);
    return b->count;
}

static size_t step_jansson_dump(struct bench *b)
{
    for (size_t i = 0; i < b->count; i++) {
        char *text = json_dumps(b->trees[i], JSON_COMPACT);
        b->sink += strlen(text);
        free(text);
    }
    return b->count;
}

static size_t step_jansson_parse(struct bench *b)
{
    for (size_t i = 0; i < b->count; i++) {
        json_t *tree =
            json_loadb(b->jsons.data + b->starts[i], b->starts[i + 1] - b->starts[i], JSON_REJECT_DUPLICATES, NULL);
        b->sink += json_object_size(tree);
        json_decref(tree);
    }
    return b->count;
}

static void prepare(struct bench *b)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_buf json = {0};
    struct pasar_csv_reader *reader = pasar_csv_reader_new(read_text, &b->file, 1 << 20);
    struct pasar_record_map map;
    struct pasar_csv_row row;
    struct pasar_clean_counts counts = {0};
    struct pasar_record record;
    const char *reason;
    size_t cap = 0;

    if (reader == NULL || pasar_csv_reader_next(reader, &row, &reason, &err) != PASAR_CSV_ROW ||
        pasar_record_map_header(&map, &row, &err) != 0)
        die("header", err.msg);
    while (pasar_csv_reader_next(reader, &row, &reason, &err) == PASAR_CSV_ROW) {
        if (pasar_clean_row(&map, &row, &record, &counts, &err) != 0)
            die("row", err.msg);
        if (b->count + 2 > cap) {
            cap = cap ? cap * 2 : 1024;
            b->starts = realloc(b->starts, cap * sizeof *b->starts);
            if (b->starts == NULL)
                die("memory", strerror(errno));
        }
        record.timestamp_us = (int64_t)b->count;
        b->starts[b->count++] = b->jsons.len;
        pasar_record_add_json(&b->jsons, &record);
        b->starts[b->count] = b->jsons.len;
    }
    pasar_csv_reader_free(reader);
    pasar_buf_fini(&json);
    b->records = calloc(b->count, sizeof *b->records);
    b->scratch = calloc(b->count, sizeof *b->scratch);
    b->trees = calloc(b->count, sizeof *b->trees);
    if (b->count == 0 || b->records == NULL || b->scratch == NULL || b->trees == NULL)
        die("records", "none, or no memory");
    for (size_t i = 0; i < b->count; i++) {
        const char *text = b->jsons.data + b->starts[i];
        size_t len = b->starts[i + 1] - b->starts[i];
        if (pasar_record_from_json(&b->records[i], text, len, &b->scratch[i], &err) != 0)
            die("decode", err.msg);
        b->trees[i] = json_loadb(text, len, 0, NULL);
    }
}

static void load(struct text *text, const char *path)
{
    struct pasar_buf buf = {0};
    FILE *file = fopen(path, "r");
    size_t n = 0;

    if (file == NULL)
        die(path, strerror(errno));
    while (pasar_buf_reserve(&buf, 1 << 20) == 0 && (n = fread(buf.data + buf.len, 1, 1 << 20, file)) > 0)
        buf.len += n;
    fclose(file);
    text->data = pasar_buf_steal(&buf, &text->len);
    if (text->data == NULL)
        die(path, "no memory");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        size_t (*run)(struct bench *);
    } steps[] = {
        {"libcsv, bare", step_libcsv},         {"our reader", step_reader},
        {"reader + clean", step_clean},        {"reader + clean + encode", step_rows},
        {"encode JSON", step_encode},          {"encode batch CSV", step_csv},
        {"decode JSON", step_decode},          {"jansson dump", step_jansson_dump},
        {"jansson parse", step_jansson_parse},
    };
    struct bench bench = {0};
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;

    if (argc < 2) {
        fputs("Usage: bench_record FILE.csv [SECONDS]\n", stderr);
        return 64;
    }
    load(&bench.file, argv[1]);
    prepare(&bench);
    printf("%zu records, %.0f bytes of CSV and %.0f of JSON a record\n", bench.count,
           (double)bench.file.len / (double)bench.count, (double)bench.jsons.len / (double)bench.count);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(steps); i++) {
        size_t records = 0;
        int64_t start = pasar_clock_mono_ns(), now;
        do {
            records += steps[i].run(&bench);
            now = pasar_clock_mono_ns();
        } while ((double)(now - start) < seconds * 1e9);
        double rate = (double)records / ((double)(now - start) / 1e9);
        printf("%-26s %9.0f records/s %8.0f MB/s\n", steps[i].name, rate,
               rate * (double)bench.file.len / (double)bench.count / 1e6);
    }
    for (size_t i = 0; i < bench.count; i++) {
        json_decref(bench.trees[i]);
        pasar_buf_fini(&bench.scratch[i]);
    }
    free(bench.trees);
    free(bench.scratch);
    free(bench.records);
    free(bench.starts);
    pasar_buf_fini(&bench.jsons);
    free(bench.file.data);
    return bench.sink == 0;
}
