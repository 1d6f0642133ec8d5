/* From columns to points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/features.h"

static struct feature_set parsed(const char *list, const char *transforms)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct feature_set set;
    if (feature_set_parse(&set, list, transforms, &err) != 0)
        fail_msg("%s", err.msg);
    return set;
}

static void refused(const char *list, const char *transforms, const char *word)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct feature_set set;
    assert_int_equal(feature_set_parse(&set, list, transforms, &err), -1);
    assert_int_equal(err.code, PASAR_EUSAGE);
    if (!strstr(err.msg, word))
        fail_msg("\"%s\" does not name %s", err.msg, word);
}

static void test_features__list_names_columns_in_order(void **state)
{
    (void)state;
    struct feature_set set = parsed(" rating ,discounted_price", "log1p:discounted_price");
    assert_int_equal(set.count, 2);
    assert_int_equal(set.column[0], PASAR_COL_RATING);
    assert_int_equal(set.transform[0], PASAR_TRANSFORM_NONE);
    assert_int_equal(set.column[1], PASAR_COL_DISCOUNTED_PRICE);
    assert_int_equal(set.transform[1], PASAR_TRANSFORM_LOG1P);
    set = parsed("discounted_price,actual_price,discount_percentage,rating,rating_count", " ");
    assert_int_equal(set.count, 5);
}

static void test_features__wrong_words_are_named(void **state)
{
    (void)state;
    refused("price", NULL, "\"price\"");
    refused("product_id", NULL, "product_id");
    refused("rating,,rating_count", NULL, "\"\"");
    refused("rating,rating", NULL, "twice");
    refused("", NULL, "");
    refused("rating", "log1p", "TRANSFORM:FEATURE");
    refused("rating", "log:rating", "\"log\"");
    refused("rating", "log1p:rating_count", "rating_count");
}

static void measure(struct feature_scale *scale, const struct feature_set *set, double *const *values, size_t rows)
{
    struct pasar_err err = PASAR_ERR_INIT;
    assert_int_equal(feature_scale_measure(scale, set, values, rows, NULL, &err), 0);
}

static uint64_t distinct(const struct feature_set *set, const struct feature_scale *scale, double *const *values,
                         size_t rows, uint64_t *scratch)
{
    struct pasar_err err = PASAR_ERR_INIT;
    uint64_t count;
    assert_int_equal(features_distinct(&count, set, scale, values, rows, scratch, NULL, &err), 0);
    return count;
}

static void test_features__z_scores_use_n_minus_1_and_the_mean_for_the_missing(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    double price[] = {1, NAN, 2, 6}, rating[] = {NAN, NAN, NAN, NAN};
    double *values[] = {price, rating};
    struct feature_set set = parsed("discounted_price,rating", NULL);
    struct feature_scale scale;
    struct matrix m;
    measure(&scale, &set, values, 4);
    assert_true(scale.mean[0] == 3 && scale.impute[0] == 3);
    assert_true(fabs(scale.std[0] - sqrt(14.0 / 3)) < 1e-15);
    assert_int_equal(scale.missing[0], 1);
    assert_true(scale.impute[1] == 0 && scale.mean[1] == 0 && scale.std[1] == 1);
    assert_int_equal(scale.missing[1], 4);
    assert_int_equal(matrix_init(&m, 4, 2, &err), 0);
    features_fill(&m, &set, &scale, values);
    assert_true(*matrix_at(&m, 1, 0) == 0);
    assert_true(fabs(*matrix_at(&m, 3, 0) - 3 / sqrt(14.0 / 3)) < 1e-15);
    for (size_t row = 0; row < 4; row++)
        assert_true(*matrix_at(&m, row, 1) == 0);
    matrix_fini(&m);
}

static void test_features__constant_columns_and_single_rows_have_std_1(void **state)
{
    (void)state;
    double price[1000], rating[] = {4.1};
    double *values[] = {price, rating};
    struct feature_set set = parsed("discounted_price", NULL);
    struct feature_scale scale;
    for (size_t i = 0; i < 1000; i++)
        price[i] = 0.1; /* the rounded sum of 1000 of them is not 100 */
    measure(&scale, &set, values, 1000);
    assert_true(scale.mean[0] == 0.1 && scale.std[0] == 1);
    measure(&scale, &set, values + 1, 1);
    assert_true(scale.mean[0] == 4.1 && scale.std[0] == 1);
}

static void test_features__log1p_is_taken_before_everything_else(void **state)
{
    (void)state;
    double votes[] = {0, NAN, 99};
    double *values[] = {votes};
    struct feature_set set = parsed("rating_count", "log1p:rating_count");
    struct feature_scale scale;
    measure(&scale, &set, values, 3);
    assert_true(fabs(scale.mean[0] - log(100) / 2) < 1e-15);
    assert_true(scale.impute[0] == scale.mean[0]);
}

static void test_features__huge_values_do_not_overflow(void **state)
{
    (void)state;
    double price[] = {1e308, 1.5e308, 0};
    double *values[] = {price};
    struct feature_set set = parsed("discounted_price", NULL);
    struct feature_scale scale;
    measure(&scale, &set, values, 3);
    assert_true(isfinite(scale.mean[0]) && isfinite(scale.std[0]));
    assert_true(fabs(scale.std[0] / 1e308 - sqrt(1.0 / 6 * 3.5)) < 1e-12);
}

static void test_features__distinct_points_are_counted_after_imputation(void **state)
{
    (void)state;
    double price[] = {1, 3, NAN, 2, 1, 1}, rating[] = {4, 4, 4, 4, 4, 5};
    double *values[] = {price, rating};
    struct feature_set set = parsed("discounted_price,rating", NULL);
    struct feature_scale scale;
    uint64_t scratch[6];
    measure(&scale, &set, values, 4); /* mean of 1, 3, 2 is 2: the missing one equals row 3 */
    assert_int_equal(distinct(&set, &scale, values, 4, scratch), 3);
    assert_int_equal(distinct(&set, &scale, values, 6, scratch), 4);
    assert_int_equal(distinct(&set, &scale, values, 1, scratch), 1);
    assert_int_equal(distinct(&set, &scale, values, 0, scratch), 0);
}

enum { MANY = 300000 };

static void test_features__distinct_points_of_many_rows(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    double *price = malloc(MANY * sizeof *price);
    double *values[] = {price};
    struct feature_set set = parsed("discounted_price", NULL);
    struct feature_scale scale;
    uint64_t *scratch = malloc(MANY * sizeof *scratch), count;
    struct pool *pool = pool_new(4, NULL, NULL, &err);
    for (size_t row = 0; row < MANY; row++) /* half of them are one point, the others stand three times each */
        price[row] = row % 2 != 0 ? -1 : (double)(row / 2 % (MANY / 6));
    assert_int_equal(feature_scale_measure(&scale, &set, values, MANY, pool, &err), 0);
    assert_int_equal(features_distinct(&count, &set, &scale, values, MANY, scratch, pool, &err), 0);
    assert_int_equal(count, MANY / 6 + 1);
    pool_free(pool);
    free(scratch);
    free(price);
}

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

static void test_features__cancelling_ends_the_passes(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    double price[] = {1, 2}, *values[] = {price};
    struct feature_set set = parsed("discounted_price", NULL);
    struct feature_scale scale = {.std = {1}};
    uint64_t scratch[2], count;
    struct pool *pool = pool_new(2, at_once, NULL, &err);
    assert_int_equal(feature_scale_measure(&scale, &set, values, 2, pool, &err), -1);
    assert_int_equal(err.code, PASAR_ETEMP);
    assert_int_equal(features_distinct(&count, &set, &scale, values, 2, scratch, pool, &err), -1);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features__list_names_columns_in_order),
        cmocka_unit_test(test_features__wrong_words_are_named),
        cmocka_unit_test(test_features__z_scores_use_n_minus_1_and_the_mean_for_the_missing),
        cmocka_unit_test(test_features__constant_columns_and_single_rows_have_std_1),
        cmocka_unit_test(test_features__log1p_is_taken_before_everything_else),
        cmocka_unit_test(test_features__huge_values_do_not_overflow),
        cmocka_unit_test(test_features__distinct_points_are_counted_after_imputation),
        cmocka_unit_test(test_features__distinct_points_of_many_rows),
        cmocka_unit_test(test_features__cancelling_ends_the_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
