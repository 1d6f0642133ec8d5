/* The most frequent categories of each cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/categories.h"

static void add(struct categories *c, const char *path, int a, int b, int d)
{
    struct pasar_err err = PASAR_ERR_INIT;
    const int cluster[PASAR_MODELS] = {a, b, d};
    assert_int_equal(categories_add(c, (struct pasar_text){path, path ? strlen(path) : 0}, cluster, &err), 0);
}

static void forget(struct pasar_cluster *clusters, size_t k)
{
    for (size_t id = 0; id < k; id++)
        for (size_t i = 0; i < clusters[id].top_count; i++)
            free(clusters[id].top[i].category);
}

static void test_categories__most_frequent_first_ties_by_name(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_cluster clusters[PASAR_MODELS][2] = {{{0}}};
    struct pasar_model models[PASAR_MODELS] = {
        {.k = 2, .clusters = clusters[0]}, {.k = 2, .clusters = clusters[1]}, {.k = 2, .clusters = clusters[2]}};
    struct categories *c = categories_new(&err);
    add(c, "A|B", 0, 1, 1);
    add(c, "A|C", -1, 1, 1);
    add(c, "A|C", -1, -1, 1);
    add(c, "A", -1, -1, 0);
    add(c, NULL, -1, -1, 0);
    add(c, "Z", -1, -1, 1);
    assert_int_equal(categories_top(c, models, &err), 0);
    assert_int_equal(clusters[0][0].top_count, 1);
    assert_string_equal(clusters[0][0].top[0].category, "A|B");
    assert_int_equal(clusters[0][1].top_count, 0);
    assert_string_equal(clusters[1][1].top[0].category, "A|B");
    assert_string_equal(clusters[1][1].top[1].category, "A|C");
    assert_int_equal(clusters[2][1].top_count, 3);
    assert_string_equal(clusters[2][1].top[0].category, "A|C");
    assert_int_equal(clusters[2][1].top[0].count, 2);
    assert_string_equal(clusters[2][1].top[1].category, "A|B");
    assert_string_equal(clusters[2][1].top[2].category, "Z");
    assert_int_equal(clusters[2][0].top_count, 1);
    for (size_t m = 0; m < PASAR_MODELS; m++)
        forget(clusters[m], 2);
    categories_free(c);
}

static void test_categories__a_path_that_no_model_has_room_for_counts_nothing(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_cluster clusters[PASAR_MODELS][1] = {{{0}}};
    struct pasar_model models[PASAR_MODELS] = {
        {.k = 1, .clusters = clusters[0]}, {.k = 1, .clusters = clusters[1]}, {.k = 1, .clusters = clusters[2]}};
    static char path[PASAR_MODEL_TEXT_MAX + 2];
    struct categories *c = categories_new(&err);
    memset(path, 'x', PASAR_MODEL_TEXT_MAX + 1);
    add(c, path, 0, 0, 0);
    path[PASAR_MODEL_TEXT_MAX] = '\0';
    add(c, path, 0, 0, 0);
    assert_int_equal(categories_top(c, models, &err), 0);
    assert_int_equal(clusters[2][0].top_count, 1);
    assert_int_equal(strlen(clusters[2][0].top[0].category), PASAR_MODEL_TEXT_MAX);
    for (size_t m = 0; m < PASAR_MODELS; m++)
        forget(clusters[m], 1);
    categories_free(c);
}

static void test_categories__many_paths_keep_their_counts(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_cluster clusters[PASAR_MODELS][3] = {{{0}}};
    struct pasar_model models[PASAR_MODELS] = {
        {.k = 3, .clusters = clusters[0]}, {.k = 3, .clusters = clusters[1]}, {.k = 3, .clusters = clusters[2]}};
    struct categories *c = categories_new(&err);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 5000; i++) {
            char path[32];
            snprintf(path, sizeof path, "Path|%d", i);
            for (int times = 0; times <= (i >= 4990 ? i - 4990 : 0); times++)
                add(c, path, i % 3, i % 3, 0);
        }
    assert_int_equal(categories_top(c, models, &err), 0);
    assert_int_equal(clusters[2][0].top_count, PASAR_TOP_CATEGORIES);
    assert_string_equal(clusters[2][0].top[0].category, "Path|4999");
    assert_int_equal(clusters[2][0].top[0].count, 30);
    assert_string_equal(clusters[2][0].top[4].category, "Path|4995");
    assert_string_equal(clusters[0][1].top[0].category, "Path|4999"); /* 4999 = 3 x 1666 + 1 */
    for (size_t m = 0; m < PASAR_MODELS; m++)
        forget(clusters[m], 3);
    categories_free(c);
    categories_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_categories__most_frequent_first_ties_by_name),
        cmocka_unit_test(test_categories__a_path_that_no_model_has_room_for_counts_nothing),
        cmocka_unit_test(test_categories__many_paths_keep_their_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
