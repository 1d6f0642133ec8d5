/* The fields of one CSV record. Private to src/common. */
#ifndef PASAR_CSV_FIELDS_H
#define PASAR_CSV_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include <csv.h>

#include "pasar/csv.h"

struct csv_fields {
    struct pasar_csv_field *items;
    size_t count, cap; /* count is PASAR_CSV_FIELDS_MAX + 1 when there are more than that; they are not kept */
    struct csv_parser libcsv;
    char *text; /* the fields' bytes where libcsv made them; never moves while a record is taken apart */
    size_t text_len, text_cap;
    bool no_memory;
};

/* 0, or -1: out of memory. */
int pasar_csv_fields_init(struct csv_fields *f) PASAR_MUSTCHECK;
void pasar_csv_fields_fini(struct csv_fields *f);

/*
 * Finds the fields of a record that is known to be good: `len` bytes without their line end. They live as long as these
 * bytes, until the next call. 0, or -1 with err when memory runs out.
 */
int pasar_csv_fields_split(struct csv_fields *f, const char *bytes, size_t len, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
