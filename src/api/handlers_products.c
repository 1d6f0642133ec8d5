/* The classic endpoints: products of a category, one product, products around a price. */
#include "api/handlers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/fold.h"
#include "api/items.h"
#include "api/jsontext.h"
#include "api/relax.h"
#include "api/select.h"
#include "api/suggest.h"

void handle_product(struct request *r, struct reply *reply)
{
    int model = items_model(r);
    int64_t product = catalog_find(&r->snapshot->catalog, r->segment.data, r->segment.len, model);
    if (product == CATALOG_NO_MEMORY) {
        items_no_memory(reply);
        return;
    }
    if (product < 0) {
        reply_problem(reply, 404, "no product has the id '%.*s' in model %d's catalogue",
                      r->segment.len > 60 ? 60 : (int)r->segment.len, r->segment.data, model);
        struct pasar_buf suggestions = {0};
        suggest_ids(&suggestions, r->snapshot, model, r->segment.data, r->segment.len);
        reply_suggest(reply, &suggestions);
        pasar_buf_fini(&suggestions);
        return;
    }
    catalog_add_json(&r->snapshot->catalog, (uint32_t)product, model, &reply->body);
}

/* ------------------------------------------------------------------ /api/products */

static struct select_filter filter_of(const struct request *r, int model)
{
    const struct params *p = &r->params;
    return (struct select_filter){
        .min_price = p->given[PARAM_MIN_PRICE] ? p->number[PARAM_MIN_PRICE] : NAN,
        .max_price = p->given[PARAM_MAX_PRICE] ? p->number[PARAM_MAX_PRICE] : NAN,
        .min_rating = p->given[PARAM_MIN_RATING] ? p->number[PARAM_MIN_RATING] : NAN,
        .cluster = p->given[PARAM_CLUSTER] ? (int)p->number[PARAM_CLUSTER] : -1,
        .sort = p->sort,
        .sort_count = p->sort_count,
        .model = model,
    };
}

static bool has_products(const struct catalog_view *view, uint32_t category)
{
    return view->category_start[category + 1] > view->category_start[category];
}

/* Categories whose folded path starts with, or failing that contains, the folded text; only those with products. */
static size_t match_categories(const struct catalog *c, const struct catalog_view *view, const char *text, size_t len,
                               uint32_t *ids)
{
    uint32_t first, n = catalog_category_prefix(c, text, len, &first);
    size_t count = 0;
    for (uint32_t i = first; i < first + n; i++) {
        if (has_products(view, i))
            ids[count++] = i;
    }
    for (uint32_t i = 1; count == 0 && i < c->category_count; i++) {
        if (!has_products(view, i) || !memmem(c->categories[i].folded, strlen(c->categories[i].folded), text, len))
            continue;
        ids[count++] = i;
        for (uint32_t j = i + 1; j < c->category_count; j++) {
            if (has_products(view, j) && memmem(c->categories[j].folded, strlen(c->categories[j].folded), text, len))
                ids[count++] = j;
        }
    }
    return count;
}

/* Category names like the one that is not there, the nearest first. */
struct near_names {
    struct relax_name names[RELAX_NAMES_MAX];
    size_t count;
};

/* Takes the name that has the same letters ("Home & Kitchen" for "Home&Kitchen") or, unless `strict`, is near enough;
 * words the latter for the client. */
static size_t relax_category(const struct request *r, const struct catalog_view *view, bool strict, uint32_t *ids,
                             struct near_names *near, struct pasar_buf *relaxed)
{
    const struct catalog *c = &r->snapshot->catalog;
    const struct relax_name *names = near->names;
    struct pasar_buf folded = {0};
    size_t count = 0;
    near->count =
        relax_categories(c, view, r->params.text[PARAM_CATEGORY], r->params.text_len[PARAM_CATEGORY], near->names);
    if (near->count == 0 || !(names[0].distance == 0 || (!strict && relax_is_near(&names[0]))))
        return 0;
    fold_case(&folded, names[0].text, names[0].len);
    if (folded.failed)
        relaxed->failed = true;
    else
        count = match_categories(c, view, folded.data, folded.len, ids);
    if (names[0].distance > 0) {
        pasar_buf_adds(relaxed, "no category is called \"");
        pasar_buf_add(relaxed, r->params.text[PARAM_CATEGORY], r->params.text_len[PARAM_CATEGORY]);
        pasar_buf_adds(relaxed, "\": showing products of \"");
        pasar_buf_add(relaxed, names[0].text, names[0].len);
        pasar_buf_addc(relaxed, '"');
    }
    pasar_buf_fini(&folded);
    return count;
}

/* The categories that are asked for, all when none is named: how many, with *ids (to be freed). -1: out of memory.
 * Fills *near when there is none of that name. */
static int64_t find_categories(const struct request *r, const struct catalog_view *view, bool strict, uint32_t **ids,
                               struct near_names *near, struct pasar_buf *relaxed)
{
    const struct catalog *c = &r->snapshot->catalog;
    struct pasar_buf folded = {0};
    int64_t count = -1;
    *ids = malloc((c->category_count + 1) * sizeof **ids);
    fold_case(&folded, r->params.given[PARAM_CATEGORY] ? r->params.text[PARAM_CATEGORY] : "",
              r->params.given[PARAM_CATEGORY] ? r->params.text_len[PARAM_CATEGORY] : 0);
    if (*ids && !folded.failed)
        count = (int64_t)match_categories(c, view, folded.data, folded.len, *ids);
    if (count == 0)
        count = (int64_t)relax_category(r, view, strict, *ids, near, relaxed);
    pasar_buf_fini(&folded);
    return count;
}

static int find_products(struct request *r, int model, bool strict, struct items *items, struct pasar_buf *relaxed)
{
    const struct catalog *c = &r->snapshot->catalog;
    struct select_filter filter = filter_of(r, model);
    struct select_result result = {0};
    struct near_names near;
    uint32_t *ids;
    int64_t n = find_categories(r, &c->views[model - 1], strict, &ids, &near, relaxed);
    int rc = n < 0 ? -1 : select_categories(c, ids, (size_t)n, &filter, items_offset(r), items_limit(r), &result);
    if (rc == 0) {
        items->products = result.products;
        items->count = result.count;
        items->total = result.total;
    } else {
        select_fini(&result);
    }
    free(ids);
    return rc;
}

static void suggest_categories(const struct near_names *near, struct reply *reply)
{
    struct pasar_buf suggestions = {0};
    pasar_buf_addc(&suggestions, '[');
    for (size_t i = 0; i < near->count; i++) {
        pasar_buf_adds(&suggestions, i ? "," : "");
        jsontext_add_string(&suggestions, near->names[i].text, near->names[i].len);
    }
    pasar_buf_addc(&suggestions, ']');
    reply_suggest(reply, &suggestions);
    pasar_buf_fini(&suggestions);
}

/* No product fits: is it the cluster, the category or the filters? */
static void miss_products(const struct request *r, int model, struct reply *reply)
{
    const struct params *p = &r->params;
    const struct catalog_view *view = &r->snapshot->catalog.views[model - 1];
    const size_t clusters = r->snapshot->generation.models[model - 1].k;
    const int shown = p->text_len[PARAM_CATEGORY] > 60 ? 60 : (int)p->text_len[PARAM_CATEGORY];
    struct pasar_buf relaxed = {0};
    struct near_names near;
    uint32_t *ids, products = 0;
    int64_t n = find_categories(r, view, p->number[PARAM_STRICT] != 0, &ids, &near, &relaxed);
    for (int64_t i = 0; i < n; i++)
        products += view->category_start[ids[i] + 1] - view->category_start[ids[i]];
    if (n < 0 || relaxed.failed)
        items_no_memory(reply);
    else if (p->given[PARAM_CLUSTER] && p->number[PARAM_CLUSTER] >= (double)clusters)
        reply_problem(reply, 404, "model %d has no cluster %.0f: its clusters are 0 to %zu", model,
                      p->number[PARAM_CLUSTER], clusters - 1);
    else if (products > 0 && relaxed.len > 0)
        reply_problem(reply, 404, "%.*s, but none of its %u products matches the filters", (int)relaxed.len,
                      relaxed.data, products);
    else if (products > 0 && p->given[PARAM_CATEGORY])
        reply_problem(reply, 404, "category '%.*s' has %u product%s, of which none matches the filters", shown,
                      p->text[PARAM_CATEGORY], products, products == 1 ? "" : "s");
    else if (p->given[PARAM_CATEGORY])
        reply_problem(reply, 404, "there is no category '%.*s'", shown, p->text[PARAM_CATEGORY]);
    else
        reply_problem(reply, 404, "no product matches the filters");
    if (n == 0)
        suggest_categories(&near, reply);
    pasar_buf_fini(&relaxed);
    free(ids);
}

void handle_products(struct request *r, struct reply *reply)
{
    const struct params *p = &r->params;
    if (p->given[PARAM_MIN_PRICE] && p->given[PARAM_MAX_PRICE] &&
        p->number[PARAM_MIN_PRICE] > p->number[PARAM_MAX_PRICE]) {
        reply_problem(reply, 400, "min_price is above max_price");
        return;
    }
    if (items_reply(r, reply, find_products, items_write_product) != 1)
        return;
    pasar_buf_reset(&reply->relaxed);
    miss_products(r, items_model(r) == PARAM_MODEL_ALL ? PASAR_MODELS : items_model(r), reply);
}

/* ------------------------------------------------------------------ /api/products_by_price */

static const double tolerances[] = {10, 20, 30, 50}; /* the default, and how far it may widen */

static int find_price(struct request *r, int model, bool strict, struct items *items, struct pasar_buf *relaxed)
{
    const struct params *p = &r->params;
    double target = p->number[PARAM_TARGET_PRICE];
    double asked = p->given[PARAM_TOLERANCE] ? p->number[PARAM_TOLERANCE] : tolerances[0];
    struct select_result result = {0};
    double tolerance = asked;
    int rc;
    for (size_t step = 0;;) {
        rc = select_prices(&r->snapshot->catalog, model, target - target * tolerance / 100,
                           target + target * tolerance / 100, items_offset(r), items_limit(r), &result);
        while (step < PASAR_ARRAY_LEN(tolerances) && tolerances[step] <= tolerance)
            step++;
        if (rc != 0 || result.total > 0 || strict || step == PASAR_ARRAY_LEN(tolerances))
            break;
        tolerance = tolerances[step];
    }
    if (rc == 0 && result.total > 0 && tolerance > asked) {
        pasar_buf_reset(relaxed);
        pasar_buf_printf(relaxed,
                         "no product costs %.15g, give or take %.15g percent: showing those within %.15g percent",
                         target, asked, tolerance);
    }
    if (rc != 0) {
        select_fini(&result);
        return -1;
    }
    items->products = result.products;
    items->count = result.count;
    items->total = result.total;
    return 0;
}

/* The prices on either side of the target, as suggestions. */
static void suggest_prices(const struct catalog_view *view, double target, struct pasar_buf *buf)
{
    uint32_t first;
    (void)catalog_price_range(view, target, target, &first);
    pasar_buf_addc(buf, '[');
    if (first > 0) {
        pasar_buf_addc(buf, '"');
        jsontext_add_number(buf, view->prices[first - 1]);
        pasar_buf_addc(buf, '"');
    }
    if (first < view->priced_count) {
        pasar_buf_adds(buf, first > 0 ? ",\"" : "\"");
        jsontext_add_number(buf, view->prices[first]);
        pasar_buf_addc(buf, '"');
    }
    pasar_buf_addc(buf, ']');
}

void handle_price(struct request *r, struct reply *reply)
{
    struct pasar_buf suggestions = {0};
    if (items_reply(r, reply, find_price, items_write_product) != 1)
        return;
    int model = items_model(r) == PARAM_MODEL_ALL ? PASAR_MODELS : items_model(r);
    reply_problem(reply, 404, "no product costs %.15g, give or take %.15g %%", r->params.number[PARAM_TARGET_PRICE],
                  r->params.given[PARAM_TOLERANCE] ? r->params.number[PARAM_TOLERANCE] : tolerances[0]);
    suggest_prices(&r->snapshot->catalog.views[model - 1], r->params.number[PARAM_TARGET_PRICE], &suggestions);
    reply_suggest(reply, &suggestions);
    pasar_buf_fini(&suggestions);
}
