/* CSV files in order → cleaned rows with one running number. */
#include "producer/rowsource.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "producer/inputfile.h"

struct rowsource {
    char *const *files;
    struct inputfile_stamp *stamps; /* per file, as it was at the start */
    int file_count, next_file;
    size_t max_row_bytes;
    uint64_t total, done;    /* bytes: of all files (0 = unknown), of the files read to their end */
    struct inputfile *input; /* NULL between files */
    bool (*idle)(void *ctx); /* NULL = none */
    void *idle_ctx;
    struct pasar_csv_reader *reader;
    const char *name;
    struct pasar_record_map map;
    uint64_t row;
    struct pasar_clean_counts counts;
    struct pasar_err why; /* of the latest reject */
};

/* Says which file a failed read belongs to. Returns -1. */
static int read_error(const struct rowsource *source, struct pasar_err *read_err, struct pasar_err *err)
{
    const struct pasar_err *cause = inputfile_error(source->input);

    if (cause->code == PASAR_OK)
        cause = read_err;
    return pasar_err_set(err, cause->code, "%s: %s", source->name, cause->msg);
}

static void close_file(struct rowsource *source)
{
    pasar_csv_reader_free(source->reader);
    inputfile_free(source->input);
    source->reader = NULL;
    source->input = NULL;
}

/* Reads the header of the file just opened. */
static int read_header(struct rowsource *source, struct pasar_err *err)
{
    struct pasar_err read_err = PASAR_ERR_INIT;
    struct pasar_csv_row row;
    const char *reason;

    switch (pasar_csv_reader_next(source->reader, &row, &reason, &read_err)) {
    case PASAR_CSV_ROW:
        if (pasar_record_map_header(&source->map, &row, err) != 0)
            return pasar_err_context(err, "%s:%" PRIu64, source->name, row.line);
        return 0;
    case PASAR_CSV_BAD:
        return pasar_err_set(err, PASAR_EDATA, "%s:%" PRIu64 ": the header is no CSV: %s", source->name, row.line,
                             reason);
    case PASAR_CSV_END:
        return pasar_err_set(err, PASAR_EDATA, "%s is empty; its first line must name the columns", source->name);
    case PASAR_CSV_ERROR:
        break;
    }
    return read_error(source, &read_err, err);
}

static int open_file(struct rowsource *source, int i, struct pasar_err *err)
{
    const char *path = source->files[i];

    source->name = inputfile_name(path);
    source->input = inputfile_open(path, source->idle, source->idle_ctx, err);
    if (source->input == NULL)
        return -1;
    source->reader = pasar_csv_reader_new(inputfile_read, source->input, source->max_row_bytes);
    if (source->reader == NULL)
        pasar_err_nomem(err, "a CSV reader");
    if (source->reader == NULL || read_header(source, err) != 0) {
        close_file(source);
        return -1;
    }
    return 0;
}

/* True when opening the file to look at it costs nothing: neither a pipe's bytes nor a wait for its writer. */
static bool can_be_checked(const char *path)
{
    struct stat st;

    if (strcmp(path, "-") == 0)
        return false;
    return stat(path, &st) != 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
}

struct rowsource *rowsource_open(char *const *files, int file_count, size_t max_row_bytes, struct pasar_err *err)
{
    struct rowsource *source = calloc(1, sizeof *source);
    bool is_total_known = true;

    if (source == NULL || (source->stamps = calloc((size_t)file_count + 1, sizeof(*source->stamps))) == NULL) {
        free(source);
        pasar_err_nomem(err, "the input");
        return NULL;
    }
    source->files = files;
    source->file_count = file_count;
    source->max_row_bytes = max_row_bytes;
    for (int i = 0; i < file_count; i++) {
        if (!can_be_checked(files[i])) {
            is_total_known = false;
            continue;
        }
        if (open_file(source, i, err) != 0) {
            rowsource_free(source);
            return NULL;
        }
        source->stamps[i] = inputfile_stamp(source->input);
        source->total += inputfile_size(source->input);
        close_file(source);
    }
    if (!is_total_known)
        source->total = 0;
    return source;
}

void rowsource_free(struct rowsource *source)
{
    if (source == NULL)
        return;
    close_file(source);
    free(source->stamps);
    free(source);
}

void rowsource_rewind(struct rowsource *source)
{
    close_file(source);
    source->next_file = 0;
    source->done = 0;
    source->row = 0;
    source->counts = (struct pasar_clean_counts){0};
}

/* Opens the next file, which must be what it was at the start. */
static int open_next(struct rowsource *source, struct pasar_err *err)
{
    const struct inputfile_stamp *before = &source->stamps[source->next_file];
    struct inputfile_stamp now;

    if (open_file(source, source->next_file, err) != 0)
        return -1;
    now = inputfile_stamp(source->input);
    if (!inputfile_same_stamp(&now, before)) {
        close_file(source);
        return pasar_err_set(err, PASAR_EDATA, "%s: it was changed or replaced since the start", source->name);
    }
    source->next_file++;
    return 0;
}

void rowsource_set_idle(struct rowsource *source, bool (*idle)(void *ctx), void *ctx)
{
    source->idle = idle;
    source->idle_ctx = ctx;
}

/* What an error is: PASAR_ETEMP comes from the waiting for a pipe alone. */
static enum rowsource_result failed(struct pasar_err *err)
{
    if (err->code != PASAR_ETEMP)
        return ROWSOURCE_ERROR;
    pasar_err_clear(err);
    return ROWSOURCE_IDLE;
}

enum rowsource_result rowsource_next(struct rowsource *source, struct rowsource_row *row, struct pasar_err *err)
{
    for (;;) {
        struct pasar_err read_err = PASAR_ERR_INIT;
        struct pasar_csv_row csv;
        const char *reason;

        if (source->input == NULL) {
            if (source->next_file == source->file_count)
                return ROWSOURCE_END;
            if (open_next(source, err) != 0)
                return failed(err);
        }
        enum pasar_csv_result result = pasar_csv_reader_next(source->reader, &csv, &reason, &read_err);
        if (result == PASAR_CSV_ERROR) {
            read_error(source, &read_err, err);
            return failed(err);
        }
        if (result == PASAR_CSV_END) {
            source->done += inputfile_offset(source->input);
            close_file(source);
            continue;
        }
        row->row = ++source->row;
        row->file = source->name;
        row->line = csv.line;
        row->offset = csv.offset;
        row->raw = csv.raw;
        row->raw_len = csv.raw_len;
        row->reason = reason;
        if (result == PASAR_CSV_BAD)
            return ROWSOURCE_REJECT;
        pasar_err_clear(&source->why);
        row->reason = source->why.msg;
        if (pasar_clean_row(&source->map, &csv, &row->record, &source->counts, &source->why) != 0)
            return ROWSOURCE_REJECT;
        return ROWSOURCE_ROW;
    }
}

const struct pasar_clean_counts *rowsource_counts(const struct rowsource *source)
{
    return &source->counts;
}

uint64_t rowsource_offset(const struct rowsource *source)
{
    if (source->input == NULL)
        return source->done;
    /* What was read ahead is not yet consumed; inside packed data the difference cannot be told. */
    uint64_t here =
        inputfile_is_gzip(source->input) ? inputfile_offset(source->input) : pasar_csv_reader_offset(source->reader);
    return source->done + here;
}

uint64_t rowsource_total(const struct rowsource *source)
{
    return source->total;
}
