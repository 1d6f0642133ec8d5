/* Lists of products as replies: a page of one model's, or all three side by side. */
#ifndef PASAR_API_ITEMS_H
#define PASAR_API_ITEMS_H

#include <stddef.h>
#include <stdint.h>

#include "api/request.h"
#include "api/why.h"

/* What a list endpoint found in one model's catalogue. */
struct items {
    uint32_t *products;       /* owned */
    struct similar_hit *hits; /* beside products, for /api/similar_products; owned; else NULL */
    struct why why;           /* of the hits */
    size_t count;
    uint64_t total;
};
void items_fini(struct items *items);

/*
 * Finds a page of products in model's (1..3) catalogue. May relax the question when nothing matches and `strict` is
 * false, and then says so in *relaxed. 0, or -1 when memory ran out.
 */
typedef int (*items_find_fn)(struct request *request, int model, bool strict, struct items *items,
                             struct pasar_buf *relaxed);

/* Appends one item's JSON. */
typedef void (*items_write_fn)(struct request *request, int model, const struct items *items, size_t i,
                               struct pasar_buf *buf);

/* The plain item: the product. */
void items_write_product(struct request *request, int model, const struct items *items, size_t i,
                         struct pasar_buf *buf);

/*
 * Answers a list endpoint for the model parameter. Returns 0 when the reply is made, 1 when nothing matched at all (the
 * caller words the 404), -1 when memory ran out (the reply is a 503 then).
 */
int items_reply(struct request *request, struct reply *reply, items_find_fn find, items_write_fn write);

/* limit and offset of the request, with the route's default. */
uint32_t items_limit(const struct request *request);
uint32_t items_offset(const struct request *request);

/* model of the request: 1..3, 3 when not given; PARAM_MODEL_ALL. */
int items_model(const struct request *request);

/* Answers 503: memory ran out. */
void items_no_memory(struct reply *reply);

#endif
