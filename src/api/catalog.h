/*
 * The products of one generation, as the read path needs them: JSON written once at load, numbers for filters and
 * sorting, orders for each model. Immutable after catalog_finish; readers need no lock.
 *
 * "Model m's catalogue" is the products among the first rows_m rows; the last record of an id within those rows stands
 * for it. One record may therefore stand for an id in model 1 and be replaced by a later one in model 3.
 */
#ifndef PASAR_API_CATALOG_H
#define PASAR_API_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/order.h"
#include "api/rank.h"
#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/err.h"
#include "pasar/generation.h"

enum {
    CATALOG_NO_CATEGORY = 0, /* id of "no category at all" */
    CATALOG_ID_OFFSET = 14,  /* behind {"product_id": */
};

enum catalog_number {
    CATALOG_PRICE,
    CATALOG_ACTUAL_PRICE,
    CATALOG_DISCOUNT,
    CATALOG_RATING,
    CATALOG_RATING_COUNT,
    CATALOG_NUMBERS
};

/* What products are sorted by: a number or … */
enum { CATALOG_BY_NAME = CATALOG_NUMBERS, CATALOG_BY_ID, CATALOG_ORDERS };

#define CATALOG_NO_SOURCE UINT32_MAX

struct catalog_product {
    uint64_t json; /* offset in text of {"product_id":… up to and with "cluster": */
    uint32_t json_len;
    uint32_t name,
        name_len; /* offset from json and length of the name's JSON string; name_len 4 and "null" if missing */
    uint32_t about, about_len; /* the same of the description */
    uint32_t id_len;           /* of the product id's JSON string; it starts at CATALOG_ID_OFFSET */
    uint32_t row;              /* 0-based arrival order */
    uint32_t source;           /* its source row (pasar/generation.h), CATALOG_NO_SOURCE when not known */
    uint32_t category;
    uint32_t best;                  /* position in the order "best rating first, ties in arrival order" */
    uint8_t models;                 /* bit m - 1: stands for its id in model m */
    int16_t cluster[PASAR_MODELS];  /* -1: not among the model's rows */
    double number[CATALOG_NUMBERS]; /* NaN = null */
};

struct catalog_category {
    char *path;       /* "A|B|C" as in the data; NULL for CATALOG_NO_CATEGORY */
    char *folded;     /* fold_case(path) */
    const char *last; /* last level, inside path */
    uint32_t order;   /* private to sorting */
};

/* Of one category's products in a view; NaN when none has it. Of two middle ones the lower. */
struct catalog_median {
    double price, rating;
};

/* One model's catalogue. */
struct catalog_view {
    uint32_t *products; /* in arrival order */
    uint64_t *members;  /* the same as bits, by product */
    uint32_t count;
    int16_t *clusters;              /* by product, of any view: -1 = not among the model's rows */
    uint32_t *by_category;          /* grouped by category, best first within one */
    uint32_t *category_start;       /* category_count + 1 offsets into by_category */
    struct catalog_median *medians; /* by category */
    uint32_t *by_price;             /* those with a price, cheapest first */
    double *prices;                 /* the same order */
    uint32_t priced_count;
    struct rank_index price_rank;    /* smallest `best` in a stretch of by_price */
    double rating_mean, votes_prior; /* of the Bayesian mean */
    struct order by_score;           /* the view's products */
    char *categories_json[2];        /* without and with counts */
    size_t categories_json_len[2];
};

struct catalog {
    struct pasar_buf text;
    struct catalog_product *products;
    uint32_t count;
    struct catalog_category *categories; /* [0] = none; the others sorted by folded path, then path */
    uint32_t category_count;
    struct catalog_view views[PASAR_MODELS];
    struct order orders[CATALOG_ORDERS]; /* all products, of any view */
    uint32_t *name_rank, *id_rank;       /* by product, as order_rank says */
    uint32_t *id_slots;                  /* hash of (id, model bits) → product + 1 */
    uint32_t id_mask;
    uint64_t rows;
    uint64_t text_dead; /* private to loading */
    uint32_t cap, *category_slots, category_cap, category_mask, live;
};

/* An empty catalogue to add rows to. 0 or -1 with err. catalog_fini in every case. */
int catalog_init(struct catalog *catalog, struct pasar_err *err) PASAR_MUSTCHECK;
void catalog_fini(struct catalog *catalog);

/*
 * Adds the next row in arrival order. model_rows says how many rows each model has; `source` is the source row, or
 * PASAR_SOURCE_UNKNOWN.
 */
int catalog_add(struct catalog *catalog, const struct pasar_record *record, const int cluster[PASAR_MODELS],
                const uint64_t model_rows[PASAR_MODELS], uint64_t source, struct pasar_err *err) PASAR_MUSTCHECK;

/* Builds the orders; afterwards the catalogue is read only. */
int catalog_finish(struct catalog *catalog, struct pasar_err *err) PASAR_MUSTCHECK;

enum { CATALOG_NOT_FOUND = -1, CATALOG_NO_MEMORY = -2 };

/* The product of that id in model's (1..3) catalogue, or one of the two above. */
int64_t catalog_find(const struct catalog *catalog, const char *id, size_t len, int model);

/* The same of an id as it stands in the catalogue's text: a JSON string with its quotes. */
int64_t catalog_find_literal(const struct catalog *catalog, const char *literal, size_t len, int model);

/* Appends the product's JSON object, without its closing brace, so that members may follow. */
static inline void catalog_add_json_open(const struct catalog *catalog, uint32_t product, int model,
                                         struct pasar_buf *buf)
{
    const struct catalog_product *p = &catalog->products[product];
    int cluster = p->cluster[model - 1];
    char digits[4];
    size_t n = 0;
    pasar_buf_add(buf, catalog->text.data + p->json, p->json_len);
    if (cluster < 0) {
        pasar_buf_add(buf, "null", 4);
        return;
    }
    if (cluster >= 100)
        digits[n++] = (char)('0' + cluster / 100);
    if (cluster >= 10)
        digits[n++] = (char)('0' + cluster / 10 % 10);
    digits[n++] = (char)('0' + cluster % 10);
    pasar_buf_add(buf, digits, n);
}

static inline void catalog_add_json(const struct catalog *catalog, uint32_t product, int model, struct pasar_buf *buf)
{
    catalog_add_json_open(catalog, product, model, buf);
    pasar_buf_addc(buf, '}');
}

/* Bayesian mean of rating and votes in the view: (votes * rating + prior * mean) / (votes + prior). NaN without a
 * rating. */
double catalog_score(const struct catalog_view *view, const struct catalog_product *product);

/*
 * Categories whose folded path starts with `prefix`: *first and the count. (Sorted, so they are one stretch;
 * CATALOG_NO_CATEGORY belongs to the empty prefix only.)
 */
uint32_t catalog_category_prefix(const struct catalog *catalog, const char *prefix, size_t len, uint32_t *first);

/* The products of a view priced within [low, high]: the stretch of by_price as *first and the count. */
uint32_t catalog_price_range(const struct catalog_view *view, double low, double high, uint32_t *first);

#endif
