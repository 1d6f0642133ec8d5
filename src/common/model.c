/* A k-means model in memory: what must hold, what it predicts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/generation.h"

void pasar_model_fini(struct pasar_model *model)
{
    if (model->clusters != NULL)
        for (size_t c = 0; c < model->k; c++) {
            for (size_t i = 0; i < model->clusters[c].top_count; i++)
                free(model->clusters[c].top[i].category);
            free(model->clusters[c].nearest_id);
            free(model->clusters[c].nearest_name);
        }
    free(model->clusters);
    free(model->centroids);
    *model = (struct pasar_model){0};
}

double pasar_model_z(const struct pasar_model *model, size_t f, double value)
{
    double x = value;

    if (isnan(value))
        x = model->impute[f];
    else if (model->transform[f] == PASAR_TRANSFORM_LOG1P)
        x = log1p(value > 0 ? value : 0);
    return (x - model->mean[f]) / model->std[f];
}

double pasar_model_centroid(const struct pasar_model *model, size_t cluster, size_t f)
{
    double x = model->centroids[cluster * model->feature_count + f] * model->std[f] + model->mean[f];
    return model->transform[f] == PASAR_TRANSFORM_LOG1P ? expm1(x) : x;
}

double pasar_model_project(const struct pasar_model *model, size_t cluster, size_t component)
{
    double sum = 0;

    for (size_t f = 0; f < model->feature_count; f++)
        sum += model->projection.component[component][f] * model->centroids[cluster * model->feature_count + f];
    return sum;
}

size_t pasar_model_predict(const struct pasar_model *model, const double *values, double *distance)
{
    double z[PASAR_FEATURES_MAX], best = INFINITY;
    size_t nearest = 0;

    for (size_t f = 0; f < model->feature_count; f++)
        z[f] = pasar_model_z(model, f, values[f]);
    for (size_t c = 0; c < model->k; c++) {
        const double *centroid = model->centroids + c * model->feature_count;
        double sum = 0;
        for (size_t f = 0; f < model->feature_count; f++)
            sum += (z[f] - centroid[f]) * (z[f] - centroid[f]);
        if (sum < best) {
            best = sum;
            nearest = c;
        }
    }
    if (distance != NULL)
        *distance = sqrt(best);
    return nearest;
}

/* ------------------------------------------------------------------ check */

static int refuse(struct pasar_err *err, const char *member, size_t index, const char *why)
{
    return pasar_err_set(err, PASAR_EDATA, "%s[%zu]: %s", member, index, why);
}

static int check_features(const struct pasar_model *model, struct pasar_err *err)
{
    for (size_t f = 0; f < model->feature_count; f++) {
        if (model->feature[f] >= PASAR_COLUMNS || !pasar_columns[model->feature[f]].is_number)
            return refuse(err, "features", f, "not a numeric column");
        for (size_t other = 0; other < f; other++)
            if (model->feature[other] == model->feature[f])
                return refuse(err, "features", f, "stands twice");
        if (model->transform[f] != PASAR_TRANSFORM_NONE && model->transform[f] != PASAR_TRANSFORM_LOG1P)
            return refuse(err, "features", f, "unknown transform");
        if (!isfinite(model->impute[f]) || !isfinite(model->mean[f]))
            return refuse(err, "features", f, "impute and mean must be finite");
        if (!isfinite(model->std[f]) || model->std[f] <= 0)
            return refuse(err, "features", f, "std must be finite and above 0");
        if (model->missing[f] > model->rows)
            return refuse(err, "features", f, "more missing values than rows");
    }
    return 0;
}

static bool is_undefined_or_finite(double value)
{
    return isnan(value) || isfinite(value);
}

static int check_clusters(const struct pasar_model *model, struct pasar_err *err)
{
    uint64_t total = 0;

    for (size_t i = 0; i < model->k * model->feature_count; i++)
        if (!isfinite(model->centroids[i]))
            return refuse(err, "centroids", i / model->feature_count, "must be finite");
    for (size_t c = 0; c < model->k; c++) {
        const struct pasar_cluster *cluster = &model->clusters[c];
        if (cluster->size > model->rows - total)
            return refuse(err, "clusters", c, "sizes add up to more than the model's rows");
        total += cluster->size;
        if (memchr(cluster->label, '\0', sizeof cluster->label) == NULL || cluster->label[0] == '\0')
            return refuse(err, "clusters", c, "has no label");
        if (cluster->top_count > PASAR_TOP_CATEGORIES)
            return refuse(err, "clusters", c, "too many top categories");
        for (size_t f = 0; f < model->feature_count; f++)
            if (!is_undefined_or_finite(cluster->mean[f]) || !is_undefined_or_finite(cluster->median[f]))
                return refuse(err, "clusters", c, "mean and median must be finite or null");
        if (cluster->nearest_id != NULL && (!isfinite(cluster->nearest_distance) || cluster->nearest_distance < 0))
            return refuse(err, "clusters", c, "nearest.distance must be finite and not negative");
    }
    if (total != model->rows)
        return pasar_err_set(err, PASAR_EDATA, "clusters: sizes add up to %llu, not to the %llu rows",
                             (unsigned long long)total, (unsigned long long)model->rows);
    return 0;
}

static int check_projection(const struct pasar_model *model, struct pasar_err *err)
{
    const struct pasar_projection *projection = &model->projection;

    if (projection->count > PASAR_COMPONENTS || projection->count > model->feature_count)
        return pasar_err_set(err, PASAR_EDATA, "principal_components: too many");
    for (size_t i = 0; i < projection->count; i++) {
        if (!isfinite(projection->variance[i]) || projection->variance[i] < 0 || !isfinite(projection->ratio[i]) ||
            projection->ratio[i] < 0 || projection->ratio[i] > 1)
            return refuse(err, "principal_components.explained_variance", i, "out of range");
        for (size_t f = 0; f < model->feature_count; f++)
            if (!isfinite(projection->component[i][f]) || fabs(projection->component[i][f]) > 1)
                return refuse(err, "principal_components.components", i, "weights must be -1 to 1");
    }
    return 0;
}

static int check_k_trials(const struct pasar_model *model, struct pasar_err *err)
{
    if (model->k_trial_count > PASAR_K_TRIALS_MAX)
        return pasar_err_set(err, PASAR_EDATA, "k_trials: more than %d", PASAR_K_TRIALS_MAX);
    for (size_t i = 0; i < model->k_trial_count; i++) {
        const struct pasar_k_trial *trial = &model->k_trials[i];
        if (trial->k < 1 || trial->k > PASAR_CLUSTERS_MAX || (i > 0 && trial->k <= model->k_trials[i - 1].k))
            return refuse(err, "k_trials", i, "k must rise, from 1 on");
        if (!isfinite(trial->inertia) || trial->inertia < 0 || !is_undefined_or_finite(trial->silhouette))
            return refuse(err, "k_trials", i, "inertia and silhouette must be finite");
    }
    return 0;
}

int pasar_model_check(const struct pasar_model *model, struct pasar_err *err)
{
    const double metrics[] = {model->silhouette, model->davies_bouldin, model->calinski_harabasz};

    if (model->number < 1 || model->number > PASAR_MODELS)
        return pasar_err_set(err, PASAR_EDATA, "model: must be 1 to %d", PASAR_MODELS);
    if (model->rows < 1 || model->rows > INT64_MAX || model->distinct_rows > model->rows ||
        model->silhouette_sample > model->rows)
        return pasar_err_set(err, PASAR_EDATA, "rows, distinct_rows, silhouette_sample: do not fit each other");
    if (model->feature_count < 1 || model->feature_count > PASAR_FEATURES_MAX)
        return pasar_err_set(err, PASAR_EDATA, "features: must be 1 to %d", PASAR_FEATURES_MAX);
    if (model->k < 1 || model->k > PASAR_CLUSTERS_MAX || model->centroids == NULL || model->clusters == NULL)
        return pasar_err_set(err, PASAR_EDATA, "k: must be 1 to %d", PASAR_CLUSTERS_MAX);
    if (check_features(model, err) != 0 || check_clusters(model, err) != 0 || check_projection(model, err) != 0 ||
        check_k_trials(model, err) != 0)
        return -1;
    if (!isfinite(model->inertia) || model->inertia < 0)
        return pasar_err_set(err, PASAR_EDATA, "inertia: must be finite and not negative");
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        if (!is_undefined_or_finite(metrics[i]))
            return pasar_err_set(err, PASAR_EDATA, "silhouette, davies_bouldin, calinski_harabasz: finite or null");
    if (model->iterations < 0 || model->restarts < 0 || model->seed > INT64_MAX)
        return pasar_err_set(err, PASAR_EDATA, "iterations, restarts, seed: out of range");
    if (memchr(model->stop_reason, '\0', sizeof model->stop_reason) == NULL || model->stop_reason[0] == '\0')
        return pasar_err_set(err, PASAR_EDATA, "stop_reason: missing");
    return 0;
}
