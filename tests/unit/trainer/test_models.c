/* The three cumulative models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "test_data.h"
#include "trainer/models.h"

enum { ROWS = 3000, FEW_ROWS = 900 }; /* few where silhouettes, which cost the square of the rows, take all the time */

static void make_dataset(struct dataset *ds, size_t rows, int kind)
{
    struct rng rng;
    rng_init(&rng, 2026, (uint64_t)kind);
    *ds = (struct dataset){.rows = rows, .feature_count = 3};
    for (size_t i = 0; i < 3; i++)
        ds->values[i] = malloc(rows * sizeof(double));
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < 3; i++)
            ds->values[i][row] = test_value(kind, row, i, &rng) + 10;
}

static struct feature_set default_set(void)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct feature_set set;
    assert_int_equal(feature_set_parse(&set, "discounted_price,rating_count,rating", NULL, &err), 0);
    return set;
}

static void train_after(struct models *models, const struct dataset *ds, size_t k, unsigned threads,
                        const struct pasar_model *before)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct feature_set set = default_set();
    struct models_wanted wanted = {.set = &set,
                                   .params = {.k = k, .seed = 42, .n_init = 3, .max_iter = 300, .patience = 10},
                                   .before = before,
                                   .warm_start = before != NULL};
    struct pool *pool = pool_new(threads, NULL, NULL, &err);
    if (models_train(models, ds, &wanted, pool, NULL, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    pool_free(pool);
}

static void train(struct models *models, const struct dataset *ds, size_t k, unsigned threads)
{
    train_after(models, ds, k, threads, NULL);
}

static void test_models__are_one_two_and_three_thirds(void **state)
{
    (void)state;
    static const uint64_t expected[][4] = {
        {1, 1, 1, 1}, {2, 1, 2, 2}, {3, 1, 2, 3},           {4, 2, 4, 4},
        {5, 2, 4, 5}, {6, 2, 4, 6}, {1465, 489, 978, 1465}, {100000000, 33333334, 66666668, 100000000}};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(expected); i++) {
        uint64_t rows[PASAR_MODELS];
        models_rows(expected[i][0], rows);
        assert_memory_equal(rows, expected[i] + 1, sizeof rows);
    }
}

static void test_models__are_the_same_bytes_for_any_number_of_threads(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct dataset ds;
    char *first[PASAR_MODELS] = {NULL};
    make_dataset(&ds, ROWS * 2, 0); /* enough, by six clusters, for several threads (SERIAL_BELOW) */
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        struct models models;
        train(&models, &ds, 6, threads);
        for (size_t m = 0; m < PASAR_MODELS; m++) {
            char *json = pasar_model_to_json(&models.model[m], &err);
            assert_non_null(json);
            if (first[m]) {
                assert_string_equal(json, first[m]);
                free(json);
            } else {
                first[m] = json;
            }
        }
        models_fini(&models);
    }
    for (size_t m = 0; m < PASAR_MODELS; m++)
        free(first[m]);
    dataset_fini(&ds);
}

static void test_models__keep_the_meaning_of_their_ids(void **state)
{
    (void)state;
    struct dataset ds;
    struct models models;
    make_dataset(&ds, ROWS, 0); /* blobs of 70, 20 and 10 % in every third */
    train(&models, &ds, 3, 2);
    assert_true(models.model[2].clusters[0].size > models.model[2].clusters[1].size);
    assert_true(models.model[2].clusters[1].size > models.model[2].clusters[2].size);
    for (size_t m = 0; m + 1 < PASAR_MODELS; m++) {
        size_t same = 0;
        for (uint64_t row = 0; row < models.model[m].rows; row++) {
            int cluster[PASAR_MODELS];
            models_clusters(&models, row, cluster);
            same += cluster[m] == cluster[2];
        }
        assert_true(same > models.model[m].rows * 9 / 10);
        assert_true(models.agreement[m].adjusted_rand > 0.8 && models.agreement[m].adjusted_rand <= 1);
        assert_true(models.drift[m] < 0.3);
    }
    int cluster[PASAR_MODELS];
    models_clusters(&models, 1500, cluster);
    assert_int_equal(cluster[0], -1);
    assert_int_not_equal(cluster[1], -1);
    models_fini(&models);
    dataset_fini(&ds);
}

static void test_models__see_their_own_rows_only(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct dataset ds;
    struct models all, changed;
    make_dataset(&ds, ROWS, 2);
    train(&all, &ds, 3, 2);
    for (size_t row = ROWS / 3; row < ROWS; row++)
        ds.values[0][row] *= 1.001;
    train(&changed, &ds, 3, 2);
    /* Ids may follow model 3, so what counts is what the model measured. */
    assert_memory_equal(all.model[0].mean, changed.model[0].mean, sizeof all.model[0].mean);
    assert_memory_equal(&all.model[0].inertia, &changed.model[0].inertia, sizeof(double));
    assert_true(all.model[1].inertia != changed.model[1].inertia || all.model[1].mean[0] != changed.model[1].mean[0]);
    (void)err;
    models_fini(&all);
    models_fini(&changed);
    dataset_fini(&ds);
}

static void test_models__predict_gives_every_row_its_cluster(void **state)
{
    (void)state;
    struct dataset ds;
    struct models models;
    make_dataset(&ds, 900, 2);
    ds.values[1][7] = NAN;
    train(&models, &ds, 4, 1);
    for (size_t m = 0; m < PASAR_MODELS; m++)
        for (uint64_t row = 0; row < models.model[m].rows; row++) {
            const double values[] = {ds.values[0][row], ds.values[1][row], ds.values[2][row]};
            double distance;
            int cluster[PASAR_MODELS];
            models_clusters(&models, row, cluster);
            assert_int_equal(pasar_model_predict(&models.model[m], values, &distance), cluster[m]);
        }
    assert_int_equal(models.model[0].missing[1], 1);
    models_fini(&models);
    dataset_fini(&ds);
}

static void test_models__work_with_one_two_three_or_four_rows(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    for (size_t rows = 1; rows <= 4; rows++) {
        struct dataset ds;
        struct models models;
        uint64_t expected[PASAR_MODELS];
        make_dataset(&ds, rows, 1);
        models_rows(rows, expected);
        train(&models, &ds, 3, 2);
        for (size_t m = 0; m < PASAR_MODELS; m++) {
            assert_int_equal(models.model[m].k, expected[m] < 3 ? expected[m] : 3);
            assert_int_equal(models.model[m].distinct_rows, expected[m]);
            char *json = pasar_model_to_json(&models.model[m], &err);
            struct pasar_model read;
            assert_non_null(json);
            if (pasar_model_from_json(&read, json, strlen(json), &err) != 0)
                fail_msg("%zu rows, model %zu: %s", rows, m + 1, err.msg);
            pasar_model_fini(&read);
            free(json);
        }
        models_fini(&models);
        dataset_fini(&ds);
    }
}

static void test_models__of_equal_products_have_one_cluster(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct dataset ds;
    struct models models;
    make_dataset(&ds, 100, 1);
    for (size_t row = 0; row < 100; row++) {
        ds.values[0][row] = 0.1;
        ds.values[1][row] = NAN;
        ds.values[2][row] = 4.1;
    }
    train(&models, &ds, 3, 1);
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        assert_int_equal(models.model[m].k, 1);
        assert_true(models.model[m].inertia == 0);
        assert_true(isnan(models.model[m].silhouette));
        assert_string_equal(models.model[m].clusters[0].label, "all products");
        char *json = pasar_model_to_json(&models.model[m], &err);
        assert_non_null(json);
        free(json);
    }
    models_fini(&models);
    dataset_fini(&ds);
}

static void test_models__keep_the_ids_of_the_generation_before(void **state)
{
    (void)state;
    struct dataset ds;
    struct models first, second;
    make_dataset(&ds, ROWS, 0);
    train(&first, &ds, 3, 2);
    /* A generation before whose ids are the other way round: largest cluster last. */
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        struct pasar_model *model = &first.model[m];
        for (size_t j = 0; j < model->feature_count; j++) {
            double swap = model->centroids[j];
            model->centroids[j] = model->centroids[2 * model->feature_count + j];
            model->centroids[2 * model->feature_count + j] = swap;
        }
    }
    train_after(&second, &ds, 3, 2, first.model);
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        assert_true(second.model[m].clusters[2].size > second.model[m].clusters[0].size);
        for (uint64_t row = 0; row < first.model[m].rows; row++)
            assert_int_equal(second.labels[m][row], 2 - first.labels[m][row]);
        assert_true(fabs(second.model[m].inertia / first.model[m].inertia - 1) < 1e-12);
    }
    first.model[2].feature[0] = PASAR_COL_ACTUAL_PRICE; /* other features: no relation */
    models_fini(&second);
    train_after(&second, &ds, 3, 2, first.model);
    assert_true(second.model[2].clusters[0].size > second.model[2].clusters[2].size);
    models_fini(&first);
    models_fini(&second);
    dataset_fini(&ds);
}

static void test_models__start_warm_from_the_centroids_before(void **state)
{
    (void)state;
    struct dataset ds;
    struct models good, cold, warm;
    struct pasar_err err = PASAR_ERR_INIT;
    struct feature_set set = default_set();
    struct models_wanted wanted = {.set = &set,
                                   .params = {.k = 20, .seed = 1, .n_init = 30, .max_iter = 300, .patience = 200}};
    struct pool *pool = pool_new(2, NULL, NULL, &err);
    make_dataset(&ds, FEW_ROWS, 1);
    assert_int_equal(models_train(&good, &ds, &wanted, pool, NULL, NULL, &err), 0);
    wanted.params.n_init = 1;
    wanted.params.patience = 0;
    wanted.params.random_init = true;
    assert_int_equal(models_train(&cold, &ds, &wanted, pool, NULL, NULL, &err), 0);
    wanted.before = good.model;
    wanted.warm_start = true;
    assert_int_equal(models_train(&warm, &ds, &wanted, pool, NULL, NULL, &err), 0);
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        assert_true(cold.model[m].inertia > good.model[m].inertia * 1.001);
        assert_true(warm.model[m].inertia <= good.model[m].inertia * (1 + 1e-9));
    }
    models_fini(&good);
    models_fini(&cold);
    models_fini(&warm);
    pool_free(pool);
    dataset_fini(&ds);
}

static void test_models__choose_k_by_the_silhouette(void **state)
{
    (void)state;
    struct dataset ds;
    struct models models;
    struct rng rng;
    make_dataset(&ds, FEW_ROWS, 0);
    rng_init(&rng, 3, 3);
    for (size_t row = 0; row < FEW_ROWS; row++) /* four blobs */
        for (size_t j = 0; j < 3; j++)
            ds.values[j][row] = (double)((row % 4 >> (j % 2)) & 1) * 10 + rng_double(&rng);
    train(&models, &ds, 0, 2);
    for (size_t m = 0; m < PASAR_MODELS; m++)
        assert_int_equal(models.model[m].k, 4);
    const struct pasar_model *last = &models.model[2];
    assert_int_equal(last->k_trial_count, MODELS_K_MAX - MODELS_K_MIN + 1);
    for (size_t i = 0; i < last->k_trial_count; i++) {
        assert_int_equal(last->k_trials[i].k, MODELS_K_MIN + i);
        assert_true(last->k_trials[i].silhouette <= last->silhouette);
        assert_true(i == 0 || last->k_trials[i].inertia < last->k_trials[i - 1].inertia);
    }
    assert_true(last->k_trials[2].inertia == last->inertia);
    assert_int_equal(models.model[0].k_trial_count, 0);
    models_fini(&models);
    dataset_fini(&ds);
    make_dataset(&ds, 2, 1); /* no k has a silhouette */
    train(&models, &ds, 0, 2);
    assert_int_equal(models.model[2].k, 2);
    models_fini(&models);
    dataset_fini(&ds);
}

static void test_models__know_the_row_nearest_to_each_centroid(void **state)
{
    (void)state;
    struct dataset ds;
    struct models models;
    make_dataset(&ds, 900, 2);
    train(&models, &ds, 4, 1);
    for (size_t m = 0; m < PASAR_MODELS; m++)
        for (size_t c = 0; c < 4; c++) {
            uint64_t nearest = models.nearest[m][c];
            double own = INFINITY, least = INFINITY;
            for (uint64_t row = 0; row < models.model[m].rows; row++) {
                const double values[] = {ds.values[0][row], ds.values[1][row], ds.values[2][row]};
                double distance;
                if (pasar_model_predict(&models.model[m], values, &distance) != c)
                    continue;
                least = distance < least ? distance : least;
                if (row == nearest)
                    own = distance;
            }
            assert_true(own == least && own == models.model[m].clusters[c].nearest_distance);
        }
    models_fini(&models);
    dataset_fini(&ds);
}

static void test_models__count_the_rows_that_changed_their_cluster(void **state)
{
    (void)state;
    struct dataset ds;
    struct models models;
    make_dataset(&ds, ROWS, 1);
    train(&models, &ds, 5, 2);
    for (size_t i = 0; i < PASAR_MODEL_PAIRS; i++) {
        size_t a = (size_t)pasar_model_pairs[i][0] - 1, b = (size_t)pasar_model_pairs[i][1] - 1;
        const struct pasar_agreement *agreement = &models.agreement[i];
        uint64_t changed = 0;
        for (uint64_t row = 0; row < models.model[a].rows; row++)
            changed += models.labels[a][row] != models.labels[b][row];
        assert_int_equal(agreement->changed_rows, changed);
        assert_int_equal(agreement->rows, models.model[a].rows);
        assert_int_equal(agreement->move_count, 5);
        assert_true((agreement->adjusted_rand == 1) == (changed == 0));
        for (size_t c = 0; c < 5; c++) {
            double sum = 0;
            for (size_t f = 0; f < 3; f++) {
                double delta =
                    pasar_model_centroid(&models.model[a], c, f) - pasar_model_centroid(&models.model[b], c, f);
                sum += delta * delta / (models.model[b].std[f] * models.model[b].std[f]);
            }
            assert_true(fabs(agreement->moves[c] - sqrt(sum)) < 1e-9);
        }
    }
    models_fini(&models);
    dataset_fini(&ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models__are_one_two_and_three_thirds),
        cmocka_unit_test(test_models__are_the_same_bytes_for_any_number_of_threads),
        cmocka_unit_test(test_models__keep_the_meaning_of_their_ids),
        cmocka_unit_test(test_models__see_their_own_rows_only),
        cmocka_unit_test(test_models__predict_gives_every_row_its_cluster),
        cmocka_unit_test(test_models__work_with_one_two_three_or_four_rows),
        cmocka_unit_test(test_models__of_equal_products_have_one_cluster),
        cmocka_unit_test(test_models__keep_the_ids_of_the_generation_before),
        cmocka_unit_test(test_models__start_warm_from_the_centroids_before),
        cmocka_unit_test(test_models__choose_k_by_the_silhouette),
        cmocka_unit_test(test_models__know_the_row_nearest_to_each_centroid),
        cmocka_unit_test(test_models__count_the_rows_that_changed_their_cluster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
