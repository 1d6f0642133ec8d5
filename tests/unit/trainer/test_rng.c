/* The generator: fixed numbers, independent streams, no bias. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pasar/attrs.h"
#include "trainer/rng.h"

static void test_rng__gives_the_same_numbers_everywhere(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 0, 0);
    /* Worked out by the Python twin in golden.py. */
    static const uint64_t first[] = {0x85c61a300ec70fa1u, 0x4952c2a6e1ef0b78u, 0xf30f1e318359884bu};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(first); i++)
        assert_int_equal(rng_u64(&rng), first[i]);
}

static void test_rng__streams_and_seeds_differ(void **state)
{
    (void)state;
    uint64_t seen[64];
    size_t count = 0;
    for (uint64_t seed = 0; seed < 8; seed++)
        for (uint64_t stream = 0; stream < 8; stream++) {
            struct rng rng;
            rng_init(&rng, seed, stream);
            uint64_t x = rng_u64(&rng);
            for (size_t i = 0; i < count; i++)
                assert_int_not_equal(x, seen[i]);
            seen[count++] = x;
        }
}

static void test_rng__double_is_in_the_unit_interval_and_even(void **state)
{
    (void)state;
    struct rng rng;
    int bucket[10] = {0};
    rng_init(&rng, 1, 2);
    for (int i = 0; i < 100000; i++) {
        double u = rng_double(&rng);
        assert_true(u >= 0 && u < 1);
        bucket[(int)(u * 10)]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(bucket[i], 9600, 10400); /* 4 sigma */
}

static void test_rng__below_reaches_every_value_evenly(void **state)
{
    (void)state;
    struct rng rng;
    int count[7] = {0};
    rng_init(&rng, 3, 4);
    for (int i = 0; i < 70000; i++) {
        uint64_t x = rng_below(&rng, 7);
        assert_true(x < 7);
        count[x]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(count[i], 9600, 10400);
    assert_int_equal(rng_below(&rng, 1), 0);
    /* 2^64 is 1.5 times this bound: without the rejection step the lower half would come up twice as often. */
    uint64_t bound = (UINT64_C(1) << 63) + (UINT64_C(1) << 62);
    int low = 0;
    for (int i = 0; i < 10000; i++)
        low += rng_below(&rng, bound) < bound / 2;
    assert_in_range(low, 4800, 5200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng__gives_the_same_numbers_everywhere),
        cmocka_unit_test(test_rng__streams_and_seeds_differ),
        cmocka_unit_test(test_rng__double_is_in_the_unit_interval_and_even),
        cmocka_unit_test(test_rng__below_reaches_every_value_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
