/*
 * Query parameters: one table says what each may be; parsing is strict (unknown, doubled, badly encoded or out of range
 * is an error that names the parameter). Pure: text in, values out.
 */
#ifndef PASAR_API_PARAMS_H
#define PASAR_API_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/err.h"

enum param {
    PARAM_LIMIT,
    PARAM_OFFSET,
    PARAM_MODEL,
    PARAM_CATEGORY,
    PARAM_SORT,
    PARAM_MIN_PRICE,
    PARAM_MAX_PRICE,
    PARAM_MIN_RATING,
    PARAM_CLUSTER,
    PARAM_COUNTS,
    PARAM_NAME,
    PARAM_PRODUCT_ID,
    PARAM_TARGET_PRICE,
    PARAM_TOLERANCE,
    PARAM_STRICT,
    PARAM_BINS,
    PARAMS
};

#define PARAM_BIT(p) (1u << (p))

/* Beside the parameters in a route's `accepted`: model may be "all". */
#define PARAM_ALL_MODELS (1u << 31)

enum param_type { PARAM_TEXT, PARAM_INTEGER, PARAM_NUMBER, PARAM_FLAG, PARAM_WHICH_MODEL, PARAM_SORT_KEYS };

struct param_spec {
    const char *name;
    enum param_type type;
    double min, max;  /* of the numeric types, inclusive */
    const char *help; /* for people, in /openapi.json too */
};

extern const struct param_spec param_specs[PARAMS];

enum param_sort_key {
    SORT_PRICE,
    SORT_ACTUAL_PRICE,
    SORT_DISCOUNT,
    SORT_RATING,
    SORT_RATING_COUNT,
    SORT_NAME,
    SORT_PRODUCT_ID,
    SORT_SCORE,
    SORT_KEYS
};
extern const char *const param_sort_names[SORT_KEYS];

enum { PARAM_SORT_MAX = 4, PARAM_MODEL_ALL = 0, PARAM_BINS_DEFAULT = 60 };

struct params {
    bool given[PARAMS];
    double number[PARAMS];    /* INTEGER, NUMBER, FLAG (0, 1), WHICH_MODEL (1..3 or PARAM_MODEL_ALL) */
    const char *text[PARAMS]; /* TEXT: decoded, valid UTF-8 without NUL, in `scratch` */
    size_t text_len[PARAMS];
    struct param_sort {
        enum param_sort_key key;
        bool descending;
    } sort[PARAM_SORT_MAX];
    size_t sort_count;
    struct pasar_buf scratch;
};

void params_fini(struct params *params);

/*
 * Parses a query string ("a=b&c=d", without '?') for a route that accepts the parameters in `accepted` (bits), with at
 * most `max_limit` for limit. Percent-decoding is strict, '+' is a blank. 0, or -1 with what is wrong in err, in words
 * for the client.
 */
int params_parse(struct params *params, const char *query, size_t len, uint32_t accepted, double max_limit,
                 struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Appends the percent-decoded text. plus_is_blank as in query strings. 0, or -1 when an escape is not %XX, decodes to
 * NUL, or the result is not UTF-8.
 */
int params_decode(struct pasar_buf *buf, const char *text, size_t len, bool plus_is_blank) PASAR_MUSTCHECK;

#endif
