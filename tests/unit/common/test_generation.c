/* Generations: what is written is what is loaded, bit for bit; what is not that is refused, whatever it is. */
#include "scratch.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>

#include "pasar/atomicfile.h"
#include "pasar/generation.h"
#include "pasar/hash.h"
#include "pasar/log.h"

enum { ROWS = 9, K = 2 };

static const uint64_t model_rows[PASAR_MODELS] = {3, 6, 9};

/* Of a row in two batches, merged by halves. */
static uint64_t source_of(uint64_t row)
{
    return 2 * row % ROWS;
}

/* The cluster of a row in a model: rows alternate, so that sizes are known. */
static int cluster_of(uint64_t row, int m)
{
    return row < model_rows[m] ? (int)(row % K) : -1;
}

static void fill_model(struct pasar_model *model, int number)
{
    *model = (struct pasar_model){
        .number = number,
        .rows = model_rows[number - 1],
        .distinct_rows = 3,
        .feature_count = 2,
        .feature = {PASAR_COL_DISCOUNTED_PRICE, PASAR_COL_RATING_COUNT},
        .transform = {PASAR_TRANSFORM_NONE, PASAR_TRANSFORM_LOG1P},
        .impute = {0.1 + 0.2, 1.0 / 3},
        .missing = {0, 1},
        .mean = {1e22 / 3, 5e-324},
        .std = {M_PI, 1},
        .k = K,
        .inertia = 745.32280000000003,
        .silhouette = 0.1 * 3,
        .davies_bouldin = NAN,
        .calinski_harabasz = 2.0,
        .silhouette_sample = 3,
        .iterations = 7,
        .restarts = 20,
        .stop_reason = "converged",
        .seed = INT64_MAX,
    };
    model->centroids = malloc(K * 2 * sizeof *model->centroids);
    model->clusters = calloc(K, sizeof *model->clusters);
    for (size_t i = 0; i < K * 2; i++)
        model->centroids[i] = i % 2 != 0 ? -1.0 / (double)(i + 3) : nextafter((double)i, 9);
    for (size_t c = 0; c < K; c++) {
        struct pasar_cluster *cluster = &model->clusters[c];
        cluster->size = (model->rows + K - 1 - c) / K;
        snprintf(cluster->label, sizeof cluster->label, "\"cheap\" \xE2\x82\xB9 %zu", c);
        cluster->mean[0] = 399.1;
        cluster->mean[1] = NAN;
        cluster->median[0] = -0.0;
        cluster->median[1] = 1e300;
        cluster->top_count = c;
        if (c == 1) {
            cluster->top[0] = (struct pasar_category_count){strdup("A|B&\"C\"|D"), 2};
            cluster->nearest_id = strdup("P001");
            cluster->nearest_name = number == 3 ? strdup("a, \"b\"") : NULL;
            cluster->nearest_distance = 0.1 * (double)number;
        }
    }
    if (number == 3) {
        model->projection = (struct pasar_projection){2, {{0.6, 0.8}, {0.8, -0.6}}, {1.2, 0.8}, {0.6, 0.4}};
        model->k_trials[0] = (struct pasar_k_trial){2, 9.5, 0.25};
        model->k_trials[1] = (struct pasar_k_trial){3, 7.5, NAN};
        model->k_trial_count = 2;
    }
}

static void fill_record(struct pasar_record *record, uint64_t row, char id[32])
{
    snprintf(id, 32, "P%03llu", (unsigned long long)row);
    *record = (struct pasar_record){.timestamp_us = INT64_C(1798761599123456) + (int64_t)row};
    for (int c = 0; c < PASAR_COLUMNS; c++) {
        record->text[c] = (struct pasar_text){NULL, 0};
        record->number[c] = NAN;
    }
    record->text[PASAR_COL_PRODUCT_ID] = (struct pasar_text){id, strlen(id)};
    record->text[PASAR_COL_PRODUCT_NAME] = (struct pasar_text){"a, \"b\"\nc", 8};
    record->text[PASAR_COL_CATEGORY] = (struct pasar_text){"A|B", 3};
    record->number[PASAR_COL_DISCOUNTED_PRICE] = 399.5 + (double)row;
}

static void fill_manifest(struct pasar_manifest *manifest)
{
    *manifest = (struct pasar_manifest){.trained_at_us = INT64_C(1798761600000001), .rows = ROWS, .seed = 42};
    manifest->training = (struct pasar_training){true, 0, true, false, 10, 300, 0.1 * 3};
    memcpy(manifest->model_rows, model_rows, sizeof model_rows);
    manifest->batch_count = 2;
    manifest->batches = calloc(2, sizeof *manifest->batches);
    manifest->batches[0].file = strdup("t+00000+00000000000000000000+00000000000000000004.csv");
    manifest->batches[0].rows = 5;
    manifest->batches[1].file = strdup("t+00001+00000000000000000000+00000000000000000003.csv");
    manifest->batches[1].rows = ROWS - 5;
    pasar_sha256_bytes("x", 1, manifest->batches[0].sha256);
    pasar_sha256_bytes("y", 1, manifest->batches[1].sha256);
    manifest->agreement_count = PASAR_MODEL_PAIRS;
    for (size_t i = 0; i < PASAR_MODEL_PAIRS; i++)
        manifest->agreement[i] = (struct pasar_agreement){
            1.0 / (double)(i + 3), model_rows[pasar_model_pairs[i][0] - 1], i, {0.1, 1.0 / 3}, K};
}

static bool sources_are_known = true; /* of the generations that are written from here on */

/* Writes one generation into `models`; -1 with err. `spoil` (may be NULL) changes the models before they are published.
 */
static int publish_one(const char *models, int keep, void (*spoil)(struct pasar_model *, struct pasar_manifest *),
                       struct pasar_err *err)
{
    struct pasar_generation_writer *w = pasar_generation_writer_open(models, err);
    struct pasar_model model[PASAR_MODELS];
    struct pasar_manifest manifest;
    struct pasar_record record;
    char id[32];
    int rc = 0;

    if (w == NULL)
        return -1;
    for (int m = 0; m < PASAR_MODELS; m++)
        fill_model(&model[m], m + 1);
    fill_manifest(&manifest);
    if (spoil != NULL)
        spoil(model, &manifest);
    for (uint64_t row = 0; rc == 0 && row < ROWS; row++) {
        const int clusters[PASAR_MODELS] = {cluster_of(row, 0), cluster_of(row, 1), cluster_of(row, 2)};
        fill_record(&record, row, id);
        rc = pasar_generation_writer_add_row(w, &record, clusters,
                                             sources_are_known ? source_of(row) : PASAR_SOURCE_UNKNOWN, err);
    }
    if (rc == 0)
        rc = pasar_generation_writer_publish(w, model, &manifest, keep, err);
    else
        pasar_generation_writer_abort(w);
    for (int m = 0; m < PASAR_MODELS; m++)
        pasar_model_fini(&model[m]);
    pasar_manifest_fini(&manifest);
    return rc;
}

static void assert_published(const char *models, int keep)
{
    struct pasar_err err = PASAR_ERR_INIT;
    if (publish_one(models, keep, NULL, &err) != 0)
        fail_msg("%s", err.msg);
}

/* ------------------------------------------------------------------ round trip */

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

static void assert_same_model(const struct pasar_model *a, const struct pasar_model *b)
{
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->distinct_rows, b->distinct_rows);
    assert_int_equal(a->feature_count, b->feature_count);
    assert_int_equal(a->k, b->k);
    for (size_t f = 0; f < a->feature_count; f++) {
        assert_int_equal(a->feature[f], b->feature[f]);
        assert_int_equal(a->transform[f], b->transform[f]);
        assert_int_equal(a->missing[f], b->missing[f]);
        assert_true(same(a->impute[f], b->impute[f]) && same(a->mean[f], b->mean[f]) && same(a->std[f], b->std[f]));
    }
    for (size_t i = 0; i < a->k * a->feature_count; i++)
        assert_true(same(a->centroids[i], b->centroids[i]));
    for (size_t c = 0; c < a->k; c++) {
        const struct pasar_cluster *x = &a->clusters[c], *y = &b->clusters[c];
        assert_int_equal(x->size, y->size);
        assert_string_equal(x->label, y->label);
        assert_int_equal(x->top_count, y->top_count);
        for (size_t i = 0; i < x->top_count; i++) {
            assert_string_equal(x->top[i].category, y->top[i].category);
            assert_int_equal(x->top[i].count, y->top[i].count);
        }
        for (size_t f = 0; f < a->feature_count; f++)
            assert_true(same(x->mean[f], y->mean[f]) && same(x->median[f], y->median[f]));
        assert_true((x->nearest_id == NULL) == (y->nearest_id == NULL));
        assert_true((x->nearest_name == NULL) == (y->nearest_name == NULL));
        if (x->nearest_id != NULL)
            assert_string_equal(x->nearest_id, y->nearest_id);
        if (x->nearest_name != NULL)
            assert_string_equal(x->nearest_name, y->nearest_name);
        assert_true(same(x->nearest_distance, y->nearest_distance));
    }
    assert_memory_equal(&a->projection, &b->projection, sizeof a->projection);
    assert_int_equal(a->k_trial_count, b->k_trial_count);
    for (size_t i = 0; i < a->k_trial_count; i++) {
        assert_int_equal(a->k_trials[i].k, b->k_trials[i].k);
        assert_true(same(a->k_trials[i].inertia, b->k_trials[i].inertia));
        assert_true(same(a->k_trials[i].silhouette, b->k_trials[i].silhouette));
    }
    assert_true(same(a->inertia, b->inertia) && same(a->silhouette, b->silhouette));
    assert_true(same(a->davies_bouldin, b->davies_bouldin) && same(a->calinski_harabasz, b->calinski_harabasz));
    assert_int_equal(a->silhouette_sample, b->silhouette_sample);
    assert_int_equal(a->iterations, b->iterations);
    assert_int_equal(a->restarts, b->restarts);
    assert_string_equal(a->stop_reason, b->stop_reason);
    assert_true(a->seed == b->seed);
}

static void test_generation__what_is_written_is_loaded_bit_for_bit(void **state)
{
    char *models = scratch_new(), name[32];
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_generation generation;

    (void)state;
    assert_published(models, 3);
    assert_int_equal(pasar_generation_current(models, name, &err), 0);
    assert_string_equal(name, "000001");
    if (pasar_generation_load(&generation, models, name, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(generation.manifest.generation, 1);
    assert_int_equal(generation.manifest.rows, ROWS);
    assert_int_equal(generation.manifest.trained_at_us, INT64_C(1798761600000001));
    assert_int_equal(generation.manifest.seed, 42);
    const struct pasar_training *training = &generation.manifest.training;
    assert_true(training->is_known && training->random_init && !training->warm_start);
    assert_int_equal(training->k, 0);
    assert_int_equal(training->n_init, 10);
    assert_int_equal(training->max_iter, 300);
    assert_true(training->tol == 0.1 * 3);
    assert_int_equal(generation.manifest.batch_count, 2);
    assert_int_equal(generation.manifest.batches[0].rows, 5);
    assert_int_equal(generation.manifest.batches[1].rows, ROWS - 5);
    assert_int_equal(generation.manifest.agreement_count, PASAR_MODEL_PAIRS);
    for (size_t i = 0; i < PASAR_MODEL_PAIRS; i++) {
        const struct pasar_agreement *agreement = &generation.manifest.agreement[i];
        assert_true(agreement->adjusted_rand == 1.0 / (double)(i + 3));
        assert_int_equal(agreement->rows, model_rows[pasar_model_pairs[i][0] - 1]);
        assert_int_equal(agreement->changed_rows, i);
        assert_int_equal(agreement->move_count, K);
        assert_true(agreement->moves[0] == 0.1 && agreement->moves[1] == 1.0 / 3);
    }
    for (int m = 0; m < PASAR_MODELS; m++) {
        struct pasar_model expected;
        fill_model(&expected, m + 1);
        assert_same_model(&expected, &generation.models[m]);
        pasar_model_fini(&expected);
    }
    pasar_generation_fini(&generation);
    scratch_remove(models);
}

static void test_generation__products_come_back_in_order(void **state)
{
    char *models = scratch_new(), id[32];
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_generation generation;
    struct pasar_record record, expected;
    int cluster[PASAR_MODELS];

    (void)state;
    assert_published(models, 3);
    assert_int_equal(pasar_generation_load(&generation, models, "000001", &err), 0);
    for (int pass = 0; pass < 2; pass++) { /* a second reader starts at the top again */
        struct pasar_products_reader *r = pasar_products_reader_open(&generation, &err);
        assert_non_null(r);
        for (uint64_t row = 0; row < ROWS; row++) {
            if (pasar_products_reader_next(r, &record, cluster, &err) != PASAR_PRODUCTS_ROW)
                fail_msg("%s", err.msg);
            fill_record(&expected, row, id);
            for (int c = 0; c < PASAR_COLUMNS; c++) {
                if (pasar_columns[c].is_number) {
                    assert_true(same(record.number[c], expected.number[c]));
                } else {
                    assert_int_equal(record.text[c].len, expected.text[c].len);
                    if (expected.text[c].len > 0)
                        assert_memory_equal(record.text[c].data, expected.text[c].data, expected.text[c].len);
                }
            }
            assert_int_equal(record.timestamp_us, expected.timestamp_us);
            for (int m = 0; m < PASAR_MODELS; m++)
                assert_int_equal(cluster[m], cluster_of(row, m));
            assert_int_equal(pasar_products_reader_source(r), source_of(row));
        }
        assert_int_equal(pasar_products_reader_next(r, &record, cluster, &err), PASAR_PRODUCTS_END);
        pasar_products_reader_close(r);
    }
    pasar_generation_fini(&generation);
    scratch_remove(models);
}

/* As all were before there was source_row. */
static void test_generation__one_without_sources_loads(void **state)
{
    char *models = scratch_new(), path[700];
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_generation generation;
    struct pasar_record record;
    int cluster[PASAR_MODELS];

    (void)state;
    sources_are_known = false;
    assert_published(models, 3);
    sources_are_known = true;
    snprintf(path, sizeof path, "%s/000001/products.csv", models);
    char *text = scratch_read(path, NULL);
    assert_null(strstr(text, "source_row"));
    free(text);
    assert_int_equal(pasar_generation_load(&generation, models, "000001", &err), 0);
    struct pasar_products_reader *r = pasar_products_reader_open(&generation, &err);
    assert_non_null(r);
    for (uint64_t row = 0; row < ROWS; row++) {
        assert_int_equal(pasar_products_reader_next(r, &record, cluster, &err), PASAR_PRODUCTS_ROW);
        assert_true(pasar_products_reader_source(r) == PASAR_SOURCE_UNKNOWN);
    }
    assert_int_equal(pasar_products_reader_next(r, &record, cluster, &err), PASAR_PRODUCTS_END);
    pasar_products_reader_close(r);
    pasar_generation_fini(&generation);
    scratch_remove(models);
}

static void test_generation__json_is_readable_and_always_the_same(void **state)
{
    struct pasar_model model;
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    fill_model(&model, 3);
    char *first = pasar_model_to_json(&model, &err), *second = pasar_model_to_json(&model, &err);
    assert_string_equal(first, second);
    assert_memory_equal(first, "{\n  \"format\": 1,\n  \"model\": 3,\n  \"rows\": 9,\n", 44);
    json_t *root = json_loads(first, JSON_REJECT_DUPLICATES, NULL);
    static const char *const members[] = {"format",
                                          "model",
                                          "rows",
                                          "distinct_rows",
                                          "features",
                                          "k",
                                          "centroids",
                                          "centroids_real",
                                          "clusters",
                                          "inertia",
                                          "silhouette",
                                          "silhouette_sample",
                                          "davies_bouldin",
                                          "calinski_harabasz",
                                          "iterations",
                                          "restarts",
                                          "stop_reason",
                                          "seed",
                                          "principal_components",
                                          "k_trials"};
    size_t i = 0;
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value) /* in this order */
        assert_string_equal(key, members[i++]);
    assert_int_equal(i, PASAR_ARRAY_LEN(members));
    assert_true(json_is_null(json_object_get(root, "davies_bouldin")));
    double real = json_real_value(json_array_get(json_array_get(json_object_get(root, "centroids_real"), 1), 1));
    assert_true(real == expm1(model.centroids[3] * model.std[1] + model.mean[1]));
    json_decref(root);
    free(first);
    free(second);
    pasar_model_fini(&model);
}

static void test_generation__predict_finds_the_nearest_centroid(void **state)
{
    double centroids[] = {0, 0, 2, 0, 2, 0};
    struct pasar_cluster clusters[3] = {0};
    const struct pasar_model model = {
        .feature_count = 2,
        .transform = {PASAR_TRANSFORM_NONE, PASAR_TRANSFORM_LOG1P},
        .impute = {100, 0},
        .mean = {100, 0},
        .std = {10, 1},
        .k = 3,
        .centroids = centroids,
        .clusters = clusters,
    };
    double distance;

    (void)state;
    assert_int_equal(pasar_model_predict(&model, (const double[]){100, 0}, &distance), 0);
    assert_true(distance == 0);
    assert_int_equal(pasar_model_predict(&model, (const double[]){120, 0}, &distance), 1); /* 2 ties with 1 */
    assert_int_equal(pasar_model_predict(&model, (const double[]){110, 0}, &distance), 0); /* halfway */
    assert_true(distance == 1);
    assert_int_equal(pasar_model_predict(&model, (const double[]){NAN, NAN}, &distance), 0);
    assert_true(distance == 0);
    assert_int_equal(pasar_model_predict(&model, (const double[]){100, expm1(3)}, &distance), 0);
    assert_true(fabs(distance - 3) < 1e-12);
    assert_int_equal(pasar_model_predict(&model, (const double[]){100, -5}, NULL), 0);
    assert_int_equal(pasar_model_predict(&model, (const double[]){1e308, 1e308}, &distance), 0);
}

/* ------------------------------------------------------------------ publishing */

static void test_generation__numbers_grow_and_old_ones_are_pruned(void **state)
{
    char *base = scratch_new(), *models = strdup(scratch_path(base, "a/models")), name[32];
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_int_equal(pasar_generation_current(models, name, &err), -1);
    assert_int_equal(err.code, PASAR_ENOINPUT);
    pasar_err_clear(&err);
    for (int i = 1; i <= 5; i++)
        assert_published(models, 2);
    assert_int_equal(pasar_generation_current(models, name, &err), 0);
    assert_string_equal(name, "000005");
    assert_int_equal(scratch_count(models), 2 + 2); /* two generations, the link and the lock */
    assert_int_equal(access(scratch_path(models, "000004"), F_OK), 0);
    assert_published(models, 0); /* never the current one */
    assert_int_equal(scratch_count(models), 1 + 2);
    free(models);
    scratch_remove(base);
}

static void test_generation__a_crash_leaves_nothing_for_long(void **state)
{
    char *models = scratch_new(), name[32];
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_published(models, 3);
    assert_int_equal(mkdir(scratch_path(models, ".new-000002"), 0755), 0);
    scratch_write_text(scratch_path(models, ".new-000002/products.csv"), "half");
    assert_int_equal(mkdir(scratch_path(models, ".old-000000"), 0755), 0);
    assert_int_equal(symlink("000009", scratch_path(models, ".current.tmp")), 0);
    struct pasar_generation_writer *w = pasar_generation_writer_open(models, &err);
    assert_non_null(w);
    assert_int_equal(pasar_generation_writer_number(w), 2);
    assert_int_equal(access(scratch_path(models, ".new-000002/products.csv"), F_OK), -1);
    assert_null(pasar_generation_writer_open(models, &err)); /* one at a time */
    assert_int_equal(err.code, PASAR_EUNAVAILABLE);
    pasar_generation_writer_abort(w);
    pasar_generation_writer_abort(NULL);
    assert_int_equal(scratch_count(models), 3);
    /* Killed after the directory's rename, before the link's: the number is not given twice. */
    assert_int_equal(mkdir(scratch_path(models, "000002"), 0755), 0);
    assert_published(models, 3);
    pasar_err_clear(&err);
    assert_int_equal(pasar_generation_current(models, name, &err), 0);
    assert_string_equal(name, "000003");
    scratch_remove(models);
}

static void test_generation__current_must_name_a_generation(void **state)
{
    static const char *const bad[] = {"..",      "../../etc", "00001",
                                      "0000001", "000000",    "000001/",
                                      "abc",     "-00001",    "9999999999999999999999999999999999999"};
    char *models = scratch_new(), name[32];

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++) {
        struct pasar_err err = PASAR_ERR_INIT;
        struct pasar_generation generation;
        unlink(scratch_path(models, "current"));
        assert_int_equal(symlink(bad[i], scratch_path(models, "current")), 0);
        assert_int_equal(pasar_generation_current(models, name, &err), -1);
        assert_int_equal(err.code, PASAR_EDATA);
        pasar_err_clear(&err);
        assert_int_equal(pasar_generation_load(&generation, models, bad[i], &err), -1);
        assert_int_equal(err.code, PASAR_EDATA);
    }
    unlink(scratch_path(models, "current"));
    scratch_write_text(scratch_path(models, "current"), "000001");
    struct pasar_err err = PASAR_ERR_INIT;
    assert_int_equal(pasar_generation_current(models, name, &err), -1);
    assert_int_equal(err.code, PASAR_EDATA);
    scratch_remove(models);
}

/* Syncing is atomicfile's own test; thousands of real ones would only wait for the disk here. */
static int no_fsync(int fd)
{
    (void)fd;
    return 0;
}
static struct pasar_fsops fast_ops;

/* Failing system calls: the link shows the old generation or the new one, and both load. */
static int calls_left;
static int fail_fsync(int fd)
{
    if (calls_left-- == 0) {
        errno = EIO;
        return -1;
    }
    return no_fsync(fd);
}
static ssize_t fail_write(int fd, const void *bytes, size_t len)
{
    if (calls_left-- == 0) {
        errno = ENOSPC;
        return -1;
    }
    return pasar_fsops_posix.write(fd, bytes, len);
}
static int fail_rename(int olddir, const char *from, int newdir, const char *to, unsigned flags)
{
    if (calls_left-- == 0) {
        errno = EIO;
        return -1;
    }
    return pasar_fsops_posix.renameat2(olddir, from, newdir, to, flags);
}

static void test_generation__a_failed_publish_leaves_a_whole_generation(void **state)
{
    struct pasar_fsops ops[3] = {fast_ops, fast_ops, fast_ops};

    (void)state;
    ops[0].fsync = fail_fsync;
    ops[1].write = fail_write;
    ops[2].renameat2 = fail_rename;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(ops); i++) {
        for (int at = 0;; at++) {
            char *models = scratch_new(), name[32];
            struct pasar_err err = PASAR_ERR_INIT;
            struct pasar_generation generation;
            assert_published(models, 3);
            calls_left = at;
            pasar_atomicfile_set_ops(&ops[i]);
            int rc = publish_one(models, 3, NULL, &err);
            pasar_atomicfile_set_ops(&fast_ops);
            assert_true(rc == 0 ? err.code == PASAR_OK : err.code == PASAR_EIO || err.code == PASAR_ECREATE);
            pasar_err_clear(&err);
            assert_int_equal(pasar_generation_current(models, name, &err), 0);
            if (rc == 0)
                assert_string_equal(name, "000002");
            if (pasar_generation_load(&generation, models, name, &err) != 0)
                fail_msg("%s", err.msg);
            pasar_generation_fini(&generation);
            assert_published(models, 3); /* and the next one goes through */
            scratch_remove(models);
            if (rc == 0)
                break;
            assert_true(at < 100);
        }
    }
}

static void test_generation__killed_at_any_moment_a_whole_one_is_current(void **state)
{
    char *models = scratch_new(), name[32];
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_generation generation;
    int leftovers = 0;

    (void)state;
    assert_published(models, 2);
    for (int i = 0; i < 100; i++) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            while (publish_one(models, 2, NULL, NULL) == 0)
                ;
            _exit(1);
        }
        usleep((useconds_t)(1000 + i * 137 % 9000));
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status)); /* it never failed by itself: leftovers of the one before do not disturb */
        leftovers += scratch_count(models) > 2 + 2;
        assert_int_equal(pasar_generation_current(models, name, &err), 0);
        if (pasar_generation_load(&generation, models, name, &err) != 0)
            fail_msg("%s", err.msg);
        pasar_generation_fini(&generation);
    }
    assert_true(leftovers > 0); /* else no kill met a publish */
    assert_published(models, 2);
    assert_int_equal(scratch_count(models), 2 + 2);
    scratch_remove(models);
}

/* ------------------------------------------------------------------ the writer's own checks */

static void wrong_size(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)manifest;
    model[1].clusters[0].size++;
    model[1].clusters[1].size--;
}
static void wrong_sum(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)manifest;
    model[2].clusters[0].size++;
}
static void wrong_std(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)manifest;
    model[0].std[1] = 0;
}
static void infinite(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)manifest;
    model[0].centroids[0] = INFINITY;
}
static void wrong_rows(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)model;
    manifest->rows++;
}
static void wrong_number(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)manifest;
    model[0].number = 2;
}
static void wrong_agreement(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)model;
    manifest->agreement[1].move_count = K + 1;
}

static void agreement_of_other_rows(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)model;
    manifest->agreement[0].rows++;
}

static void infinite_move(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)model;
    manifest->agreement[2].moves[1] = INFINITY;
}

static void no_utf8(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)manifest;
    strcpy(model[0].clusters[0].label, "\xff");
}

/* Passes the checks of a model, but its text does not come back. */
static void long_category(struct pasar_model *model, struct pasar_manifest *manifest)
{
    char *path = malloc(PASAR_MODEL_TEXT_MAX + 2);
    (void)manifest;
    memset(path, 'x', PASAR_MODEL_TEXT_MAX + 1);
    path[PASAR_MODEL_TEXT_MAX + 1] = '\0';
    free(model[2].clusters[1].top[0].category);
    model[2].clusters[1].top[0].category = path;
}

static void empty_name(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)manifest;
    model[1].clusters[1].nearest_id[0] = '\0';
}

static void test_generation__what_cannot_be_loaded_never_becomes_current(void **state)
{
    void (*const spoils[])(struct pasar_model *, struct pasar_manifest *) = {long_category, empty_name};
    char *models = scratch_new(), name[32];
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_published(models, 3);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(spoils); i++) {
        pasar_err_clear(&err);
        assert_int_equal(publish_one(models, 3, spoils[i], &err), -1);
        assert_int_equal(err.code, PASAR_EBUG);
        pasar_err_clear(&err);
        assert_int_equal(pasar_generation_current(models, name, &err), 0);
        assert_string_equal(name, "000001");
        assert_int_equal(scratch_count(models), 3); /* the generation, the link and the lock */
    }
    scratch_remove(models);
}

enum { MANY_BATCHES = 68000, LONG_NAME = 1000 };

/* A manifest of more than 64 MiB. */
static void many_batches(struct pasar_model *model, struct pasar_manifest *manifest)
{
    struct pasar_manifest_batch *batches = calloc(MANY_BATCHES, sizeof *batches);
    (void)model;
    for (size_t i = 0; i < MANY_BATCHES; i++) {
        batches[i] = manifest->batches[0];
        batches[i].rows = i == 0 ? ROWS : 0;
        batches[i].file = malloc(LONG_NAME + 1);
        memset(batches[i].file, 'b', LONG_NAME);
        batches[i].file[LONG_NAME] = '\0';
    }
    free(manifest->batches[0].file);
    free(manifest->batches[1].file);
    free(manifest->batches);
    manifest->batches = batches;
    manifest->batch_count = MANY_BATCHES;
}

static void test_generation__of_very_many_batches_loads(void **state)
{
    char *models = scratch_new();
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_generation generation;

    (void)state;
    if (publish_one(models, 3, many_batches, &err) != 0)
        fail_msg("%s", err.msg);
    if (pasar_generation_load(&generation, models, "000001", &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(generation.manifest.batch_count, MANY_BATCHES);
    pasar_generation_fini(&generation);
    scratch_remove(models);
}

static void a_row_too_many(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)model;
    manifest->batches[1].rows++;
}

static void a_row_too_few(struct pasar_model *model, struct pasar_manifest *manifest)
{
    (void)model;
    manifest->batches[0].rows--;
}

static void test_generation__the_writer_refuses_what_does_not_fit(void **state)
{
    void (*const spoils[])(struct pasar_model *, struct pasar_manifest *) = {
        wrong_size,    wrong_sum,       wrong_std,
        infinite,      wrong_rows,      wrong_number,
        no_utf8,       wrong_agreement, agreement_of_other_rows,
        infinite_move, a_row_too_many,  a_row_too_few,
    };
    char *models = scratch_new();

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(spoils); i++) {
        struct pasar_err err = PASAR_ERR_INIT;
        assert_int_equal(publish_one(models, 3, spoils[i], &err), -1);
        assert_int_equal(err.code, spoils[i] == no_utf8 ? PASAR_EOS : PASAR_EBUG);
        assert_int_equal(scratch_count(models), 1); /* the lock */
    }
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_generation_writer *w = pasar_generation_writer_open(models, &err);
    struct pasar_record record;
    char id[32];
    fill_record(&record, 0, id);
    assert_int_equal(pasar_generation_writer_add_row(w, &record, (const int[]){-1, 0, 0}, 0, &err), 0);
    assert_int_equal(pasar_generation_writer_add_row(w, &record, (const int[]){0, 0, 0}, 1, &err), -1); /* a gap */
    assert_int_equal(err.code, PASAR_EBUG);
    pasar_err_clear(&err);
    assert_int_equal(pasar_generation_writer_add_row(w, &record, (const int[]){-1, 0, 0}, PASAR_SOURCE_UNKNOWN, &err),
                     -1);
    assert_int_equal(err.code, PASAR_EBUG); /* of this row, but not of the first */
    pasar_generation_writer_abort(w);
    scratch_remove(models);
}

/* ------------------------------------------------------------------ damage */

/* Loads, and reads all products when that went well; whether everything was fine. */
static bool loads(const char *models, struct pasar_err *err)
{
    struct pasar_generation generation;
    struct pasar_record record;
    int cluster[PASAR_MODELS];

    memset(err, 0, sizeof *err);
    if (pasar_generation_load(&generation, models, "000001", err) != 0)
        return false;
    struct pasar_products_reader *r = pasar_products_reader_open(&generation, err);
    enum pasar_products_result result = PASAR_PRODUCTS_ERROR;
    while (r != NULL && (result = pasar_products_reader_next(r, &record, cluster, err)) == PASAR_PRODUCTS_ROW)
        ;
    pasar_products_reader_close(r);
    pasar_generation_fini(&generation);
    return result == PASAR_PRODUCTS_END;
}

static void assert_refused(const char *models, const char *file)
{
    struct pasar_err err;

    if (loads(models, &err))
        fail_msg("%s was accepted", file);
    assert_int_equal(err.code, PASAR_EDATA);
    if (strstr(err.msg, file) == NULL)
        fail_msg("%s is not named: %s", file, err.msg);
}

static const char *const files[] = {"manifest.json", "model_1.json", "model_3.json", "products.csv"};

static void test_generation__truncation_at_any_byte_is_refused(void **state)
{
    char *models = scratch_new();

    (void)state;
    assert_published(models, 3);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(files); i++) {
        char path[700];
        size_t len;
        snprintf(path, sizeof path, "%s/000001/%s", models, files[i]);
        char *bytes = scratch_read(path, &len);
        for (size_t cut = 0; cut < len; cut++) {
            assert_int_equal(truncate(path, (off_t)(len - 1 - cut)), 0);
            assert_refused(models, files[i]);
        }
        scratch_write(path, bytes, len);
        free(bytes);
        struct pasar_err err;
        assert_true(loads(models, &err));
    }
    scratch_remove(models);
}

/* At least one bit of each byte, each time another one; with an argument to the program every bit. */
static size_t bit_step = 7;

static void test_generation__every_flipped_bit_is_refused(void **state)
{
    char *models = scratch_new();

    (void)state;
    assert_published(models, 3);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(files); i++) {
        char path[700];
        size_t len;
        snprintf(path, sizeof path, "%s/000001/%s", models, files[i]);
        char *bytes = scratch_read(path, &len);
        int fd = open(path, O_WRONLY);
        for (size_t bit = 0; bit < 8 * len; bit += bit_step) {
            char flipped = (char)(bytes[bit / 8] ^ (1 << bit % 8));
            assert_int_equal(pwrite(fd, &flipped, 1, (off_t)(bit / 8)), 1);
            assert_refused(models, files[i]);
            assert_int_equal(pwrite(fd, &bytes[bit / 8], 1, (off_t)(bit / 8)), 1);
        }
        close(fd);
        free(bytes);
        struct pasar_err err;
        assert_true(loads(models, &err));
    }
    scratch_remove(models);
}

static void test_generation__only_plain_files_are_opened(void **state)
{
    char *models = scratch_new();

    (void)state;
    assert_published(models, 3);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(files); i++) {
        char path[700], aside[700];
        snprintf(path, sizeof path, "%s/000001/%s", models, files[i]);
        snprintf(aside, sizeof aside, "%s/aside", models);
        assert_int_equal(rename(path, aside), 0);
        assert_refused(models, files[i]); /* missing */
        assert_int_equal(symlink("../aside", path), 0);
        assert_refused(models, files[i]);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0644), 0);
        assert_refused(models, files[i]); /* and does not wait for a writer */
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0755), 0);
        assert_refused(models, files[i]);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(rename(aside, path), 0);
    }
    struct pasar_err err;
    assert_true(loads(models, &err));
    assert_int_equal(rename(scratch_path(models, "000001"), scratch_path(models, "real")), 0);
    assert_int_equal(symlink("real", scratch_path(models, "000001")), 0);
    assert_false(loads(models, &err));
    scratch_remove(models);
}

static void test_generation__a_renamed_or_mixed_generation_is_refused(void **state)
{
    char *models = scratch_new();
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_generation generation;

    (void)state;
    assert_published(models, 3);
    assert_int_equal(rename(scratch_path(models, "000001"), scratch_path(models, "000007")), 0);
    assert_int_equal(pasar_generation_load(&generation, models, "000007", &err), -1);
    assert_non_null(strstr(err.msg, "manifest.json: is of generation 1"));
    assert_int_equal(rename(scratch_path(models, "000007"), scratch_path(models, "000001")), 0);
    assert_int_equal(rename(scratch_path(models, "000001/model_1.json"), scratch_path(models, "000001/model_2.json")),
                     0);
    assert_false(loads(models, &err));
    scratch_remove(models);
}

/* ------------------------------------------------------------------ nonsense with the right checksum */

/* Replaces the first `from` of the model's JSON by `to`; whether the loader takes it. */
static bool accepts(const char *json, const char *from, const char *to, struct pasar_err *err)
{
    const char *at = strstr(json, from);
    char *text;
    struct pasar_model model;

    if (at == NULL)
        fail_msg("not in the model: %s", from);
    assert_true(asprintf(&text, "%.*s%s%s", (int)(at - json), json, to, at + strlen(from)) > 0);
    memset(err, 0, sizeof *err);
    int rc = pasar_model_from_json(&model, text, strlen(text), err);
    pasar_model_fini(&model);
    free(text);
    return rc == 0;
}

static void test_generation__a_model_that_means_nothing_is_refused(void **state)
{
    static const struct {
        const char *from, *to, *named;
    } cases[] = {
        {"\"format\": 1", "\"format\": 2", "format"},
        {"\"format\": 1", "\"format\": 1.0", "format"},
        {"\"format\": 1,", "", "format"},
        {"\"model\": 3", "\"model\": 4", "model"},
        {"\"model\": 3", "\"model\": 0", "model"},
        {"\"rows\": 9", "\"rows\": 10", "sizes add up to 9"},
        {"\"rows\": 9", "\"rows\": 8", "clusters"},
        {"\"rows\": 9", "\"rows\": -9", "rows"},
        {"\"rows\": 9", "\"rows\": 9.5", "rows"},
        {"\"rows\": 9", "\"rows\": \"9\"", "rows"},
        {"\"rows\": 9,", "\"rows\": 9, \"rows\": 9,", "duplicate"},
        {"\"distinct_rows\": 3", "\"distinct_rows\": 10", "distinct_rows"},
        {"\"k\": 2", "\"k\": 0", "k:"},
        {"\"k\": 2", "\"k\": 1", "clusters"},
        {"\"k\": 2", "\"k\": 3", "clusters"},
        {"\"k\": 2", "\"k\": 2147483648", "k:"},
        {"\"k\": 2", "\"k\": -1", "k:"},
        {"\"k\": 2", "\"k\": 18446744073709551616", "too big"},
        {"\"discounted_price\"", "\"rating_count\"", "twice"},
        {"\"discounted_price\"", "\"product_id\"", "numeric column"},
        {"\"discounted_price\"", "\"price\"", "numeric column"},
        {"\"discounted_price\"", "7", "name"},
        {"\"log1p\"", "\"sqrt\"", "transform"},
        {"\"std\": 1.0", "\"std\": 0.0", "std"},
        {"\"std\": 1.0", "\"std\": -1.0", "std"},
        {"\"std\": 1.0", "\"std\": null", "std"},
        {"\"std\": 1.0", "\"std\": 1e999", "real number overflow"},
        {"\"std\": 1.0", "\"std\": NaN", "NaN"},
        {"\"missing\": 1", "\"missing\": 10", "missing"},
        {"\"missing\": 1", "\"missing\": -1", "missing"},
        {"\"centroids\": [\n    [", "\"centroids\": [\n    [1, ", "centroids[0]"},
        {"\"centroids\": [\n    [", "\"centroids\": [\n    [], [", "centroids"},
        {"[\n      4.9406564584124654e-324", "[\n      null", "centroids[0][0]"},
        {"\"size\": 5", "\"size\": 6", "sizes"},
        {"\"size\": 5", "\"size\": 4", "sizes"},
        {"\"size\": 5", "\"size\": -5", "size"},
        {"\"size\": 5", "\"size\": 9223372036854775807", "sizes"},
        {"\"id\": 1", "\"id\": 0", "id"},
        {"\"label\": \"", "\"label\": \"\", \"x\": \"", "label"},
        {"\"median\": {", "\"median\": {}, \"x\": {", "median"},
        {"\"median\": {", "\"median\": 3, \"x\": {", "median"},
        {"\"count\": 2", "\"count\": -2", "count"},
        {"\"category\": \"", "\"category\": null, \"x\": \"", "category"},
        {"\"inertia\": 7", "\"inertia\": -7", "inertia"},
        {"\"silhouette\": 0", "\"silhouette\": \"x\", \"x\": 0", "silhouette"},
        {"\"iterations\": 7", "\"iterations\": 4294967296", "iterations"},
        {"\"stop_reason\": \"converged\"", "\"stop_reason\": \"a reason of more than 23 bytes\"", "stop_reason"},
        {"\"seed\"", "\"speed\"", "seed"},
        {"\"product_id\": \"P001\"", "\"product_id\": \"\"", "nearest.product_id"},
        {"\"product_name\"", "\"name\"", "nearest.product_name"},
        {"\"distance\": ", "\"distance\": -", "nearest.distance"},
        {"\"nearest\": {", "\"nearest\": 3, \"x\": {", "nearest"},
        {"\"components\": [", "\"components\": [], \"x\": [", "components"},
        {"\"components\": [\n      [", "\"components\": [\n      [1, ", "components"},
        {"\"components\": [\n      [", "\"components\": [\n      [0], [0], [", "components"},
        {"0.59999999999999998", "1.5", "components"},
        {"0.59999999999999998", "null", "components"},
        {"\"explained_variance\": [", "\"explained_variance\": [1, ", "explained_variance"},
        {"\"explained_variance\": [\n      1.2", "\"explained_variance\": [\n      -1.2", "explained_variance"},
        {"\"principal_components\": {", "\"principal_components\": 7, \"x\": {", "components"},
        {"\"k\": 3,\n      \"inertia\"", "\"k\": 2,\n      \"inertia\"", "k_trials"},
        {"\"k\": 3,\n      \"inertia\"", "\"k\": 0,\n      \"inertia\"", "k_trials"},
        {"\"k\": 3,\n      \"inertia\": ", "\"k\": 3,\n      \"inertia\": -", "k_trials"},
        {"\"k_trials\": [", "\"k_trials\": 3, \"x\": [", "k_trials"},
        {"{\n  \"format\"", "[{\n  \"format\"", "line"},
    };
    struct pasar_model model;
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    fill_model(&model, 3);
    char *json = pasar_model_to_json(&model, &err);
    assert_non_null(json);
    assert_true(accepts(json, "\"k\": 2", "\"k\": 2, \"a later member\": [1]", &err));
    assert_true(accepts(json, "\"calinski_harabasz\": 2.0", "\"calinski_harabasz\": 2", &err));
    /* Members that a file from before them does not have. */
    assert_true(accepts(json, "\"nearest\": {", "\"x\": {", &err));
    assert_true(accepts(json, "\"principal_components\": {", "\"x\": {", &err));
    assert_true(accepts(json, "\"principal_components\": {", "\"principal_components\": null, \"x\": {", &err));
    assert_true(accepts(json, "\"k_trials\": [", "\"x\": [", &err));
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++) {
        if (accepts(json, cases[i].from, cases[i].to, &err))
            fail_msg("accepted: %s", cases[i].to);
        assert_int_equal(err.code, PASAR_EDATA);
        if (strstr(err.msg, cases[i].named) == NULL)
            fail_msg("%s: %s", cases[i].to, err.msg);
    }
    free(json);
    pasar_model_fini(&model);
}

static void test_generation__text_that_is_no_model_is_refused(void **state)
{
    static const char *const texts[] = {
        "",        " ", "null", "3", "[]", "{}", "{\"format\":1}", "{\"format\":1", "\xEF\xBB\xBF{}", "{\"format\":1}x",
        "\xff\xfe"};
    struct pasar_model model;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(texts); i++) {
        struct pasar_err err = PASAR_ERR_INIT;
        assert_int_equal(pasar_model_from_json(&model, texts[i], strlen(texts[i]), &err), -1);
        assert_int_equal(err.code, PASAR_EDATA);
    }
    char *deep = malloc(100001);
    memset(deep, '[', 100000);
    deep[100000] = '\0';
    struct pasar_err err = PASAR_ERR_INIT;
    assert_int_equal(pasar_model_from_json(&model, deep, 100000, &err), -1);
    free(deep);
}

/* Rewrites products.csv with all checksums right again, so that only its meaning can be wrong. */
static void replace_products(const char *models, const char *from, const char *to)
{
    char path[700], hex[65];
    size_t len;

    snprintf(path, sizeof path, "%s/000001/products.csv", models);
    char *text = scratch_read(path, &len), *changed, *at = strstr(text, from);
    assert_non_null(at);
    assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) >= 0);
    scratch_write_text(path, changed);
    snprintf(path, sizeof path, "%s/000001/manifest.json", models);
    json_t *root = json_load_file(path, 0, NULL);
    json_t *entry = json_array_get(json_object_get(root, "files"), PASAR_MODELS);
    pasar_sha256_bytes(changed, strlen(changed), hex);
    json_object_set_new(entry, "sha256", json_string(hex));
    json_object_set_new(entry, "bytes", json_integer((json_int_t)strlen(changed)));
    memset(hex, '0', 64);
    json_object_set_new(root, "sha256", json_string(hex));
    char *manifest = json_dumps(root, JSON_INDENT(1));
    pasar_sha256_bytes(manifest, strlen(manifest), hex);
    memcpy(strrchr(manifest, '"') - 64, hex, 64);
    scratch_write_text(path, manifest);
    free(manifest);
    json_decref(root);
    free(changed);
    free(text);
}

static void test_generation__source_rows_must_be_each_row_of_the_batches(void **state)
{
    static const struct {
        const char *from, *to, *named;
    } cases[] = {
        {"123456Z,1,0,0,0\n", "123456Z,0,0,0,0\n", "source_row must be 1 to 9"},
        {"123456Z,1,0,0,0\n", "123456Z,10,0,0,0\n", "source_row must be 1 to 9"},
        {"123456Z,1,0,0,0\n", "123456Z,,0,0,0\n", "source_row must be 1 to 9"},
        {"123456Z,1,0,0,0\n", "123456Z,18446744073709551616,0,0,0\n", "source_row must be 1 to 9"},
        {"123456Z,1,0,0,0\n", "123456Z,3,0,0,0\n", "source_row 3 comes twice"},
        {"source_row", "source_row,source_row", "source_row must stand in it once"},
    };
    struct pasar_err err;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++) {
        char *models = scratch_new();
        assert_published(models, 3);
        replace_products(models, cases[i].from, cases[i].to);
        if (loads(models, &err))
            fail_msg("accepted: %s", cases[i].to);
        assert_int_equal(err.code, PASAR_EDATA);
        if (strstr(err.msg, cases[i].named) == NULL || strstr(err.msg, "products.csv") == NULL)
            fail_msg("%s: %s", cases[i].to, err.msg);
        scratch_remove(models);
    }
    /* A manifest whose batches have other rows: the numbers would mean nothing. */
    char *models = scratch_new();
    sources_are_known = false;
    assert_int_equal(publish_one(models, 3, a_row_too_many, &err), 0);
    sources_are_known = true;
    assert_true(loads(models, &err));
    replace_products(models, "cluster_1", "source_row,cluster_1");
    assert_refused(models, "products.csv");
    scratch_remove(models);
}

static void test_generation__products_must_fit_the_models(void **state)
{
    static const struct {
        const char *from, *to, *named;
    } cases[] = {
        {"123456Z,1,0,0,0\n", "123456Z,1,2,0,0\n", "cluster_1 must be 0 to 1"},
        {"123456Z,1,0,0,0\n", "123456Z,1,-1,0,0\n", "cluster_1"},
        {"123456Z,1,0,0,0\n", "123456Z,1,,0,0\n", "cluster_1"},
        {"123456Z,1,0,0,0\n", "123456Z,1,1,0,0\n", "another size"},
        {"123456Z,1,0,0,0\n", "123456Z,1,0,0\n", "fields"},
        {"123459Z,7,,1,1\n", "123459Z,7,1,1,1\n", "past its model's rows"},
        {"cluster_3", "cluster_4", "cluster_3"},
        {"cluster_3", "cluster_2", "cluster_2"},
        {"product_id,", "product,", "product_id"},
        {"399.5", "-1", "discounted_price"},
    };
    struct pasar_err err;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++) {
        char *models = scratch_new();
        assert_published(models, 3);
        replace_products(models, "P000", "P00X"); /* harmless: the way itself works */
        if (!loads(models, &err))
            fail_msg("%s", err.msg);
        replace_products(models, cases[i].from, cases[i].to);
        if (loads(models, &err))
            fail_msg("accepted: %s", cases[i].to);
        if (strstr(err.msg, cases[i].named) == NULL || strstr(err.msg, "products.csv") == NULL)
            fail_msg("%s: %s", cases[i].to, err.msg);
        scratch_remove(models);
    }
    char *models = scratch_new();
    assert_published(models, 3);
    char path[700], *text;
    snprintf(path, sizeof path, "%s/000001/products.csv", models);
    text = scratch_read(path, NULL);
    char *line = strstr(text, "P008"), *twice;
    assert_true(asprintf(&twice, "%s%s", line, line) > 0);
    replace_products(models, line, ""); /* a row short */
    assert_refused(models, "products.csv");
    free(twice);
    free(text);
    scratch_remove(models);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generation__what_is_written_is_loaded_bit_for_bit),
        cmocka_unit_test(test_generation__products_come_back_in_order),
        cmocka_unit_test(test_generation__one_without_sources_loads),
        cmocka_unit_test(test_generation__json_is_readable_and_always_the_same),
        cmocka_unit_test(test_generation__predict_finds_the_nearest_centroid),
        cmocka_unit_test(test_generation__numbers_grow_and_old_ones_are_pruned),
        cmocka_unit_test(test_generation__a_crash_leaves_nothing_for_long),
        cmocka_unit_test(test_generation__current_must_name_a_generation),
        cmocka_unit_test(test_generation__a_failed_publish_leaves_a_whole_generation),
        cmocka_unit_test(test_generation__killed_at_any_moment_a_whole_one_is_current),
        cmocka_unit_test(test_generation__the_writer_refuses_what_does_not_fit),
        cmocka_unit_test(test_generation__what_cannot_be_loaded_never_becomes_current),
        cmocka_unit_test(test_generation__of_very_many_batches_loads),
        cmocka_unit_test(test_generation__truncation_at_any_byte_is_refused),
        cmocka_unit_test(test_generation__every_flipped_bit_is_refused),
        cmocka_unit_test(test_generation__only_plain_files_are_opened),
        cmocka_unit_test(test_generation__a_renamed_or_mixed_generation_is_refused),
        cmocka_unit_test(test_generation__a_model_that_means_nothing_is_refused),
        cmocka_unit_test(test_generation__text_that_is_no_model_is_refused),
        cmocka_unit_test(test_generation__products_must_fit_the_models),
        cmocka_unit_test(test_generation__source_rows_must_be_each_row_of_the_batches),
    };
    (void)argv;
    if (argc > 1) {
        bit_step = 1;
        cmocka_set_test_filter("*every_flipped_bit*");
    }
    fast_ops = pasar_fsops_posix;
    fast_ops.fsync = no_fsync;
    pasar_atomicfile_set_ops(&fast_ops);
    pasar_log_init("test_generation", PASAR_LOG_ERROR, PASAR_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
