#include "api/openapi.h"

#include <string.h>

#include "api/jsontext.h"

/* Schemas of the replies, by the names that the route table uses. */
static const char schemas[] =
    "\"Product\":{\"type\":\"object\",\"properties\":{\"product_id\":{\"type\":\"string\"},\"name\":{\"type\":["
    "\"string\","
    "\"null\"]},\"price\":{\"type\":[\"number\",\"null\"]},\"actual_price\":{\"type\":[\"number\",\"null\"]},"
    "\"discount\":"
    "{\"type\":[\"number\",\"null\"]},\"rating\":{\"type\":[\"number\",\"null\"]},\"rating_count\":{\"type\":["
    "\"number\","
    "\"null\"]},\"description\":{\"type\":[\"string\",\"null\"]},\"image\":{\"type\":[\"string\",\"null\"]},\"link\":"
    "{\"type\":[\"string\",\"null\"]},\"category\":{\"type\":[\"string\",\"null\"]},\"category_path\":{\"type\":["
    "\"string\","
    "\"null\"]},\"cluster\":{\"type\":[\"integer\",\"null\"]},\"relaxed\":{\"type\":\"string\"}}},"
    "\"Products\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Product\"}},"
    "\"SimilarProducts\":{\"type\":\"array\",\"items\":{\"allOf\":[{\"$ref\":\"#/components/schemas/"
    "Product\"},{\"type\":"
    "\"object\",\"properties\":{\"score\":{\"type\":\"number\"},\"why\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"string\"}}}}]}},"
    "\"Categories\":{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"array\",\"object\"]}},"
    "\"Cluster\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"},\"size\":{\"type\":\"integer\"},"
    "\"label\":"
    "{\"type\":\"string\"},\"centroid\":{\"type\":\"object\"},\"median\":{\"type\":\"object\"},\"top_categories\":{"
    "\"type\":"
    "\"array\"}}},"
    "\"Clusters\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Cluster\"}},"
    "\"Model\":{\"type\":\"object\",\"properties\":{\"model\":{\"type\":\"integer\"},\"generation\":{\"type\":"
    "\"integer\"},"
    "\"rows\":{\"type\":\"integer\"},\"k\":{\"type\":\"integer\"},\"features\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"string\"}},\"inertia\":{\"type\":\"number\"},\"silhouette\":{\"type\":[\"number\",\"null\"]},\"davies_bouldin\":"
    "{\"type\":[\"number\",\"null\"]},\"calinski_harabasz\":{\"type\":[\"number\",\"null\"]},\"trained_at\":{\"type\":"
    "\"string\",\"format\":\"date-time\"},\"clusters\":{\"$ref\":\"#/components/schemas/"
    "Clusters\"},\"agreement\":{\"type\":\"array\"}}},"
    "\"Lineage\":{\"type\":\"object\",\"properties\":{\"product_id\":{\"type\":\"string\"},\"model\":{\"type\":"
    "\"integer\"},\"generation\":{\"type\":\"integer\"},\"row\":{\"type\":\"integer\"},\"rows\":{\"type\":\"integer\"},"
    "\"sources\":{\"type\":\"array\"},\"batch\":{\"type\":[\"object\",\"null\"]},\"cluster\":{\"type\":[\"integer\","
    "\"null\"]},\"label\":{\"type\":[\"string\",\"null\"]},\"distance\":{\"type\":[\"number\",\"null\"]}}},"
    "\"AllModels\":{\"type\":\"object\",\"required\":[\"models\",\"overlap\"],\"properties\":{\"models\":{\"type\":"
    "\"array\","
    "\"items\":{\"type\":\"object\",\"properties\":{\"model\":{\"type\":\"integer\"},\"items\":{\"$ref\":"
    "\"#/components/schemas/Products\"}}}},\"overlap\":{\"type\":\"object\"},\"relaxed\":{\"type\":\"string\"}}},"
    "\"Models\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Model\"}},"
    "\"Plot\":{\"type\":\"object\",\"properties\":{\"model\":{\"type\":\"integer\"},\"total\":{\"type\":\"integer\"},"
    "\"sampled\":{\"type\":\"integer\"},\"principal_components\":{\"type\":[\"object\",\"null\"]},\"points\":{"
    "\"type\":\"array\"},\"centroids\":{\"type\":\"array\"}}},"
    "\"Prices\":{\"type\":\"object\",\"properties\":{\"model\":{\"type\":\"integer\"},\"total\":{\"type\":\"integer\"},"
    "\"low\":{\"type\":[\"number\",\"null\"]},\"high\":{\"type\":[\"number\",\"null\"]},\"counts\":{\"type\":\"array\","
    "\"items\":{\"type\":\"integer\"}}}},"
    "\"Predictions\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"cluster\":{\"type\":"
    "\"integer\"},"
    "\"distance\":{\"type\":\"number\"},\"label\":{\"type\":\"string\"}}}},"
    "\"Health\":{\"type\":\"object\",\"properties\":{\"status\":{\"type\":\"string\"}}},"
    "\"Ready\":{\"type\":\"object\",\"properties\":{\"status\":{\"type\":\"string\"},\"generation\":{\"type\":["
    "\"integer\","
    "\"null\"]},\"loaded_at\":{\"type\":[\"string\",\"null\"]},\"rows\":{\"type\":\"integer\"},\"products\":{\"type\":"
    "\"integer\"},\"batches\":{\"type\":\"integer\"},\"sources\":{\"type\":\"array\"},\"error\":{\"type\":[\"string\","
    "\"null\"]}}},"
    "\"Problem\":{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
    "\"status\":"
    "{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},\"error\":{\"type\":\"string\"},\"suggestions\":{\"type\":"
    "\"array\",\"items\":{\"type\":\"string\"}}}}";

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
        pasar_buf_printf(buf, "{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}",
                         (int)strcspn(open + 1, "}"), open + 1);
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

void openapi_write(struct pasar_buf *buf, const struct route *table, size_t count, uint32_t max_limit)
{
    pasar_buf_adds(
        buf,
        "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Pasar\",\"version\":\"" PASAR_VERSION
        "\",\"description\":\"A product market: products, categories, prices, likeness and clusters.\"},\"paths\":{");
    for (size_t i = 0; i < count; i++) {
        const struct route *route = &table[i];
        bool is_post = route->methods & METHOD_POST;
        pasar_buf_printf(buf, "%s\"%s\":{\"%s\":{\"summary\":", i ? "," : "", route->pattern, is_post ? "post" : "get");
        jsontext_add_string(buf, route->summary, strlen(route->summary));
        add_parameters(buf, route, max_limit);
        if (is_post)
            pasar_buf_adds(
                buf, ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"type\":"
                     "\"array\",\"maxItems\":10000,\"items\":{\"type\":\"object\",\"additionalProperties\":{\"type\":"
                     "[\"number\",\"null\"]}}}}}}");
        pasar_buf_adds(buf, ",\"responses\":{\"200\":{\"description\":\"OK\"");
        if (route->schema) {
            bool has_all = route->accepted & PARAM_ALL_MODELS;
            pasar_buf_printf(
                buf, ",\"content\":{\"application/json\":{\"schema\":%s{\"$ref\":\"#/components/schemas/%s\"}%s}}",
                has_all ? "{\"anyOf\":[" : "", route->schema,
                has_all ? ",{\"$ref\":\"#/components/schemas/AllModels\"}]}" : "");
        }
        pasar_buf_adds(
            buf,
            "},\"default\":{\"description\":\"what went wrong (RFC 9457)\",\"content\":{\"application/problem+json\":"
            "{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}}}}");
    }
    pasar_buf_adds(buf, "},\"components\":{\"schemas\":{");
    pasar_buf_adds(buf, schemas);
    pasar_buf_adds(buf, "}}}");
}
