/* The members of model_N.json that readers can do without: nearest products, principal components, the search for k. */
#include <stdlib.h>
#include <string.h>

#include "generation_private.h"

static json_t *take(struct pasar_json_out *out)
{
    if (out->failed)
        json_decref(out->object);
    return out->failed ? NULL : out->object;
}

static json_t *numbers(const double *values, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, pasar_json_number(values[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

json_t *pasar_model_nearest_to_json(const struct pasar_cluster *cluster)
{
    struct pasar_json_out out = {NULL, false};

    if (cluster->nearest_id == NULL)
        return json_null();
    out.object = json_object();
    pasar_json_put_text(&out, "product_id", cluster->nearest_id);
    pasar_json_put(&out, "product_name",
                   cluster->nearest_name != NULL ? json_string(cluster->nearest_name) : json_null());
    pasar_json_put_number(&out, "distance", cluster->nearest_distance);
    return take(&out);
}

int pasar_model_read_nearest(struct pasar_cluster *cluster, const json_t *json, const char *where,
                             struct pasar_err *err)
{
    const json_t *nearest = json_object_get(json, "nearest");
    char inner[64];

    if (nearest == NULL || json_is_null(nearest))
        return 0;
    snprintf(inner, sizeof inner, "%s.nearest", where);
    const char *id = pasar_json_text(nearest, inner, "product_id", PASAR_MODEL_TEXT_MAX, err), *name = NULL;
    if (id == NULL || pasar_json_double(nearest, inner, "distance", false, &cluster->nearest_distance, err) != 0)
        return -1;
    if (!json_is_null(json_object_get(nearest, "product_name"))) {
        name = pasar_json_text(nearest, inner, "product_name", PASAR_MODEL_TEXT_MAX, err);
        if (name == NULL)
            return -1;
    }
    cluster->nearest_id = strdup(id);
    cluster->nearest_name = name != NULL ? strdup(name) : NULL;
    if (cluster->nearest_id == NULL || (name != NULL && cluster->nearest_name == NULL))
        return pasar_err_nomem(err, "a model");
    return 0;
}

json_t *pasar_model_projection_to_json(const struct pasar_model *model)
{
    const struct pasar_projection *projection = &model->projection;
    struct pasar_json_out out = {NULL, false};

    if (projection->count == 0)
        return json_null();
    json_t *components = json_array(), *centroids = json_array();
    for (size_t i = 0; i < projection->count; i++)
        out.failed |= json_array_append_new(components, numbers(projection->component[i], model->feature_count)) != 0;
    for (size_t c = 0; c < model->k; c++) {
        double at[PASAR_COMPONENTS];
        for (size_t i = 0; i < projection->count; i++)
            at[i] = pasar_model_project(model, c, i);
        out.failed |= json_array_append_new(centroids, numbers(at, projection->count)) != 0;
    }
    out.object = json_object();
    pasar_json_put(&out, "components", components);
    pasar_json_put(&out, "explained_variance", numbers(projection->variance, projection->count));
    pasar_json_put(&out, "explained_variance_ratio", numbers(projection->ratio, projection->count));
    pasar_json_put(&out, "centroids", centroids);
    return take(&out);
}

static int read_numbers(const json_t *array, const char *where, double *values, size_t count, struct pasar_err *err)
{
    if (!json_is_array(array) || json_array_size(array) != count)
        return pasar_err_set(err, PASAR_EDATA, "%s: must be an array of %zu numbers", where, count);
    for (size_t i = 0; i < count; i++) {
        if (!json_is_number(json_array_get(array, i)))
            return pasar_err_set(err, PASAR_EDATA, "%s[%zu]: must be a number", where, i);
        values[i] = json_number_value(json_array_get(array, i));
    }
    return 0;
}

int pasar_model_read_projection(struct pasar_model *model, const json_t *root, struct pasar_err *err)
{
    static const char where[] = "principal_components";
    const json_t *json = json_object_get(root, where);
    struct pasar_projection *projection = &model->projection;

    if (json == NULL || json_is_null(json))
        return 0;
    const json_t *components = pasar_json_array(json, where, "components", 1, PASAR_COMPONENTS, err);
    if (components == NULL)
        return -1;
    projection->count = json_array_size(components);
    for (size_t i = 0; i < projection->count; i++)
        if (read_numbers(json_array_get(components, i), "principal_components.components[]", projection->component[i],
                         model->feature_count, err) != 0)
            return -1;
    if (read_numbers(json_object_get(json, "explained_variance"), "principal_components.explained_variance",
                     projection->variance, projection->count, err) != 0)
        return -1;
    return read_numbers(json_object_get(json, "explained_variance_ratio"),
                        "principal_components.explained_variance_ratio", projection->ratio, projection->count, err);
}

json_t *pasar_model_k_trials_to_json(const struct pasar_model *model)
{
    json_t *array = json_array();

    for (size_t i = 0; i < model->k_trial_count; i++) {
        struct pasar_json_out out = {json_object(), false};
        pasar_json_put_u64(&out, "k", model->k_trials[i].k);
        pasar_json_put_number(&out, "inertia", model->k_trials[i].inertia);
        pasar_json_put_number(&out, "silhouette", model->k_trials[i].silhouette);
        if (json_array_append_new(array, take(&out)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

int pasar_model_read_k_trials(struct pasar_model *model, const json_t *root, struct pasar_err *err)
{
    if (json_object_get(root, "k_trials") == NULL)
        return 0;
    const json_t *array = pasar_json_array(root, "", "k_trials", 0, PASAR_K_TRIALS_MAX, err);
    if (array == NULL)
        return -1;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *json = json_array_get(array, i);
        struct pasar_k_trial *trial = &model->k_trials[i];
        char where[32];
        uint64_t k;
        snprintf(where, sizeof where, "k_trials[%zu]", i);
        if (pasar_json_u64(json, where, "k", 1, PASAR_CLUSTERS_MAX, &k, err) != 0 ||
            pasar_json_double(json, where, "inertia", false, &trial->inertia, err) != 0 ||
            pasar_json_double(json, where, "silhouette", true, &trial->silhouette, err) != 0)
            return -1;
        trial->k = (size_t)k;
        model->k_trial_count++;
    }
    return 0;
}
