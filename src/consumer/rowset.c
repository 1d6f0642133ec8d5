/* Which row numbers of a run were found, and which of them more than once: two sparse bitmaps. */
#include "consumer/rowset.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 4096, PAGE_WORDS = PAGE_ROWS / 64 };

enum bitmap { SEEN, DOUBLED, BITMAPS };

struct rowset_page {
    uint64_t number; /* of rows number * PAGE_ROWS and following */
    uint64_t bits[BITMAPS][PAGE_WORDS];
};

void rowset_fini(struct rowset *set)
{
    for (size_t i = 0; i < set->page_count; i++)
        free(set->pages[i]);
    free(set->pages);
    memset(set, 0, sizeof(*set));
}

/* The first page of that number or a higher one; page_count when there is none. */
static size_t lower_bound(const struct rowset *set, uint64_t number)
{
    size_t low = 0, high = set->page_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (set->pages[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Puts a fresh page before page `at`. NULL: out of memory. */
static struct rowset_page *insert_page(struct rowset *set, size_t at, uint64_t number)
{
    struct rowset_page *page = calloc(1, sizeof(*page));

    if (page != NULL && set->page_count == set->page_cap) {
        size_t cap = set->page_cap == 0 ? 8 : set->page_cap * 2;
        struct rowset_page **grown = realloc(set->pages, cap * sizeof(*grown));

        if (grown == NULL) {
            free(page);
            return NULL;
        }
        set->pages = grown;
        set->page_cap = cap;
    }
    if (page == NULL)
        return NULL;
    page->number = number;
    memmove(set->pages + at + 1, set->pages + at, (set->page_count - at) * sizeof(struct rowset_page *));
    set->pages[at] = page;
    set->page_count++;
    return page;
}

/* The page of that number, made when there is none. Rows come in order, mostly: the last page is tried first. */
static struct rowset_page *open_page(struct rowset *set, uint64_t number)
{
    if (set->last < set->page_count && set->pages[set->last]->number == number)
        return set->pages[set->last];
    set->last = lower_bound(set, number);
    if (set->last < set->page_count && set->pages[set->last]->number == number)
        return set->pages[set->last];
    return insert_page(set, set->last, number);
}

int rowset_add(struct rowset *set, uint64_t row)
{
    uint64_t bit = UINT64_C(1) << row % 64;
    size_t word = row % PAGE_ROWS / 64;
    struct rowset_page *page;

    if (row == 0 || row > ROWSET_MAX_ROW || (page = open_page(set, row / PAGE_ROWS)) == NULL)
        return -1;
    if (row > set->max)
        set->max = row;
    if ((page->bits[SEEN][word] & bit) != 0) {
        page->bits[DOUBLED][word] |= bit;
        set->doubled_count++;
    } else {
        page->bits[SEEN][word] |= bit;
        set->distinct++;
    }
    return 0;
}

/* The first number >= row whose bit is `wanted`; UINT64_MAX when there is none. */
static uint64_t next(const struct rowset *set, enum bitmap bitmap, bool wanted, uint64_t row)
{
    for (size_t i = lower_bound(set, row / PAGE_ROWS); i < set->page_count; i++) {
        const struct rowset_page *page = set->pages[i];
        uint64_t start = page->number * PAGE_ROWS;

        if (start > row) {
            if (!wanted)
                return row;
            row = start;
        }
        for (size_t word = (row - start) / 64; word < PAGE_WORDS; word++) {
            uint64_t bits = wanted ? page->bits[bitmap][word] : ~page->bits[bitmap][word];

            if (word == (row - start) / 64)
                bits &= ~UINT64_C(0) << row % 64;
            if (bits != 0)
                return start + word * 64 + (uint64_t)__builtin_ctzll(bits);
        }
        row = start + PAGE_ROWS;
    }
    return wanted ? UINT64_MAX : row;
}

uint64_t rowset_missing(const struct rowset *set, uint64_t last)
{
    uint64_t missing = 0;

    if (last >= set->max)
        return last - set->distinct;
    for (uint64_t row = next(set, SEEN, false, 1); row <= last;) {
        uint64_t end = next(set, SEEN, true, row);

        missing += (end <= last ? end : last + 1) - row;
        row = next(set, SEEN, false, end <= last ? end : last + 1);
    }
    return missing;
}

/* Appends the ranges of numbers in 1..last whose bit is `wanted`. */
static void add_ranges(const struct rowset *set, enum bitmap bitmap, bool wanted, uint64_t last, size_t most,
                       struct pasar_buf *buf)
{
    size_t shown = 0;
    uint64_t hidden = 0;

    for (uint64_t first = next(set, bitmap, wanted, 1); first <= last;) {
        uint64_t end = next(set, bitmap, !wanted, first); /* behind the range */

        if (end > last)
            end = last + 1;
        if (shown == most) {
            hidden += end - first;
        } else {
            pasar_buf_printf(buf, "%s%" PRIu64, shown > 0 ? ", " : "", first);
            if (end > first + 1)
                pasar_buf_printf(buf, "-%" PRIu64, end - 1);
            shown++;
        }
        first = next(set, bitmap, wanted, end);
    }
    if (hidden > 0)
        pasar_buf_printf(buf, " and %" PRIu64 " more", hidden);
}

void rowset_add_missing(const struct rowset *set, uint64_t last, size_t most, struct pasar_buf *buf)
{
    add_ranges(set, SEEN, false, last, most, buf);
}

void rowset_add_doubled(const struct rowset *set, size_t most, struct pasar_buf *buf)
{
    add_ranges(set, DOUBLED, true, set->max, most, buf);
}
