/* Rows of a sparse matrix, written one after the other. */
#ifndef PASAR_API_SPARSE_H
#define PASAR_API_SPARSE_H

#include <stdbool.h>
#include <stdint.h>

/* {0} is an empty matrix; free with sparse_fini. */
struct sparse {
    struct sparse_entry {
        uint32_t column;
        float value;
    } * entries;
    uint32_t *ends; /* row → the entry after its last */
    uint32_t count, cap, row_count, row_cap;
    bool failed; /* memory ran out: rows are missing */
};

void sparse_fini(struct sparse *m);

/* Adds an entry to the open row, and closes it. */
void sparse_add(struct sparse *m, uint32_t column, float value);
void sparse_end_row(struct sparse *m);

static inline uint32_t sparse_row(const struct sparse *m, uint32_t row)
{
    return row ? m->ends[row - 1] : 0;
}

/* Renames each column to column_of[column], leaves out entries whose column is then SPARSE_NO_COLUMN, and makes every
 * row unit length. */
#define SPARSE_NO_COLUMN UINT32_MAX
void sparse_rename_columns(struct sparse *m, const uint32_t *column_of);

#endif
