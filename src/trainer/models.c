/* Trains one model after the other in the same memory, then names what came out. */
#include "trainer/models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/clusters.h"
#include "trainer/labels.h"
#include "trainer/quality.h"

void models_rows(uint64_t n, uint64_t rows[PASAR_MODELS])
{
    uint64_t third = n / 3 + (n % 3 != 0);
    rows[0] = third;
    rows[1] = 2 * third < n ? 2 * third : n;
    rows[2] = n;
}

void models_clusters(const struct models *models, uint64_t row, int cluster[PASAR_MODELS])
{
    for (size_t m = 0; m < PASAR_MODELS; m++)
        cluster[m] = row < models->model[m].rows ? models->labels[m][row] : -1;
}

/* Takes over what k-means found. */
static int take_fit(struct pasar_model *model, struct kmeans_fit *fit, struct pasar_err *err)
{
    model->k = fit->k;
    model->clusters = calloc(fit->k, sizeof *model->clusters);
    if (!model->clusters)
        return pasar_err_nomem(err, "clusters");
    for (size_t c = 0; c < fit->k; c++)
        model->clusters[c].size = fit->sizes[c];
    model->centroids = fit->centroids;
    fit->centroids = NULL;
    model->inertia = fit->inertia;
    model->iterations = (int)fit->iterations;
    model->restarts = (int)fit->restarts;
    snprintf(model->stop_reason, sizeof model->stop_reason, "%s", kmeans_stop_name(fit->stop));
    return 0;
}

static void take_features(struct pasar_model *model, const struct feature_set *set, const struct feature_scale *scale)
{
    model->feature_count = set->count;
    for (size_t i = 0; i < set->count; i++) {
        model->feature[i] = set->column[i];
        model->transform[i] = set->transform[i];
        model->impute[i] = scale->impute[i];
        model->missing[i] = scale->missing[i];
        model->mean[i] = scale->mean[i];
        model->std[i] = scale->std[i];
    }
}

/* One model on the first model->rows rows; `points` has room for them. */
static int train_one(struct pasar_model *model, uint16_t *labels, struct matrix *points, const struct dataset *ds,
                     const struct feature_set *set, const struct kmeans_params *params, struct pool *pool,
                     struct pasar_err *err)
{
    struct feature_scale scale;
    struct kmeans_fit fit;
    struct quality quality;
    size_t rows = (size_t)model->rows;
    feature_scale_measure(&scale, set, ds->values, rows);
    take_features(model, set, &scale);
    /* The points are not there yet: their memory serves for the count of the distinct ones. */
    model->distinct_rows = features_distinct(set, &scale, ds->values, rows, (uint64_t *)(void *)points->cells);
    matrix_set_rows(points, rows);
    features_fill(points, set, &scale, ds->values);
    if (pool_check(pool, err) != 0 || kmeans_fit(&fit, labels, points, params, pool, err) != 0)
        return -1;
    int result = take_fit(model, &fit, err);
    kmeans_fit_fini(&fit);
    if (result != 0 || quality_measure(&quality, points, labels, model->k, params->seed, pool, err) != 0)
        return -1;
    model->silhouette = quality.silhouette;
    model->silhouette_sample = quality.silhouette_rows;
    model->davies_bouldin = quality.davies_bouldin;
    model->calinski_harabasz = quality.calinski_harabasz;
    model->seed = params->seed;
    return 0;
}

/* Gives cluster c the id id_of[c] everywhere. */
static int renumber(struct pasar_model *model, uint16_t *labels, const size_t *id_of, struct pasar_err *err)
{
    size_t cols = model->feature_count;
    double *centroids = malloc(model->k * cols * sizeof *centroids);
    struct pasar_cluster *clusters = calloc(model->k, sizeof *clusters);
    if (!centroids || !clusters) {
        free(centroids);
        free(clusters);
        return pasar_err_nomem(err, "clusters");
    }
    for (size_t c = 0; c < model->k; c++) {
        memcpy(centroids + id_of[c] * cols, model->centroids + c * cols, cols * sizeof *centroids);
        clusters[id_of[c]] = model->clusters[c];
    }
    free(model->centroids);
    free(model->clusters);
    model->centroids = centroids;
    model->clusters = clusters;
    for (uint64_t row = 0; row < model->rows; row++)
        labels[row] = (uint16_t)id_of[labels[row]];
    return 0;
}

/* Model 3 has the most rows and the last word: its clusters by size, those of the others by likeness to them. */
static int settle_ids(struct models *models, struct pasar_err *err)
{
    size_t id_of[PASAR_CLUSTERS_MAX];
    uint64_t sizes[PASAR_CLUSTERS_MAX];
    struct pasar_model *last = &models->model[PASAR_MODELS - 1];
    for (size_t c = 0; c < last->k; c++)
        sizes[c] = last->clusters[c].size;
    labels_order(id_of, sizes, last->centroids, last->k, last->feature_count);
    if (renumber(last, models->labels[PASAR_MODELS - 1], id_of, err) != 0)
        return -1;
    for (size_t m = 0; m + 1 < PASAR_MODELS; m++)
        if (labels_align(id_of, &models->model[m], last, err) != 0 ||
            renumber(&models->model[m], models->labels[m], id_of, err) != 0)
            return -1;
    return 0;
}

static int compare(struct models *models, struct pasar_err *err)
{
    models->agreement[PASAR_MODELS - 1] = 1;
    for (size_t m = 0; m + 1 < PASAR_MODELS; m++) {
        const struct pasar_model *model = &models->model[m], *next = &models->model[m + 1];
        if (labels_rand_index(&models->agreement[m], models->labels[m], model->k, models->labels[m + 1], next->k,
                              (size_t)model->rows, err) != 0)
            return -1;
        models->drift[m] = labels_drift(model, &models->model[PASAR_MODELS - 1]);
    }
    return 0;
}

int models_train(struct models *models, const struct dataset *ds, const struct feature_set *set,
                 const struct kmeans_params *params, struct pool *pool, models_progress_fn progress, void *ctx,
                 struct pasar_err *err)
{
    uint64_t rows[PASAR_MODELS];
    struct matrix points = {0};
    *models = (struct models){0};
    models_rows(ds->rows, rows);
    int result = matrix_init(&points, ds->rows, set->count, err);
    for (size_t m = 0; m < PASAR_MODELS && result == 0; m++) {
        models->model[m].number = (int)m + 1;
        models->model[m].rows = rows[m];
        models->labels[m] = malloc((size_t)rows[m] * sizeof *models->labels[m]);
        if (progress)
            progress(ctx, (int)m + 1, rows[m]);
        if (!models->labels[m]) {
            (void)pasar_err_nomem(err, "labels");
            result = -1;
        } else {
            result = train_one(&models->model[m], models->labels[m], &points, ds, set, params, pool, err);
        }
    }
    matrix_fini(&points); /* before the medians, which need memory of their own */
    if (result == 0)
        result = settle_ids(models, err);
    for (size_t m = 0; m < PASAR_MODELS && result == 0; m++) {
        result = clusters_measure(&models->model[m], models->labels[m], ds->values, err);
        if (result == 0)
            labels_name(&models->model[m]);
    }
    return result == 0 ? compare(models, err) : -1;
}

void models_fini(struct models *models)
{
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        pasar_model_fini(&models->model[m]);
        free(models->labels[m]);
        models->labels[m] = NULL;
    }
}
