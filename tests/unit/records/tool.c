/*
 * records-tool: the codecs of the suite on the command line, for golden folders and for tests in Python.
 *   records-tool csv [MAX [CHUNK]] < CSV      each record as a line: ROW/BAD, line, offset, fields or reason and raw
 *   records-tool clean [--max-row-bytes=N] FILE...   rowsource: JSON lines, REJECT lines, null counts (timestamp 0,
 * then 1 us more a row) records-tool to-csv < JSON lines          a batch file records-tool golden csv|clean DIR runs
 * all cases of DIR; PASAR_GOLDEN_UPDATE=1 writes their `output` anew
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pasar/csv.h"
#include "pasar/num.h"
#include "pasar/record.h"
#include "producer/rowsource.h"

struct source {
    const char *bytes;
    size_t len, pos, chunk;
};

static ssize_t read_chunk(void *ctx, void *bytes, size_t len)
{
    struct source *s = ctx;
    size_t n = s->len - s->pos;

    n = n < len ? n : len;
    n = n < s->chunk ? n : s->chunk;
    memcpy(bytes, s->bytes + s->pos, n);
    s->pos += n;
    return (ssize_t)n;
}

/* A string in quotes, everything but printable ASCII and valid UTF-8 as \xNN, \n, \r or \t. */
static void add_quoted(struct pasar_buf *out, const char *p, size_t len)
{
    pasar_buf_addc(out, '"');
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)p[i];
        size_t n = 1;
        while (n < 4 && i + n <= len && !pasar_csv_is_utf8(p + i, n))
            n++;
        bool is_text = i + n <= len && pasar_csv_is_utf8(p + i, n) && c >= 0x20 && c != 0x7f;
        if (c == '"' || c == '\\')
            pasar_buf_printf(out, "\\%c", c);
        else if (c == '\n' || c == '\r' || c == '\t')
            pasar_buf_printf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else if (is_text)
            pasar_buf_add(out, p + i, n);
        else
            pasar_buf_printf(out, "\\x%02x", c);
        i += is_text ? n : 1;
    }
    pasar_buf_addc(out, '"');
}

static void add_row(struct pasar_buf *out, const struct pasar_csv_row *row, const char *reason)
{
    pasar_buf_printf(out, "%s line=%" PRIu64 " offset=%" PRIu64, reason == NULL ? "ROW" : "BAD", row->line,
                     row->offset);
    if (reason != NULL) {
        pasar_buf_printf(out, " reason=%s raw=", reason);
        add_quoted(out, row->raw, row->raw_len);
    }
    for (size_t i = 0; i < row->field_count && reason == NULL; i++) {
        pasar_buf_addc(out, ' ');
        add_quoted(out, row->fields[i].data, row->fields[i].len);
    }
    pasar_buf_addc(out, '\n');
}

static void dump_csv(struct pasar_buf *out, struct source *source, size_t max)
{
    struct pasar_csv_reader *reader = pasar_csv_reader_new(read_chunk, source, max);
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_csv_row row;
    const char *reason;

    if (reader == NULL)
        abort();
    for (;;) {
        switch (pasar_csv_reader_next(reader, &row, &reason, &err)) {
        case PASAR_CSV_ROW:
            add_row(out, &row, NULL);
            continue;
        case PASAR_CSV_BAD:
            add_row(out, &row, reason);
            continue;
        case PASAR_CSV_END:
            break;
        case PASAR_CSV_ERROR:
            pasar_buf_printf(out, "ERROR %s\n", err.msg);
            break;
        }
        break;
    }
    pasar_csv_reader_free(reader);
}

static void add_counts(struct pasar_buf *out, const struct pasar_clean_counts *counts)
{
    for (int i = 0; i < PASAR_COLUMNS; i++)
        if (counts->missing[i] + counts->unparseable[i] + counts->out_of_range[i] > 0)
            pasar_buf_printf(out, "NULLS %s missing=%" PRIu64 " unparseable=%" PRIu64 " out_of_range=%" PRIu64 "\n",
                             pasar_columns[i].name, counts->missing[i], counts->unparseable[i],
                             counts->out_of_range[i]);
}

/* Only the last part of a path: golden outputs must not depend on where the tree is. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void dump_clean(struct pasar_buf *out, char *const *files, int count, size_t max, bool show_base)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct rowsource *source = rowsource_open(files, count, max, &err);
    struct rowsource_row row;
    enum rowsource_result result = ROWSOURCE_ERROR;

    while (source != NULL &&
           ((result = rowsource_next(source, &row, &err)) == ROWSOURCE_ROW || result == ROWSOURCE_REJECT)) {
        if (result == ROWSOURCE_ROW) {
            row.record.timestamp_us = (int64_t)row.row;
            pasar_record_add_json(out, &row.record);
            pasar_buf_addc(out, '\n');
        } else {
            pasar_buf_printf(out, "REJECT %s:%" PRIu64 " row=%" PRIu64 " offset=%" PRIu64 " reason=%s raw=",
                             show_base ? base_name(row.file) : row.file, row.line, row.row, row.offset, row.reason);
            add_quoted(out, row.raw, row.raw_len);
            pasar_buf_addc(out, '\n');
        }
    }
    if (source != NULL)
        add_counts(out, rowsource_counts(source));
    if (result == ROWSOURCE_ERROR) {
        const char *shown = show_base && strrchr(err.msg, '/') != NULL ? base_name(err.msg) : err.msg;
        pasar_buf_printf(out, "ERROR %d %s\n", (int)err.code, shown);
    }
    rowsource_free(source);
}

static int to_csv(struct pasar_buf *out)
{
    struct pasar_buf scratch = {0};
    struct pasar_record record;
    struct pasar_err err = PASAR_ERR_INIT;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    pasar_record_add_csv_header(out);
    while ((len = getline(&line, &cap, stdin)) > 0) {
        if (pasar_record_from_json(&record, line, (size_t)len, &scratch, &err) != 0) {
            fprintf(stderr, "%s\n", err.msg);
            break;
        }
        pasar_record_add_csv(out, &record);
    }
    free(line);
    pasar_buf_fini(&scratch);
    return err.code == PASAR_OK ? 0 : 1;
}

static int from_csv(struct pasar_buf *out)
{
    int fd = STDIN_FILENO;
    struct pasar_csv_reader *reader = pasar_csv_reader_new(pasar_csv_read_fd, &fd, 1 << 28);
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_record_map map;
    struct pasar_record record;
    struct pasar_csv_row row;
    const char *reason;

    if (reader == NULL || pasar_csv_reader_next(reader, &row, &reason, &err) != PASAR_CSV_ROW ||
        pasar_record_map_header(&map, &row, &err) != 0)
        abort();
    while (err.code == PASAR_OK && pasar_csv_reader_next(reader, &row, &reason, &err) == PASAR_CSV_ROW) {
        if (pasar_record_from_csv(&record, &map, &row, &err) != 0) {
            fprintf(stderr, "line %" PRIu64 ": %s\n", row.line, err.msg);
            break;
        }
        pasar_record_add_json(out, &record);
        pasar_buf_addc(out, '\n');
    }
    pasar_csv_reader_free(reader);
    return err.code == PASAR_OK ? 0 : 1;
}

static void slurp(int fd, struct pasar_buf *buf)
{
    ssize_t n;

    do {
        if (pasar_buf_reserve(buf, 65536) != 0)
            abort();
        n = read(fd, buf->data + buf->len, 65536);
        if (n > 0)
            buf->len += (size_t)n;
    } while (n > 0);
}

static bool slurp_file(const char *path, struct pasar_buf *buf)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    slurp(fd, buf);
    close(fd);
    return true;
}

/* The case's size cap: the number in its file `max`, or 1 MiB. */
static size_t case_max(const char *dir)
{
    struct pasar_buf text = {0};
    char path[4096 + 16];
    uint64_t max = 1 << 20;

    snprintf(path, sizeof path, "%.4096s/max", dir);
    if (slurp_file(path, &text)) {
        while (text.len > 0 && text.data[text.len - 1] == '\n')
            text.len--;
        if (pasar_num_u64(text.data, text.len, &max) != 0)
            abort();
    }
    pasar_buf_fini(&text);
    return (size_t)max;
}

static bool is_same(const struct pasar_buf *a, const struct pasar_buf *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* However the reads cut the stream, the outcome must be the same. */
static bool check_chunks(const struct pasar_buf *input, size_t max, const struct pasar_buf *expected)
{
    static const size_t chunks[] = {1, 2, 3, 5, 7, 16, 61, 4096};
    struct pasar_buf out = {0};
    bool ok = true;

    for (size_t i = 0; i < PASAR_ARRAY_LEN(chunks) && ok; i++) {
        struct source source = {input->data != NULL ? input->data : "", input->len, 0, chunks[i]};
        pasar_buf_reset(&out);
        dump_csv(&out, &source, max);
        ok = is_same(&out, expected);
        if (!ok)
            printf("read %zu bytes at a time it is otherwise:\n%.*s", chunks[i], (int)out.len, out.data);
    }
    pasar_buf_fini(&out);
    return ok;
}

static bool run_case(const char *kind, const char *dir)
{
    struct pasar_buf input = {0}, out = {0}, expected = {0};
    char path[4096 + 16], output[4096 + 16];
    char *files[] = {path};
    size_t max = case_max(dir);
    bool ok = true;

    snprintf(path, sizeof path, "%.4096s/input.csv", dir);
    snprintf(output, sizeof output, "%.4096s/output", dir);
    if (strcmp(kind, "csv") == 0) {
        ok = slurp_file(path, &input);
        struct source source = {input.data != NULL ? input.data : "", input.len, 0, SIZE_MAX};
        dump_csv(&out, &source, max);
        ok = ok && check_chunks(&input, max, &out);
    } else {
        dump_clean(&out, files, 1, max, true);
    }
    if (getenv("PASAR_GOLDEN_UPDATE") != NULL) {
        FILE *f = fopen(output, "w");
        if (f == NULL || (out.len > 0 && fwrite(out.data, 1, out.len, f) != out.len) || fclose(f) != 0)
            abort();
    }
    if (!slurp_file(output, &expected) || !is_same(&out, &expected)) {
        printf("%s: expected\n%.*sgot\n%.*s", dir, (int)expected.len, expected.len ? expected.data : "", (int)out.len,
               out.len ? out.data : "");
        ok = false;
    }
    printf("%s %s\n", ok ? "ok  " : "FAIL", base_name(dir));
    pasar_buf_fini(&input);
    pasar_buf_fini(&out);
    pasar_buf_fini(&expected);
    return ok;
}

static int golden(const char *kind, const char *dir)
{
    struct dirent **entries;
    int count = scandir(dir, &entries, NULL, alphasort), failed = 0, cases = 0;

    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            cases++;
            failed += !run_case(kind, path);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    printf("%d cases, %d failed\n", cases, failed);
    return failed == 0 && cases > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct pasar_buf in = {0}, out = {0};
    const char *mode = argc > 1 ? argv[1] : "";
    int rc = 0;

    if (strcmp(mode, "golden") == 0 && argc == 4) {
        rc = golden(argv[2], argv[3]);
    } else if (strcmp(mode, "csv") == 0) {
        slurp(STDIN_FILENO, &in);
        struct source source = {in.data, in.len, 0, argc > 3 ? strtoul(argv[3], NULL, 10) : SIZE_MAX};
        dump_csv(&out, &source, argc > 2 ? strtoul(argv[2], NULL, 10) : 1 << 20);
    } else if (strcmp(mode, "clean") == 0) {
        dump_clean(&out, argv + 2, argc - 2, 1 << 20, false);
    } else if (strcmp(mode, "to-csv") == 0) {
        rc = to_csv(&out);
    } else if (strcmp(mode, "from-csv") == 0) {
        rc = from_csv(&out);
    } else {
        fputs("Usage: records-tool csv|clean|to-csv|from-csv|golden ...\n", stderr);
        rc = 64;
    }
    if (out.len > 0 && fwrite(out.data, 1, out.len, stdout) != out.len)
        rc = 74;
    pasar_buf_fini(&in);
    pasar_buf_fini(&out);
    return rc;
}
