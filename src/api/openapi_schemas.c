/* What the replies hold: the schemas that /openapi.json refers to. Every member listed is always there, unless it says
 * OPTIONAL. */
#include <math.h>

#include "api/handlers.h"
#include "api/jsontext.h"
#include "api/openapi.h"
#include "pasar/record.h"

#define TYPE(name)         "{\"type\":\"" name "\"}"
#define OR_NULL(name)      "{\"type\":[\"" name "\",\"null\"]}"
#define TEXT               TYPE("string")
#define INTEGER            TYPE("integer")
#define NUMBER             TYPE("number")
#define REF(name)          "{\"$ref\":\"#/components/schemas/" name "\"}"
#define LIST(items)        "{\"type\":\"array\",\"items\":" items "}"
#define MAP(values)        "{\"type\":\"object\",\"additionalProperties\":" values "}"
#define EITHER(one, other) "{\"anyOf\":[" one "," other "]}"
#define BOTH(one, other)   "{\"allOf\":[" one "," other "]}"
#define DATE               "{\"type\":\"string\",\"format\":\"date-time\"}"
#define DATE_OR_NULL       "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"
#define OPTIONAL           true

enum { MEMBERS_MAX = 16 };

struct member {
    const char *name, *schema;
    bool is_optional;
};

struct object {
    const char *name;
    struct member members[MEMBERS_MAX];
};

#define EACH_MODEL(member, items)                                                                                      \
    LIST("{\"type\":\"object\",\"required\":[\"model\",\"" member "\"],\"properties\":{\"model\":" INTEGER             \
         ",\"" member "\":" items "}}")
#define EACH_MODEL_PAGE(items)                                                                                         \
    LIST("{\"type\":\"object\",\"required\":[\"model\",\"total\",\"items\"],\"properties\":{\"model\":" INTEGER        \
         ",\"total\":" INTEGER ",\"items\":" items "}}")
#define OVERLAP "{\"type\":\"object\",\"required\":[\"1-2\",\"1-3\",\"2-3\"],\"additionalProperties\":" INTEGER "}"

static const struct object objects[] = {
    {"Product",
     {{"product_id", TEXT, false},
      {"name", OR_NULL("string"), false},
      {"price", OR_NULL("number"), false},
      {"actual_price", OR_NULL("number"), false},
      {"discount", OR_NULL("number"), false},
      {"rating", OR_NULL("number"), false},
      {"rating_count", OR_NULL("number"), false},
      {"description", OR_NULL("string"), false},
      {"image", OR_NULL("string"), false},
      {"link", OR_NULL("string"), false},
      {"category", OR_NULL("string"), false},
      {"category_path", OR_NULL("string"), false},
      {"cluster", OR_NULL("integer"), false},
      {"relaxed", TEXT, OPTIONAL}}},
    {"Likeness", {{"score", NUMBER, false}, {"why", LIST(TEXT), false}}},
    {"CountedCategory", {{"count", INTEGER, false}, {"subcategories", LIST(REF("CategoryCount")), false}}},
    {"CategoryCount", {{"name", TEXT, false}, {"count", INTEGER, false}}},
    {"Cluster",
     {{"id", INTEGER, false},
      {"size", INTEGER, false},
      {"label", TEXT, false},
      {"centroid", MAP(NUMBER), false},
      {"median", MAP(OR_NULL("number")), false},
      {"top_categories", LIST(REF("TopCategory")), false}}},
    {"TopCategory", {{"category", TEXT, false}, {"count", INTEGER, false}}},
    {"Model",
     {{"model", INTEGER, false},
      {"generation", INTEGER, false},
      {"rows", INTEGER, false},
      {"k", INTEGER, false},
      {"features", LIST(TEXT), false},
      {"inertia", OR_NULL("number"), false},
      {"silhouette", OR_NULL("number"), false},
      {"davies_bouldin", OR_NULL("number"), false},
      {"calinski_harabasz", OR_NULL("number"), false},
      {"trained_at", DATE, false},
      {"clusters", REF("Clusters"), false},
      {"agreement", LIST(REF("Agreement")), false}}},
    {"Agreement",
     {{"model", INTEGER, false},
      {"rows", INTEGER, false},
      {"changed_rows", INTEGER, false},
      {"adjusted_rand", NUMBER, false},
      {"centroid_moves", LIST(NUMBER), false}}},
    {"Lineage",
     {{"product_id", TEXT, false},
      {"model", INTEGER, false},
      {"generation", INTEGER, false},
      {"row", INTEGER, false},
      {"rows", INTEGER, false},
      {"sources", LIST(REF("Source")), false},
      {"batch", EITHER(REF("Batch"), TYPE("null")), false},
      {"cluster", OR_NULL("integer"), false},
      {"label", OR_NULL("string"), false},
      {"distance", OR_NULL("number"), false}}},
    {"Source",
     {{"topic", TEXT, false},
      {"partition", INTEGER, false},
      {"first_offset", INTEGER, false},
      {"last_offset", INTEGER, false},
      {"files", INTEGER, false},
      {"rows", INTEGER, false}}},
    {"Batch",
     {{"file", TEXT, false},
      {"topic", TEXT, OPTIONAL},
      {"partition", INTEGER, OPTIONAL},
      {"first_offset", INTEGER, OPTIONAL},
      {"last_offset", INTEGER, OPTIONAL},
      {"offset", OR_NULL("integer"), OPTIONAL},
      {"rows", INTEGER, false},
      {"row", INTEGER, false},
      {"sha256", TEXT, false}}},
    {"AllProducts",
     {{"models", EACH_MODEL_PAGE(REF("Products")), false}, {"overlap", OVERLAP, false}, {"relaxed", TEXT, OPTIONAL}}},
    {"AllSimilarProducts",
     {{"models", EACH_MODEL_PAGE(REF("SimilarProducts")), false},
      {"overlap", OVERLAP, false},
      {"relaxed", TEXT, OPTIONAL}}},
    {"AllCategories", {{"models", EACH_MODEL("categories", REF("Categories")), false}}},
    {"AllClusters", {{"models", EACH_MODEL("clusters", REF("Clusters")), false}}},
    {"Plot",
     {{"model", INTEGER, false},
      {"total", INTEGER, false},
      {"sampled", INTEGER, false},
      {"principal_components", EITHER(REF("PrincipalComponents"), TYPE("null")), false},
      {"points", LIST(REF("Point")), false},
      {"centroids", LIST(REF("Centre")), false}}},
    {"PrincipalComponents",
     {{"components", LIST(MAP(NUMBER)), false}, {"explained_variance_ratio", LIST(NUMBER), false}}},
    {"Point",
     {{"product_id", TEXT, false},
      {"name", OR_NULL("string"), false},
      {"price", OR_NULL("number"), false},
      {"rating_count", OR_NULL("number"), false},
      {"rating", OR_NULL("number"), false},
      {"cluster", INTEGER, false},
      {"pc", LIST(NUMBER), false}}},
    {"Centre",
     {{"cluster", INTEGER, false},
      {"id", INTEGER, false},
      {"label", TEXT, false},
      {"price", OR_NULL("number"), false},
      {"rating_count", OR_NULL("number"), false},
      {"rating", OR_NULL("number"), false},
      {"pc", LIST(NUMBER), false}}},
    {"Prices",
     {{"model", INTEGER, false},
      {"total", INTEGER, false},
      {"low", OR_NULL("number"), false},
      {"high", OR_NULL("number"), false},
      {"counts", LIST(INTEGER), false}}},
    {"Prediction", {{"cluster", INTEGER, false}, {"distance", NUMBER, false}, {"label", TEXT, false}}},
    {"Health", {{"status", TEXT, false}}},
    {"Ready",
     {{"status", "{\"type\":\"string\",\"enum\":[\"ready\",\"not ready\",\"stopping\"]}", false},
      {"generation", OR_NULL("integer"), false},
      {"loaded_at", DATE_OR_NULL, false},
      {"load_seconds", NUMBER, OPTIONAL},
      {"rows", INTEGER, false},
      {"products", INTEGER, false},
      {"batches", INTEGER, false},
      {"sources", LIST(REF("Source")), false},
      {"error", OR_NULL("string"), false}}},
    {"Problem",
     {{"type", TEXT, false},
      {"title", TEXT, false},
      {"status", INTEGER, false},
      {"detail", TEXT, false},
      {"error", TEXT, false},
      {"suggestions", LIST(TEXT), OPTIONAL}}},
};

static const struct {
    const char *name, *schema;
} others[] = {
    {"Products", LIST(REF("Product"))},
    {"SimilarProducts", LIST(BOTH(REF("Product"), REF("Likeness")))},
    {"Categories", MAP(EITHER(LIST(TEXT), REF("CountedCategory")))},
    {"Clusters", LIST(REF("Cluster"))},
    {"Models", LIST(REF("Model"))},
    {"Predictions", LIST(REF("Prediction"))},
};

static void add_object(struct pasar_buf *buf, const struct object *object)
{
    bool first = true;
    pasar_buf_printf(buf, "\"%s\":{\"type\":\"object\",\"required\":[", object->name);
    for (const struct member *m = object->members; m < object->members + MEMBERS_MAX && m->name; m++) {
        if (!m->is_optional)
            pasar_buf_printf(buf, "%s\"%s\"", first ? "" : ",", m->name);
        first = first && m->is_optional;
    }
    pasar_buf_adds(buf, "],\"properties\":{");
    for (const struct member *m = object->members; m < object->members + MEMBERS_MAX && m->name; m++)
        pasar_buf_printf(buf, "%s\"%s\":%s", m > object->members ? "," : "", m->name, m->schema);
    pasar_buf_adds(buf, "}}");
}

void openapi_add_schemas(struct pasar_buf *buf)
{
    for (size_t i = 0; i < PASAR_ARRAY_LEN(objects); i++) {
        pasar_buf_adds(buf, i ? "," : "");
        add_object(buf, &objects[i]);
    }
    for (size_t i = 0; i < PASAR_ARRAY_LEN(others); i++)
        pasar_buf_printf(buf, ",\"%s\":%s", others[i].name, others[i].schema);
}

void openapi_add_features(struct pasar_buf *buf, const enum pasar_column *columns, size_t n, bool is_open)
{
    pasar_buf_adds(buf, "{\"type\":\"object\",\"required\":[");
    for (size_t i = 0; i < n; i++)
        pasar_buf_printf(buf, "%s\"%s\"", i ? "," : "", pasar_columns[columns[i]].name);
    pasar_buf_adds(buf, "],\"properties\":{");
    for (size_t i = 0; i < n; i++) {
        const struct pasar_column_info *info = &pasar_columns[columns[i]];
        pasar_buf_printf(buf, "%s\"%s\":{\"type\":[\"number\",\"null\"],\"minimum\":", i ? "," : "", info->name);
        jsontext_add_number(buf, info->min);
        pasar_buf_adds(buf, ",\"maximum\":");
        jsontext_add_number(buf, fmin(info->max, HANDLERS_FEATURE_MAX));
        pasar_buf_addc(buf, '}');
    }
    pasar_buf_adds(buf,
                   is_open ? "},\"additionalProperties\":" OR_NULL("number") "}" : "},\"additionalProperties\":false}");
}
