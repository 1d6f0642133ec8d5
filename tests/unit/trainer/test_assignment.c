/* The assignment problem against all permutations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "trainer/assignment.h"
#include "trainer/rng.h"

static double best_by_trying(const double *cost, size_t rows, size_t cols, size_t row, unsigned used)
{
    if (row == rows)
        return 0;
    double best = INFINITY;
    for (size_t c = 0; c < cols; c++)
        if (!(used >> c & 1))
            best = fmin(best, cost[row * cols + c] + best_by_trying(cost, rows, cols, row + 1, used | 1u << c));
    return best;
}

static void test_assignment__finds_the_least_cost(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct rng rng;
    rng_init(&rng, 7, 7);
    for (int round = 0; round < 300; round++) {
        size_t cols = 1 + rng_below(&rng, 6), rows = 1 + rng_below(&rng, cols), column_of[6];
        double cost[36], total = 0;
        for (size_t i = 0; i < rows * cols; i++)
            cost[i] = round % 2 ? rng_double(&rng) - 0.5 : (double)rng_below(&rng, 4);
        assert_int_equal(assignment_solve(cost, rows, cols, column_of, &err), 0);
        unsigned used = 0;
        for (size_t r = 0; r < rows; r++) {
            assert_true(column_of[r] < cols);
            assert_false(used >> column_of[r] & 1);
            used |= 1u << column_of[r];
            total += cost[r * cols + column_of[r]];
        }
        assert_true(fabs(total - best_by_trying(cost, rows, cols, 0, 0)) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assignment__finds_the_least_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
