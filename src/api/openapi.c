#include "api/openapi.h"

#include <string.h>

#include "api/handlers.h"
#include "api/jsontext.h"

static void add_schema(struct pasar_buf *buf, const struct route *route, enum param p, uint32_t max_limit)
{
    const struct param_spec *spec = &param_specs[p];
    double max = p != PARAM_LIMIT ? spec->max : route->max_limit ? route->max_limit : max_limit;
    switch (spec->type) {
    case PARAM_INTEGER:
    case PARAM_NUMBER:
        pasar_buf_printf(buf, "{\"type\":\"%s\",\"minimum\":", spec->type == PARAM_INTEGER ? "integer" : "number");
        jsontext_add_number(buf, spec->min);
        pasar_buf_adds(buf, ",\"maximum\":");
        jsontext_add_number(buf, max);
        if (p == PARAM_LIMIT && route->default_limit > 0)
            pasar_buf_printf(buf, ",\"default\":%u", route->default_limit);
        if (p == PARAM_BINS)
            pasar_buf_printf(buf, ",\"default\":%d", (int)PARAM_BINS_DEFAULT);
        if (p == PARAM_TOLERANCE)
            pasar_buf_adds(buf, ",\"default\":10");
        pasar_buf_addc(buf, '}');
        break;
    case PARAM_FLAG:
        pasar_buf_adds(buf,
                       "{\"type\":\"string\",\"enum\":[\"1\",\"0\",\"true\",\"false\",\"yes\",\"no\",\"on\",\"off\"]}");
        break;
    case PARAM_WHICH_MODEL:
        pasar_buf_printf(buf, "{\"type\":\"string\",\"enum\":[\"1\",\"2\",\"3\"%s],\"default\":\"3\"}",
                         (route->accepted & PARAM_ALL_MODELS) ? ",\"all\"" : "");
        break;
    case PARAM_SORT_KEYS:
        pasar_buf_adds(buf, "{\"type\":\"string\",\"description\":\"any of");
        for (int k = 0; k < SORT_KEYS; k++)
            pasar_buf_printf(buf, "%s %s", k ? "," : "", param_sort_names[k]);
        pasar_buf_adds(buf, "\"}");
        break;
    case PARAM_TEXT:
        pasar_buf_adds(buf, "{\"type\":\"string\"}");
        break;
    }
}

static void add_parameters(struct pasar_buf *buf, const struct route *route, uint32_t max_limit)
{
    const char *open = strchr(route->pattern, '{');
    bool first = true;
    pasar_buf_adds(buf, ",\"parameters\":[");
    if (open) {
        pasar_buf_printf(buf, "{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,\"schema\":%s}",
                         (int)strcspn(open + 1, "}"), open + 1,
                         strncmp(open, "{n}", 3) == 0 ? "{\"type\":\"integer\",\"minimum\":1,\"maximum\":3}"
                                                      : "{\"type\":\"string\"}");
        first = false;
    }
    for (int p = 0; p < PARAMS; p++) {
        if (!(route->accepted & PARAM_BIT(p)))
            continue;
        pasar_buf_printf(buf, "%s{\"name\":\"%s\",\"in\":\"query\",\"required\":%s,\"description\":", first ? "" : ",",
                         param_specs[p].name, route->required & PARAM_BIT(p) ? "true" : "false");
        jsontext_add_string(buf, param_specs[p].help, strlen(param_specs[p].help));
        pasar_buf_adds(buf, ",\"schema\":");
        add_schema(buf, route, p, max_limit);
        pasar_buf_addc(buf, '}');
        first = false;
    }
    pasar_buf_addc(buf, ']');
}

/* ------------------------------------------------------------------ bodies */

/* What a POST takes. A model may have been trained with other features than the usual ones. */
static void add_request(struct pasar_buf *buf, const struct route *route)
{
    static const enum pasar_column usual[] = {PASAR_COL_DISCOUNTED_PRICE, PASAR_COL_RATING_COUNT, PASAR_COL_RATING},
                                   price_rating[] = {PASAR_COL_DISCOUNTED_PRICE, PASAR_COL_RATING},
                                   rating_count[] = {PASAR_COL_RATING, PASAR_COL_RATING_COUNT},
                                   discount[] = {PASAR_COL_DISCOUNT_PERCENTAGE};
    pasar_buf_adds(buf, ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"type\":"
                        "\"array\",\"maxItems\":10000,\"items\":");
    if (route->handler == handle_predict)
        openapi_add_features(buf, usual, PASAR_ARRAY_LEN(usual), true);
    else if (route->handler == handle_cluster_price_rating)
        openapi_add_features(buf, price_rating, PASAR_ARRAY_LEN(price_rating), false);
    else if (route->handler == handle_cluster_rating_count)
        openapi_add_features(buf, rating_count, PASAR_ARRAY_LEN(rating_count), false);
    else
        openapi_add_features(buf, discount, PASAR_ARRAY_LEN(discount), false);
    pasar_buf_adds(buf, "}}}}");
}

static void add_content(struct pasar_buf *buf, const struct route *route)
{
    if (route->schema && (route->accepted & PARAM_ALL_MODELS))
        pasar_buf_printf(buf,
                         ",\"content\":{\"application/json\":{\"schema\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/"
                         "%s\"},{\"$ref\":\"#/components/schemas/All%s\"}]}}}",
                         route->schema, route->schema);
    else if (route->schema)
        pasar_buf_printf(buf, ",\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/%s\"}}}",
                         route->schema);
    else if (route->handler == handle_openapi)
        pasar_buf_adds(buf, ",\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\"}}}");
    else if (route->handler == handle_metrics)
        pasar_buf_adds(buf, ",\"content\":{\"text/plain\":{\"schema\":{\"type\":\"string\"}}}");
    else if (strchr(route->pattern, '{'))
        pasar_buf_adds(buf,
                       ",\"content\":{\"text/html\":{},\"text/css\":{},\"text/javascript\":{},\"image/svg+xml\":{}}");
    else
        pasar_buf_adds(buf, ",\"content\":{\"text/html\":{}}");
}

/* ------------------------------------------------------------------ replies */

static const char shared_headers[] =
    "\"RequestId\":{\"description\":\"the request's own X-Request-Id; one made up with errors and where there "
    "is an access log, in which it stands\","
    "\"schema\":{\"type\":\"string\"}},"
    "\"Generation\":{\"description\":\"number of the generation that the reply was made from; left out before one is "
    "loaded\",\"schema\":{\"type\":\"string\"}},"
    "\"ETag\":{\"description\":\"for If-None-Match\",\"schema\":{\"type\":\"string\"}},"
    "\"Total\":{\"description\":\"how many items there are in all; left out with model=all\",\"schema\":{\"type\":"
    "\"string\"}},"
    "\"Link\":{\"description\":\"first, prev, next and last page (RFC 8288); left out with model=all\",\"schema\":{"
    "\"type\":\"string\"}},"
    "\"Relaxed\":{\"description\":\"what was relaxed, in words, where nothing matched; left out otherwise\",\"schema\":"
    "{\"type\":\"string\"}}";

#define HEADER(name, shared) "\"" name "\":{\"$ref\":\"#/components/headers/" shared "\"}"
#define ALWAYS               HEADER("X-Request-Id", "RequestId") "," HEADER("X-Pasar-Generation", "Generation")
#define PROBLEM              "\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}"

static const char shared_responses[] =
    "\"NotModified\":{\"description\":\"the representation is the one of If-None-Match\",\"headers\":{" ALWAYS
    "," HEADER("ETag",
               "ETag") "}},"
                       "\"Problem\":{\"description\":\"what is wrong with the request (RFC 9457)\",\"headers\":{" ALWAYS
                       "}," PROBLEM "},"
                       "\"NotAllowed\":{\"description\":\"this method is not for this address\",\"headers\":{" ALWAYS
                       ",\"Allow\":{\"schema\":{\"type\":\"string\"}}}," PROBLEM "},"
                       "\"Unavailable\":{\"description\":\"no generation is loaded yet, or memory ran "
                       "out\",\"headers\":{" ALWAYS ",\"Retry-After\":{\"schema\":{\"type\":\"string\"}}}," PROBLEM "}";

static void add_refusal(struct pasar_buf *buf, int status, const char *response)
{
    pasar_buf_printf(buf, ",\"%d\":{\"$ref\":\"#/components/responses/%s\"}", status, response);
}

static void add_responses(struct pasar_buf *buf, const struct route *route)
{
    bool is_post = route->methods & METHOD_POST, is_list = route->accepted & PARAM_BIT(PARAM_OFFSET);
    bool has_etag = !is_post && route->handler != handle_healthz && route->handler != handle_readyz &&
                    route->handler != handle_metrics;
    pasar_buf_adds(buf, ",\"responses\":{\"200\":{\"description\":\"OK\",\"headers\":{" ALWAYS);
    pasar_buf_adds(buf, has_etag ? "," HEADER("ETag", "ETag") : "");
    pasar_buf_adds(buf, is_list ? "," HEADER("X-Total-Count", "Total") "," HEADER("Link", "Link") : "");
    pasar_buf_adds(buf, is_list ? "," HEADER("X-Pasar-Relaxed", "Relaxed") : "");
    pasar_buf_addc(buf, '}');
    add_content(buf, route);
    pasar_buf_addc(buf, '}');
    if (has_etag)
        add_refusal(buf, 304, "NotModified");
    add_refusal(buf, 400, "Problem");
    if (strchr(route->pattern, '{') || (route->accepted & PARAM_BIT(PARAM_STRICT)) || is_post)
        add_refusal(buf, 404, "Problem");
    add_refusal(buf, 405, "NotAllowed");
    if (is_post) {
        add_refusal(buf, 413, "Problem");
        add_refusal(buf, 415, "Problem");
    }
    add_refusal(buf, 414, "Problem");
    add_refusal(buf, 421, "Problem");
    if (route->handler == handle_readyz)
        pasar_buf_adds(buf,
                       ",\"503\":{\"description\":\"no generation is loaded yet, or the server is stopping\","
                       "\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Ready\"}}}}");
    else
        add_refusal(buf, 503, "Unavailable");
    pasar_buf_addc(buf, '}');
}

void openapi_write(struct pasar_buf *buf, const struct route *table, size_t count, uint32_t max_limit)
{
    pasar_buf_adds(buf, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Pasar\",\"version\":\"" PASAR_VERSION
                        "\",\"description\":\"A product market: products, categories, prices, likeness and clusters. "
                        "HEAD works where GET does, OPTIONS everywhere.\"},\"servers\":[{\"url\":\"/\"}],\"paths\":{");
    for (size_t i = 0; i < count; i++) {
        const struct route *route = &table[i];
        bool is_post = route->methods & METHOD_POST;
        pasar_buf_printf(buf, "%s\"%s\":{\"%s\":{\"summary\":", i ? "," : "", route->pattern, is_post ? "post" : "get");
        jsontext_add_string(buf, route->summary, strlen(route->summary));
        add_parameters(buf, route, max_limit);
        if (is_post)
            add_request(buf, route);
        add_responses(buf, route);
        pasar_buf_adds(buf, "}}");
    }
    pasar_buf_printf(buf, "},\"components\":{\"headers\":{%s},\"responses\":{%s},\"schemas\":{", shared_headers,
                     shared_responses);
    openapi_add_schemas(buf);
    pasar_buf_adds(buf, "}}}");
}
