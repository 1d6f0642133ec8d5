/* The thread pool: every block once, cancelling, serial order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>

#include "trainer/pool.h"

enum { BLOCKS = 1000 };

struct visits {
    atomic_int count[BLOCKS];
    atomic_int total;
    unsigned worker_max;
    size_t last;
    bool in_order;
};

static void visit(void *ctx, size_t block, unsigned worker)
{
    struct visits *v = ctx;
    atomic_fetch_add(&v->count[block], 1);
    atomic_fetch_add(&v->total, 1);
    if (worker == 0) {
        v->in_order = v->in_order && block >= v->last;
        v->last = block;
    }
    assert_true(worker < 4);
}

static void test_pool__runs_every_block_once(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct pool *pool = pool_new(threads, NULL, NULL, &err);
        assert_non_null(pool);
        assert_int_equal(pool_threads(pool), threads);
        for (int loop = 0; loop < 50; loop++) {
            struct visits v = {.in_order = true};
            assert_int_equal(pool_run(pool, BLOCKS, false, visit, &v, &err), 0);
            for (size_t i = 0; i < BLOCKS; i++)
                assert_int_equal(v.count[i], 1);
        }
        pool_free(pool);
    }
}

static void test_pool__serial_work_stays_in_order_on_the_caller(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pool *pool = pool_new(3, NULL, NULL, &err);
    struct visits v = {.in_order = true};
    assert_int_equal(pool_run(pool, BLOCKS, true, visit, &v, &err), 0);
    assert_true(v.in_order);
    assert_int_equal(v.last, BLOCKS - 1);
    pool_free(pool);
}

static bool after_ten(void *ctx)
{
    return atomic_load((atomic_int *)ctx) >= 10;
}

static void test_pool__cancelling_leaves_blocks_out_and_says_so(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct pasar_err err = PASAR_ERR_INIT;
        struct visits v = {.in_order = true};
        struct pool *pool = pool_new(threads, after_ten, &v.total, &err);
        assert_int_equal(pool_run(pool, BLOCKS, false, visit, &v, &err), -1);
        assert_int_equal(err.code, PASAR_ETEMP);
        assert_in_range(v.total, 10, 10 + threads);
        pasar_err_clear(&err);
        assert_int_equal(pool_check(pool, &err), -1);
        pool_free(pool);
    }
}

static void test_pool__no_blocks_is_no_work(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pool *pool = pool_new(2, NULL, NULL, &err);
    assert_int_equal(pool_run(pool, 0, false, visit, NULL, &err), 0);
    pool_free(pool);
    pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool__runs_every_block_once),
        cmocka_unit_test(test_pool__serial_work_stays_in_order_on_the_caller),
        cmocka_unit_test(test_pool__cancelling_leaves_blocks_out_and_says_so),
        cmocka_unit_test(test_pool__no_blocks_is_no_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
