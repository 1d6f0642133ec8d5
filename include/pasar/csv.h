/*
 * RFC 4180 reading and writing. The reader cuts the stream into records itself (so that line, offset, size cap and bad
 * quotes are exactly known), and lets libcsv take each record apart.
 */
#ifndef PASAR_CSV_H
#define PASAR_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/err.h"

enum { PASAR_CSV_FIELDS_MAX = 16384 }; /* a record with more is PASAR_CSV_BAD */

struct pasar_csv_field {
    const char *data; /* not NUL-terminated; quotes removed, doubled quotes undone; blanks kept */
    size_t len;
};

struct pasar_csv_row {
    const struct pasar_csv_field *fields;
    size_t field_count;
    uint64_t line;   /* 1-based line on which the record starts; of a bad quote: on which that quote opened */
    uint64_t offset; /* byte offset of the record in the stream, where `raw` begins (a BOM counts) */
    const char *raw; /* the record as it stands in the file, with its line end */
    size_t raw_len;
};

enum pasar_csv_result {
    PASAR_CSV_ROW,  /* *row is a record */
    PASAR_CSV_BAD,  /* *row has line, offset, raw (cut at the cap) of a record that is not CSV; `reason` says why */
    PASAR_CSV_END,  /* end of input, everything was read */
    PASAR_CSV_ERROR /* reading failed; err is set */
};

/* Reads up to `len` bytes: count, 0 at the end, -1 with errno on failure. */
typedef ssize_t (*pasar_csv_read_fn)(void *ctx, void *bytes, size_t len);

struct pasar_csv_reader;

/*
 * A reader over `read(ctx, …)`; records longer than max_record_bytes are PASAR_CSV_BAD. Memory stays below about
 * 3 × max_record_bytes + 1 MiB whatever comes (the record, its fields, libcsv's field). NULL when out of memory.
 */
struct pasar_csv_reader *pasar_csv_reader_new(pasar_csv_read_fn read, void *ctx,
                                              size_t max_record_bytes) PASAR_MUSTCHECK;
void pasar_csv_reader_free(struct pasar_csv_reader *reader);

/* A pasar_csv_read_fn over a file descriptor: ctx is a pointer to the int. EINTR is retried. */
ssize_t pasar_csv_read_fd(void *ctx, void *bytes, size_t len);

/*
 * The next record. *row (and what it points to) is valid until the next call. A record ends at LF, CRLF or a lone CR,
 * as in Python's csv, unless within quotes, where all three are data. Empty lines are passed over. A BOM is passed over
 * at the start of the stream only. Quotes open a field only at its start; inside a bare field they are literal. BAD
 * reasons:
 * - record longer than max_record_bytes (without its line end);
 * - text after a closing quote; unterminated quote (also one that does not close within max_record_bytes, or only at
 *   the opening quote of a later field): row->line is where the quote opened and reading goes on at the line after it,
 *   so that the damaged record is lost and no other;
 * - NUL byte; invalid UTF-8; more than PASAR_CSV_FIELDS_MAX fields: the whole record is passed over.
 * The outcome does not depend on how the reads cut the stream.
 */
enum pasar_csv_result pasar_csv_reader_next(struct pasar_csv_reader *reader, struct pasar_csv_row *row,
                                            const char **reason, struct pasar_err *err);

/* Bytes consumed so far, for progress. */
uint64_t pasar_csv_reader_offset(const struct pasar_csv_reader *reader);

/*
 * Appends one field to a row under construction: a comma before all but the first, quotes where RFC 4180 or the
 * reader need them (comma, quote, CR, LF, a blank at either end, a leading BOM). An empty field stays empty.
 */
void pasar_csv_add_field(struct pasar_buf *buf, size_t index, const char *data, size_t len);

/* Ends the row with LF. */
void pasar_csv_end_row(struct pasar_buf *buf);

/* Length of the longest valid UTF-8 prefix of `data`: len when all of it is valid. */
size_t pasar_csv_utf8_prefix(const char *data, size_t len) PASAR_MUSTCHECK;

/* True when `data` is valid UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool pasar_csv_is_utf8(const char *data, size_t len) PASAR_MUSTCHECK;

/* Appends text of unknown origin as UTF-8: each byte that is none becomes U+FFFD. */
void pasar_csv_add_utf8(struct pasar_buf *buf, const char *data, size_t len);

#endif
