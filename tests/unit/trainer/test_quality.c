/* The measures against scikit-learn's figures, and where they are undefined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden.h"
#include "test_data.h"
#include "trainer/quality.h"

static void assert_close(double measured, double expected)
{
    if (!(fabs(measured - expected) <= 1e-8 * fabs(expected)))
        fail_msg("measured %.10g, expected %.10g", measured, expected);
}

static void test_quality__equals_scikit_learns_figures(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    for (size_t g = 0; g < PASAR_ARRAY_LEN(golden_qualities); g++) {
        const struct golden_quality *expected = &golden_qualities[g];
        struct matrix m;
        struct quality quality;
        uint16_t labels[1000];
        struct pool *pool = pool_new(2, NULL, NULL, &err);
        assert_int_equal(test_matrix(&m, expected->kind, expected->rows, expected->cols, &err), 0);
        for (size_t row = 0; row < expected->rows; row++)
            labels[row] = test_label(row);
        assert_int_equal(quality_measure(&quality, &m, labels, 3, 1, pool, &err), 0);
        assert_close(quality.silhouette, expected->silhouette);
        assert_close(quality.davies_bouldin, expected->davies_bouldin);
        assert_close(quality.calinski_harabasz, expected->calinski_harabasz);
        assert_int_equal(quality.silhouette_rows, expected->rows);
        matrix_fini(&m);
        pool_free(pool);
    }
}

/* scikit-learn: silhouette_samples([[0],[1],[10]], [0,0,1]) = 0.9, 0.888…, 0 */
static void test_quality__a_cluster_of_one_counts_nothing(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix m;
    struct quality quality;
    const uint16_t labels[] = {0, 0, 1};
    struct pool *pool = pool_new(1, NULL, NULL, &err);
    assert_int_equal(matrix_init(&m, 3, 1, &err), 0);
    *matrix_at(&m, 1, 0) = 1;
    *matrix_at(&m, 2, 0) = 10;
    assert_int_equal(quality_measure(&quality, &m, labels, 2, 1, pool, &err), 0);
    assert_close(quality.silhouette, (0.9 + 8.0 / 9) / 3);
    assert_close(quality.davies_bouldin, 0.5 / 9.5);
    assert_close(quality.calinski_harabasz, (2 * pow(0.5 - 11.0 / 3, 2) + pow(10 - 11.0 / 3, 2)) / 0.5);
    matrix_fini(&m);
    pool_free(pool);
}

static void test_quality__is_undefined_for_one_cluster_or_as_many_as_rows(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix m;
    struct quality quality;
    const uint16_t one[] = {0, 0, 0}, all[] = {0, 1, 2};
    struct pool *pool = pool_new(1, NULL, NULL, &err);
    assert_int_equal(matrix_init(&m, 3, 1, &err), 0);
    *matrix_at(&m, 1, 0) = 1;
    assert_int_equal(quality_measure(&quality, &m, one, 1, 1, pool, &err), 0);
    assert_true(isnan(quality.silhouette) && isnan(quality.davies_bouldin) && isnan(quality.calinski_harabasz));
    assert_int_equal(quality_measure(&quality, &m, all, 3, 1, pool, &err), 0);
    assert_true(isnan(quality.silhouette) && isnan(quality.davies_bouldin) && isnan(quality.calinski_harabasz));
    matrix_fini(&m);
    pool_free(pool);
}

static void test_quality__samples_the_silhouette_of_many_rows(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    enum { ROWS = QUALITY_SILHOUETTE_ROWS + 1000 };
    struct matrix m, exact;
    struct quality sampled, again, full;
    uint16_t *labels = malloc(ROWS * sizeof *labels);
    struct pool *pool = pool_new(2, NULL, NULL, &err);
    assert_int_equal(test_matrix(&m, 0, ROWS, 1, &err), 0);
    assert_int_equal(test_matrix(&exact, 0, 4000, 1, &err), 0);
    for (size_t row = 0; row < ROWS; row++)
        labels[row] = test_label(row);
    assert_int_equal(quality_measure(&sampled, &m, labels, 3, 5, pool, &err), 0);
    assert_int_equal(quality_measure(&again, &m, labels, 3, 5, pool, &err), 0);
    assert_int_equal(quality_measure(&full, &exact, labels, 3, 5, pool, &err), 0);
    assert_int_equal(sampled.silhouette_rows, QUALITY_SILHOUETTE_SAMPLE);
    assert_memory_equal(&sampled, &again, sizeof sampled);
    assert_true(fabs(sampled.silhouette - full.silhouette) < 0.02);
    matrix_fini(&m);
    matrix_fini(&exact);
    pool_free(pool);
    free(labels);
}

static void test_quality__is_the_same_to_the_bit_for_every_instruction_set(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix m;
    uint16_t labels[1013];
    struct pool *pool = pool_new(2, NULL, NULL, &err);
    assert_int_equal(test_matrix(&m, 2, 1013, 3, &err), 0);
    for (size_t row = 0; row < 1013; row++)
        labels[row] = test_label(row);
    struct quality baseline, other;
    assert_int_equal(quality_measure_with(KERNEL_BASELINE, &baseline, &m, labels, 3, 5, pool, &err), 0);
    for (enum kernel_isa isa = KERNEL_BASELINE + 1; isa < KERNEL_ISAS; isa++) {
        if (!kernel_get(isa))
            continue;
        assert_int_equal(quality_measure_with(isa, &other, &m, labels, 3, 5, pool, &err), 0);
        assert_memory_equal(&baseline, &other, sizeof other);
    }
    matrix_fini(&m);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quality__equals_scikit_learns_figures),
        cmocka_unit_test(test_quality__a_cluster_of_one_counts_nothing),
        cmocka_unit_test(test_quality__is_undefined_for_one_cluster_or_as_many_as_rows),
        cmocka_unit_test(test_quality__is_the_same_to_the_bit_for_every_instruction_set),
        cmocka_unit_test(test_quality__samples_the_silhouette_of_many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
