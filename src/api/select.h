/* Choosing products: filters, sorting, one page of the result. Pure: catalogue in, product numbers out. */
#ifndef PASAR_API_SELECT_H
#define PASAR_API_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/catalog.h"
#include "api/params.h"
#include "pasar/attrs.h"

struct select_filter {
    double min_price, max_price, min_rating; /* NaN = any; a filtered null never passes */
    int cluster;                             /* -1 = any */
    const struct param_sort *sort;           /* sort_count 0: best rating first, ties in arrival order */
    size_t sort_count;
    int model;    /* 1..3 */
    bool by_sets; /* take the way of large catalogues; for tests: the answer is the same */
};

bool select_is_plain(const struct select_filter *filter); /* nothing to filter, default order */

/* Numbers of the products on the asked page. {0} is empty; free with select_fini. */
struct select_result {
    uint32_t *products;
    size_t count, cap;
    uint64_t total; /* over all pages */
};
void select_fini(struct select_result *result);

/*
 * Page (offset, limit) of the products in categories[0..category_count) (category ids, each once). 0, or -1 when memory
 * ran out.
 */
int select_categories(const struct catalog *catalog, const uint32_t *categories, size_t category_count,
                      const struct select_filter *filter, uint32_t offset, uint32_t limit,
                      struct select_result *result) PASAR_MUSTCHECK;

/* Page (offset, limit) of the products priced within [low, high], best rating first. */
int select_prices(const struct catalog *catalog, int model, double low, double high, uint32_t offset, uint32_t limit,
                  struct select_result *result) PASAR_MUSTCHECK;

#endif
