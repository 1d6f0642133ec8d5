/* Writing a generation: everything into a hidden directory, then one rename, then one swap of a link. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "generation_private.h"
#include "pasar/atomicfile.h"
#include "pasar/dirlock.h"
#include "pasar/hash.h"
#include "pasar/log.h"
#include "pasar/num.h"

enum { PRODUCTS = PASAR_MODELS }; /* index among the files */

struct pasar_generation_writer {
    char *models_dir;
    char *hidden_dir; /* <models_dir>/.new-NNNNNN */
    char hidden[PASAR_GENERATION_NAME_MAX + 8], name[PASAR_GENERATION_NAME_MAX];
    uint64_t number;
    int lock;
    struct pasar_atomicfile *products;
    struct pasar_sha256 *sha;
    uint64_t rows, bytes;
    bool has_sources;
    uint64_t source_end; /* highest source row + 1 */
    uint64_t model_rows[PASAR_MODELS];
    uint64_t sizes[PASAR_MODELS][PASAR_CLUSTERS_MAX];
    struct pasar_buf line;
};

/* Frees all; the hidden directory goes too, unless it has been published. */
static void discard(struct pasar_generation_writer *w, bool published)
{
    char unused[PASAR_SHA256_HEX + 1];

    pasar_atomicfile_abort(w->products);
    if (w->sha != NULL)
        pasar_sha256_finish(w->sha, unused);
    if (!published && w->hidden_dir != NULL)
        (void)!pasar_generation_remove(w->models_dir, w->hidden, NULL); /* else the next writer cleans up */
    pasar_dirlock_release(w->lock);
    pasar_buf_fini(&w->line);
    free(w->models_dir);
    free(w->hidden_dir);
    free(w);
}

static int add_line(struct pasar_generation_writer *w, struct pasar_err *err)
{
    if (w->line.failed)
        return pasar_err_nomem(err, "a row of products.csv");
    if (pasar_atomicfile_write(w->products, w->line.data, w->line.len, err) != 0)
        return -1;
    pasar_sha256_add(w->sha, w->line.data, w->line.len);
    w->bytes += w->line.len;
    return 0;
}

/* Takes the line end off, so that fields can follow. */
static void reopen_line(struct pasar_buf *line)
{
    if (!line->failed && line->len > 0 && line->data[line->len - 1] == '\n')
        line->len--;
}

static int open_hidden(struct pasar_generation_writer *w, struct pasar_err *err)
{
    uint64_t highest;

    w->lock = pasar_dirlock_take(w->models_dir, PASAR_GENERATION_LOCK, err);
    if (w->lock < 0 || pasar_generation_clean(w->models_dir, err) != 0 ||
        pasar_generation_highest(w->models_dir, &highest, err) != 0)
        return -1;
    w->number = highest + 1;
    pasar_generation_name_format(w->number, w->name);
    snprintf(w->hidden, sizeof w->hidden, "%s%s", PASAR_GENERATION_NEW, w->name);
    if (asprintf(&w->hidden_dir, "%s/%s", w->models_dir, w->hidden) < 0) {
        w->hidden_dir = NULL;
        return pasar_err_nomem(err, "a file name");
    }
    if (mkdir(w->hidden_dir, 0755) != 0)
        return pasar_err_errno(err, PASAR_ECREATE, "create directory %s", w->hidden_dir);
    w->products = pasar_atomicfile_open(w->hidden_dir, pasar_generation_files[PRODUCTS], err);
    if (w->products == NULL)
        return -1;
    w->sha = pasar_sha256_new();
    return w->sha != NULL ? 0 : pasar_err_nomem(err, "a checksum");
}

struct pasar_generation_writer *pasar_generation_writer_open(const char *models_dir, struct pasar_err *err)
{
    if (pasar_atomicfile_mkdirs(models_dir, err) != 0)
        return NULL;
    struct pasar_generation_writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        pasar_err_nomem(err, "a generation");
        return NULL;
    }
    w->lock = -1;
    w->models_dir = strdup(models_dir);
    if (w->models_dir == NULL) {
        pasar_err_nomem(err, "a generation");
        goto fail;
    }
    if (open_hidden(w, err) != 0)
        goto fail;
    return w;
fail:
    discard(w, false);
    return NULL;
}

uint64_t pasar_generation_writer_number(const struct pasar_generation_writer *w)
{
    return w->number;
}

/* Clusters come for a head of the rows, without holes. */
static int count_cluster(struct pasar_generation_writer *w, int m, int cluster, struct pasar_err *err)
{
    if (cluster == -1)
        return 0;
    if (cluster < -1 || cluster >= PASAR_CLUSTERS_MAX || w->model_rows[m] != w->rows)
        return pasar_err_set(err, PASAR_EBUG, "row %llu: cluster %d of model %d is out of range or after a gap",
                             (unsigned long long)w->rows + 1, cluster, m + 1);
    w->model_rows[m]++;
    w->sizes[m][cluster]++;
    return 0;
}

static int add_header(struct pasar_generation_writer *w, struct pasar_err *err)
{
    pasar_buf_reset(&w->line);
    pasar_record_add_csv_header(&w->line);
    reopen_line(&w->line);
    if (w->has_sources)
        pasar_buf_adds(&w->line, "," PASAR_GENERATION_SOURCE);
    for (int m = 1; m <= PASAR_MODELS; m++)
        pasar_buf_printf(&w->line, ",cluster_%d", m);
    pasar_buf_addc(&w->line, '\n');
    return add_line(w, err);
}

/* The first row decides whether there is a column for them. */
static int take_source(struct pasar_generation_writer *w, uint64_t source, struct pasar_err *err)
{
    if (w->rows == 0)
        w->has_sources = source != PASAR_SOURCE_UNKNOWN;
    if (w->has_sources != (source != PASAR_SOURCE_UNKNOWN))
        return pasar_err_set(err, PASAR_EBUG, "row %llu: source rows are known of all rows or of none",
                             (unsigned long long)w->rows + 1);
    if (w->has_sources && source >= w->source_end)
        w->source_end = source + 1;
    return w->rows == 0 ? add_header(w, err) : 0;
}

int pasar_generation_writer_add_row(struct pasar_generation_writer *w, const struct pasar_record *record,
                                    const int cluster[PASAR_MODELS], uint64_t source, struct pasar_err *err)
{
    if (take_source(w, source, err) != 0)
        return -1;
    pasar_buf_reset(&w->line);
    pasar_record_add_csv(&w->line, record);
    reopen_line(&w->line);
    if (w->has_sources) {
        pasar_buf_addc(&w->line, ',');
        pasar_num_add_u64(&w->line, source + 1);
    }
    for (int m = 0; m < PASAR_MODELS; m++) {
        if (count_cluster(w, m, cluster[m], err) != 0)
            return -1;
        pasar_buf_addc(&w->line, ',');
        if (cluster[m] >= 0)
            pasar_num_add_u64(&w->line, (uint64_t)cluster[m]);
    }
    pasar_buf_addc(&w->line, '\n');
    w->rows++;
    return add_line(w, err);
}

/* Model `m` against the rows that were added. */
static int check_against_rows(const struct pasar_generation_writer *w, const struct pasar_model *model,
                              const struct pasar_manifest *manifest, int m, struct pasar_err *err)
{
    if (pasar_model_check(model, err) != 0) {
        if (err != NULL)
            err->code = PASAR_EBUG; /* our own model, not somebody's input */
        return pasar_err_context(err, "model %d", m + 1);
    }
    if (model->number != m + 1 || model->rows != w->model_rows[m] || model->rows != manifest->model_rows[m])
        return pasar_err_set(err, PASAR_EBUG, "model %d: has %llu rows, %llu were added, the manifest says %llu", m + 1,
                             (unsigned long long)model->rows, (unsigned long long)w->model_rows[m],
                             (unsigned long long)manifest->model_rows[m]);
    for (size_t c = 0; c < PASAR_CLUSTERS_MAX; c++) {
        uint64_t size = c < model->k ? model->clusters[c].size : 0;
        if (size != w->sizes[m][c])
            return pasar_err_set(err, PASAR_EBUG, "model %d: cluster %zu has size %llu, but %llu rows were added",
                                 m + 1, c, (unsigned long long)size, (unsigned long long)w->sizes[m][c]);
    }
    return 0;
}

static int check_all(const struct pasar_generation_writer *w, const struct pasar_model models[PASAR_MODELS],
                     const struct pasar_manifest *manifest, struct pasar_err *err)
{
    if (manifest->rows != w->rows || w->model_rows[PASAR_MODELS - 1] != w->rows || w->rows == 0)
        return pasar_err_set(err, PASAR_EBUG, "generation: %llu rows were added, the manifest says %llu",
                             (unsigned long long)w->rows, (unsigned long long)manifest->rows);
    if (w->has_sources && (w->source_end != w->rows || !pasar_manifest_batches_add_up(manifest)))
        return pasar_err_set(err, PASAR_EBUG, "generation: %llu source rows, or the rows of the batches, are not %llu",
                             (unsigned long long)w->source_end, (unsigned long long)w->rows);
    for (int m = 0; m < PASAR_MODELS; m++)
        if (check_against_rows(w, &models[m], manifest, m, err) != 0)
            return -1;
    if (pasar_agreement_check(manifest, models, err) != 0) {
        if (err != NULL)
            err->code = PASAR_EBUG;
        return -1;
    }
    return 0;
}

static void describe_file(struct pasar_manifest *manifest, int i, uint64_t bytes, const char *sha256)
{
    struct pasar_manifest_file *file = &manifest->files[i];

    snprintf(file->name, sizeof file->name, "%s", pasar_generation_files[i]);
    file->bytes = bytes;
    memcpy(file->sha256, sha256, sizeof file->sha256);
}

static int write_models(const struct pasar_generation_writer *w, const struct pasar_model models[PASAR_MODELS],
                        struct pasar_manifest *manifest, struct pasar_err *err)
{
    char hex[PASAR_SHA256_HEX + 1];

    for (int m = 0; m < PASAR_MODELS; m++) {
        char *json = pasar_model_to_json(&models[m], err);
        if (json == NULL)
            return -1;
        size_t len = strlen(json);
        pasar_sha256_bytes(json, len, hex);
        describe_file(manifest, m, len, hex);
        int rc = pasar_atomicfile_publish(w->hidden_dir, pasar_generation_files[m], json, len, PASAR_REPLACE, err);
        free(json);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int write_manifest(const struct pasar_generation_writer *w, const struct pasar_manifest *manifest,
                          struct pasar_err *err)
{
    char *json = pasar_manifest_to_json(manifest, err);

    if (json == NULL)
        return -1;
    int rc = pasar_atomicfile_publish(w->hidden_dir, PASAR_GENERATION_MANIFEST, json, strlen(json), PASAR_REPLACE, err);
    free(json);
    return rc;
}

/* What cannot be loaded must never become current: every reader would refuse it from then on. */
static int prove(const struct pasar_generation_writer *w, struct pasar_err *err)
{
    if (pasar_generation_prove(w->models_dir, w->hidden, w->name, err) == 0)
        return 0;
    if (err != NULL && err->code == PASAR_EDATA)
        err->code = PASAR_EBUG; /* our own files, not somebody's input */
    return pasar_err_context(err, "nothing is published, since generation %s could not be loaded again", w->name);
}

static int finish_products(struct pasar_generation_writer *w, struct pasar_manifest *manifest, struct pasar_err *err)
{
    char hex[PASAR_SHA256_HEX + 1];
    struct pasar_atomicfile *products = w->products;

    pasar_sha256_finish(w->sha, hex);
    w->sha = NULL;
    describe_file(manifest, PRODUCTS, w->bytes, hex);
    w->products = NULL; /* commit frees it, whatever happens */
    return pasar_atomicfile_commit(products, PASAR_REPLACE, err);
}

int pasar_generation_writer_publish(struct pasar_generation_writer *w, const struct pasar_model models[PASAR_MODELS],
                                    struct pasar_manifest *manifest, int keep, struct pasar_err *err)
{
    struct pasar_err pruning = PASAR_ERR_INIT;
    bool published = false;
    int rc = -1;

    if (check_all(w, models, manifest, err) != 0)
        goto out;
    manifest->generation = w->number;
    if (finish_products(w, manifest, err) != 0 || write_models(w, models, manifest, err) != 0 ||
        write_manifest(w, manifest, err) != 0 || prove(w, err) != 0 ||
        pasar_atomicfile_publish_dir(w->models_dir, w->hidden, w->name, err) != 0)
        goto out;
    published = true;
    if (pasar_atomicfile_symlink(w->models_dir, PASAR_GENERATION_CURRENT, w->name, err) != 0)
        goto out;
    rc = 0;
    if (pasar_generation_prune(w->models_dir, keep, &pruning) != 0)
        pasar_warn("old generations stay in %s: %s", w->models_dir, pruning.msg);
out:
    discard(w, published);
    return rc;
}

void pasar_generation_writer_abort(struct pasar_generation_writer *w)
{
    if (w != NULL)
        discard(w, false);
}
