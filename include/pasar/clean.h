/* Cleaning: one CSV row as people wrote it → one record with typed, nullable columns. Pure: no I/O, no clock. */
#ifndef PASAR_CLEAN_H
#define PASAR_CLEAN_H

#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/csv.h"
#include "pasar/err.h"
#include "pasar/record.h"

/* Cells that became null, by column and cause. */
struct pasar_clean_counts {
    uint64_t missing[PASAR_COLUMNS];      /* empty (numbers: or nothing but blanks) */
    uint64_t unparseable[PASAR_COLUMNS];  /* numbers: the text is none */
    uint64_t out_of_range[PASAR_COLUMNS]; /* numbers: outside pasar_columns[].min..max, or a fraction of a count */
};

enum pasar_clean_result { PASAR_CLEAN_VALUE, PASAR_CLEAN_MISSING, PASAR_CLEAN_UNPARSEABLE, PASAR_CLEAN_OUT_OF_RANGE };

/*
 * The number in a cell of numeric `column`; *value is NaN unless PASAR_CLEAN_VALUE. Taken away: blanks at either end
 * (space, tab, CR, LF, no-break spaces, also between sign and digits); from prices one currency sign before or after
 * the digits (₹ $ € £ Rs Rs. INR, any case); from the percentage one `%`; commas that group digits in a well-formed
 * way, three behind the last comma and two or three between commas (1,099 and 1,09,999). Anything else that
 * pasar_num_double does not read is unparseable: `1,5` is no number.
 */
enum pasar_clean_result pasar_clean_number(enum pasar_column column, const char *text, size_t len, double *value);

/*
 * Fills *out from a row (timestamp_us is left 0 for the caller); its text points into `row` and is byte for byte that
 * of the source. -1 with the reason in err (PASAR_EDATA) for a row to reject: another number of fields than the header,
 * or a product_id that is empty or blank. Counts the nulls of accepted rows only.
 */
int pasar_clean_row(const struct pasar_record_map *map, const struct pasar_csv_row *row, struct pasar_record *out,
                    struct pasar_clean_counts *counts, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
