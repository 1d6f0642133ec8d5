#include "api/items.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/jsontext.h"
#include "api/router.h"

void items_fini(struct items *items)
{
    free(items->products);
    free(items->hits);
    memset(items, 0, sizeof *items);
}

uint32_t items_limit(const struct request *r)
{
    return r->params.given[PARAM_LIMIT] ? (uint32_t)r->params.number[PARAM_LIMIT]
           : r->route->default_limit    ? r->route->default_limit
                                        : UINT32_MAX;
}

uint32_t items_offset(const struct request *r)
{
    return r->params.given[PARAM_OFFSET] ? (uint32_t)r->params.number[PARAM_OFFSET] : 0;
}

int items_model(const struct request *r)
{
    return r->params.given[PARAM_MODEL] ? (int)r->params.number[PARAM_MODEL] : PASAR_MODELS;
}

void items_no_memory(struct reply *reply)
{
    reply_no_memory(reply);
}

void items_write_product(struct request *r, int model, const struct items *items, size_t i, struct pasar_buf *buf)
{
    catalog_add_json(&r->snapshot->catalog, items->products[i], model, buf);
}

static void add_relaxed(const struct pasar_buf *relaxed, struct pasar_buf *buf)
{
    pasar_buf_adds(buf, ",\"relaxed\":");
    jsontext_add_string(buf, relaxed->data, relaxed->len);
}

/* A JSON array; every item says what was relaxed, if anything was, for a bare array has no other place for it. */
static void write_list(struct request *r, int model, const struct items *items, items_write_fn write,
                       const struct pasar_buf *relaxed, struct pasar_buf *buf)
{
    size_t room = 2;
    for (size_t i = 0; i < items->count; i++)
        room += r->snapshot->catalog.products[items->products[i]].json_len + (items->hits ? 300 : 8);
    (void)pasar_buf_reserve(buf, room); /* failure shows in buf->failed */
    pasar_buf_addc(buf, '[');
    for (size_t i = 0; i < items->count; i++) {
        if (i > 0)
            pasar_buf_addc(buf, ',');
        write(r, model, items, i, buf);
        if (relaxed->len > 0 && !buf->failed) {
            buf->len--; /* the closing brace */
            add_relaxed(relaxed, buf);
            pasar_buf_addc(buf, '}');
        }
    }
    pasar_buf_addc(buf, ']');
}

/* ------------------------------------------------------------------ the three models side by side */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* One number an id, sorted: the record that stands for it in the last model, which knows every id. */
static void number_ids(const struct catalog *c, struct items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct catalog_product *p = &c->products[items->products[i]];
        if (!(p->models >> (PASAR_MODELS - 1) & 1))
            items->products[i] =
                (uint32_t)catalog_find_literal(c, c->text.data + p->json + CATALOG_ID_OFFSET, p->id_len, PASAR_MODELS);
    }
    if (items->count > 1)
        qsort(items->products, items->count, sizeof *items->products, by_number);
}

static size_t overlap(const struct items *a, const struct items *b)
{
    size_t count = 0, i = 0, j = 0;
    while (i < a->count && j < b->count) {
        uint32_t x = a->products[i], y = b->products[j];
        count += x == y;
        i += x <= y;
        j += y <= x;
    }
    return count;
}

/* Writes each model's list as soon as it is found: its reasons are in the scratch that the next search overwrites. */
static int write_models(struct request *r, struct reply *reply, items_find_fn find, items_write_fn write, bool strict,
                        struct items items[PASAR_MODELS], uint64_t *total)
{
    struct pasar_buf *buf = &reply->body, relaxed = {0};
    int rc = 0;
    pasar_buf_reset(buf);
    pasar_buf_reset(&reply->relaxed);
    pasar_buf_adds(buf, "{\"models\":[");
    for (int m = 0; m < PASAR_MODELS && rc == 0; m++) {
        items_fini(&items[m]);
        pasar_buf_reset(&relaxed);
        rc = find(r, m + 1, strict, &items[m], &relaxed);
        if (rc != 0)
            break;
        *total = items[m].total > *total ? items[m].total : *total;
        pasar_buf_printf(buf, "%s{\"model\":%d,\"total\":%" PRIu64 ",\"items\":", m ? "," : "", m + 1, items[m].total);
        write_list(r, m + 1, &items[m], write, &relaxed, buf);
        pasar_buf_addc(buf, '}');
        if (reply->relaxed.len == 0)
            pasar_buf_add(&reply->relaxed, relaxed.data, relaxed.len);
        if (relaxed.failed)
            rc = -1;
    }
    pasar_buf_fini(&relaxed);
    return rc;
}

/* The page is one of the longest of the three lists. */
static void add_paging(const struct request *r, struct reply *reply, uint64_t total)
{
    reply->has_total = true;
    reply->total = total;
    reply->offset = items_offset(r);
    reply->limit = items_limit(r);
}

/* {"models":[{"model":1,"total":n,"items":[…]},…],"overlap":{"1-2":n,"1-3":n,"2-3":n},"relaxed":"…"} */
static int reply_all(struct request *r, struct reply *reply, items_find_fn find, items_write_fn write)
{
    struct items items[PASAR_MODELS] = {{0}};
    struct pasar_buf *buf = &reply->body;
    uint64_t total = 0;
    int rc = write_models(r, reply, find, write, true, items, &total);
    if (rc == 0 && total == 0 && r->params.number[PARAM_STRICT] == 0) /* relax only when no model has a match */
        rc = write_models(r, reply, find, write, false, items, &total);
    if (rc == 0) {
        for (int m = 0; m < PASAR_MODELS; m++)
            number_ids(&r->snapshot->catalog, &items[m]);
        pasar_buf_printf(buf, "],\"overlap\":{\"1-2\":%zu,\"1-3\":%zu,\"2-3\":%zu}", overlap(&items[0], &items[1]),
                         overlap(&items[0], &items[2]), overlap(&items[1], &items[2]));
        if (reply->relaxed.len > 0)
            add_relaxed(&reply->relaxed, buf);
        pasar_buf_addc(buf, '}');
        add_paging(r, reply, total);
    }
    for (int m = 0; m < PASAR_MODELS; m++)
        items_fini(&items[m]);
    return rc == 0 && total == 0 ? 1 : rc;
}

static int reply_one(struct request *r, struct reply *reply, items_find_fn find, items_write_fn write)
{
    struct items items = {0};
    int model = items_model(r);
    int rc = find(r, model, r->params.number[PARAM_STRICT] != 0, &items, &reply->relaxed);
    if (rc == 0 && items.total == 0)
        rc = 1;
    if (rc == 0) {
        add_paging(r, reply, items.total);
        write_list(r, model, &items, write, &reply->relaxed, &reply->body);
    }
    items_fini(&items);
    return rc;
}

int items_reply(struct request *r, struct reply *reply, items_find_fn find, items_write_fn write)
{
    int rc = (items_model(r) == PARAM_MODEL_ALL ? reply_all : reply_one)(r, reply, find, write);
    if (rc >= 0 && (reply->body.failed || reply->relaxed.failed)) /* also a 404 only because memory was short */
        rc = -1;
    if (rc < 0)
        items_no_memory(reply);
    return rc;
}
