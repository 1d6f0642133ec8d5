/* Batches → dataset → three models → products and generation. */
#include "trainer/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/clock.h"
#include "pasar/log.h"
#include "pasar/progress.h"
#include "pasar/stop.h"
#include "trainer/arrival.h"
#include "trainer/categories.h"
#include "trainer/dataset.h"
#include "trainer/models.h"

static bool is_stopping(void *ctx)
{
    (void)ctx;
    return pasar_stop_requested();
}

static uint64_t expected_rows(const struct config *config, const struct pasar_batch_list *list)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct pasar_batch_sidecar sidecar;
        struct pasar_err ignored = PASAR_ERR_INIT;
        if (list->names[i].kind != PASAR_BATCH_ROWS)
            continue;
        if (pasar_batch_sidecar_read(&sidecar, config->batches, &list->names[i], &ignored) != 0)
            return 0; /* unknown: progress goes without a percentage */
        rows += sidecar.rows;
        pasar_batch_sidecar_free(&sidecar);
    }
    return rows;
}

struct loading {
    struct pasar_progress progress;
    uint64_t total;
};

static int show_loading(void *ctx, uint64_t rows)
{
    struct loading *loading = ctx;
    pasar_progress_update(&loading->progress, rows, rows, loading->total);
    return pasar_stop_requested();
}

static int load(struct dataset *ds, const struct config *config, const struct feature_set *set,
                const struct pasar_batch_list *list, struct pasar_err *err)
{
    struct loading loading;
    loading.total = expected_rows(config, list);
    pasar_progress_start(&loading.progress, "rows read", config->common.quiet);
    int result = dataset_load(ds, config->batches, list, set, show_loading, &loading, err);
    pasar_progress_finish(&loading.progress);
    if (result == 0 && ds->unchecked > 0)
        pasar_warn("%zu of the batches have no sidecar, so that nothing tells whether they are whole", ds->unchecked);
    return result;
}

/* The progress of one fit after the other. */
struct fitting {
    struct pasar_progress progress;
    struct lloyd_meter meter;
    bool quiet;
};

static void show_fit(void *ctx, uint64_t rows, double share)
{
    enum { WHOLE = 1000000 };
    struct fitting *fitting = ctx;
    pasar_progress_update(&fitting->progress, rows, (uint64_t)(share * WHOLE), WHOLE);
}

static void begin_fit(struct fitting *fitting)
{
    fitting->meter = (struct lloyd_meter){.show = show_fit, .ctx = fitting};
    pasar_progress_start(&fitting->progress, "rows compared", fitting->quiet);
}

static void show_model(void *ctx, int number, uint64_t rows)
{
    struct fitting *fitting = ctx;
    pasar_progress_finish(&fitting->progress);
    begin_fit(fitting);
    pasar_info("training model %d of %d on %llu rows", number, PASAR_MODELS, (unsigned long long)rows);
}

/* The current generation, for ids and a start; false when there is none that can be used. */
static bool load_before(struct pasar_generation *before, const struct config *config)
{
    char name[32];
    struct pasar_err why = PASAR_ERR_INIT;
    if (pasar_generation_current(config->models, name, &why) == 0 &&
        pasar_generation_load(before, config->models, name, &why) == 0)
        return true;
    if (why.code != PASAR_ENOINPUT)
        pasar_warn("cluster ids begin anew, since the previous generation cannot be read: %s", why.msg);
    return false;
}

static int train(struct models *models, const struct dataset *ds, const struct config *config,
                 const struct feature_set *set, struct pasar_err *err)
{
    struct pasar_generation before;
    struct fitting fitting = {.quiet = config->common.quiet};
    struct models_wanted wanted = {.set = set, .warm_start = config->warm_start};
    kmeans_params_init(&wanted.params, (size_t)config->clusters, (uint64_t)config->seed);
    wanted.params.n_init = (unsigned)config->n_init;
    wanted.params.max_iter = (unsigned)config->max_iter;
    wanted.params.tol = config->tol;
    wanted.params.random_init = config->init == CONFIG_INIT_RANDOM;
    struct pool *pool = pool_new(config_threads(config), is_stopping, NULL, err);
    if (!pool)
        return -1;
    bool has_before = load_before(&before, config);
    if (has_before)
        wanted.before = before.models;
    begin_fit(&fitting);
    wanted.params.meter = &fitting.meter;
    int result = models_train(models, ds, &wanted, pool, show_model, &fitting, err);
    pasar_progress_finish(&fitting.progress);
    if (has_before)
        pasar_generation_fini(&before);
    pool_free(pool);
    return result;
}

/* Names the product of `record` as the nearest one of its cluster, if row `row` is that. */
static int take_nearest(struct models *models, uint64_t row, const struct pasar_record *record,
                        const int cluster[PASAR_MODELS], struct pasar_err *err)
{
    const struct pasar_text *id = &record->text[PASAR_COL_PRODUCT_ID], *name = &record->text[PASAR_COL_PRODUCT_NAME];
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        if (cluster[m] < 0 || models->nearest[m][cluster[m]] != row)
            continue;
        struct pasar_cluster *into = &models->model[m].clusters[cluster[m]];
        size_t id_len = strnlen(id->data, id->len), name_len = name->data ? strnlen(name->data, name->len) : 0;
        bool has_name = name_len > 0 && name_len <= PASAR_MODEL_TEXT_MAX;
        if (id_len == 0 || id_len > PASAR_MODEL_TEXT_MAX)
            continue; /* no model has room for it: the nearest product is not known */
        into->nearest_id = strndup(id->data, id_len);
        into->nearest_name = has_name ? strndup(name->data, name_len) : NULL;
        if (!into->nearest_id || (has_name && !into->nearest_name))
            return pasar_err_nomem(err, "nearest products");
    }
    return 0;
}

/* The second pass: every row with its clusters into products.csv, and the categories counted. */
static int write_products(struct pasar_generation_writer *writer, struct categories *categories, struct models *models,
                          const struct dataset *ds, const struct config *config, struct pasar_err *err)
{
    struct pasar_progress progress;
    struct pasar_record record;
    enum arrival_result got = ARRIVAL_ERROR;
    struct arrival *arrival = arrival_new(ds, config->batches, ARRIVAL_STASH_BYTES, err);
    if (!arrival)
        return -1;
    pasar_progress_start(&progress, "products written", config->common.quiet);
    for (uint64_t row = 0; (got = arrival_next(arrival, &record, err)) == ARRIVAL_ROW; row++) {
        int cluster[PASAR_MODELS];
        models_clusters(models, row, cluster);
        /* The manifest lists the dataset's files, so that rows counted through them are its source rows. */
        if (pasar_generation_writer_add_row(writer, &record, cluster, ds->source[row], err) != 0 ||
            categories_add(categories, record.text[PASAR_COL_CATEGORY], cluster, err) != 0 ||
            take_nearest(models, row, &record, cluster, err) != 0)
            break;
        if (pasar_stop_requested()) {
            pasar_err_set(err, PASAR_ETEMP, "stopped while writing the products; nothing was published");
            break;
        }
        pasar_progress_update(&progress, row + 1, row + 1, ds->rows);
    }
    pasar_progress_finish(&progress);
    arrival_free(arrival);
    return got == ARRIVAL_END ? 0 : -1;
}

struct pasar_training trainer_training(const struct config *config)
{
    return (struct pasar_training){
        .is_known = true,
        .k = (uint64_t)config->clusters,
        .random_init = config->init == CONFIG_INIT_RANDOM,
        .warm_start = config->warm_start,
        .n_init = (uint64_t)config->n_init,
        .max_iter = (uint64_t)config->max_iter,
        .tol = config->tol,
    };
}

static int fill_manifest(struct pasar_manifest *manifest, const struct dataset *ds, const struct models *models,
                         const struct config *config, struct pasar_err *err)
{
    manifest->trained_at_us = pasar_clock_wall_us();
    manifest->rows = ds->rows;
    manifest->seed = (uint64_t)config->seed;
    manifest->training = trainer_training(config);
    for (size_t m = 0; m < PASAR_MODELS; m++)
        manifest->model_rows[m] = models->model[m].rows;
    memcpy(manifest->agreement, models->agreement, sizeof manifest->agreement);
    manifest->agreement_count = PASAR_MODEL_PAIRS;
    manifest->batches = calloc(ds->file_count, sizeof *manifest->batches);
    if (!manifest->batches)
        return pasar_err_nomem(err, "manifest");
    for (size_t i = 0; i < ds->file_count; i++) {
        struct pasar_manifest_batch *batch = &manifest->batches[i];
        char name[PASAR_BATCH_NAME_MAX];
        pasar_batch_name_format(&ds->files[i].name, name);
        batch->file = strdup(name);
        if (!batch->file)
            return pasar_err_nomem(err, "manifest");
        batch->rows = ds->files[i].rows;
        memcpy(batch->sha256, ds->files[i].sha256, sizeof batch->sha256);
        manifest->batch_count++;
    }
    return 0;
}

int trainer_models_sha256(const struct pasar_model models[PASAR_MODELS], char hex[PASAR_SHA256_HEX + 1],
                          struct pasar_err *err)
{
    struct pasar_sha256 *sha = pasar_sha256_new();
    int result = sha ? 0 : pasar_err_nomem(err, "checksum");
    for (size_t m = 0; m < PASAR_MODELS && result == 0; m++) {
        char *json = pasar_model_to_json(&models[m], err);
        if (json)
            pasar_sha256_add(sha, json, strlen(json));
        else
            result = -1;
        free(json);
    }
    if (sha)
        pasar_sha256_finish(sha, hex);
    return result;
}

static int compare_expected(const struct config *config, const struct models *models, struct pasar_err *err)
{
    char hex[PASAR_SHA256_HEX + 1];
    if (!config->expect)
        return 0;
    if (trainer_models_sha256(models->model, hex, err) != 0)
        return -1;
    if (strcmp(hex, config->expect) == 0)
        return 0;
    return pasar_err_set(err, PASAR_EDATA,
                         "the three model files have the checksum %s, not the expected %s; nothing "
                         "was published",
                         hex, config->expect);
}

/* Takes `writer`, also on failure. */
static int publish(struct pasar_generation_writer *writer, struct models *models, const struct dataset *ds,
                   const struct config *config, struct pasar_err *err)
{
    struct pasar_manifest manifest = {0};
    struct categories *categories = categories_new(err);
    int result = -1;
    if (categories && write_products(writer, categories, models, ds, config, err) == 0 &&
        categories_top(categories, models->model, err) == 0 && compare_expected(config, models, err) == 0 &&
        fill_manifest(&manifest, ds, models, config, err) == 0) {
        result = pasar_generation_writer_publish(writer, models->model, &manifest, (int)config->keep, err);
        writer = NULL;
    }
    pasar_generation_writer_abort(writer);
    categories_free(categories);
    pasar_manifest_fini(&manifest);
    return result;
}

static void fill_report(struct trainer_report *report, const struct dataset *ds, const struct models *models)
{
    const struct pasar_model *last = &models->model[PASAR_MODELS - 1];
    report->batches = ds->file_count;
    report->rows = ds->rows;
    memcpy(report->missing, last->missing, sizeof report->missing);
    for (size_t m = 0; m + 1 < PASAR_MODELS; m++)
        report->agreement[m] = models->agreement[m].adjusted_rand;
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        report->k[m] = models->model[m].k;
        report->model_rows[m] = models->model[m].rows;
        report->inertia[m] = models->model[m].inertia;
        report->silhouette[m] = models->model[m].silhouette;
    }
}

const char *trainer_figure(char text[32], double value, int digits)
{
    if (isnan(value))
        snprintf(text, 32, "undefined");
    else
        snprintf(text, 32, "%.*f", digits, value);
    return text;
}

static void log_models(const struct models *models, const struct config *config)
{
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        const struct pasar_model *model = &models->model[m];
        char silhouette[32], davies_bouldin[32], calinski_harabasz[32];
        if (model->k < (size_t)config->clusters)
            pasar_warn("model %d: %zu clusters instead of %lld: its %llu rows are only %llu distinct points",
                       model->number, model->k, (long long)config->clusters, (unsigned long long)model->rows,
                       (unsigned long long)model->distinct_rows);
        pasar_info("model %d: %llu rows, k = %zu, inertia %.7g, silhouette %s, Davies-Bouldin %s, "
                   "Calinski-Harabasz %s, %d iterations, %s; drift to model %d: %.3f standard deviations",
                   model->number, (unsigned long long)model->rows, model->k, model->inertia,
                   trainer_figure(silhouette, model->silhouette, 4),
                   trainer_figure(davies_bouldin, model->davies_bouldin, 4),
                   trainer_figure(calinski_harabasz, model->calinski_harabasz, 2), model->iterations,
                   model->stop_reason, PASAR_MODELS, models->drift[m]);
        for (size_t i = 0; i < model->k_trial_count; i++)
            pasar_info("k = %zu: inertia %.7g, silhouette %s", model->k_trials[i].k, model->k_trials[i].inertia,
                       trainer_figure(silhouette, model->k_trials[i].silhouette, 4));
        for (size_t c = 0; c < model->k; c++)
            pasar_debug("model %d cluster %zu: %llu rows, %s", model->number, c,
                        (unsigned long long)model->clusters[c].size, model->clusters[c].label);
    }
}

int trainer_train(const struct config *config, const struct feature_set *set, const struct pasar_batch_list *list,
                  struct trainer_report *report, struct pasar_err *err)
{
    struct dataset ds = {0};
    struct models models = {0};
    struct pasar_generation_writer *writer = NULL;
    int64_t started_ns = pasar_clock_mono_ns();
    uint64_t generation = 0;
    int result = -1;
    *report = (struct trainer_report){0};
    if (load(&ds, config, set, list, err) != 0)
        goto out;
    /* Before the long part: a directory that cannot be written, or another trainer, should not cost a training. */
    writer = pasar_generation_writer_open(config->models, err);
    if (!writer)
        goto out;
    generation = pasar_generation_writer_number(writer);
    if (train(&models, &ds, config, set, err) != 0)
        goto out;
    log_models(&models, config);
    result = publish(writer, &models, &ds, config, err);
    writer = NULL;
    if (result == 0) {
        fill_report(report, &ds, &models);
        report->generation = generation;
    }
out:
    report->seconds = (double)(pasar_clock_mono_ns() - started_ns) / 1e9;
    pasar_generation_writer_abort(writer);
    models_fini(&models);
    dataset_fini(&ds);
    return result;
}

int trainer_run_once(const struct config *config, const struct feature_set *set, struct trainer_report *report,
                     struct pasar_err *err)
{
    struct pasar_batch_list list = {0};
    *report = (struct trainer_report){0};
    int result = pasar_batch_list_read(&list, config->batches, err);
    if (result == 0)
        result = trainer_train(config, set, &list, report, err);
    pasar_batch_list_free(&list);
    return result;
}

void trainer_report_text(const struct trainer_report *report, const struct feature_set *set, struct pasar_buf *buf)
{
    if (report->generation == 0) {
        pasar_buf_printf(buf, "no generation published");
        return;
    }
    pasar_buf_printf(buf, "generation %06llu: %llu batches, %llu rows", (unsigned long long)report->generation,
                     (unsigned long long)report->batches, (unsigned long long)report->rows);
    for (size_t m = 0; m < PASAR_MODELS; m++)
        pasar_buf_printf(buf, "; model %zu: %llu rows, k = %zu, inertia %.7g", m + 1,
                         (unsigned long long)report->model_rows[m], report->k[m], report->inertia[m]);
    pasar_buf_printf(buf, "; same pairs as in the next model (adjusted Rand): %.3f, %.3f; missing values imputed:",
                     report->agreement[0], report->agreement[1]);
    uint64_t missing = 0;
    for (size_t i = 0; i < set->count; i++) {
        missing += report->missing[i];
        if (report->missing[i] > 0)
            pasar_buf_printf(buf, " %s %llu", pasar_columns[set->column[i]].name,
                             (unsigned long long)report->missing[i]);
    }
    pasar_buf_printf(buf, "%s; %.1f s", missing == 0 ? " none" : "", report->seconds);
}
