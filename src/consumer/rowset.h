/* Which row numbers of a run were found, and which of them more than once: two sparse bitmaps. */
#ifndef CONSUMER_ROWSET_H
#define CONSUMER_ROWSET_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"

#define ROWSET_MAX_ROW (UINT64_C(1) << 36) /* beyond that a number is damage, not a row */

struct rowset_page;

struct rowset {
    struct rowset_page **pages; /* those with a number in them, rising: a wild number costs one page */
    size_t page_count, page_cap, last;
    uint64_t distinct;      /* different numbers seen */
    uint64_t doubled_count; /* sightings beyond the first */
    uint64_t max;
};

/* {0} is an empty set. */
void rowset_fini(struct rowset *set);

/* Notes one sighting of `row` (1..ROWSET_MAX_ROW). 0, or -1 when it is out of range or memory runs out. */
int rowset_add(struct rowset *set, uint64_t row) PASAR_MUSTCHECK;

/* How many numbers of 1..last were never seen. */
uint64_t rowset_missing(const struct rowset *set, uint64_t last);

/* Appends the numbers of 1..last that were not seen as "3, 7-9", at most `most` ranges, then "and N more". */
void rowset_add_missing(const struct rowset *set, uint64_t last, size_t most, struct pasar_buf *buf);

/* The same for numbers that were seen more than once. */
void rowset_add_doubled(const struct rowset *set, size_t most, struct pasar_buf *buf);

#endif
