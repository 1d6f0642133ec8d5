/* Trains one model after the other in the same memory, then names what came out. */
#include "trainer/models.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/clusters.h"
#include "trainer/labels.h"
#include "trainer/projection.h"
#include "trainer/quality.h"

enum { FILL_ROWS = 1 << 16 };

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

static bool same_features(const struct pasar_model *a, const struct pasar_model *b)
{
    bool same = a->feature_count == b->feature_count;
    for (size_t i = 0; same && i < a->feature_count; i++)
        same = a->feature[i] == b->feature[i] && a->transform[i] == b->transform[i];
    return same;
}

/* The centroids of `before` in the z space of `model`, or *start = NULL when they are no start for it. */
static int find_start(double **start, const struct pasar_model *model, size_t k, const struct models_wanted *wanted,
                      struct pasar_err *err)
{
    *start = NULL;
    if (!wanted->warm_start || !wanted->before)
        return 0;
    const struct pasar_model *before = &wanted->before[model->number - 1];
    if (before->k != k || !same_features(model, before))
        return 0;
    size_t cols = model->feature_count;
    *start = malloc(k * cols * sizeof **start);
    if (!*start)
        return pasar_err_nomem(err, "centroids");
    for (size_t i = 0; i < k * cols; i++) {
        size_t f = i % cols;
        (*start)[i] = (before->centroids[i] * before->std[f] + before->mean[f] - model->mean[f]) / model->std[f];
    }
    return 0;
}

/* The points of the first model->rows rows into `points`, which has room for them; what they look like into `model`. */
static int make_points(struct pasar_model *model, struct matrix *points, const struct dataset *ds,
                       const struct feature_set *set, struct pool *pool, struct pasar_err *err)
{
    struct feature_scale scale;
    size_t rows = (size_t)model->rows;
    matrix_discard(points); /* those of the model before: they and the values would be too much at a time */
    if (feature_scale_measure(&scale, set, ds->values, rows, pool, err) != 0)
        return -1;
    take_features(model, set, &scale);
    /* The points are not there yet: their memory serves for the count of the distinct ones. */
    if (features_distinct(&model->distinct_rows, set, &scale, ds->values, rows, (uint64_t *)(void *)points->cells, pool,
                          err) != 0)
        return -1;
    matrix_set_rows(points, rows);
    /* Until the medians nobody needs the values: as the points grow, their memory goes. */
    for (size_t begin = 0; begin < rows; begin += FILL_ROWS) {
        size_t end = rows - begin > FILL_ROWS ? begin + FILL_ROWS : rows;
        if (pool_check(pool, err) != 0)
            return -1;
        features_fill_rows(points, set, &scale, ds->values, begin, end);
        dataset_release(ds, begin, end);
    }
    dataset_release(ds, 0, ds->rows);
    return 0;
}

static int measure_quality(struct pasar_model *model, const uint16_t *labels, const struct matrix *points,
                           uint64_t seed, struct pool *pool, struct pasar_err *err)
{
    struct quality quality;
    if (quality_measure(&quality, points, labels, model->k, seed, pool, err) != 0)
        return -1;
    model->silhouette = quality.silhouette;
    model->silhouette_sample = quality.silhouette_rows;
    model->davies_bouldin = quality.davies_bouldin;
    model->calinski_harabasz = quality.calinski_harabasz;
    return 0;
}

/* One model on the first model->rows rows. */
static int train_one(struct pasar_model *model, uint16_t *labels, struct matrix *points, const struct dataset *ds,
                     const struct models_wanted *wanted, size_t k, struct pool *pool, struct pasar_err *err)
{
    struct kmeans_params params = wanted->params;
    struct kmeans_fit fit;
    double *start = NULL;
    if (make_points(model, points, ds, wanted->set, pool, err) != 0 ||
        projection_measure(&model->projection, points, err) != 0 || find_start(&start, model, k, wanted, err) != 0)
        return -1;
    params.k = k;
    params.start = start;
    int result = kmeans_fit(&fit, labels, points, &params, pool, err);
    free(start);
    if (result != 0)
        return -1;
    result = take_fit(model, &fit, err);
    kmeans_fit_fini(&fit);
    model->seed = params.seed;
    return result == 0 ? measure_quality(model, labels, points, params.seed, pool, err) : -1;
}

/* Tries each k on all rows; fills the table of `last`, the model of all rows. `labels` is scratch. */
static int choose_k(size_t *k, struct pasar_model *last, uint16_t *labels, struct matrix *points,
                    const struct dataset *ds, const struct models_wanted *wanted, struct pool *pool,
                    struct pasar_err *err)
{
    double best = -INFINITY;
    *k = MODELS_K_DEFAULT;
    if (make_points(last, points, ds, wanted->set, pool, err) != 0)
        return -1;
    for (size_t tried = MODELS_K_MIN; tried <= MODELS_K_MAX && tried <= last->distinct_rows; tried++) {
        struct kmeans_params params = wanted->params;
        struct kmeans_fit fit;
        struct quality quality;
        params.k = tried;
        params.patience = KMEANS_PATIENCE + 2 * (unsigned)tried;
        if (kmeans_fit(&fit, labels, points, &params, pool, err) != 0)
            return -1;
        double inertia = fit.inertia;
        kmeans_fit_fini(&fit);
        if (quality_measure(&quality, points, labels, tried, params.seed, pool, err) != 0)
            return -1;
        last->k_trials[last->k_trial_count++] = (struct pasar_k_trial){tried, inertia, quality.silhouette};
        if (quality.silhouette > best) {
            best = quality.silhouette;
            *k = tried;
        }
    }
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

/* Model 3 has the most rows and the last word: its clusters as before or by size, the others' by likeness to them. */
static int settle_ids(struct models *models, const struct pasar_model *before, struct pasar_err *err)
{
    size_t id_of[PASAR_CLUSTERS_MAX];
    uint64_t sizes[PASAR_CLUSTERS_MAX];
    struct pasar_model *last = &models->model[PASAR_MODELS - 1];
    for (size_t c = 0; c < last->k; c++)
        sizes[c] = last->clusters[c].size;
    labels_order(id_of, sizes, last->centroids, last->k, last->feature_count);
    if (renumber(last, models->labels[PASAR_MODELS - 1], id_of, err) != 0)
        return -1;
    if (before && same_features(last, &before[PASAR_MODELS - 1]) &&
        (labels_align(id_of, last, &before[PASAR_MODELS - 1], err) != 0 ||
         renumber(last, models->labels[PASAR_MODELS - 1], id_of, err) != 0))
        return -1;
    for (size_t m = 0; m + 1 < PASAR_MODELS; m++)
        if (labels_align(id_of, &models->model[m], last, err) != 0 ||
            renumber(&models->model[m], models->labels[m], id_of, err) != 0)
            return -1;
    return 0;
}

static int compare(struct models *models, struct pasar_err *err)
{
    for (size_t i = 0; i < PASAR_MODEL_PAIRS; i++) {
        size_t a = (size_t)pasar_model_pairs[i][0] - 1, b = (size_t)pasar_model_pairs[i][1] - 1;
        const struct pasar_model *earlier = &models->model[a], *later = &models->model[b];
        struct pasar_agreement *agreement = &models->agreement[i];
        agreement->rows = earlier->rows;
        for (uint64_t row = 0; row < earlier->rows; row++)
            agreement->changed_rows += models->labels[a][row] != models->labels[b][row];
        agreement->move_count = earlier->k < later->k ? earlier->k : later->k;
        for (size_t c = 0; c < agreement->move_count; c++)
            agreement->moves[c] = labels_move(earlier, later, c);
        if (labels_rand_index(&agreement->adjusted_rand, models->labels[a], earlier->k, models->labels[b], later->k,
                              (size_t)earlier->rows, err) != 0)
            return -1;
    }
    for (size_t m = 0; m + 1 < PASAR_MODELS; m++)
        models->drift[m] = labels_drift(&models->model[m], &models->model[PASAR_MODELS - 1]);
    return 0;
}

/* The row nearest to each centroid among its own cluster's; of several the first. */
static int find_nearest(struct pasar_model *model, uint64_t **nearest, const uint16_t *labels, double *const *values,
                        struct pool *pool, struct pasar_err *err)
{
    *nearest = malloc(model->k * sizeof **nearest);
    if (!*nearest)
        return pasar_err_nomem(err, "clusters");
    for (size_t c = 0; c < model->k; c++) {
        (*nearest)[c] = UINT64_MAX;
        model->clusters[c].nearest_distance = INFINITY;
    }
    for (uint64_t row = 0; row < model->rows; row++) {
        if (pool_check_row(pool, row, err) != 0)
            return -1;
        size_t c = labels[row];
        double sum = 0;
        for (size_t f = 0; f < model->feature_count; f++) {
            double delta = pasar_model_z(model, f, values[f][row]) - model->centroids[c * model->feature_count + f];
            sum += delta * delta;
        }
        if (sum < model->clusters[c].nearest_distance) {
            model->clusters[c].nearest_distance = sum;
            (*nearest)[c] = row;
        }
    }
    for (size_t c = 0; c < model->k; c++)
        model->clusters[c].nearest_distance = sqrt(model->clusters[c].nearest_distance);
    return 0;
}

static int describe(struct models *models, const struct dataset *ds, struct pool *pool, struct pasar_err *err)
{
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        struct pasar_model *model = &models->model[m];
        if (clusters_measure(model, models->labels[m], ds->values, pool, err) != 0 ||
            find_nearest(model, &models->nearest[m], models->labels[m], ds->values, pool, err) != 0)
            return -1;
        labels_name(model);
    }
    return compare(models, err);
}

static int train_all(struct models *models, struct matrix *points, const struct dataset *ds,
                     const struct models_wanted *wanted, struct pool *pool, models_progress_fn progress, void *ctx,
                     struct pasar_err *err)
{
    struct models_wanted chosen = *wanted;
    size_t k = wanted->params.k;
    if (k == 0) {
        if (choose_k(&k, &models->model[PASAR_MODELS - 1], models->labels[PASAR_MODELS - 1], points, ds, wanted, pool,
                     err) != 0)
            return -1;
        chosen.params.patience = KMEANS_PATIENCE + 2 * (unsigned)k;
    }
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        if (progress)
            progress(ctx, (int)m + 1, models->model[m].rows);
        if (train_one(&models->model[m], models->labels[m], points, ds, &chosen, k, pool, err) != 0)
            return -1;
    }
    return 0;
}

int models_train(struct models *models, const struct dataset *ds, const struct models_wanted *wanted, struct pool *pool,
                 models_progress_fn progress, void *ctx, struct pasar_err *err)
{
    uint64_t rows[PASAR_MODELS];
    struct matrix points = {0};
    *models = (struct models){0};
    models_rows(ds->rows, rows);
    int result = matrix_init(&points, ds->rows, wanted->set->count, err);
    for (size_t m = 0; m < PASAR_MODELS && result == 0; m++) {
        models->model[m].number = (int)m + 1;
        models->model[m].rows = rows[m];
        models->labels[m] = malloc((size_t)rows[m] * sizeof *models->labels[m]);
        if (!models->labels[m])
            result = pasar_err_nomem(err, "labels");
    }
    if (result == 0)
        result = train_all(models, &points, ds, wanted, pool, progress, ctx, err);
    matrix_fini(&points); /* before the medians, which need memory of their own */
    if (result == 0)
        result = settle_ids(models, wanted->before, err);
    return result == 0 ? describe(models, ds, pool, err) : -1;
}

void models_fini(struct models *models)
{
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        pasar_model_fini(&models->model[m]);
        free(models->labels[m]);
        free(models->nearest[m]);
        models->labels[m] = NULL;
        models->nearest[m] = NULL;
    }
}
