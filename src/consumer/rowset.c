/* Which row numbers of a run were found, and which of them more than once: two growing bitmaps. */
#include "consumer/rowset.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void rowset_fini(struct rowset *set)
{
    free(set->seen);
    free(set->doubled);
    memset(set, 0, sizeof(*set));
}

static int grow_one(uint64_t **words, size_t have, size_t want)
{
    uint64_t *grown = realloc(*words, want * sizeof(**words));

    if (grown == NULL)
        return -1;
    memset(grown + have, 0, (want - have) * sizeof(*grown));
    *words = grown;
    return 0;
}

static int grow(struct rowset *set, size_t word)
{
    size_t want = set->words * 2 > word + 1 ? set->words * 2 : word + 1;

    if (grow_one(&set->seen, set->words, want) != 0 || grow_one(&set->doubled, set->words, want) != 0)
        return -1;
    set->words = want;
    return 0;
}

static bool has(const uint64_t *words, size_t count, uint64_t row)
{
    return row / 64 < count && (words[row / 64] >> row % 64 & 1) != 0;
}

int rowset_add(struct rowset *set, uint64_t row)
{
    uint64_t bit = UINT64_C(1) << row % 64;

    if (row == 0 || row > ROWSET_MAX_ROW || (row / 64 >= set->words && grow(set, row / 64) != 0))
        return -1;
    if (row > set->max)
        set->max = row;
    if ((set->seen[row / 64] & bit) != 0) {
        set->doubled[row / 64] |= bit;
        set->doubled_count++;
    } else {
        set->seen[row / 64] |= bit;
        set->distinct++;
    }
    return 0;
}

uint64_t rowset_missing(const struct rowset *set, uint64_t last)
{
    uint64_t found = 0;

    if (last >= set->max)
        return last - set->distinct;
    for (uint64_t row = 1; row <= last; row++)
        found += has(set->seen, set->words, row) ? 1 : 0;
    return last - found;
}

/* Appends the ranges of numbers in 1..last whose bit in `words` is `wanted`. */
static void add_ranges(const uint64_t *words, size_t count, bool wanted, uint64_t last, size_t most,
                       struct pasar_buf *buf)
{
    size_t shown = 0;
    uint64_t hidden = 0;

    for (uint64_t row = 1; row <= last; row++) {
        uint64_t first = row;

        if (has(words, count, row) != wanted)
            continue;
        while (row < last && has(words, count, row + 1) == wanted)
            row++;
        if (shown == most) {
            hidden += row - first + 1;
            continue;
        }
        pasar_buf_printf(buf, "%s%" PRIu64, shown > 0 ? ", " : "", first);
        if (row > first)
            pasar_buf_printf(buf, "-%" PRIu64, row);
        shown++;
    }
    if (hidden > 0)
        pasar_buf_printf(buf, " and %" PRIu64 " more", hidden);
}

void rowset_add_missing(const struct rowset *set, uint64_t last, size_t most, struct pasar_buf *buf)
{
    add_ranges(set->seen, set->words, false, last, most, buf);
}

void rowset_add_doubled(const struct rowset *set, size_t most, struct pasar_buf *buf)
{
    add_ranges(set->doubled, set->words, true, set->max, most, buf);
}
