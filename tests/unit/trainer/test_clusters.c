/* Means and medians by cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "trainer/clusters.h"
#include "trainer/rng.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void test_clusters__median_is_the_middle(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 1, 1);
    for (int round = 0; round < 500; round++) {
        double x[60], sorted[60];
        size_t count = 1 + rng_below(&rng, 60);
        for (size_t i = 0; i < count; i++)
            x[i] = sorted[i] = round % 2 ? rng_double(&rng) : (double)rng_below(&rng, 3);
        qsort(sorted, count, sizeof *sorted, by_value);
        double expected =
            count % 2 ? sorted[count / 2] : sorted[count / 2 - 1] + (sorted[count / 2] - sorted[count / 2 - 1]) / 2;
        assert_true(clusters_median(x, count) == expected);
    }
}

static void test_clusters__count_only_rows_that_have_the_value(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_cluster clusters[3] = {{.size = 3}, {.size = 2}, {.size = 1}};
    struct pasar_model model = {.rows = 6, .k = 3, .feature_count = 2, .clusters = clusters};
    const uint16_t labels[] = {0, 1, 0, 2, 1, 0};
    double price[] = {10, 1e308, 40, NAN, 1.5e308, NAN}, rating[] = {4, 5, 4, 1, 3, 1};
    double *values[] = {price, rating};
    assert_int_equal(clusters_measure(&model, labels, values, NULL, &err), 0);
    assert_true(clusters[0].mean[0] == 25 && clusters[0].median[0] == 25);
    assert_true(clusters[0].mean[1] == 3 && clusters[0].median[1] == 4);
    assert_true(isfinite(clusters[1].mean[0]) && fabs(clusters[1].mean[0] / 1e308 - 1.25) < 1e-12);
    assert_true(clusters[1].median[1] == 4);
    assert_true(isnan(clusters[2].mean[0]) && isnan(clusters[2].median[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clusters__median_is_the_middle),
        cmocka_unit_test(test_clusters__count_only_rows_that_have_the_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
