#include "api/sparse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void sparse_fini(struct sparse *m)
{
    free(m->entries);
    free(m->ends);
    memset(m, 0, sizeof *m);
}

void sparse_add(struct sparse *m, uint32_t column, float value)
{
    if (m->count == m->cap && !m->failed) {
        uint32_t cap = m->cap ? 2 * m->cap : 4096;
        struct sparse_entry *entries = realloc(m->entries, cap * sizeof *entries);
        m->failed = !entries;
        if (entries) {
            m->entries = entries;
            m->cap = cap;
        }
    }
    if (!m->failed)
        m->entries[m->count++] = (struct sparse_entry){column, value};
}

void sparse_end_row(struct sparse *m)
{
    if (m->row_count == m->row_cap && !m->failed) {
        uint32_t cap = m->row_cap ? 2 * m->row_cap : 1024, *ends = realloc(m->ends, cap * sizeof *ends);
        m->failed = !ends;
        if (ends) {
            m->ends = ends;
            m->row_cap = cap;
        }
    }
    if (!m->failed)
        m->ends[m->row_count++] = m->count;
}

void sparse_rename_columns(struct sparse *m, const uint32_t *column_of)
{
    uint32_t kept = 0, from = 0;
    for (uint32_t row = 0; row < m->row_count; row++) {
        uint32_t first = kept;
        float square = 0;
        for (; from < m->ends[row]; from++) {
            struct sparse_entry e = {column_of[m->entries[from].column], m->entries[from].value};
            if (e.column == SPARSE_NO_COLUMN)
                continue;
            m->entries[kept++] = e;
            square += e.value * e.value;
        }
        float length = sqrtf(square);
        for (uint32_t i = first; i < kept; i++)
            m->entries[i].value /= length;
        m->ends[row] = kept;
    }
    m->count = kept;
}
