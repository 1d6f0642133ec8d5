/* /api/similar_products: ranked hits, each with its score and the reasons for it. */
#include "api/handlers.h"

#include <stdlib.h>
#include <string.h>

#include "api/items.h"
#include "api/jsontext.h"
#include "api/reword.h"
#include "api/suggest.h"

/*
 * The product whose id someone typed where words are expected, or CATALOG_NOT_FOUND; words that some name holds are
 * words. Or CATALOG_NO_MEMORY.
 */
static int64_t find_typed_id(struct request *r, const struct similar_query *words)
{
    struct similar_query containing = *words;
    const struct similar_hit *hits;
    size_t count;
    uint32_t total;
    int64_t product = catalog_find(&r->snapshot->catalog, words->name, words->len, words->model);
    if (product < 0)
        return product;
    containing.contains_only = true;
    if (similar_search(&r->snapshot->index, &containing, r->scratch, &hits, &count, &total) != 0)
        return CATALOG_NO_MEMORY;
    return total > 0 ? CATALOG_NOT_FOUND : product;
}

static int find_similar(struct request *r, int model, bool strict, struct items *items, struct pasar_buf *relaxed)
{
    const struct snapshot *s = r->snapshot;
    const struct similar_hit *hits = NULL;
    size_t count = 0;
    uint32_t total = 0;
    struct similar_query query = {
        .name = r->params.text[PARAM_NAME],
        .len = r->params.text_len[PARAM_NAME],
        .product = -1,
        .model = model,
        .offset = items_offset(r),
        .limit = items_limit(r),
        .contains_only = r->params.number[PARAM_STRICT] != 0,
    };
    int64_t typed = CATALOG_NOT_FOUND;
    bool is_first = false; /* the page begins with the typed product itself */
    (void)strict;          /* nearest first is what this endpoint is for; only the client itself can narrow it */
    if (r->params.given[PARAM_PRODUCT_ID]) {
        query.product =
            catalog_find(&s->catalog, r->params.text[PARAM_PRODUCT_ID], r->params.text_len[PARAM_PRODUCT_ID], model);
        query.contains_only = false;
        if (query.product == CATALOG_NO_MEMORY)
            return -1;
        if (query.product < 0) /* not in this model's catalogue */
            return 0;
    } else {
        typed = find_typed_id(r, &query);
        if (typed == CATALOG_NO_MEMORY)
            return -1;
    }
    if (typed >= 0) {
        query.product = typed;
        is_first = query.offset == 0;
        query.limit -= is_first;
        query.offset -= !is_first;
    }
    if (!(typed >= 0 && query.contains_only) &&
        similar_search(&s->index, &query, r->scratch, &hits, &count, &total) != 0)
        return -1;
    items->total = total + (typed >= 0);
    items->products = malloc((count + 2) * sizeof *items->products);
    items->hits = malloc((count + 2) * sizeof *items->hits);
    if (!items->products || !items->hits)
        return -1;
    items->count = 0;
    if (is_first)
        items->hits[items->count++] = (struct similar_hit){.product = (uint32_t)typed, .score = 2};
    if (count > 0)
        memcpy(items->hits + items->count, hits, count * sizeof *hits);
    items->count += count;
    for (size_t i = 0; i < items->count; i++)
        items->products[i] = items->hits[i].product;
    if (items->count > 0)
        why_init(&items->why, s, r->scratch, model, query.product);
    if (query.product < 0 && !query.contains_only)
        reword_say(&s->index, r->scratch, relaxed);
    else
        pasar_buf_reset(relaxed);
    return 0;
}

static void write_hit(struct request *r, int model, const struct items *items, size_t i, struct pasar_buf *buf)
{
    const struct similar_hit *hit = &items->hits[i];
    catalog_add_json_open(&r->snapshot->catalog, hit->product, model, buf);
    pasar_buf_adds(buf, ",\"score\":");
    jsontext_add_rounded(buf, hit->score, 4);
    pasar_buf_adds(buf, ",\"why\":");
    why_add(&items->why, hit, buf);
    pasar_buf_addc(buf, '}');
}

void handle_similar(struct request *r, struct reply *reply)
{
    const struct params *p = &r->params;
    bool has_name = p->given[PARAM_NAME] && p->text_len[PARAM_NAME] > 0;
    bool has_id = p->given[PARAM_PRODUCT_ID] && p->text_len[PARAM_PRODUCT_ID] > 0;
    if (has_name == has_id) {
        reply_problem(reply, 400, has_name ? "give name or product_id, not both" : "name or product_id is missing");
        return;
    }
    if (items_reply(r, reply, find_similar, write_hit) != 1)
        return;
    enum param given = has_id ? PARAM_PRODUCT_ID : PARAM_NAME;
    struct pasar_buf suggestions = {0};
    int model = items_model(r) == PARAM_MODEL_ALL ? PASAR_MODELS : items_model(r);
    pasar_buf_reset(&reply->relaxed);
    reply_problem(reply, 404, has_id ? "no product has the id '%.*s'" : "nothing resembles '%.*s'",
                  p->text_len[given] > 60 ? 60 : (int)p->text_len[given], p->text[given]);
    if (has_id)
        suggest_ids(&suggestions, r->snapshot, model, p->text[given], p->text_len[given]);
    else
        suggest_words(&suggestions, r->snapshot, model, p->text[given], p->text_len[given]);
    reply_suggest(reply, &suggestions);
    pasar_buf_fini(&suggestions);
}
