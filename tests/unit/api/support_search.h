/* What the tests of search begin with: one catalogue, its index, and room for a search. */
#ifndef PASAR_TEST_API_SUPPORT_SEARCH_H
#define PASAR_TEST_API_SUPPORT_SEARCH_H

#include <string.h>

#include "api/similar.h"
#include "support.h"

static struct catalog catalog;
static struct textindex textindex;
static struct similar_scratch scratch;

/* Makes the catalogue of these rows and indexes it. */
static inline int support_search_begin(const struct row *rows, size_t n)
{
    struct pasar_err err = PASAR_ERR_INIT;
    return support_catalog(&catalog, rows, n) != 0 || textindex_build(&textindex, &catalog, &err) != 0 ? -1 : 0;
}

static inline int support_search_end(void **state)
{
    (void)state;
    similar_scratch_fini(&scratch);
    textindex_fini(&textindex);
    catalog_fini(&catalog);
    return 0;
}

/* The first hits of a query, among all rows. */
static inline const struct similar_hit *support_search(const char *query, uint32_t limit, size_t *count)
{
    struct similar_query q = {.name = query, .len = strlen(query), .product = -1, .model = 3, .limit = limit};
    const struct similar_hit *hits;
    uint32_t total;
    assert_int_equal(similar_search(&textindex, &q, &scratch, &hits, count, &total), 0);
    return hits;
}

#endif
