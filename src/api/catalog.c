/* Loading: one pass over the rows; what a later record of the same id replaces in every model is squeezed out now and
 * then. */
#include "api/catalog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/catalog_orders.h"
#include "api/fold.h"
#include "api/jsontext.h"
#include "pasar/hash.h"

enum { SQUEEZE_BYTES = 64 << 20 };

static const char *product_id(const struct catalog *c, const struct catalog_product *p)
{
    return c->text.data + p->json + CATALOG_ID_OFFSET;
}

static int grow_slots(uint32_t **slots, uint32_t *mask, uint32_t want, struct pasar_err *err)
{
    uint32_t size = *mask + 1;
    while (size < want * 2)
        size *= 2;
    uint32_t *fresh = calloc(size, sizeof *fresh);
    if (!fresh)
        return pasar_err_nomem(err, "catalogue hash");
    free(*slots);
    *slots = fresh;
    *mask = size - 1;
    return 0;
}

static void index_id(struct catalog *c, uint32_t product)
{
    const struct catalog_product *p = &c->products[product];
    uint64_t at = pasar_hash64(product_id(c, p), p->id_len);
    while (c->id_slots[at & c->id_mask])
        at++;
    c->id_slots[at & c->id_mask] = product + 1;
}

static int index_ids(struct catalog *c, uint32_t room, struct pasar_err *err)
{
    if (grow_slots(&c->id_slots, &c->id_mask, room, err) != 0)
        return -1;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->products[i].models)
            index_id(c, i);
    }
    return 0;
}

/* Moves living products and their text together; indexes into products change. */
static int squeeze(struct catalog *c, struct pasar_err *err)
{
    uint64_t at = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        struct catalog_product p = c->products[i];
        if (!p.models)
            continue;
        memmove(c->text.data + at, c->text.data + p.json, p.json_len);
        p.json = at;
        at += p.json_len;
        c->products[kept++] = p;
    }
    c->text.len = at;
    c->text_dead = 0;
    c->count = kept;
    return index_ids(c, kept + 1, err);
}

int catalog_init(struct catalog *c, struct pasar_err *err)
{
    memset(c, 0, sizeof *c);
    c->id_mask = c->category_mask = 1023;
    c->category_cap = 64;
    c->categories = calloc(c->category_cap, sizeof *c->categories);
    c->category_slots = calloc(c->category_mask + 1, sizeof *c->category_slots);
    c->id_slots = calloc(c->id_mask + 1, sizeof *c->id_slots);
    if (!c->categories || !c->category_slots || !c->id_slots)
        return pasar_err_nomem(err, "catalogue");
    c->category_count = 1;
    c->categories[0].folded = strdup("");
    if (!c->categories[0].folded)
        return pasar_err_nomem(err, "catalogue");
    return 0;
}

static void view_fini(struct catalog_view *view)
{
    free(view->products);
    free(view->members);
    free(view->clusters);
    order_fini(&view->by_score);
    free(view->by_category);
    free(view->category_start);
    free(view->medians);
    free(view->by_price);
    free(view->prices);
    rank_fini(&view->price_rank);
    free(view->categories_json[0]);
    free(view->categories_json[1]);
}

void catalog_fini(struct catalog *c)
{
    for (int m = 0; m < PASAR_MODELS; m++)
        view_fini(&c->views[m]);
    for (uint32_t i = 0; i < c->category_count; i++) {
        free(c->categories[i].path);
        free(c->categories[i].folded);
    }
    for (int i = 0; i < CATALOG_ORDERS; i++)
        order_fini(&c->orders[i]);
    free(c->name_rank);
    free(c->id_rank);
    free(c->categories);
    free(c->category_slots);
    free(c->id_slots);
    free(c->products);
    pasar_buf_fini(&c->text);
    memset(c, 0, sizeof *c);
}

/* ------------------------------------------------------------------ categories */

static int new_category(struct catalog *c, const struct pasar_text *path, struct pasar_err *err)
{
    if (c->category_count == c->category_cap) {
        struct catalog_category *list = realloc(c->categories, 2 * c->category_cap * sizeof *list);
        if (!list)
            return pasar_err_nomem(err, "categories");
        c->categories = list;
        c->category_cap *= 2;
    }
    struct pasar_buf folded = {0};
    fold_case(&folded, path->data, path->len);
    struct catalog_category *category = &c->categories[c->category_count];
    *category =
        (struct catalog_category){.path = strndup(path->data, path->len), .folded = pasar_buf_steal(&folded, NULL)};
    if (!category->path || !category->folded) {
        free(category->path);
        free(category->folded);
        return pasar_err_nomem(err, "categories");
    }
    const char *bar = strrchr(category->path, '|');
    category->last = bar ? bar + 1 : category->path;
    c->category_count++;
    return 0;
}

static int rehash_categories(struct catalog *c, struct pasar_err *err)
{
    if (grow_slots(&c->category_slots, &c->category_mask, c->category_count * 2, err) != 0)
        return -1;
    for (uint32_t i = 1; i < c->category_count; i++) {
        uint64_t at = pasar_hash64(c->categories[i].path, strlen(c->categories[i].path));
        while (c->category_slots[at & c->category_mask])
            at++;
        c->category_slots[at & c->category_mask] = i;
    }
    return 0;
}

static int find_category(struct catalog *c, const struct pasar_text *path, uint32_t *id, struct pasar_err *err)
{
    *id = CATALOG_NO_CATEGORY;
    if (!path->data)
        return 0;
    uint64_t at = pasar_hash64(path->data, path->len);
    for (uint32_t slot; (slot = c->category_slots[at & c->category_mask]) != 0; at++) {
        const char *known = c->categories[slot].path;
        if (strncmp(known, path->data, path->len) == 0 && known[path->len] == '\0') {
            *id = slot;
            return 0;
        }
    }
    *id = c->category_count;
    if (new_category(c, path, err) != 0)
        return -1;
    c->category_slots[at & c->category_mask] = *id;
    return c->category_count * 2 > c->category_mask ? rehash_categories(c, err) : 0;
}

/* ------------------------------------------------------------------ products */

static void add_text(struct pasar_buf *buf, const char *member, const struct pasar_text *text)
{
    pasar_buf_adds(buf, member);
    if (text->data)
        jsontext_add_string(buf, text->data, text->len);
    else
        pasar_buf_adds(buf, "null");
}

static void add_number(struct pasar_buf *buf, const char *member, double value)
{
    pasar_buf_adds(buf, member);
    jsontext_add_number(buf, value);
}

/* Writes the JSON of a product, all but its cluster, and notes where the parts that others need stand. */
static void write_json(struct catalog *c, struct catalog_product *p, const struct pasar_record *r)
{
    struct pasar_buf *buf = &c->text;
    const struct pasar_text *path = &r->text[PASAR_COL_CATEGORY];
    size_t start = buf->len;
    p->json = start;
    add_text(buf, "{\"product_id\":", &r->text[PASAR_COL_PRODUCT_ID]);
    p->id_len = (uint32_t)(buf->len - start - CATALOG_ID_OFFSET);
    pasar_buf_adds(buf, ",\"name\":");
    p->name = (uint32_t)(buf->len - start);
    add_text(buf, "", &r->text[PASAR_COL_PRODUCT_NAME]);
    p->name_len = (uint32_t)(buf->len - start - p->name);
    add_number(buf, ",\"price\":", p->number[CATALOG_PRICE]);
    add_number(buf, ",\"actual_price\":", p->number[CATALOG_ACTUAL_PRICE]);
    add_number(buf, ",\"discount\":", p->number[CATALOG_DISCOUNT]);
    add_number(buf, ",\"rating\":", p->number[CATALOG_RATING]);
    add_number(buf, ",\"rating_count\":", p->number[CATALOG_RATING_COUNT]);
    pasar_buf_adds(buf, ",\"description\":");
    p->about = (uint32_t)(buf->len - start);
    add_text(buf, "", &r->text[PASAR_COL_ABOUT_PRODUCT]);
    p->about_len = (uint32_t)(buf->len - start - p->about);
    add_text(buf, ",\"image\":", &r->text[PASAR_COL_IMG_LINK]);
    add_text(buf, ",\"link\":", &r->text[PASAR_COL_PRODUCT_LINK]);
    struct pasar_text last = *path;
    const char *bar = path->data ? memrchr(path->data, '|', path->len) : NULL;
    if (bar) {
        last.data = bar + 1;
        last.len = (size_t)(path->data + path->len - last.data);
    }
    add_text(buf, ",\"category\":", &last);
    add_text(buf, ",\"category_path\":", path);
    pasar_buf_adds(buf, ",\"cluster\":");
    p->json_len = (uint32_t)(buf->len - start);
}

/* An earlier record of the same id gives way in every model that has this row. */
static void replace_earlier(struct catalog *c, struct catalog_product *p, uint32_t index)
{
    const char *id = product_id(c, p);
    uint64_t at = pasar_hash64(id, p->id_len);
    for (uint32_t slot; (slot = c->id_slots[at & c->id_mask]) != 0; at++) {
        struct catalog_product *before = &c->products[slot - 1];
        if (before->id_len != p->id_len || memcmp(product_id(c, before), id, p->id_len) != 0)
            continue;
        before->models &= (uint8_t)~p->models;
        if (!before->models) {
            c->text_dead += before->json_len;
            c->id_slots[at & c->id_mask] = index + 1;
            return;
        }
    }
    c->id_slots[at & c->id_mask] = index + 1;
    c->live++;
}

int catalog_add(struct catalog *c, const struct pasar_record *record, const int cluster[PASAR_MODELS],
                const uint64_t model_rows[PASAR_MODELS], uint64_t source, struct pasar_err *err)
{
    if (c->count == UINT32_MAX / 4 || c->rows >= UINT32_MAX)
        return pasar_err_set(err, PASAR_EDATA, "products.csv: more than %u rows", UINT32_MAX / 4);
    if (c->text_dead > SQUEEZE_BYTES && c->text_dead > c->text.len / 2 && squeeze(c, err) != 0)
        return -1;
    if ((uint64_t)c->live * 2 > c->id_mask && index_ids(c, c->count * 2, err) != 0)
        return -1;
    if (c->count == c->cap) {
        uint32_t cap = c->cap ? c->cap + c->cap / 2 : 1024;
        struct catalog_product *list = realloc(c->products, (size_t)cap * sizeof *list);
        if (!list)
            return pasar_err_nomem(err, "products");
        c->products = list;
        c->cap = cap;
    }
    struct catalog_product *p = &c->products[c->count];
    memset(p, 0, sizeof *p);
    p->row = (uint32_t)c->rows;
    p->source = source < CATALOG_NO_SOURCE ? (uint32_t)source : CATALOG_NO_SOURCE;
    for (int m = 0; m < PASAR_MODELS; m++) {
        if (c->rows < model_rows[m])
            p->models |= (uint8_t)(1 << m);
        p->cluster[m] = (int16_t)cluster[m];
    }
    p->number[CATALOG_PRICE] = record->number[PASAR_COL_DISCOUNTED_PRICE];
    p->number[CATALOG_ACTUAL_PRICE] = record->number[PASAR_COL_ACTUAL_PRICE];
    p->number[CATALOG_DISCOUNT] = record->number[PASAR_COL_DISCOUNT_PERCENTAGE];
    p->number[CATALOG_RATING] = record->number[PASAR_COL_RATING];
    p->number[CATALOG_RATING_COUNT] = record->number[PASAR_COL_RATING_COUNT];
    c->rows++;
    if (!p->models) /* past every model's rows: nobody can ask for it */
        return 0;
    write_json(c, p, record);
    if (c->text.failed)
        return pasar_err_nomem(err, "product text");
    if (find_category(c, &record->text[PASAR_COL_CATEGORY], &p->category, err) != 0)
        return -1;
    replace_earlier(c, p, c->count);
    c->count++;
    return 0;
}

int catalog_finish(struct catalog *c, struct pasar_err *err)
{
    if (squeeze(c, err) != 0)
        return -1;
    free(c->category_slots);
    c->category_slots = NULL;
    return catalog_orders_build(c, err);
}

/* ------------------------------------------------------------------ questions */

int64_t catalog_find_literal(const struct catalog *c, const char *literal, size_t len, int model)
{
    uint64_t at = pasar_hash64(literal, len);
    for (uint32_t slot; (slot = c->id_slots[at & c->id_mask]) != 0; at++) {
        const struct catalog_product *p = &c->products[slot - 1];
        if ((p->models >> (model - 1) & 1) && p->id_len == len && memcmp(product_id(c, p), literal, len) == 0)
            return slot - 1;
    }
    return CATALOG_NOT_FOUND;
}

int64_t catalog_find(const struct catalog *c, const char *id, size_t len, int model)
{
    char plain[256];
    if (len + 2 <= sizeof plain && !jsontext_needs_escape(id, len)) { /* nearly all ids: no memory needed */
        plain[0] = plain[len + 1] = '"';
        memcpy(plain + 1, id, len);
        return catalog_find_literal(c, plain, len + 2, model);
    }
    struct pasar_buf literal = {0};
    jsontext_add_string(&literal, id, len);
    int64_t found = literal.failed ? CATALOG_NO_MEMORY : catalog_find_literal(c, literal.data, literal.len, model);
    pasar_buf_fini(&literal);
    return found;
}

double catalog_score(const struct catalog_view *view, const struct catalog_product *p)
{
    double votes = isnan(p->number[CATALOG_RATING_COUNT]) ? 0 : p->number[CATALOG_RATING_COUNT];
    double prior = view->votes_prior;
    return (votes * p->number[CATALOG_RATING] + prior * view->rating_mean) / (votes + prior);
}

uint32_t catalog_category_prefix(const struct catalog *c, const char *prefix, size_t len, uint32_t *first)
{
    uint32_t low = 1, high = c->category_count, step = 1;
    if (len == 0) {
        *first = 0;
        return c->category_count;
    }
    while (low < high) { /* the first that is not below the prefix */
        uint32_t mid = low + (high - low) / 2;
        if (strncmp(c->categories[mid].folded, prefix, len) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *first = low;
    for (high = low; high < c->category_count && strncmp(c->categories[high].folded, prefix, len) == 0; step *= 2) {
        low = high + 1; /* few start with it, mostly: growing steps, then halves of the last one */
        high = c->category_count - high > step ? high + step : c->category_count;
    }
    while (low < high) { /* the first above all that start with it */
        uint32_t mid = low + (high - low) / 2;
        if (strncmp(c->categories[mid].folded, prefix, len) == 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low - *first;
}

static uint32_t lower_bound(const double *prices, uint32_t n, double x, int after_equal)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (prices[mid] < x || (after_equal && prices[mid] == x))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

uint32_t catalog_price_range(const struct catalog_view *view, double low, double high, uint32_t *first)
{
    *first = lower_bound(view->prices, view->priced_count, low, 0);
    uint32_t last = lower_bound(view->prices, view->priced_count, high, 1);
    return last > *first ? last - *first : 0;
}
