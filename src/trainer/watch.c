/* Polls the batch directory; polling misses nothing, on whatever file system. */
#include "trainer/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/clock.h"
#include "pasar/hash.h"
#include "pasar/log.h"
#include "pasar/metrics.h"
#include "pasar/stop.h"

enum { RETRY_LOOKS = 6 }; /* after a failure that may pass: so many looks later */

struct watch {
    const struct config *config;
    const struct feature_set *set;
    struct watch_totals *totals;
    struct pasar_metrics *registry;
    struct pasar_metric *generations, *failures, *rows, *batches, *seconds, *trained_at, *inertia[PASAR_MODELS],
        *silhouette[PASAR_MODELS];
    uint64_t tried;      /* fingerprint of the batches of the last training, also of one that failed */
    uint64_t ended;      /* fingerprint of the runs that had come to their end then */
    uint64_t rows_known; /* rows of the last training that succeeded */
    int looks_left;      /* to the next try after a failure; 0: none is due */
};

static int register_metrics(struct watch *w, struct pasar_err *err)
{
    static const char *const model_label[PASAR_MODELS] = {"model=\"1\"", "model=\"2\"", "model=\"3\""};
    struct pasar_metrics *r = w->registry = pasar_metrics_new();
    if (!r)
        return pasar_err_nomem(err, "metrics");
    w->generations = pasar_metrics_counter(r, "pasar_trainer_generations_total", "Generations published.", NULL);
    w->failures = pasar_metrics_counter(r, "pasar_trainer_failures_total", "Trainings that failed.", NULL);
    w->rows = pasar_metrics_gauge(r, "pasar_trainer_rows", "Rows of the newest generation.", NULL);
    w->batches = pasar_metrics_gauge(r, "pasar_trainer_batches", "Batch files of the newest generation.", NULL);
    w->seconds = pasar_metrics_gauge(r, "pasar_trainer_training_seconds", "How long the last training took.", NULL);
    w->trained_at = pasar_metrics_gauge(r, "pasar_trainer_last_trained_timestamp_seconds",
                                        "When the newest generation was published.", NULL);
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        w->inertia[m] = pasar_metrics_gauge(r, "pasar_trainer_inertia", "Inertia of a model.", model_label[m]);
        w->silhouette[m] = pasar_metrics_gauge(r, "pasar_trainer_silhouette", "Silhouette of a model.", model_label[m]);
    }
    return 0;
}

static void count_success(struct watch *w, const struct trainer_report *report)
{
    w->totals->generations++;
    w->totals->last = *report;
    w->rows_known = report->rows;
    pasar_metric_add(w->generations, 1);
    pasar_metric_set(w->rows, (double)report->rows);
    pasar_metric_set(w->batches, (double)report->batches);
    pasar_metric_set(w->seconds, report->seconds);
    pasar_metric_set(w->trained_at, (double)pasar_clock_wall_us() / 1e6);
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        pasar_metric_set(w->inertia[m], report->inertia[m]);
        pasar_metric_set(w->silhouette[m], report->silhouette[m]);
    }
}

/* A number for what the directory holds: the names carry topic, partition and offsets, and batches never change. */
static uint64_t fingerprint(const struct pasar_batch_list *list)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < list->count; i++) {
        char name[PASAR_BATCH_NAME_MAX] = {0};
        if (list->names[i].kind != PASAR_BATCH_ROWS)
            continue;
        pasar_batch_name_format(&list->names[i], name);
        sum += pasar_hash64(name, sizeof name);
    }
    return sum;
}

/* The same number for what a generation was made of. */
static uint64_t fingerprint_of(const struct pasar_manifest *manifest)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < manifest->batch_count; i++) {
        char name[PASAR_BATCH_NAME_MAX] = {0};
        snprintf(name, sizeof name, "%s", manifest->batches[i].file);
        sum += pasar_hash64(name, sizeof name);
    }
    return sum;
}

static bool is_trained_alike(const struct pasar_generation *generation, const struct watch *w)
{
    const struct pasar_training *a = &generation->manifest.training, b = trainer_training(w->config);
    const struct pasar_model *model = &generation->models[PASAR_MODELS - 1];
    if (!a->is_known || generation->manifest.seed != (uint64_t)w->config->seed || a->k != b.k ||
        a->random_init != b.random_init || a->warm_start != b.warm_start || a->n_init != b.n_init ||
        a->max_iter != b.max_iter || a->tol != b.tol || model->feature_count != w->set->count)
        return false;
    for (size_t f = 0; f < w->set->count; f++)
        if (model->feature[f] != w->set->column[f] || model->transform[f] != w->set->transform[f])
            return false;
    return true;
}

/* A restart goes on where the last run stood: the same batches do not become another generation. */
static void remember(struct watch *w)
{
    struct pasar_generation generation;
    struct pasar_err ignored = PASAR_ERR_INIT; /* without a generation that can be read everything is new */
    char name[32];
    if (pasar_generation_current(w->config->models, name, &ignored) != 0 ||
        pasar_generation_load(&generation, w->config->models, name, &ignored) != 0)
        return;
    if (is_trained_alike(&generation, w)) {
        w->tried = fingerprint_of(&generation.manifest);
        w->rows_known = generation.manifest.rows;
        pasar_info("generation %s has %llu rows of %zu batches; newer ones are waited for", name,
                   (unsigned long long)w->rows_known, generation.manifest.batch_count);
    }
    pasar_generation_fini(&generation);
}

/* Rows as the sidecars tell; for a batch without one, its range of offsets. */
static uint64_t count_rows(const struct config *config, const struct pasar_batch_list *list)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct pasar_batch_name *name = &list->names[i];
        struct pasar_batch_sidecar sidecar;
        struct pasar_err ignored = PASAR_ERR_INIT;
        if (name->kind != PASAR_BATCH_ROWS)
            continue;
        if (pasar_batch_sidecar_read(&sidecar, config->batches, name, &ignored) != 0) {
            rows += (uint64_t)(name->last_offset - name->first_offset) + 1;
            continue;
        }
        rows += sidecar.rows;
        pasar_batch_sidecar_free(&sidecar);
    }
    return rows;
}

struct run_ends {
    uint64_t run; /* hash of its id */
    int32_t found, wanted;
};

static struct run_ends *ends_of(struct run_ends *runs, size_t *count, uint64_t run)
{
    for (size_t i = 0; i < *count; i++)
        if (runs[i].run == run)
            return &runs[i];
    runs[*count] = (struct run_ends){.run = run};
    return &runs[(*count)++];
}

/* A number for the runs that are whole: with the end records of all their partitions. */
static uint64_t fingerprint_ended(const struct config *config, const struct pasar_batch_list *list)
{
    struct run_ends *runs = calloc(list->count + 1, sizeof *runs);
    size_t count = 0;
    uint64_t sum = 0;
    for (size_t i = 0; runs && i < list->count; i++) {
        struct pasar_run_end end;
        struct pasar_err ignored = PASAR_ERR_INIT;
        if (list->names[i].kind != PASAR_BATCH_END ||
            pasar_batch_read_end(config->batches, &list->names[i], &end, &ignored) != 0)
            continue;
        struct run_ends *ends = ends_of(runs, &count, pasar_hash64(end.run, strlen(end.run)));
        ends->wanted = end.partition_count;
        if (++ends->found == ends->wanted)
            sum += ends->run;
    }
    free(runs);
    return sum;
}

static bool should_train(struct watch *w, const struct pasar_batch_list *list, uint64_t found, uint64_t ended,
                         bool asked)
{
    if (found == 0)
        return false; /* no batches yet */
    if (asked)
        return true;
    if (found == w->tried)
        return w->looks_left > 0 && --w->looks_left == 0;
    if (ended != w->ended)
        return true;
    return count_rows(w->config, list) >= w->rows_known + (uint64_t)w->config->min_rows;
}

/* Bad batches stay bad until the directory changes; a full disk or a second trainer may be gone in a while. */
static void count_failure(struct watch *w, const struct pasar_err *cause)
{
    pasar_error("%s", cause->msg);
    w->totals->failures++;
    pasar_metric_add(w->failures, 1);
    w->looks_left = cause->code == PASAR_EDATA ? 0 : RETRY_LOOKS;
}

static void look(struct watch *w, bool asked)
{
    struct pasar_batch_list list = {0};
    struct trainer_report report;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_buf text = {0};
    if (pasar_batch_list_read(&list, w->config->batches, &err) != 0) {
        static struct pasar_log_limit limit = PASAR_LOG_LIMIT;
        pasar_log_limited(&limit, PASAR_LOG_ERROR, "%s", err.msg);
        return;
    }
    uint64_t found = fingerprint(&list), ended = fingerprint_ended(w->config, &list);
    if (should_train(w, &list, found, ended, asked)) {
        w->tried = found;
        w->ended = ended;
        w->looks_left = 0;
        if (trainer_train(w->config, w->set, &list, &report, &err) == 0) {
            trainer_report_text(&report, w->set, &text);
            pasar_info("%s", pasar_buf_cstr(&text) ? text.data : "");
            pasar_buf_fini(&text);
            count_success(w, &report);
        } else if (!(pasar_stop_requested() && err.code == PASAR_ETEMP)) {
            count_failure(w, &err);
        }
    }
    pasar_batch_list_free(&list);
}

int watch_run(const struct config *config, const struct feature_set *set, struct watch_totals *totals,
              struct pasar_err *err)
{
    struct watch w = {.config = config, .set = set, .totals = totals};
    struct pasar_metrics_server *server = NULL;
    int result = -1;
    *totals = (struct watch_totals){0};
    if (pasar_stop_reload_on_hangup(err) != 0 || register_metrics(&w, err) != 0)
        goto out;
    if (config->metrics_port > 0) {
        server = pasar_metrics_server_start(w.registry, config->metrics_bind, (uint16_t)config->metrics_port, err);
        if (!server)
            goto out;
    }
    pasar_info("watching %s every %g s", config->batches, config->every);
    remember(&w);
    do
        look(&w, pasar_stop_take_hangup());
    while (!pasar_stop_wait((int)(config->every * 1000)));
    result = 0;
out:
    pasar_metrics_server_stop(server);
    pasar_metrics_free(w.registry);
    return result;
}
