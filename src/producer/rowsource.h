/* The input of the producer: CSV files in order, one after the other, as cleaned rows. */
#ifndef PRODUCER_ROWSOURCE_H
#define PRODUCER_ROWSOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/clean.h"
#include "pasar/err.h"
#include "pasar/record.h"

enum rowsource_result {
    ROWSOURCE_ROW,    /* a record to send */
    ROWSOURCE_REJECT, /* a data row that cannot be a record; `reason` says why */
    ROWSOURCE_END,    /* all files were read to their end */
    ROWSOURCE_IDLE,   /* the idle function said no while a pipe was waited for; nothing more can be read */
    ROWSOURCE_ERROR   /* err: a file cannot be read, or is no product CSV */
};

/* Everything it points to lives until the next call. */
struct rowsource_row {
    struct pasar_record record; /* of a ROW; timestamp_us is 0: the caller stamps it */
    uint64_t row;               /* 1-based over all files; rejected rows count */
    const char *file;           /* as given; "-" is shown as "(stdin)" */
    uint64_t line, offset;      /* in the file; of the unpacked text when it is gzip */
    const char *reason;         /* of a REJECT */
    const char *raw;            /* the bytes as they stand in the file, with their line end */
    size_t raw_len;
};

struct rowsource;

/*
 * Opens `files` ("-" = standard input; gzip is unpacked, known by its first bytes). Before it returns, each regular
 * file was opened and its header checked, so that a missing file or column stops the program before the first row; what
 * can be read only once (a pipe) is checked when its turn comes. NULL with err: PASAR_ENOINPUT for what cannot be
 * opened, PASAR_EDATA for an empty file, UTF-16, or missing columns (all are named). `files` is kept by reference.
 *
 * From then on a regular file must stay what it is until it was read: one that was cut, grew, was written to or
 * replaced is an error (PASAR_EDATA) before its last row.
 */
struct rowsource *rowsource_open(char *const *files, int file_count, size_t max_row_bytes,
                                 struct pasar_err *err) PASAR_MUSTCHECK;
void rowsource_free(struct rowsource *source);

/* Begins again with the first row of the same files. */
void rowsource_rewind(struct rowsource *source);

/*
 * What is done about every 100 ms while a pipe has nothing to read; false ends the waiting (ROWSOURCE_IDLE). Without
 * one, a pipe is waited for until it has something.
 */
void rowsource_set_idle(struct rowsource *source, bool (*idle)(void *ctx), void *ctx);

/*
 * The next data row. Rejected are: wrong number of fields, invalid UTF-8, NUL, bad quotes, longer than max_row_bytes,
 * empty product_id.
 */
enum rowsource_result rowsource_next(struct rowsource *source, struct rowsource_row *row, struct pasar_err *err);

/* Nulls of the rows so far, by column and cause. */
const struct pasar_clean_counts *rowsource_counts(const struct rowsource *source);

/* Bytes of the files consumed so far (packed ones, if gzip), and of all files; the total is 0 when it is not known. */
uint64_t rowsource_offset(const struct rowsource *source);
uint64_t rowsource_total(const struct rowsource *source);

#endif
