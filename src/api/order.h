/*
 * Products sorted by one key at load, so that a page of a sorted list needs no sorting. Ties stand in arrival order,
 * whichever way the list is read, and products without a value come last.
 */
#ifndef PASAR_API_ORDER_H
#define PASAR_API_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

#define ORDER_TIE (UINT32_C(1) << 31) /* beside a product: it ties with the one before */

struct order {
    uint32_t *list; /* ascending; then those without a value */
    uint32_t known, count;
};

static inline uint32_t order_product(uint32_t entry)
{
    return entry & ~ORDER_TIE;
}

/* A product's value; NaN: none. */
typedef double (*order_number_fn)(const void *ctx, uint32_t product);

/* A product's text, which holds no NUL; NULL: none. Compared by bytes, the shorter first. */
typedef const char *(*order_text_fn)(const void *ctx, uint32_t product, size_t *len);

/* Sorts products 0..count-1, or those of `products` (rising). 0 or -1 with err; order_fini in every case. */
int order_by_number(struct order *order, const uint32_t *products, uint32_t count, order_number_fn number,
                    const void *ctx, struct pasar_err *err) PASAR_MUSTCHECK;
int order_by_text(struct order *order, uint32_t count, order_text_fn text, const void *ctx,
                  struct pasar_err *err) PASAR_MUSTCHECK;
void order_fini(struct order *order);

/* Each product's place among the different values, from 0; UINT32_MAX without one. `ranks` has order->count entries. */
void order_rank(const struct order *order, uint32_t *ranks);

/*
 * The next stretch of equal products [*first, *last) of the list, in rising or falling order; *done counts the products
 * passed, 0 at the start. False at the end.
 */
static inline bool order_next(const struct order *order, bool descending, uint32_t *done, uint32_t *first,
                              uint32_t *last)
{
    if (*done == order->count)
        return false;
    if (*done >= order->known) {
        *first = order->known;
        *last = order->count;
    } else if (descending) {
        *last = order->known - *done;
        *first = *last - 1;
        while (order->list[*first] & ORDER_TIE)
            --*first;
    } else {
        *first = *done;
        *last = *first + 1;
        while (*last < order->known && order->list[*last] & ORDER_TIE)
            ++*last;
    }
    *done += *last - *first;
    return true;
}

#endif
