/* Top k of a stretch, against sorting. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "support.h"

static int by_rank(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void check_size(uint32_t n, uint64_t *random)
{
    struct rank_index index;
    struct pasar_err err = PASAR_ERR_INIT;
    uint32_t *ranks = malloc((n + 1) * sizeof *ranks), *sorted = malloc((n + 1) * sizeof *sorted);
    uint32_t *out = malloc((n + 1) * sizeof *out);
    for (uint32_t i = 0; i < n; i++)
        ranks[i] = i;
    for (uint32_t i = n; i > 1; i--) { /* a random permutation */
        uint32_t j = support_random(random) % i, swap = ranks[i - 1];
        ranks[i - 1] = ranks[j];
        ranks[j] = swap;
    }
    assert_int_equal(rank_init(&index, ranks, n, &err), 0);
    for (int round = 0; round < 60; round++) {
        uint32_t first = support_random(random) % (n + 1), last = first + support_random(random) % (n - first + 1);
        uint32_t skip = support_random(random) % 8, count = support_random(random) % 12;
        uint32_t have = last - first;
        memcpy(sorted, ranks + first, have * sizeof *sorted);
        qsort(sorted, have, sizeof *sorted, by_rank);
        int64_t got = rank_top(&index, first, last, skip, count, out);
        uint32_t want = skip >= have ? 0 : have - skip < count ? have - skip : count;
        assert_int_equal(got, want);
        for (uint32_t i = 0; i < want; i++)
            assert_int_equal(ranks[out[i]], sorted[skip + i]);
        if (have > 0)
            assert_int_equal(ranks[rank_min(&index, first, last)], sorted[0]);
    }
    rank_fini(&index);
    free(sorted);
    free(out);
}

static void test_rank__top_is_what_sorting_gives(void **state)
{
    (void)state;
    uint64_t random = 42;
    static const uint32_t sizes[] = {0, 1, 2, 31, 32, 33, 63, 64, 65, 100, 256, 1000, 4097};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(sizes); i++)
        check_size(sizes[i], &random);
}

static void test_rank__equal_ranks_come_leftmost_first(void **state)
{
    (void)state;
    struct rank_index index;
    struct pasar_err err = PASAR_ERR_INIT;
    uint32_t *ranks = calloc(200, sizeof *ranks);
    assert_int_equal(rank_init(&index, ranks, 200, &err), 0);
    for (uint32_t first = 0; first < 190; first += 7)
        assert_int_equal(rank_min(&index, first, 200), first);
    rank_fini(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rank__top_is_what_sorting_gives),
        cmocka_unit_test(test_rank__equal_ranks_come_leftmost_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
