/* manifest.json: what a generation was made of, and the checksums of its files and of itself. */
#include <stdlib.h>
#include <string.h>

#include "generation_private.h"
#include "pasar/batch.h"
#include "pasar/clock.h"
#include "pasar/hash.h"

const char *const pasar_generation_files[PASAR_MODELS + 1] = {"model_1.json", "model_2.json", "model_3.json",
                                                              "products.csv"};

enum { BATCHES_MAX = 10 * 1000 * 1000, FILE_NAME_MAX = 1024 };

static const char no_checksum[] = "0000000000000000000000000000000000000000000000000000000000000000";

void pasar_manifest_fini(struct pasar_manifest *manifest)
{
    for (size_t i = 0; i < manifest->batch_count; i++)
        free(manifest->batches[i].file);
    free(manifest->batches);
    *manifest = (struct pasar_manifest){0};
}

bool pasar_manifest_batches_add_up(const struct pasar_manifest *manifest)
{
    uint64_t left = manifest->rows;

    for (size_t i = 0; i < manifest->batch_count; i++) {
        if (manifest->batches[i].rows > left)
            return false;
        left -= manifest->batches[i].rows;
    }
    return left == 0;
}

/* ------------------------------------------------------------------ writing */

/* What the name of a batch file tells, for those who read the manifest without the naming rule at hand. */
static void put_offsets(struct pasar_json_out *out, const char *file)
{
    struct pasar_batch_name name;

    if (!pasar_batch_name_parse(file, &name))
        return;
    pasar_json_put_u64(out, "partition", (uint64_t)name.partition);
    pasar_json_put_u64(out, "first_offset", (uint64_t)name.first_offset);
    pasar_json_put_u64(out, "last_offset", (uint64_t)name.last_offset);
}

static json_t *training_to_json(const struct pasar_training *training)
{
    struct pasar_json_out out = {json_object(), false};

    pasar_json_put(&out, "k", training->k == 0 ? json_string("auto") : json_integer((json_int_t)training->k));
    pasar_json_put_text(&out, "init", training->random_init ? "random" : "k-means++");
    pasar_json_put_u64(&out, "n_init", training->n_init);
    pasar_json_put_u64(&out, "max_iter", training->max_iter);
    pasar_json_put(&out, "tol", json_real(training->tol));
    pasar_json_put(&out, "warm_start", json_boolean(training->warm_start));
    if (out.failed)
        json_decref(out.object);
    return out.failed ? NULL : out.object;
}

static json_t *batches_to_json(const struct pasar_manifest *manifest)
{
    json_t *array = json_array();

    for (size_t i = 0; i < manifest->batch_count; i++) {
        const struct pasar_manifest_batch *batch = &manifest->batches[i];
        struct pasar_json_out out = {json_object(), false};
        pasar_json_put_text(&out, "file", batch->file);
        pasar_json_put_u64(&out, "rows", batch->rows);
        pasar_json_put_text(&out, "sha256", batch->sha256);
        put_offsets(&out, batch->file);
        if (json_array_append_new(array, out.object) != 0 || out.failed) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *files_to_json(const struct pasar_manifest *manifest)
{
    json_t *array = json_array();

    for (size_t i = 0; i < PASAR_ARRAY_LEN(manifest->files); i++) {
        const struct pasar_manifest_file *file = &manifest->files[i];
        struct pasar_json_out out = {json_object(), false};
        pasar_json_put_text(&out, "name", file->name);
        pasar_json_put_u64(&out, "bytes", file->bytes);
        pasar_json_put_text(&out, "sha256", file->sha256);
        if (json_array_append_new(array, out.object) != 0 || out.failed) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

char *pasar_manifest_to_json(const struct pasar_manifest *manifest, struct pasar_err *err)
{
    struct pasar_json_out out = {json_object(), false};
    json_t *model_rows = json_array();
    char time[PASAR_CLOCK_TEXT_LEN + 1], hex[PASAR_SHA256_HEX + 1], *text = NULL;

    pasar_clock_format(manifest->trained_at_us, time);
    pasar_json_put_u64(&out, "format", PASAR_MODEL_FORMAT);
    pasar_json_put_u64(&out, "generation", manifest->generation);
    pasar_json_put_text(&out, "trained_at", time);
    pasar_json_put_u64(&out, "rows", manifest->rows);
    for (size_t m = 0; m < PASAR_MODELS; m++)
        if (json_array_append_new(model_rows, json_integer((json_int_t)manifest->model_rows[m])) != 0)
            out.failed = true;
    pasar_json_put(&out, "model_rows", model_rows);
    pasar_json_put_u64(&out, "seed", manifest->seed);
    if (manifest->training.is_known)
        pasar_json_put(&out, "training", training_to_json(&manifest->training));
    pasar_json_put(&out, "batches", batches_to_json(manifest));
    if (manifest->agreement_count > 0)
        pasar_json_put(&out, "agreement", pasar_agreement_to_json(manifest));
    pasar_json_put(&out, "files", files_to_json(manifest));
    pasar_json_put_text(&out, "sha256", no_checksum);
    if (!out.failed)
        text = json_dumps(out.object, PASAR_GENERATION_JSON_FLAGS);
    json_decref(out.object);
    if (text == NULL) {
        pasar_err_set(err, PASAR_EOS, "manifest: out of memory, a number above 2^63-1 or a file name that is no UTF-8");
        return NULL;
    }
    pasar_sha256_bytes(text, strlen(text), hex);
    /* The checksum is the last member: `…"sha256": "<64 digits>"\n}`. */
    char *last_quote = strrchr(text, '"');
    memcpy(last_quote - PASAR_SHA256_HEX, hex, PASAR_SHA256_HEX);
    return text;
}

/* ------------------------------------------------------------------ reading */

/* Compares the manifest's checksum with that of its bytes, the digits themselves taken as zeros. */
static int check_own(const char *json, size_t len, const char *hex, struct pasar_err *err)
{
    char *copy = malloc(len + 1), found[PASAR_SHA256_HEX + 1];
    int rc = -1;

    if (copy == NULL)
        return pasar_err_nomem(err, "a manifest");
    memcpy(copy, json, len);
    copy[len] = '\0';
    char *last_quote = memrchr(copy, '"', len);
    if (last_quote != NULL && last_quote - copy >= PASAR_SHA256_HEX &&
        memcmp(last_quote - PASAR_SHA256_HEX, hex, PASAR_SHA256_HEX) == 0) {
        memcpy(last_quote - PASAR_SHA256_HEX, no_checksum, PASAR_SHA256_HEX);
        pasar_sha256_bytes(copy, len, found);
        rc = strcmp(found, hex) == 0 ? 0 : -1;
    }
    free(copy);
    return rc == 0 ? 0 : pasar_err_set(err, PASAR_EDATA, "checksum does not match: the file was changed or cut");
}

static int read_batches(struct pasar_manifest *manifest, const json_t *root, struct pasar_err *err)
{
    const json_t *batches = pasar_json_array(root, "", "batches", 0, BATCHES_MAX, err);

    if (batches == NULL)
        return -1;
    size_t count = json_array_size(batches);
    manifest->batches = calloc(count + 1, sizeof *manifest->batches);
    if (manifest->batches == NULL)
        return pasar_err_nomem(err, "a manifest");
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(batches, i);
        struct pasar_manifest_batch *batch = &manifest->batches[i];
        char where[32];
        snprintf(where, sizeof where, "batches[%zu]", i);
        const char *file = pasar_json_text(entry, where, "file", FILE_NAME_MAX, err);
        if (file == NULL || pasar_json_u64(entry, where, "rows", 0, INT64_MAX, &batch->rows, err) != 0 ||
            pasar_json_sha256(entry, where, "sha256", batch->sha256, err) != 0)
            return -1;
        batch->file = strdup(file);
        if (batch->file == NULL)
            return pasar_err_nomem(err, "a manifest");
        manifest->batch_count++;
    }
    return 0;
}

static int read_training(struct pasar_training *training, const json_t *root, struct pasar_err *err)
{
    const json_t *object = json_object_get(root, "training");

    if (object == NULL)
        return 0;
    const json_t *k = json_object_get(object, "k");
    const char *init = pasar_json_text(object, "training", "init", 16, err);
    if (init == NULL || pasar_json_u64(object, "training", "n_init", 0, INT64_MAX, &training->n_init, err) != 0 ||
        pasar_json_u64(object, "training", "max_iter", 0, INT64_MAX, &training->max_iter, err) != 0 ||
        pasar_json_double(object, "training", "tol", false, &training->tol, err) != 0)
        return -1;
    if (!(json_is_string(k) && strcmp(json_string_value(k), "auto") == 0) &&
        pasar_json_u64(object, "training", "k", 1, PASAR_CLUSTERS_MAX, &training->k, err) != 0)
        return -1;
    training->random_init = strcmp(init, "random") == 0;
    training->warm_start = json_is_true(json_object_get(object, "warm_start"));
    training->is_known = true;
    return 0;
}

static int read_files(struct pasar_manifest *manifest, const json_t *root, struct pasar_err *err)
{
    const size_t count = PASAR_ARRAY_LEN(manifest->files);
    const json_t *files = pasar_json_array(root, "", "files", count, count, err);

    for (size_t i = 0; files != NULL && i < count; i++) {
        const json_t *entry = json_array_get(files, i);
        struct pasar_manifest_file *file = &manifest->files[i];
        char where[32];
        snprintf(where, sizeof where, "files[%zu]", i);
        const char *name = pasar_json_text(entry, where, "name", sizeof file->name - 1, err);
        if (name == NULL || pasar_json_u64(entry, where, "bytes", 0, INT64_MAX, &file->bytes, err) != 0 ||
            pasar_json_sha256(entry, where, "sha256", file->sha256, err) != 0)
            return -1;
        if (strcmp(name, pasar_generation_files[i]) != 0)
            return pasar_err_set(err, PASAR_EDATA, "%s.name: must be %s", where, pasar_generation_files[i]);
        snprintf(file->name, sizeof file->name, "%s", name);
    }
    return files != NULL ? 0 : -1;
}

/* Models are trained on growing heads of the rows, the last on all. */
static int read_rows(struct pasar_manifest *manifest, const json_t *root, struct pasar_err *err)
{
    const json_t *rows = pasar_json_array(root, "", "model_rows", PASAR_MODELS, PASAR_MODELS, err);
    uint64_t before = 1;

    if (rows == NULL || pasar_json_u64(root, "", "rows", 1, INT64_MAX, &manifest->rows, err) != 0)
        return -1;
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        const json_t *value = json_array_get(rows, m);
        json_int_t count = json_integer_value(value);
        if (!json_is_integer(value) || count < 1 || (uint64_t)count < before || (uint64_t)count > manifest->rows)
            return pasar_err_set(err, PASAR_EDATA, "model_rows[%zu]: must grow from 1 to the number of rows", m);
        manifest->model_rows[m] = before = (uint64_t)count;
    }
    if (before != manifest->rows)
        return pasar_err_set(err, PASAR_EDATA, "model_rows: the last model must have all rows");
    return 0;
}

int pasar_manifest_from_json(struct pasar_manifest *manifest, const char *json, size_t len, struct pasar_err *err)
{
    json_t *root = pasar_json_load(json, len, err);
    char hex[65];
    int rc = -1;

    *manifest = (struct pasar_manifest){0};
    if (root == NULL)
        return -1;
    const char *time = pasar_json_text(root, "", "trained_at", 40, err);
    if (time == NULL || pasar_json_sha256(root, "", "sha256", hex, err) != 0 || check_own(json, len, hex, err) != 0 ||
        pasar_json_u64(root, "", "generation", 1, INT64_MAX, &manifest->generation, err) != 0 ||
        pasar_json_u64(root, "", "seed", 0, INT64_MAX, &manifest->seed, err) != 0 ||
        read_rows(manifest, root, err) != 0 || read_training(&manifest->training, root, err) != 0 ||
        read_batches(manifest, root, err) != 0 || pasar_agreement_read(manifest, root, err) != 0 ||
        read_files(manifest, root, err) != 0)
        goto out;
    if (pasar_clock_parse(time, strlen(time), &manifest->trained_at_us) != 0) {
        pasar_err_set(err, PASAR_EDATA, "trained_at: must be an RFC 3339 time in UTC");
        goto out;
    }
    rc = 0;
out:
    json_decref(root);
    if (rc != 0)
        pasar_manifest_fini(manifest);
    return rc;
}
