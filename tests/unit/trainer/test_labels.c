/* Ids that keep their meaning, words that tell clusters apart, agreement of two models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "trainer/labels.h"

enum { K_MAX = 40 };

struct model_store {
    struct pasar_model model;
    double centroids[K_MAX * 3];
    struct pasar_cluster clusters[K_MAX];
};

static void store_init(struct model_store *s, size_t k)
{
    memset(s, 0, sizeof *s);
    s->model.k = k;
    s->model.feature_count = 3;
    s->model.feature[0] = PASAR_COL_DISCOUNTED_PRICE;
    s->model.feature[1] = PASAR_COL_RATING_COUNT;
    s->model.feature[2] = PASAR_COL_RATING;
    for (size_t j = 0; j < 3; j++)
        s->model.std[j] = 1;
    s->model.centroids = s->centroids;
    s->model.clusters = s->clusters;
}

static void test_labels__largest_cluster_comes_first(void **state)
{
    (void)state;
    const uint64_t sizes[] = {5, 9, 5, 1};
    const double centroids[] = {2, 0, 1, 0};
    size_t id_of[4];
    labels_order(id_of, sizes, centroids, 4, 1);
    assert_int_equal(id_of[1], 0);
    assert_int_equal(id_of[2], 1); /* as large as cluster 0, but the smaller centroid */
    assert_int_equal(id_of[0], 2);
    assert_int_equal(id_of[3], 3);
}

static void test_labels__ids_follow_the_centroids_in_real_units(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct model_store a, b;
    size_t id_of[3];
    store_init(&b, 3);
    store_init(&a, 3);
    const double reference[] = {0, 0, 0, 10, 0, 0, 0, 10, 0};
    memcpy(b.centroids, reference, sizeof reference);
    /* The same clusters in another order, seen by a model with another mean and twice the spread. */
    a.model.mean[0] = 4;
    a.model.std[0] = 2;
    const double shuffled[] = {-2, 9, 0, 3.1, 0, 0, -1.9, 0.5, 0};
    memcpy(a.centroids, shuffled, sizeof shuffled);
    assert_int_equal(labels_align(id_of, &a.model, &b.model, &err), 0);
    assert_int_equal(id_of[0], 2);
    assert_int_equal(id_of[1], 1);
    assert_int_equal(id_of[2], 0);
    assert_true(labels_drift(&b.model, &b.model) == 0);
}

static void test_labels__fewer_or_more_clusters_still_get_ids_without_gaps(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct model_store few, many;
    size_t id_of[4];
    store_init(&few, 2);
    store_init(&many, 4);
    for (size_t c = 0; c < 4; c++)
        many.centroids[c * 3] = (double)c * 10;
    few.centroids[0] = 29; /* next to reference cluster 3 */
    few.centroids[3] = 11; /* next to reference cluster 1 */
    assert_int_equal(labels_align(id_of, &few.model, &many.model, &err), 0);
    assert_int_equal(id_of[0], 1);
    assert_int_equal(id_of[1], 0);
    assert_int_equal(labels_align(id_of, &many.model, &few.model, &err), 0);
    assert_int_equal(id_of[3], 0); /* matched with cluster 0 at 29 */
    assert_int_equal(id_of[1], 1); /* matched with cluster 1 at 11 */
    assert_int_equal(id_of[0], 2);
    assert_int_equal(id_of[2], 3);
}

static void test_labels__words_say_what_a_cluster_is_among_the_others(void **state)
{
    (void)state;
    struct model_store s;
    store_init(&s, 3);
    const double z[] = {-0.24, -0.15, -0.04, 2.94, -0.03, 0.35, -0.25, 4.76, 0.22};
    memcpy(s.centroids, z, sizeof z);
    labels_name(&s.model);
    assert_string_equal(s.clusters[0].label, "cheap, fewer votes");
    assert_string_equal(s.clusters[1].label, "expensive, fewer votes");
    assert_string_equal(s.clusters[2].label, "cheap, many votes");
    store_init(&s, 1);
    labels_name(&s.model);
    assert_string_equal(s.clusters[0].label, "all products");
}

static void test_labels__of_twins_say_what_they_differ_in(void **state)
{
    (void)state;
    struct model_store s;
    store_init(&s, 4);
    /* Price and votes part the first from the others; those differ by their rating, though by less than gives a word.
     */
    const double z[] = {9, 0, 0, 0, -5, 0.1, 0, -5, 0.4, 0, -5, 0.15};
    memcpy(s.centroids, z, sizeof z);
    s.clusters[1].median[0] = 399;
    s.clusters[3].median[0] = 1099;
    labels_name(&s.model);
    assert_string_equal(s.clusters[0].label, "expensive, many votes");
    assert_string_equal(s.clusters[1].label, "cheap, fewer votes, lower rated, around ₹399");
    assert_string_equal(s.clusters[2].label, "cheap, fewer votes, better rated");
    assert_string_equal(s.clusters[3].label, "cheap, fewer votes, lower rated, around ₹1,099");
}

static void test_labels__are_never_the_same_twice(void **state)
{
    (void)state;
    struct model_store s;
    store_init(&s, K_MAX);
    for (size_t c = 0; c < K_MAX; c++) {
        s.centroids[c * 3] = c == 0 ? 100 : (double)c * 0.01;
        s.clusters[c].median[0] = c < 5 ? 399 : c == 7 ? NAN : c == 8 ? 1e300 : 1000 * (double)c;
    }
    labels_name(&s.model);
    for (size_t a = 0; a < K_MAX; a++) {
        assert_true(strlen(s.clusters[a].label) > 0 && strlen(s.clusters[a].label) < PASAR_LABEL_MAX - 1);
        for (size_t b = 0; b < a; b++)
            assert_string_not_equal(s.clusters[a].label, s.clusters[b].label);
    }
    assert_string_equal(s.clusters[0].label, "expensive");
    assert_string_equal(s.clusters[12].label, "cheap, around ₹12,000");
    assert_string_equal(s.clusters[2].label, "cheap, around ₹399, group 3");
}

/* sklearn.metrics.adjusted_rand_score */
static void test_labels__rand_index_equals_scikit_learns(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    const uint16_t a[] = {0, 0, 1, 1, 2, 2}, b[] = {1, 1, 0, 0, 2, 2}, c[] = {0, 0, 1, 1, 1, 1},
                   d[] = {0, 1, 0, 1, 0, 1};
    double index;
    assert_int_equal(labels_rand_index(&index, a, 3, b, 3, 6, &err), 0);
    assert_true(index == 1);
    assert_int_equal(labels_rand_index(&index, a, 3, c, 2, 6, &err), 0);
    assert_true(fabs(index - 0.4444444444444444) < 1e-12);
    assert_int_equal(labels_rand_index(&index, a, 3, d, 2, 6, &err), 0);
    assert_true(fabs(index - -0.36363636363636365) < 1e-12);
    assert_int_equal(labels_rand_index(&index, a, 3, a, 3, 1, &err), 0);
    assert_true(index == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels__largest_cluster_comes_first),
        cmocka_unit_test(test_labels__ids_follow_the_centroids_in_real_units),
        cmocka_unit_test(test_labels__fewer_or_more_clusters_still_get_ids_without_gaps),
        cmocka_unit_test(test_labels__words_say_what_a_cluster_is_among_the_others),
        cmocka_unit_test(test_labels__of_twins_say_what_they_differ_in),
        cmocka_unit_test(test_labels__are_never_the_same_twice),
        cmocka_unit_test(test_labels__rand_index_equals_scikit_learns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
