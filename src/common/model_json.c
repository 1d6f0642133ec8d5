/* model_N.json: written so that a person can read it and the loader gets back the same numbers, bit for bit. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "generation_private.h"

static const char *const transform_names[] = {[PASAR_TRANSFORM_NONE] = "none", [PASAR_TRANSFORM_LOG1P] = "log1p"};

/* ------------------------------------------------------------------ writing */

/* Puts an array's next entry; takes `entry`. */
static void append(struct pasar_json_out *out, json_t *array, json_t *entry)
{
    if (entry == NULL || json_array_append_new(array, entry) != 0)
        out->failed = true;
}

static json_t *feature_to_json(const struct pasar_model *model, size_t f)
{
    struct pasar_json_out out = {json_object(), false};

    pasar_json_put_text(&out, "name", pasar_columns[model->feature[f]].name);
    pasar_json_put_text(&out, "transform", transform_names[model->transform[f]]);
    pasar_json_put_number(&out, "impute", model->impute[f]);
    pasar_json_put_u64(&out, "missing", model->missing[f]);
    pasar_json_put_number(&out, "mean", model->mean[f]);
    pasar_json_put_number(&out, "std", model->std[f]);
    if (out.failed)
        json_decref(out.object);
    return out.failed ? NULL : out.object;
}

/* {feature: value}. */
static json_t *by_feature(const struct pasar_model *model, const double *values)
{
    struct pasar_json_out out = {json_object(), false};

    for (size_t f = 0; f < model->feature_count; f++)
        pasar_json_put_number(&out, pasar_columns[model->feature[f]].name, values[f]);
    if (out.failed)
        json_decref(out.object);
    return out.failed ? NULL : out.object;
}

static json_t *cluster_to_json(const struct pasar_model *model, size_t c)
{
    const struct pasar_cluster *cluster = &model->clusters[c];
    struct pasar_json_out out = {json_object(), false};
    json_t *top = json_array();

    pasar_json_put_u64(&out, "id", c);
    pasar_json_put_u64(&out, "size", cluster->size);
    pasar_json_put_text(&out, "label", cluster->label);
    pasar_json_put(&out, "mean", by_feature(model, cluster->mean));
    pasar_json_put(&out, "median", by_feature(model, cluster->median));
    for (size_t i = 0; i < cluster->top_count; i++) {
        struct pasar_json_out entry = {json_object(), false};
        pasar_json_put_text(&entry, "category", cluster->top[i].category);
        pasar_json_put_u64(&entry, "count", cluster->top[i].count);
        append(&out, top, entry.object);
        out.failed |= entry.failed;
    }
    pasar_json_put(&out, "top_categories", top);
    pasar_json_put(&out, "nearest", pasar_model_nearest_to_json(cluster));
    if (out.failed)
        json_decref(out.object);
    return out.failed ? NULL : out.object;
}

/* k arrays of feature_count numbers, in z space or in real units. */
static json_t *centroids_to_json(const struct pasar_model *model, bool real_units)
{
    struct pasar_json_out out = {NULL, false};
    json_t *rows = json_array();

    for (size_t c = 0; c < model->k; c++) {
        json_t *row = json_array();
        for (size_t f = 0; f < model->feature_count; f++) {
            double z = model->centroids[c * model->feature_count + f];
            append(&out, row, json_real(real_units ? pasar_model_centroid(model, c, f) : z));
        }
        append(&out, rows, row);
    }
    if (out.failed)
        json_decref(rows);
    return out.failed ? NULL : rows;
}

static void put_result(struct pasar_json_out *out, const struct pasar_model *model)
{
    pasar_json_put_number(out, "inertia", model->inertia);
    pasar_json_put_number(out, "silhouette", model->silhouette);
    pasar_json_put_u64(out, "silhouette_sample", model->silhouette_sample);
    pasar_json_put_number(out, "davies_bouldin", model->davies_bouldin);
    pasar_json_put_number(out, "calinski_harabasz", model->calinski_harabasz);
    pasar_json_put_u64(out, "iterations", (uint64_t)model->iterations);
    pasar_json_put_u64(out, "restarts", (uint64_t)model->restarts);
    pasar_json_put_text(out, "stop_reason", model->stop_reason);
    pasar_json_put_u64(out, "seed", model->seed);
}

char *pasar_model_to_json(const struct pasar_model *model, struct pasar_err *err)
{
    char *text = NULL;

    if (pasar_model_check(model, err) != 0)
        return NULL;
    struct pasar_json_out out = {json_object(), false};
    json_t *features = json_array(), *clusters = json_array();
    pasar_json_put_u64(&out, "format", PASAR_MODEL_FORMAT);
    pasar_json_put_u64(&out, "model", (uint64_t)model->number);
    pasar_json_put_u64(&out, "rows", model->rows);
    pasar_json_put_u64(&out, "distinct_rows", model->distinct_rows);
    for (size_t f = 0; f < model->feature_count; f++)
        append(&out, features, feature_to_json(model, f));
    pasar_json_put(&out, "features", features);
    pasar_json_put_u64(&out, "k", model->k);
    pasar_json_put(&out, "centroids", centroids_to_json(model, false));
    pasar_json_put(&out, "centroids_real", centroids_to_json(model, true));
    for (size_t c = 0; c < model->k; c++)
        append(&out, clusters, cluster_to_json(model, c));
    pasar_json_put(&out, "clusters", clusters);
    put_result(&out, model);
    pasar_json_put(&out, "principal_components", pasar_model_projection_to_json(model));
    pasar_json_put(&out, "k_trials", pasar_model_k_trials_to_json(model));
    if (!out.failed)
        text = json_dumps(out.object, PASAR_GENERATION_JSON_FLAGS);
    if (text == NULL)
        pasar_err_set(err, PASAR_EOS, "model %d: out of memory, or a label or category that is no UTF-8",
                      model->number);
    json_decref(out.object);
    return text;
}

/* ------------------------------------------------------------------ reading */

static int read_transform(const json_t *feature, const char *where, enum pasar_transform *transform,
                          struct pasar_err *err)
{
    const char *name = pasar_json_text(feature, where, "transform", 16, err);

    if (name == NULL)
        return -1;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(transform_names); i++) {
        if (strcmp(name, transform_names[i]) == 0) {
            *transform = (enum pasar_transform)i;
            return 0;
        }
    }
    return pasar_err_set(err, PASAR_EDATA, "%s.transform: unknown", where);
}

static int read_features(struct pasar_model *model, const json_t *root, struct pasar_err *err)
{
    const json_t *features = pasar_json_array(root, "", "features", 1, PASAR_FEATURES_MAX, err);

    if (features == NULL)
        return -1;
    model->feature_count = json_array_size(features);
    for (size_t f = 0; f < model->feature_count; f++) {
        const json_t *feature = json_array_get(features, f);
        char where[32];
        snprintf(where, sizeof where, "features[%zu]", f);
        const char *name = pasar_json_text(feature, where, "name", 64, err);
        if (name == NULL)
            return -1;
        int column = pasar_column_find(name, strlen(name));
        if (column < 0 || !pasar_columns[column].is_number)
            return pasar_err_set(err, PASAR_EDATA, "%s.name: not a numeric column", where);
        model->feature[f] = (enum pasar_column)column;
        if (read_transform(feature, where, &model->transform[f], err) != 0 ||
            pasar_json_double(feature, where, "impute", false, &model->impute[f], err) != 0 ||
            pasar_json_u64(feature, where, "missing", 0, INT64_MAX, &model->missing[f], err) != 0 ||
            pasar_json_double(feature, where, "mean", false, &model->mean[f], err) != 0 ||
            pasar_json_double(feature, where, "std", false, &model->std[f], err) != 0)
            return -1;
    }
    return 0;
}

static int read_centroids(struct pasar_model *model, const json_t *root, struct pasar_err *err)
{
    const json_t *rows = pasar_json_array(root, "", "centroids", model->k, model->k, err);

    if (rows == NULL)
        return -1;
    for (size_t c = 0; c < model->k; c++) {
        const json_t *row = json_array_get(rows, c);
        if (!json_is_array(row) || json_array_size(row) != model->feature_count)
            return pasar_err_set(err, PASAR_EDATA, "centroids[%zu]: must be an array of %zu numbers", c,
                                 model->feature_count);
        for (size_t f = 0; f < model->feature_count; f++) {
            const json_t *number = json_array_get(row, f);
            if (!json_is_number(number))
                return pasar_err_set(err, PASAR_EDATA, "centroids[%zu][%zu]: must be a number", c, f);
            model->centroids[c * model->feature_count + f] = json_number_value(number);
        }
    }
    return 0;
}

static int read_by_feature(const struct pasar_model *model, const json_t *cluster, const char *where, const char *key,
                           double *values, struct pasar_err *err)
{
    const json_t *object = json_object_get(cluster, key);
    char inner[64];

    snprintf(inner, sizeof inner, "%s.%s", where, key);
    if (!json_is_object(object))
        return pasar_err_set(err, PASAR_EDATA, "%s: must be an object", inner);
    for (size_t f = 0; f < model->feature_count; f++)
        if (pasar_json_double(object, inner, pasar_columns[model->feature[f]].name, true, &values[f], err) != 0)
            return -1;
    return 0;
}

static int read_cluster(const struct pasar_model *model, struct pasar_cluster *cluster, const json_t *json, size_t c,
                        struct pasar_err *err)
{
    char where[32];
    uint64_t id;

    snprintf(where, sizeof where, "clusters[%zu]", c);
    const char *label = pasar_json_text(json, where, "label", PASAR_LABEL_MAX - 1, err);
    const json_t *top = pasar_json_array(json, where, "top_categories", 0, PASAR_TOP_CATEGORIES, err);
    if (label == NULL || top == NULL || pasar_json_u64(json, where, "id", c, c, &id, err) != 0 ||
        pasar_json_u64(json, where, "size", 0, INT64_MAX, &cluster->size, err) != 0 ||
        read_by_feature(model, json, where, "mean", cluster->mean, err) != 0 ||
        read_by_feature(model, json, where, "median", cluster->median, err) != 0)
        return -1;
    snprintf(cluster->label, sizeof cluster->label, "%s", label);
    for (size_t i = 0; i < json_array_size(top); i++) {
        const json_t *entry = json_array_get(top, i);
        const char *category = pasar_json_text(entry, where, "category", PASAR_MODEL_TEXT_MAX, err);
        struct pasar_category_count *count = &cluster->top[i];
        if (category == NULL || pasar_json_u64(entry, where, "count", 0, INT64_MAX, &count->count, err) != 0)
            return -1;
        count->category = strdup(category);
        if (count->category == NULL)
            return pasar_err_nomem(err, "a model");
        cluster->top_count++;
    }
    return pasar_model_read_nearest(cluster, json, where, err);
}

static int read_clusters(struct pasar_model *model, const json_t *root, struct pasar_err *err)
{
    uint64_t k;

    if (pasar_json_u64(root, "", "k", 1, PASAR_CLUSTERS_MAX, &k, err) != 0)
        return -1;
    const json_t *clusters = pasar_json_array(root, "", "clusters", k, k, err);
    if (clusters == NULL)
        return -1;
    model->k = (size_t)k;
    model->centroids = calloc(model->k * model->feature_count, sizeof *model->centroids);
    model->clusters = calloc(model->k, sizeof *model->clusters);
    if (model->centroids == NULL || model->clusters == NULL)
        return pasar_err_nomem(err, "a model");
    if (read_centroids(model, root, err) != 0)
        return -1;
    for (size_t c = 0; c < model->k; c++)
        if (read_cluster(model, &model->clusters[c], json_array_get(clusters, c), c, err) != 0)
            return -1;
    return 0;
}

static int read_result(struct pasar_model *model, const json_t *root, struct pasar_err *err)
{
    uint64_t iterations, restarts;
    const char *reason = pasar_json_text(root, "", "stop_reason", sizeof model->stop_reason - 1, err);

    if (reason == NULL || pasar_json_double(root, "", "inertia", false, &model->inertia, err) != 0 ||
        pasar_json_double(root, "", "silhouette", true, &model->silhouette, err) != 0 ||
        pasar_json_u64(root, "", "silhouette_sample", 0, INT64_MAX, &model->silhouette_sample, err) != 0 ||
        pasar_json_double(root, "", "davies_bouldin", true, &model->davies_bouldin, err) != 0 ||
        pasar_json_double(root, "", "calinski_harabasz", true, &model->calinski_harabasz, err) != 0 ||
        pasar_json_u64(root, "", "iterations", 0, INT_MAX, &iterations, err) != 0 ||
        pasar_json_u64(root, "", "restarts", 0, INT_MAX, &restarts, err) != 0 ||
        pasar_json_u64(root, "", "seed", 0, INT64_MAX, &model->seed, err) != 0)
        return -1;
    snprintf(model->stop_reason, sizeof model->stop_reason, "%s", reason);
    model->iterations = (int)iterations;
    model->restarts = (int)restarts;
    return 0;
}

int pasar_model_from_json(struct pasar_model *model, const char *json, size_t len, struct pasar_err *err)
{
    uint64_t number;
    json_t *root = pasar_json_load(json, len, err);
    int rc = -1;

    *model = (struct pasar_model){0};
    if (root == NULL)
        return -1;
    if (pasar_json_u64(root, "", "model", 1, PASAR_MODELS, &number, err) == 0 &&
        pasar_json_u64(root, "", "rows", 1, INT64_MAX, &model->rows, err) == 0 &&
        pasar_json_u64(root, "", "distinct_rows", 0, INT64_MAX, &model->distinct_rows, err) == 0 &&
        read_features(model, root, err) == 0 && read_clusters(model, root, err) == 0 &&
        read_result(model, root, err) == 0 && pasar_model_read_projection(model, root, err) == 0 &&
        pasar_model_read_k_trials(model, root, err) == 0) {
        model->number = (int)number;
        rc = pasar_model_check(model, err);
    }
    json_decref(root);
    if (rc != 0)
        pasar_model_fini(model);
    return rc;
}
