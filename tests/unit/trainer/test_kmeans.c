/* k-means: the optimum that scikit-learn's best of many starts finds, from any seed, on any number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <string.h>

#include "golden.h"
#include "test_data.h"
#include "trainer/kmeans.h"

static const struct lloyd_limits once = {.max_iter = 1, .give_up = INFINITY};

static struct kmeans_params params_of(size_t k, uint64_t seed)
{
    return (struct kmeans_params){.k = k, .seed = seed, .n_init = 10, .max_iter = 300, .patience = 100};
}

static void fit(struct kmeans_fit *result, uint16_t *labels, const struct matrix *m, const struct kmeans_params *params,
                unsigned threads)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pool *pool = pool_new(threads, NULL, NULL, &err);
    assert_non_null(pool);
    if (kmeans_fit(result, labels, m, params, pool, &err) != 0)
        fail_msg("%s", err.msg);
    pool_free(pool);
}

static void test_kmeans__reaches_the_best_known_optimum_from_any_seed(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    for (size_t g = 0; g < PASAR_ARRAY_LEN(golden_fits); g++) {
        struct matrix m;
        uint16_t labels[1000];
        assert_int_equal(test_matrix(&m, golden_fits[g].kind, golden_fits[g].rows, golden_fits[g].cols, &err), 0);
        for (uint64_t seed = 0; seed < 3; seed++) {
            struct kmeans_fit result;
            struct kmeans_params params = params_of(golden_fits[g].k, seed);
            fit(&result, labels, &m, &params, 1);
            if (result.inertia > golden_fits[g].inertia * 1.000001)
                fail_msg("data %d seed %d: inertia %.9g, known %.9g", golden_fits[g].kind, (int)seed, result.inertia,
                         golden_fits[g].inertia);
            assert_int_equal(result.stop, LLOYD_CONVERGED);
            kmeans_fit_fini(&result);
        }
        matrix_fini(&m);
    }
}

static void test_kmeans__result_is_one_fixed_point(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix m;
    struct kmeans_fit result;
    struct kmeans_params params = params_of(5, 3);
    uint16_t labels[800];
    assert_int_equal(test_matrix(&m, 2, 800, 3, &err), 0);
    fit(&result, labels, &m, &params, 2);
    uint64_t sizes[5] = {0};
    double mean[5][3] = {{0}}, inertia = 0;
    for (size_t row = 0; row < 800; row++) {
        double best = INFINITY, own = 0;
        for (size_t c = 0; c < 5; c++) {
            double d = 0;
            for (size_t j = 0; j < 3; j++)
                d += pow(*matrix_at(&m, row, j) - result.centroids[c * 3 + j], 2);
            best = fmin(best, d);
            own = c == labels[row] ? d : own;
        }
        assert_true(own <= best + 1e-12);
        inertia += own;
        sizes[labels[row]]++;
        for (size_t j = 0; j < 3; j++)
            mean[labels[row]][j] += *matrix_at(&m, row, j);
    }
    assert_memory_equal(sizes, result.sizes, sizeof sizes);
    assert_true(fabs(inertia - result.inertia) < 1e-9 * inertia);
    for (size_t c = 0; c < 5; c++)
        for (size_t j = 0; j < 3; j++)
            assert_true(fabs(mean[c][j] / (double)sizes[c] - result.centroids[c * 3 + j]) < 1e-12);
    kmeans_fit_fini(&result);
    matrix_fini(&m);
}

static void test_kmeans__is_the_same_to_the_bit_for_any_number_of_threads(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    enum { ROWS = 6400, K = 12 }; /* four blocks of work */
    struct matrix m;
    struct kmeans_fit first, other;
    struct kmeans_params params = params_of(K, 1);
    params.n_init = 2;
    params.patience = 5;
    uint16_t *a = malloc(ROWS * sizeof *a), *b = malloc(ROWS * sizeof *b);
    assert_int_equal(test_matrix(&m, 1, ROWS, 3, &err), 0);
    fit(&first, a, &m, &params, 1);
    for (unsigned threads = 2; threads <= 8; threads *= 2) {
        fit(&other, b, &m, &params, threads);
        assert_memory_equal(first.centroids, other.centroids, K * 3 * sizeof(double));
        assert_memory_equal(&first.inertia, &other.inertia, sizeof(double));
        assert_memory_equal(a, b, ROWS * sizeof *a);
        assert_int_equal(first.iterations, other.iterations);
        kmeans_fit_fini(&other);
    }
    kmeans_fit_fini(&first);
    matrix_fini(&m);
    free(a);
    free(b);
}

/* More rows than KMEANS_SAMPLE_ABOVE: samples, hurried runs, several blocks. */
static void test_kmeans__of_very_many_rows_is_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    enum { ROWS = KMEANS_SAMPLE_ABOVE + 5000, K = 4 };
    struct matrix m;
    struct kmeans_fit first, other;
    struct kmeans_params params = params_of(K, 1);
    params.n_init = 2;
    params.patience = 3;
    uint16_t *a = malloc(ROWS * sizeof *a), *b = malloc(ROWS * sizeof *b);
    assert_int_equal(test_matrix(&m, 2, ROWS, 3, &err), 0);
    fit(&first, a, &m, &params, 1);
    for (unsigned threads = 2; threads <= 8; threads *= 2) {
        fit(&other, b, &m, &params, threads);
        assert_memory_equal(first.centroids, other.centroids, K * 3 * sizeof(double));
        assert_memory_equal(&first.inertia, &other.inertia, sizeof(double));
        assert_memory_equal(a, b, ROWS * sizeof *a);
        kmeans_fit_fini(&other);
    }
    kmeans_fit_fini(&first);
    matrix_fini(&m);
    free(a);
    free(b);
}

/* Far rows are few, so that most samples lack them; each start on all rows sees them. */
static void test_kmeans__finds_the_far_rows_of_very_many(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    enum { ROWS = KMEANS_SAMPLE_ABOVE + 4464 };
    struct matrix m;
    uint16_t *labels = malloc(ROWS * sizeof *labels);
    assert_int_equal(test_matrix(&m, 1, ROWS, 2, &err), 0);
    *matrix_at(&m, 100, 0) = *matrix_at(&m, 101, 0) = 5000; /* worth more than all the others together */
    *matrix_at(&m, 40000, 1) = -4000;
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct kmeans_fit result;
        struct kmeans_params params;
        kmeans_params_init(&params, 3, seed);
        fit(&result, labels, &m, &params, 2);
        assert_int_equal(result.sizes[labels[100]], 2);
        assert_int_equal(result.sizes[labels[40000]], 1);
        kmeans_fit_fini(&result);
    }
    matrix_fini(&m);
    free(labels);
}

static void test_kmeans__gives_up_only_what_cannot_reach_the_goal(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix m;
    struct lloyd l;
    struct lloyd_run full, run;
    struct pool *pool = pool_new(1, NULL, NULL, &err);
    uint16_t labels[1000];
    double start[8 * 2], centroids[8 * 2];
    assert_int_equal(test_matrix(&m, 1, 1000, 2, &err), 0);
    for (size_t i = 0; i < 8 * 2; i++)
        start[i] = *matrix_at(&m, 7 * (i / 2), i % 2);
    assert_int_equal(lloyd_init(&l, &m, 8, labels, pool, &err), 0);
    memcpy(centroids, start, sizeof start);
    struct lloyd_limits limits = {.max_iter = 300, .give_up = INFINITY};
    assert_int_equal(lloyd_iterate(&l, centroids, &limits, &full, &err), 0);
    assert_int_equal(full.stop, LLOYD_CONVERGED);
    assert_true(fabs(lloyd_scatter(&l) - full.inertia) < 1e-9 * full.inertia);
    limits.give_up = full.inertia * 1.001;
    memcpy(centroids, start, sizeof start);
    assert_int_equal(lloyd_iterate(&l, centroids, &limits, &run, &err), 0);
    assert_int_equal(run.stop, LLOYD_CONVERGED);
    assert_true(run.inertia == full.inertia);
    limits.give_up = full.inertia * 0.5;
    memcpy(centroids, start, sizeof start);
    assert_int_equal(lloyd_iterate(&l, centroids, &limits, &run, &err), 0);
    assert_int_equal(run.stop, LLOYD_HOPELESS);
    assert_true(run.iterations < full.iterations);
    lloyd_fini(&l);
    matrix_fini(&m);
    pool_free(pool);
}

struct shown {
    size_t passes;
    uint64_t rows;
    double share;
};

static void note_progress(void *ctx, uint64_t rows, double share)
{
    struct shown *shown = ctx;
    assert_true(rows > shown->rows);
    assert_true(share >= shown->share && share <= 1);
    *shown = (struct shown){shown->passes + 1, rows, share};
}

static void test_kmeans__tells_how_far_it_is(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    enum { FEW = 1000, MANY = KMEANS_SAMPLE_ABOVE + 1 };
    uint16_t *labels = malloc(MANY * sizeof *labels);
    for (size_t rows = FEW; rows <= MANY; rows += MANY - FEW) {
        struct matrix m;
        struct kmeans_fit result;
        struct shown shown = {0, 0, 0};
        struct lloyd_meter meter = {.show = note_progress, .ctx = &shown, .share = 0.5};
        struct kmeans_params params = params_of(3, 2);
        params.patience = 5;
        params.meter = &meter;
        assert_int_equal(test_matrix(&m, 1, rows, 2, &err), 0);
        fit(&result, labels, &m, &params, 2);
        assert_true(shown.passes > 20);
        assert_true(shown.share > 0.8);
        kmeans_fit_fini(&result);
        matrix_fini(&m);
    }
    free(labels);
}

static void test_kmeans__k_shrinks_to_the_distinct_rows(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    for (size_t rows = 1; rows <= 40; rows++) {
        struct matrix m;
        struct kmeans_fit result;
        struct kmeans_params params = params_of(5, 9);
        uint16_t labels[40];
        assert_int_equal(matrix_init(&m, rows, 2, &err), 0);
        for (size_t row = 0; row < rows; row++) {
            *matrix_at(&m, row, 0) = (double)(row % 3) - 1;
            *matrix_at(&m, row, 1) = 0; /* constant */
        }
        fit(&result, labels, &m, &params, 1);
        assert_int_equal(result.k, rows < 3 ? rows : 3);
        assert_true(result.inertia < 1e-20);
        for (size_t c = 0; c < result.k; c++)
            assert_true(result.sizes[c] > 0);
        kmeans_fit_fini(&result);
        matrix_fini(&m);
    }
}

/* Two products that differ by a paisa in ten million: far away from the others, 2e-8 from each other. */
static void test_kmeans__parts_points_that_are_almost_one(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    for (size_t rows = 3; rows <= 1000; rows += 997) {
        struct matrix m;
        struct kmeans_fit result;
        struct kmeans_params params = params_of(3, 42);
        uint16_t labels[1000];
        assert_int_equal(matrix_init(&m, rows, 1, &err), 0);
        for (size_t row = 0; row < rows; row++)
            *matrix_at(&m, row, 0) = -0.045;
        *matrix_at(&m, 1, 0) = 22.3;
        *matrix_at(&m, 2, 0) = 22.3 + 2.2e-8;
        fit(&result, labels, &m, &params, 1);
        assert_int_equal(result.k, 3);
        assert_int_equal(result.stop, LLOYD_CONVERGED);
        assert_true(labels[0] != labels[1] && labels[1] != labels[2] && labels[0] != labels[2]);
        assert_int_equal(result.sizes[labels[1]], 1);
        assert_int_equal(result.sizes[labels[2]], 1);
        assert_int_equal(result.sizes[labels[0]], rows - 2);
        kmeans_fit_fini(&result);
        matrix_fini(&m);
    }
}

static void test_kmeans__an_empty_cluster_takes_the_farthest_row(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix m;
    struct lloyd l;
    struct lloyd_run run;
    struct pool *pool = pool_new(1, NULL, NULL, &err);
    uint16_t labels[6];
    const double x[6] = {0, 0.1, 0.2, 5, 5.1, -7};
    double centroids[3] = {0, 5, 100}; /* nothing is near 100; the row at -7 is the farthest from its centroid */
    assert_int_equal(matrix_init(&m, 6, 1, &err), 0);
    for (size_t i = 0; i < 6; i++)
        *matrix_at(&m, i, 0) = x[i];
    assert_int_equal(lloyd_init(&l, &m, 3, labels, pool, &err), 0);
    assert_int_equal(lloyd_iterate(&l, centroids, &once, &run, &err), 0);
    assert_true(centroids[2] == -7);
    assert_int_equal(labels[5], 2);
    assert_true(fabs(centroids[0] - 0.1) < 1e-12);
    assert_int_equal(run.stop, LLOYD_MAX_ITER);
    lloyd_fini(&l);
    matrix_fini(&m);
    pool_free(pool);
}

static void test_kmeans__two_empty_clusters_take_two_different_rows(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix m;
    struct lloyd l;
    struct lloyd_run run;
    struct pool *pool = pool_new(1, NULL, NULL, &err);
    uint16_t labels[5];
    const double x[5] = {0, 1, 2, 8, 9};
    double centroids[3] = {0, 0, 0};
    assert_int_equal(matrix_init(&m, 5, 1, &err), 0);
    for (size_t i = 0; i < 5; i++)
        *matrix_at(&m, i, 0) = x[i];
    assert_int_equal(lloyd_init(&l, &m, 3, labels, pool, &err), 0);
    assert_int_equal(lloyd_iterate(&l, centroids, &once, &run, &err), 0);
    assert_true(centroids[1] == 9);
    assert_true(centroids[2] == 8);
    assert_true(centroids[0] == 1);
    lloyd_fini(&l);
    matrix_fini(&m);
    pool_free(pool);
}

static void test_kmeans__says_why_it_stopped(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix m;
    struct kmeans_fit result;
    uint16_t labels[1000];
    struct kmeans_params params = params_of(8, 2);
    assert_int_equal(test_matrix(&m, 1, 1000, 2, &err), 0);
    params.tol = 0.5;
    fit(&result, labels, &m, &params, 1);
    assert_string_equal(kmeans_stop_name(result.stop), "tol");
    kmeans_fit_fini(&result);
    params = params_of(8, 2);
    params.max_iter = 1;
    params.n_init = 1;
    fit(&result, labels, &m, &params, 1);
    assert_string_equal(kmeans_stop_name(result.stop), "max_iter");
    kmeans_fit_fini(&result);
    matrix_fini(&m);
}

static bool after_a_while(void *ctx)
{
    return atomic_fetch_add((atomic_int *)ctx, 1) > 200;
}

static void test_kmeans__cancelling_ends_the_fit(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix m;
    struct kmeans_fit result;
    atomic_int asked = 0;
    struct kmeans_params params = params_of(8, 2);
    uint16_t *labels = malloc(50000 * sizeof *labels);
    assert_int_equal(test_matrix(&m, 1, 50000, 2, &err), 0);
    struct pool *pool = pool_new(2, after_a_while, &asked, &err);
    assert_int_equal(kmeans_fit(&result, labels, &m, &params, pool, &err), -1);
    assert_int_equal(err.code, PASAR_ETEMP);
    assert_in_range(asked, 200, 300); /* asked at every block, and not again after the answer */
    pool_free(pool);
    matrix_fini(&m);
    free(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kmeans__reaches_the_best_known_optimum_from_any_seed),
        cmocka_unit_test(test_kmeans__result_is_one_fixed_point),
        cmocka_unit_test(test_kmeans__is_the_same_to_the_bit_for_any_number_of_threads),
        cmocka_unit_test(test_kmeans__of_very_many_rows_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_kmeans__finds_the_far_rows_of_very_many),
        cmocka_unit_test(test_kmeans__gives_up_only_what_cannot_reach_the_goal),
        cmocka_unit_test(test_kmeans__tells_how_far_it_is),
        cmocka_unit_test(test_kmeans__k_shrinks_to_the_distinct_rows),
        cmocka_unit_test(test_kmeans__parts_points_that_are_almost_one),
        cmocka_unit_test(test_kmeans__an_empty_cluster_takes_the_farthest_row),
        cmocka_unit_test(test_kmeans__two_empty_clusters_take_two_different_rows),
        cmocka_unit_test(test_kmeans__says_why_it_stopped),
        cmocka_unit_test(test_kmeans__cancelling_ends_the_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
