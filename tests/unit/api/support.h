/* Small catalogues for the API's unit tests. */
#ifndef TESTS_UNIT_API_SUPPORT_H
#define TESTS_UNIT_API_SUPPORT_H

#include <math.h>
#include <string.h>

#include "api/catalog.h"

struct row {
    const char *id, *name, *category, *about;
    double price, rating, votes;
    int cluster;
};

static inline struct pasar_text support_text(const char *text)
{
    struct pasar_text t = {text && text[0] ? text : NULL, text ? strlen(text) : 0};
    return t;
}

/* Adds a row whose clusters in models 1..3 are row->cluster where the model has the row. */
static inline int support_add(struct catalog *c, const struct row *row, const uint64_t model_rows[PASAR_MODELS])
{
    struct pasar_record r;
    struct pasar_err err = PASAR_ERR_INIT;
    int cluster[PASAR_MODELS];
    memset(&r, 0, sizeof r);
    r.text[PASAR_COL_PRODUCT_ID] = support_text(row->id);
    r.text[PASAR_COL_PRODUCT_NAME] = support_text(row->name);
    r.text[PASAR_COL_CATEGORY] = support_text(row->category);
    r.text[PASAR_COL_ABOUT_PRODUCT] = support_text(row->about);
    r.number[PASAR_COL_DISCOUNTED_PRICE] = row->price;
    r.number[PASAR_COL_ACTUAL_PRICE] = row->price * 2;
    r.number[PASAR_COL_DISCOUNT_PERCENTAGE] = 50;
    r.number[PASAR_COL_RATING] = row->rating;
    r.number[PASAR_COL_RATING_COUNT] = row->votes;
    for (int m = 0; m < PASAR_MODELS; m++)
        cluster[m] = c->rows < model_rows[m] ? row->cluster : -1;
    return catalog_add(c, &r, cluster, model_rows, PASAR_SOURCE_UNKNOWN, &err);
}

/* A finished catalogue of n rows; the models have t = ceil(n / 3), 2t and n rows. */
static inline int support_catalog(struct catalog *c, const struct row *rows, size_t n)
{
    struct pasar_err err = PASAR_ERR_INIT;
    uint64_t t = (n + 2) / 3, model_rows[PASAR_MODELS] = {t, 2 * t < n ? 2 * t : n, n};
    if (catalog_init(c, &err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (support_add(c, &rows[i], model_rows) != 0)
            return -1;
    }
    return catalog_finish(c, &err);
}

/* A generator for random tests: the same sequence each run. */
static inline uint32_t support_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

/* The id of a product as text, without quotes, in `id`. */
static inline const char *support_id(const struct catalog *c, uint32_t product, char id[64])
{
    const struct catalog_product *p = &c->products[product];
    size_t n = p->id_len - 2 < 63 ? p->id_len - 2 : 63;
    memcpy(id, c->text.data + p->json + CATALOG_ID_OFFSET + 1, n);
    id[n] = '\0';
    return id;
}

#endif
