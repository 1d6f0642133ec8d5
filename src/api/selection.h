/* One selection under way: what the ways to a page share. Private to select*.c. */
#ifndef PASAR_API_SELECTION_H
#define PASAR_API_SELECTION_H

#include "api/select.h"

enum { SELECTION_FEW = 8192 }; /* products worth looking at one by one */

struct selection {
    const struct catalog *catalog;
    const struct catalog_view *view;
    const struct select_filter *filter;
    const uint32_t *categories;
    size_t category_count;
    uint32_t in_categories;            /* products in the categories, */
    uint32_t price_first, price_count; /* and the stretch of by_price that the filter leaves, if there is one */
    bool has_price;
    uint64_t offset;
    uint32_t limit;
};

/* Room for `want` products, none of them there yet. 0, or -1 when memory ran out. */
int selection_reserve(struct select_result *result, uint64_t want) PASAR_MUSTCHECK;

/* What is sorted by first. */
const struct param_sort *selection_first_key(const struct select_filter *filter);

/* Sorts `list` as far as places skip .. skip + want - 1 are concerned (skip < n). */
void selection_sort(const struct selection *s, uint32_t *list, size_t n, size_t skip, size_t want);

/* Of all that match, in result, leaves the page. */
void selection_cut(const struct selection *s, struct select_result *result);

#endif
