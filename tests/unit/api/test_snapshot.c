/* Small clusterings, and who may free which snapshot. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fit.h"
#include "api/snapshot.h"
#include "support.h"

static void test_fit__separate_groups_are_found_and_worded(void **state)
{
    (void)state;
    struct row rows[90];
    struct catalog c;
    struct fit fit, again;
    struct pasar_err err = PASAR_ERR_INIT;
    static char ids[90][8];
    static const enum pasar_column columns[] = {PASAR_COL_DISCOUNTED_PRICE, PASAR_COL_RATING};
    for (int i = 0; i < 90; i++) { /* three clouds: (100, 3), (1000, 4), (5000, 2) */
        static const double price[] = {100, 1000, 5000}, rating[] = {3, 4, 2};
        snprintf(ids[i], sizeof ids[i], "%d", i);
        rows[i] = (struct row){ids[i], "n", "K", "", price[i % 3] + i, rating[i % 3] + i % 7 * 0.01, 10, 0};
    }
    assert_int_equal(support_catalog(&c, rows, 90), 0);
    assert_int_equal(fit_catalog(&fit, &c, &c.views[2], columns, 2, &err), 0);
    assert_int_equal(fit_catalog(&again, &c, &c.views[2], columns, 2, &err), 0);
    assert_memory_equal(fit.centroid, again.centroid, sizeof fit.centroid);
    assert_int_equal(fit.k, 3);
    double distance;
    assert_int_equal(fit_predict(&fit, (const double[]){120, 3}, &distance), 0);
    assert_int_equal(fit_predict(&fit, (const double[]){900, 4.1}, &distance), 1);
    assert_int_equal(fit_predict(&fit, (const double[]){5100, 2}, &distance), 2);
    assert_true(distance < 0.2);
    assert_string_equal(fit.label[0], "low price, well rated");
    assert_string_equal(fit.label[1], "middle price, best rated");
    assert_string_equal(fit.label[2], "high price, lower rated");
    catalog_fini(&c);
}

static void test_fit__few_points_make_few_clusters(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"1", "a", "K", "", 5, 4, 1, 0}, {"2", "b", "K", "", 5, 4, 1, 0}, {"3", "c", "K", "", NAN, 4, 1, 0}};
    static const enum pasar_column columns[] = {PASAR_COL_DISCOUNTED_PRICE};
    struct catalog c;
    struct fit fit;
    struct pasar_err err = PASAR_ERR_INIT;
    double distance;
    assert_int_equal(support_catalog(&c, rows, 3), 0);
    assert_int_equal(fit_catalog(&fit, &c, &c.views[2], columns, 1, &err), 0);
    assert_int_equal(fit.k, 1);
    assert_int_equal(fit_predict(&fit, (const double[]){NAN}, &distance), 0);
    assert_true(distance == 0);
    catalog_fini(&c);
    assert_int_equal(support_catalog(&c, NULL, 0), 0);
    assert_int_equal(fit_catalog(&fit, &c, &c.views[2], columns, 1, &err), 0);
    assert_int_equal(fit.k, 0);
    catalog_fini(&c);
}

/* ------------------------------------------------------------------ store */

static struct snapshot *empty_snapshot(int number)
{
    struct snapshot *s = calloc(1, sizeof *s);
    s->generation.products_fd = -1;
    s->loaded_at_us = number;
    return s;
}

static void test_store__a_reader_keeps_its_snapshot(void **state)
{
    (void)state;
    struct snapshot_store store;
    struct pasar_err err = PASAR_ERR_INIT;
    int slot, other;
    snapshot_store_init(&store);
    assert_null(snapshot_acquire(&store, &slot));
    assert_int_equal(slot, -1);
    snapshot_release(&store, slot);
    assert_int_equal(snapshot_publish(&store, empty_snapshot(1), &err), 0);
    const struct snapshot *first = snapshot_acquire(&store, &slot);
    assert_int_equal(snapshot_publish(&store, empty_snapshot(2), &err), 0);
    assert_int_equal(first->loaded_at_us, 1); /* still there: the sanitizer would say otherwise */
    assert_int_equal(snapshot_acquire(&store, &other)->loaded_at_us, 2);
    assert_int_not_equal(slot, other);
    snapshot_release(&store, slot);
    snapshot_release(&store, other);
    snapshot_collect(&store);
    for (int i = 3; i < 3 + 3 * SNAPSHOT_SLOTS; i++)
        assert_int_equal(snapshot_publish(&store, empty_snapshot(i), &err), 0);
    snapshot_store_fini(&store);
}

static void test_store__too_many_held_generations_are_refused(void **state)
{
    (void)state;
    struct snapshot_store store;
    struct pasar_err err = PASAR_ERR_INIT;
    int slots[SNAPSHOT_SLOTS];
    snapshot_store_init(&store);
    for (int i = 0; i < SNAPSHOT_SLOTS; i++) {
        assert_int_equal(snapshot_publish(&store, empty_snapshot(i), &err), 0);
        assert_non_null(snapshot_acquire(&store, &slots[i]));
    }
    assert_int_equal(snapshot_publish(&store, empty_snapshot(99), &err), -1);
    assert_int_equal(err.code, PASAR_EOS);
    for (int i = 0; i < SNAPSHOT_SLOTS; i++)
        snapshot_release(&store, slots[i]);
    snapshot_store_fini(&store);
}

static struct snapshot_store shared;
static _Atomic bool done;

static void *read_on(void *arg)
{
    int64_t last = 0;
    (void)arg;
    while (!atomic_load(&done)) {
        int slot;
        const struct snapshot *s = snapshot_acquire(&shared, &slot);
        if (s) {
            if (s->loaded_at_us < last)
                return (void *)1;
            last = s->loaded_at_us;
        }
        snapshot_release(&shared, slot);
    }
    return NULL;
}

static void test_store__readers_and_publisher_race_safely(void **state)
{
    (void)state;
    pthread_t threads[3];
    struct pasar_err err = PASAR_ERR_INIT;
    snapshot_store_init(&shared);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, NULL), 0);
    for (int i = 1; i < 20000; i++)
        assert_int_equal(snapshot_publish(&shared, empty_snapshot(i), &err), 0);
    atomic_store(&done, true);
    for (int i = 0; i < 3; i++) {
        void *went_back;
        pthread_join(threads[i], &went_back);
        assert_null(went_back);
    }
    snapshot_store_fini(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit__separate_groups_are_found_and_worded),
        cmocka_unit_test(test_fit__few_points_make_few_clusters),
        cmocka_unit_test(test_store__a_reader_keeps_its_snapshot),
        cmocka_unit_test(test_store__too_many_held_generations_are_refused),
        cmocka_unit_test(test_store__readers_and_publisher_race_safely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
