/* Models, clusters and the points of the plot. */
#include "api/handlers.h"

#include <string.h>

#include "api/describe.h"
#include "api/items.h"
#include "api/jsontext.h"
#include "api/lineage.h"
#include "api/point.h"

void handle_models(struct request *r, struct reply *reply)
{
    reply->blob = &r->snapshot->models_all;
}

/* The model of the path, or 0 with a 404. */
static int model_of_path(const struct request *r, struct reply *reply)
{
    const struct pasar_buf *n = &r->segment;
    if (n->len == 1 && n->data[0] >= '1' && n->data[0] <= '0' + PASAR_MODELS)
        return n->data[0] - '0';
    reply_problem(reply, 404, "there is no model '%.*s'; there are 1, 2 and 3", n->len > 60 ? 60 : (int)n->len,
                  n->data);
    return 0;
}

void handle_model(struct request *r, struct reply *reply)
{
    int model = model_of_path(r, reply);
    if (model > 0)
        reply->blob = &r->snapshot->model_one[model - 1];
}

void handle_lineage(struct request *r, struct reply *reply)
{
    const char *id = r->params.text[PARAM_PRODUCT_ID];
    size_t len = r->params.text_len[PARAM_PRODUCT_ID];
    int model = model_of_path(r, reply);
    if (model == 0)
        return;
    int64_t product = catalog_find(&r->snapshot->catalog, id, len, model);
    if (product == CATALOG_NO_MEMORY) {
        items_no_memory(reply);
        return;
    }
    if (product < 0) {
        reply_problem(reply, 404, "no product has the id '%.*s' in model %d's catalogue", len > 60 ? 60 : (int)len, id,
                      model);
        return;
    }
    lineage_write(&reply->body, r->snapshot, (uint32_t)product, model);
    if (reply->body.failed)
        items_no_memory(reply);
}

void handle_clusters(struct request *r, struct reply *reply)
{
    int model = items_model(r);
    reply->blob = model == PARAM_MODEL_ALL ? &r->snapshot->clusters_all : &r->snapshot->clusters[model - 1];
}

enum { PC_DIGITS = 3 }; /* a thousandth of a standard deviation: less than a pixel */

static void add_point(const struct catalog *c, uint32_t product, const struct pasar_model *m, struct pasar_buf *buf)
{
    const struct catalog_product *p = &c->products[product];
    const char *json = c->text.data + p->json;
    double z[PASAR_FEATURES_MAX];
    pasar_buf_adds(buf, "{\"product_id\":");
    pasar_buf_add(buf, json + CATALOG_ID_OFFSET, p->id_len);
    pasar_buf_adds(buf, ",\"name\":");
    pasar_buf_add(buf, json + p->name, p->name_len);
    pasar_buf_adds(buf, ",\"price\":");
    jsontext_add_number(buf, p->number[CATALOG_PRICE]);
    pasar_buf_adds(buf, ",\"rating_count\":");
    jsontext_add_number(buf, p->number[CATALOG_RATING_COUNT]);
    pasar_buf_adds(buf, ",\"rating\":");
    jsontext_add_number(buf, p->number[CATALOG_RATING]);
    pasar_buf_printf(buf, ",\"cluster\":%d,\"pc\":[", p->cluster[m->number - 1]);
    point_place(m, p, z);
    for (size_t i = 0; i < m->projection.count; i++) {
        pasar_buf_adds(buf, i ? "," : "");
        jsontext_add_rounded(buf, point_project(m, z, i), PC_DIGITS);
    }
    pasar_buf_adds(buf, "]}");
}

/* What the axes of `pc` mean: each a weight per feature, and its share of all differences. */
static void add_components(const struct pasar_model *m, struct pasar_buf *buf)
{
    const struct pasar_projection *pc = &m->projection;
    pasar_buf_adds(buf, "\"principal_components\":");
    if (pc->count == 0) {
        pasar_buf_adds(buf, "null");
        return;
    }
    pasar_buf_adds(buf, "{\"components\":[");
    for (size_t i = 0; i < pc->count; i++) {
        for (size_t f = 0; f < m->feature_count; f++) {
            pasar_buf_printf(buf, "%s\"%s\":", f ? "," : i ? ",{" : "{", pasar_columns[m->feature[f]].name);
            jsontext_add_number(buf, pc->component[i][f]);
        }
        pasar_buf_addc(buf, '}');
    }
    pasar_buf_adds(buf, "],\"explained_variance_ratio\":[");
    for (size_t i = 0; i < pc->count; i++) {
        pasar_buf_adds(buf, i ? "," : "");
        jsontext_add_number(buf, pc->ratio[i]);
    }
    pasar_buf_adds(buf, "]}");
}

/* The centroid's value of a column, null when the model does not use it. */
static void add_coordinate(const struct pasar_model *m, size_t cluster, const char *member, enum pasar_column column,
                           struct pasar_buf *buf)
{
    pasar_buf_printf(buf, ",\"%s\":", member);
    for (size_t f = 0; f < m->feature_count; f++) {
        if (m->feature[f] == column) {
            jsontext_add_rounded(buf, describe_centroid(m, cluster, f), 6);
            return;
        }
    }
    pasar_buf_adds(buf, "null");
}

static void add_centre(const struct pasar_model *m, size_t k, struct pasar_buf *buf)
{
    pasar_buf_printf(buf, "%s{\"cluster\":%zu,\"id\":%zu,\"label\":", k ? "," : "", k, k);
    jsontext_add_string(buf, m->clusters[k].label, strlen(m->clusters[k].label));
    add_coordinate(m, k, "price", PASAR_COL_DISCOUNTED_PRICE, buf);
    add_coordinate(m, k, "rating_count", PASAR_COL_RATING_COUNT, buf);
    add_coordinate(m, k, "rating", PASAR_COL_RATING, buf);
    pasar_buf_adds(buf, ",\"pc\":[");
    for (size_t i = 0; i < m->projection.count; i++) {
        pasar_buf_adds(buf, i ? "," : "");
        jsontext_add_rounded(buf, pasar_model_project(m, k, i), PC_DIGITS);
    }
    pasar_buf_adds(buf, "]}");
}

void handle_plot(struct request *r, struct reply *reply)
{
    const struct catalog *c = &r->snapshot->catalog;
    int model = items_model(r);
    const struct catalog_view *view = &c->views[model - 1];
    const struct pasar_model *m = &r->snapshot->generation.models[model - 1];
    uint32_t sampled = view->count < items_limit(r) ? view->count : items_limit(r);
    struct pasar_buf *buf = &reply->body;
    pasar_buf_printf(buf, "{\"model\":%d,\"total\":%u,\"sampled\":%u,", model, view->count, sampled);
    add_components(m, buf);
    pasar_buf_adds(buf, ",\"points\":[");
    for (uint32_t i = 0; i < sampled; i++) { /* evenly over the order of arrival */
        pasar_buf_adds(buf, i ? "," : "");
        add_point(c, view->products[(uint64_t)i * view->count / sampled], m, buf);
    }
    pasar_buf_adds(buf, "],\"centroids\":[");
    for (size_t k = 0; k < m->k; k++)
        add_centre(m, k, buf);
    pasar_buf_adds(buf, "]}");
    if (buf->failed)
        items_no_memory(reply);
}
