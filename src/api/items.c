#include "api/items.h"

#include <stdlib.h>
#include <string.h>

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

static void write_list(struct request *r, int model, const struct items *items, items_write_fn write,
                       struct pasar_buf *buf)
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
    }
    pasar_buf_addc(buf, ']');
}

static bool same_id(const struct catalog *c, uint32_t a, uint32_t b)
{
    const struct catalog_product *x = &c->products[a], *y = &c->products[b];
    return a == b || (x->id_len == y->id_len && memcmp(c->text.data + x->json + CATALOG_ID_OFFSET,
                                                       c->text.data + y->json + CATALOG_ID_OFFSET, x->id_len) == 0);
}

static size_t overlap(const struct catalog *c, const struct items *a, const struct items *b)
{
    size_t count = 0;
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            if (same_id(c, a->products[i], b->products[j])) {
                count++;
                break;
            }
        }
    }
    return count;
}

/* {"models":[{"model":1,"items":[…]},…],"overlap":{"1-2":n,"1-3":n,"2-3":n}} */
static int reply_all(struct request *r, struct reply *reply, items_find_fn find, items_write_fn write)
{
    struct items items[PASAR_MODELS] = {{0}};
    struct pasar_buf *buf = &reply->body;
    uint64_t total = 0;
    int rc = 0;
    bool strict = true, may_relax = r->params.number[PARAM_STRICT] == 0;
    for (;;) { /* relax only when no model has a match */
        for (int m = 0; m < PASAR_MODELS && rc == 0; m++) {
            items_fini(&items[m]);
            pasar_buf_reset(&reply->relaxed);
            rc = find(r, m + 1, strict, &items[m], &reply->relaxed);
            total += items[m].total;
        }
        if (rc != 0 || total > 0 || !strict || !may_relax)
            break;
        strict = false;
    }
    if (rc == 0) {
        pasar_buf_adds(buf, "{\"models\":[");
        for (int m = 0; m < PASAR_MODELS; m++) {
            pasar_buf_printf(buf, "%s{\"model\":%d,\"items\":", m ? "," : "", m + 1);
            write_list(r, m + 1, &items[m], write, buf);
            pasar_buf_addc(buf, '}');
        }
        const struct catalog *c = &r->snapshot->catalog;
        pasar_buf_printf(buf, "],\"overlap\":{\"1-2\":%zu,\"1-3\":%zu,\"2-3\":%zu}}", overlap(c, &items[0], &items[1]),
                         overlap(c, &items[0], &items[2]), overlap(c, &items[1], &items[2]));
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
        reply->has_total = true;
        reply->total = items.total;
        reply->offset = items_offset(r);
        reply->limit = items_limit(r);
        write_list(r, model, &items, write, &reply->body);
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
