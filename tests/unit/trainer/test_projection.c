/* Principal components. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "test_data.h"
#include "trainer/projection.h"

static struct pasar_projection project(const struct matrix *points)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_projection projection;
    if (projection_measure(&projection, points, &err) != 0)
        fail_msg("%s", err.msg);
    return projection;
}

/* Variance of the points along a direction; the columns have mean 0. */
static double variance_along(const struct matrix *points, const double *direction)
{
    double sum = 0;
    for (size_t row = 0; row < points->rows; row++) {
        double at = 0;
        for (size_t j = 0; j < points->cols; j++)
            at += direction[j] * *matrix_at(points, row, j);
        sum += at * at;
    }
    return sum / (double)(points->rows - 1);
}

static double dot(const double *a, const double *b, size_t cols)
{
    double sum = 0;
    for (size_t j = 0; j < cols; j++)
        sum += a[j] * b[j];
    return sum;
}

static void test_projection__is_orthonormal_and_no_direction_has_more_variance(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    for (int kind = 0; kind < 4; kind++)
        for (size_t cols = 2; cols <= MATRIX_MAX_COLS; cols++) {
            struct matrix points;
            struct rng rng;
            assert_int_equal(test_matrix(&points, kind, 1000, cols, &err), 0);
            struct pasar_projection p = project(&points);
            assert_int_equal(p.count, 2);
            assert_true(fabs(dot(p.component[0], p.component[0], cols) - 1) < 1e-7);
            assert_true(fabs(dot(p.component[1], p.component[1], cols) - 1) < 1e-7);
            assert_true(fabs(dot(p.component[0], p.component[1], cols)) < 1e-7);
            for (size_t i = 0; i < 2; i++) {
                assert_true(fabs(variance_along(&points, p.component[i]) - p.variance[i]) < 1e-6);
                assert_true(fabs(p.ratio[i] - p.variance[i] / (double)cols) < 1e-8); /* each column has variance 1 */
            }
            rng_init(&rng, 1, 1);
            for (int i = 0; i < 100; i++) {
                double direction[MATRIX_MAX_COLS], along;
                for (size_t j = 0; j < cols; j++)
                    direction[j] = rng_double(&rng) - 0.5;
                double length = sqrt(dot(direction, direction, cols));
                for (size_t j = 0; j < cols; j++)
                    direction[j] /= length;
                assert_true(variance_along(&points, direction) <= p.variance[0] + 1e-6);
                /* Across the first component, none has more than the second. */
                along = dot(direction, p.component[0], cols);
                for (size_t j = 0; j < cols; j++)
                    direction[j] -= along * p.component[0][j];
                length = sqrt(dot(direction, direction, cols));
                for (size_t j = 0; length > 1e-6 && j < cols; j++)
                    direction[j] /= length;
                assert_true(variance_along(&points, direction) <= p.variance[1] + 1e-6);
            }
            matrix_fini(&points);
        }
}

static void test_projection__of_two_columns_that_go_together_is_their_diagonal(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    const double column[] = {-1.5, -0.5, 0.5, 1.5};
    for (int sign = -1; sign <= 1; sign += 2) {
        struct matrix points;
        assert_int_equal(matrix_init(&points, 4, 2, &err), 0);
        for (size_t row = 0; row < 4; row++) {
            *matrix_at(&points, row, 0) = column[row] / sqrt(5.0 / 3);
            *matrix_at(&points, row, 1) = sign * column[row] / sqrt(5.0 / 3);
        }
        struct pasar_projection p = project(&points);
        assert_true(p.component[0][0] == 0.707106781); /* the first of equal weights is positive */
        assert_true(p.component[0][1] == sign * 0.707106781);
        assert_true(p.variance[0] == 2 && p.variance[1] == 0 && p.ratio[0] == 1 && p.ratio[1] == 0);
        matrix_fini(&points);
    }
}

static void test_projection__of_nothing_that_varies_has_no_variance(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    for (size_t rows = 1; rows <= 40; rows += 39)
        for (size_t cols = 1; cols <= 3; cols++) {
            struct matrix points;
            assert_int_equal(matrix_init(&points, rows, cols, &err), 0);
            for (size_t i = 0; i < rows * cols; i++)
                *matrix_at(&points, i / cols, i % cols) = 0;
            struct pasar_projection p = project(&points);
            assert_int_equal(p.count, cols < 2 ? 1 : 2);
            for (size_t i = 0; i < p.count; i++) {
                assert_true(p.variance[i] == 0 && p.ratio[i] == 0);
                assert_true(fabs(dot(p.component[i], p.component[i], cols) - 1) < 1e-9);
            }
            matrix_fini(&points);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_projection__is_orthonormal_and_no_direction_has_more_variance),
        cmocka_unit_test(test_projection__of_two_columns_that_go_together_is_their_diagonal),
        cmocka_unit_test(test_projection__of_nothing_that_varies_has_no_variance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
