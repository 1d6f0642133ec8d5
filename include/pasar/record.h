/*
 * The product record: one row of the CSV, one JSON message in Kafka, one line of a batch file. This is the first of the
 * three contracts that join the programs.
 */
#ifndef PASAR_RECORD_H
#define PASAR_RECORD_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/csv.h"
#include "pasar/err.h"

/* In the order of the source file, which is also that of JSON members and batch columns (timestamp comes last). */
enum pasar_column {
    PASAR_COL_PRODUCT_ID,
    PASAR_COL_PRODUCT_NAME,
    PASAR_COL_CATEGORY,
    PASAR_COL_DISCOUNTED_PRICE,
    PASAR_COL_ACTUAL_PRICE,
    PASAR_COL_DISCOUNT_PERCENTAGE,
    PASAR_COL_RATING,
    PASAR_COL_RATING_COUNT,
    PASAR_COL_ABOUT_PRODUCT,
    PASAR_COL_USER_ID,
    PASAR_COL_USER_NAME,
    PASAR_COL_REVIEW_ID,
    PASAR_COL_REVIEW_TITLE,
    PASAR_COL_REVIEW_CONTENT,
    PASAR_COL_IMG_LINK,
    PASAR_COL_PRODUCT_LINK,
    PASAR_COLUMNS
};

struct pasar_column_info {
    const char *name; /* "discounted_price": CSV header, JSON member, feature name */
    bool is_number;
    bool is_integer; /* rating_count */
    double min, max; /* valid range of a number, inclusive; max may be INFINITY */
};

extern const struct pasar_column_info pasar_columns[PASAR_COLUMNS];

/* The column called `name` (exact), or -1. */
int pasar_column_find(const char *name, size_t len);

/* True when a numeric column may hold `value`: finite, within its range, whole where it must be. */
bool pasar_column_accepts(enum pasar_column column, double value);

struct pasar_text {
    const char *data; /* NULL = null (missing); an empty cell is null too */
    size_t len;
};

/* Text is borrowed: it lives as long as what it was decoded from. */
struct pasar_record {
    struct pasar_text text[PASAR_COLUMNS]; /* of the text columns; the slots of numeric columns are unused */
    double number[PASAR_COLUMNS];          /* of the numeric columns; NaN = null; others unused */
    int64_t timestamp_us;                  /* when the producer read the row */
};

/*
 * Appends the record as one JSON object: the 16 columns in order, then "timestamp". Canonical: no blanks, numbers as
 * pasar_num_format_double, text as UTF-8 with only `"`, `\` and control characters escaped (short forms where JSON has
 * them, else \u00xx in lower case), so that equal records give equal bytes. Text must be valid UTF-8.
 */
void pasar_record_add_json(struct pasar_buf *buf, const struct pasar_record *record);

/*
 * Reads a JSON object back. Text points into `json` or into `scratch` (reset here, must live as long as the record).
 * Refused, with a reason in err (PASAR_EDATA): not one JSON object, a missing or doubled column, a wrong type, a number
 * out of the column's range, null or empty product_id, no valid timestamp, invalid UTF-8, NUL characters, nested
 * values. Unknown members with scalar values are ignored, so that later versions may add some.
 */
int pasar_record_from_json(struct pasar_record *record, const char *json, size_t len, struct pasar_buf *scratch,
                           struct pasar_err *err) PASAR_MUSTCHECK;

/* Appends the header line of a batch file: the 16 columns and timestamp. */
void pasar_record_add_csv_header(struct pasar_buf *buf);

/* Appends the record as one line of a batch file; null is an empty field. */
void pasar_record_add_csv(struct pasar_buf *buf, const struct pasar_record *record);

/* Which field of a CSV row holds which column, found by header name. */
struct pasar_record_map {
    size_t field_count;       /* fields in the header; each row must have as many */
    int field[PASAR_COLUMNS]; /* index of the column's field */
    int timestamp;            /* index of "timestamp", or -1 */
};

/*
 * Reads the header row (names in any order, surrounding blanks ignored, further columns allowed). A missing column or
 * one that stands twice is an error (PASAR_EDATA) that names every such column. "timestamp" is optional here; one that
 * stands twice counts as absent.
 */
int pasar_record_map_header(struct pasar_record_map *map, const struct pasar_csv_row *header,
                            struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Reads one line of a batch file (clean numbers, timestamp). Text points into `row`. -1 with a reason in err
 * (PASAR_EDATA) when the line is not what pasar_record_add_csv writes.
 */
int pasar_record_from_csv(struct pasar_record *record, const struct pasar_record_map *map,
                          const struct pasar_csv_row *row, struct pasar_err *err) PASAR_MUSTCHECK;

/* Headers of a Kafka record. */
#define PASAR_HEADER_RUN "pasar.run" /* id of file + run: text */
#define PASAR_HEADER_ROW "pasar.row" /* 1-based data row: decimal text */
#define PASAR_HEADER_END "pasar.end" /* of a control record: JSON, see below */

/* The end of a run as a control record carries it (one per partition, all alike). */
struct pasar_run_end {
    char run[80];            /* as in pasar.run; [A-Za-z0-9._-] */
    uint64_t rows;           /* rows sent in the whole run, over all partitions */
    uint64_t digest;         /* sum of pasar_hash_row over them, modulo 2^64 */
    int32_t partition_count; /* partitions that the run used; each gets a control record */
    int64_t timestamp_us;
};

/* True for text that may stand in pasar.run: 1 to 79 of A-Z a-z 0-9 . _ - */
bool pasar_run_is_valid(const char *run, size_t len);

/* Reads a digest back: exactly 16 lower-case hex digits. 0, or -1 with *digest untouched. */
int pasar_run_digest_parse(const char *hex, uint64_t *digest) PASAR_MUSTCHECK;

/* {"run":…,"rows":…,"digest":"16 hex digits","partitions":…,"timestamp":…} */
void pasar_run_end_add_json(struct pasar_buf *buf, const struct pasar_run_end *end);
int pasar_run_end_from_json(struct pasar_run_end *end, const char *json, size_t len,
                            struct pasar_err *err) PASAR_MUSTCHECK;

#endif
