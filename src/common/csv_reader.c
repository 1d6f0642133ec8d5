/*
 * RFC 4180 reading. The stream is cut into records here, so that lines, offsets, the size cap and bad quotes are
 * exactly known and damage stays with the record that has it. Of a good record the fields are only pointed at, where
 * they stand; those with doubled quotes stand nowhere as they are, and libcsv makes them. Bytes are buffered in one
 * window that slides over the stream; positions within a record count from the record's start.
 */
#include "pasar/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv_fields.h"
#include "csv_scan.h"

#ifndef PASAR_CSV_FIRST_BYTES /* the fuzz target makes both small: its short inputs then slide and grow the window */
#define PASAR_CSV_FIRST_BYTES (256 * 1024)
#define PASAR_CSV_READ_BYTES  (64 * 1024)
#endif

enum {
    READ_BYTES = PASAR_CSV_READ_BYTES,   /* the least room for a read */
    FIRST_BYTES = PASAR_CSV_FIRST_BYTES, /* of the window */
};

struct pasar_csv_reader {
    pasar_csv_read_fn read;
    void *ctx;
    size_t max_record_bytes;
    char *window;
    size_t cap, start, end; /* window[start, end) is not yet consumed */
    uint64_t base;          /* stream offset of window[0] */
    uint64_t line;          /* of window[start], 1-based */
    bool begun, eof;
    bool in_rest_of_line;     /* of a bad record: pass over it first */
    struct csv_fields fields; /* of the latest good record */
    char reason[120];
};

/* Where the search for a record's end has come. */
struct scan {
    size_t pos;          /* next byte to look at */
    uint64_t line_count; /* line ends passed, all of them within quotes */
    bool in_quotes;
    size_t quote;        /* position of the latest opening quote */
    uint64_t quote_line; /* line_count there */
    size_t end_len;      /* of the line end, when the record's end was found at pos */
};

enum scan_result {
    SCAN_MORE, /* no end in sight */
    SCAN_END,  /* the record ends at pos */
    SCAN_JUNK, /* text after a closing quote, at pos */
    SCAN_OPEN, /* the same where a field begins: it is that field's opening quote, the one before it never closed */
};

struct pasar_csv_reader *pasar_csv_reader_new(pasar_csv_read_fn read_fn, void *ctx, size_t max_record_bytes)
{
    struct pasar_csv_reader *reader = calloc(1, sizeof *reader);

    if (reader == NULL)
        return NULL;
    reader->read = read_fn;
    reader->ctx = ctx;
    reader->max_record_bytes = max_record_bytes < SIZE_MAX / 4 ? max_record_bytes : SIZE_MAX / 4;
    reader->line = 1;
    reader->cap = FIRST_BYTES;
    reader->window = malloc(reader->cap);
    if (reader->window == NULL || pasar_csv_fields_init(&reader->fields) != 0) {
        free(reader->window);
        free(reader);
        return NULL;
    }
    return reader;
}

void pasar_csv_reader_free(struct pasar_csv_reader *reader)
{
    if (reader == NULL)
        return;
    pasar_csv_fields_fini(&reader->fields);
    free(reader->window);
    free(reader);
}

ssize_t pasar_csv_read_fd(void *ctx, void *bytes, size_t len)
{
    const int *fd = ctx;
    ssize_t n;

    do
        n = read(*fd, bytes, len);
    while (n < 0 && errno == EINTR);
    return n;
}

uint64_t pasar_csv_reader_offset(const struct pasar_csv_reader *reader)
{
    return reader->base + reader->start;
}

/* Reads more into the window, which slides or grows when it is full. Sets eof at the end. */
static int fill(struct pasar_csv_reader *reader, struct pasar_err *err)
{
    if (reader->cap - reader->end < READ_BYTES && reader->start > 0) {
        memmove(reader->window, reader->window + reader->start, reader->end - reader->start);
        reader->base += reader->start;
        reader->end -= reader->start;
        reader->start = 0;
    }
    if (reader->cap - reader->end < READ_BYTES) {
        size_t most = reader->max_record_bytes + 2 + READ_BYTES;
        size_t cap = reader->cap * 2 < most || most < reader->cap + READ_BYTES ? reader->cap * 2 : most;
        char *window = realloc(reader->window, cap);
        if (window == NULL)
            return pasar_err_nomem(err, "a CSV record");
        reader->window = window;
        reader->cap = cap;
    }
    ssize_t n = reader->read(reader->ctx, reader->window + reader->end, reader->cap - reader->end);
    if (n < 0)
        return pasar_err_errno(err, PASAR_EIO, "read at byte %" PRIu64, reader->base + reader->end);
    if (n == 0)
        reader->eof = true;
    reader->end += (size_t)n;
    return 0;
}

/* May a field begin behind this byte? */
static bool is_field_start(char before)
{
    return before == ',' || before == '\n' || before == '\r';
}

/*
 * Goes on looking for the end of the record in `bytes`; `is_all` says that no byte follows them. A CR or quote as the
 * last byte waits for its successor, so that the outcome never depends on how the reads were cut.
 */
static enum scan_result scan_record(struct scan *scan, const char *bytes, size_t len, bool is_all)
{
    for (;;) {
        size_t i = (size_t)(pasar_csv_find_break(bytes + scan->pos, bytes + len) - bytes);
        scan->pos = i;
        if (i == len)
            return SCAN_MORE;
        bool is_last = i + 1 == len;
        if (bytes[i] == '"') {
            if (!scan->in_quotes) {
                if (i == 0 || bytes[i - 1] == ',') {
                    scan->in_quotes = true;
                    scan->quote = i;
                    scan->quote_line = scan->line_count;
                }
                scan->pos++;
                continue;
            }
            if (is_last && !is_all)
                return SCAN_MORE;
            if (!is_last && bytes[i + 1] == '"') {
                scan->pos += 2;
                continue;
            }
            scan->pos++;
            scan->in_quotes = false;
            if (!is_last && bytes[i + 1] != ',' && bytes[i + 1] != '\r' && bytes[i + 1] != '\n')
                return i > scan->quote + 1 && is_field_start(bytes[i - 1]) ? SCAN_OPEN : SCAN_JUNK;
            continue;
        }
        if (bytes[i] == '\r' && is_last && !is_all)
            return SCAN_MORE;
        scan->end_len = bytes[i] == '\r' && !is_last && bytes[i + 1] == '\n' ? 2 : 1;
        if (!scan->in_quotes)
            return SCAN_END;
        scan->pos += scan->end_len;
        scan->line_count++;
    }
}

/* Consumes up to and with the next line end, of whatever length the line is. */
static int pass_rest_of_line(struct pasar_csv_reader *reader, struct pasar_err *err)
{
    for (;;) {
        const char *p = reader->window + reader->start, *end = reader->window + reader->end;
        while ((p = pasar_csv_find_break(p, end)) < end && *p == '"')
            p++;
        reader->start = (size_t)(p - reader->window);
        if (p < end && (*p == '\n' || end - p >= 2 || reader->eof)) {
            reader->start += *p == '\r' && end - p >= 2 && p[1] == '\n' ? 2 : 1;
            reader->line++;
            break;
        }
        if (reader->eof)
            break;
        if (fill(reader, err) != 0)
            return -1;
    }
    reader->in_rest_of_line = false;
    return 0;
}

/*
 * Gives a bad record to the caller and arranges that reading goes on at the line after the one that has the byte `pos`
 * (lines_before line ends into the record). The raw bytes go up to there, or as far as the window reaches.
 */
static int give_up(struct pasar_csv_reader *reader, struct pasar_csv_row *row, size_t pos, uint64_t lines_before,
                   struct pasar_err *err)
{
    size_t most = reader->max_record_bytes + 2;

    for (size_t from = pos;;) {
        size_t len = reader->end - reader->start;
        bool is_all = reader->eof && len <= most;
        len = len < most ? len : most;
        const char *bytes = reader->window + reader->start;
        const char *p = bytes + from;
        while ((p = pasar_csv_find_break(p, bytes + len)) < bytes + len && *p == '"')
            p++;
        size_t i = (size_t)(p - bytes);
        bool is_found = i < len && (bytes[i] == '\n' || i + 1 < len || is_all);
        if (!is_found && !is_all && len < most) {
            from = i;
            if (fill(reader, err) != 0)
                return -1;
            continue;
        }
        row->raw = bytes;
        row->raw_len = is_found ? i + (bytes[i] == '\r' && i + 1 < len && bytes[i + 1] == '\n' ? 2 : 1) : i;
        reader->in_rest_of_line = !is_found && !is_all;
        reader->line += lines_before + (is_found ? 1 : 0);
        reader->start += row->raw_len;
        return 0;
    }
}

/* A record that is no CSV for its quotes or its length. */
static enum pasar_csv_result bad_record(struct pasar_csv_reader *reader, const struct scan *scan,
                                        enum scan_result result, bool is_long, struct pasar_csv_row *row,
                                        struct pasar_err *err)
{
    size_t pos = scan->pos;
    uint64_t lines_before = scan->line_count;
    bool is_quote = result == SCAN_JUNK || result == SCAN_OPEN || scan->in_quotes;

    if (result == SCAN_JUNK)
        snprintf(reader->reason, sizeof reader->reason, "text after a closing quote");
    else if (is_quote && is_long)
        snprintf(reader->reason, sizeof reader->reason, "unterminated quote, or record longer than %zu bytes",
                 reader->max_record_bytes);
    else if (is_quote)
        snprintf(reader->reason, sizeof reader->reason, "unterminated quote");
    else
        snprintf(reader->reason, sizeof reader->reason, "record longer than %zu bytes", reader->max_record_bytes);

    row->line = reader->line;
    if (is_quote) {
        /*
         * Behind the opening quote there were only doubled quotes up to pos, and such a line, read for itself, opens no
         * field that goes beyond it: so going back costs each byte one more look, never a look per line.
         */
        row->line += scan->quote_line;
        pos = scan->quote;
        lines_before = scan->quote_line;
    }
    return give_up(reader, row, pos, lines_before, err) == 0 ? PASAR_CSV_BAD : PASAR_CSV_ERROR;
}

/* Why text that is good CSV is still bad for us, or NULL. */
static const char *check_text(struct pasar_csv_reader *reader, const char *bytes, size_t len)
{
    const char *nul = memchr(bytes, '\0', len);
    if (nul != NULL) {
        snprintf(reader->reason, sizeof reader->reason, "NUL byte at byte %zu of the record",
                 (size_t)(nul - bytes) + 1);
        return reader->reason;
    }
    size_t valid = pasar_csv_utf8_prefix(bytes, len);
    if (valid < len) {
        snprintf(reader->reason, sizeof reader->reason, "invalid UTF-8 (0x%02x at byte %zu of the record)",
                 (unsigned char)bytes[valid], valid + 1);
        return reader->reason;
    }
    return NULL;
}

static int begin_stream(struct pasar_csv_reader *reader, struct pasar_err *err)
{
    while (!reader->eof && reader->end < 3)
        if (fill(reader, err) != 0)
            return -1;
    if (reader->end >= 3 && memcmp(reader->window, "\xef\xbb\xbf", 3) == 0)
        reader->start = 3;
    reader->begun = true;
    return 0;
}

/* A whole record stands at the window's start: `len` bytes and a line end. */
static enum pasar_csv_result good_record(struct pasar_csv_reader *reader, const struct scan *scan, size_t len,
                                         struct pasar_csv_row *row, const char **reason, struct pasar_err *err)
{
    const char *bytes = reader->window + reader->start;

    row->line = reader->line;
    row->raw = bytes;
    row->raw_len = len + scan->end_len;
    reader->start += row->raw_len;
    reader->line += scan->line_count + (scan->end_len > 0);
    *reason = check_text(reader, bytes, len);
    if (*reason != NULL)
        return PASAR_CSV_BAD;
    if (pasar_csv_fields_split(&reader->fields, bytes, len, err) != 0)
        return PASAR_CSV_ERROR;
    if (reader->fields.count > PASAR_CSV_FIELDS_MAX) {
        snprintf(reader->reason, sizeof reader->reason, "more than %d fields", PASAR_CSV_FIELDS_MAX);
        *reason = reader->reason;
        return PASAR_CSV_BAD;
    }
    row->fields = reader->fields.items;
    row->field_count = reader->fields.count;
    return PASAR_CSV_ROW;
}

enum pasar_csv_result pasar_csv_reader_next(struct pasar_csv_reader *reader, struct pasar_csv_row *row,
                                            const char **reason, struct pasar_err *err)
{
    const size_t max = reader->max_record_bytes;
    struct scan scan = {0};

    *row = (struct pasar_csv_row){0};
    *reason = reader->reason;
    if (!reader->begun && begin_stream(reader, err) != 0)
        return PASAR_CSV_ERROR;
    if (reader->in_rest_of_line && pass_rest_of_line(reader, err) != 0)
        return PASAR_CSV_ERROR;
    for (;;) {
        row->offset = pasar_csv_reader_offset(reader);
        size_t avail = reader->end - reader->start, len = avail < max + 2 ? avail : max + 2;
        bool is_all = reader->eof && len == avail;
        enum scan_result result = scan_record(&scan, reader->window + reader->start, len, is_all);
        if (result == SCAN_END && scan.pos == 0) { /* an empty line */
            reader->start += scan.end_len;
            reader->line++;
            continue;
        }
        if (result == SCAN_END && scan.pos <= max)
            return good_record(reader, &scan, scan.pos, row, reason, err);
        if (result != SCAN_MORE || len == max + 2)
            return bad_record(reader, &scan, result, result == SCAN_END || result == SCAN_MORE, row, err);
        if (is_all) {
            if (len == 0)
                return PASAR_CSV_END;
            scan.end_len = 0;
            if (len > max || scan.in_quotes)
                return bad_record(reader, &scan, SCAN_MORE, len > max, row, err);
            return good_record(reader, &scan, len, row, reason, err);
        }
        if (fill(reader, err) != 0)
            return PASAR_CSV_ERROR;
    }
}
