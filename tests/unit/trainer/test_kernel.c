/* The kernels: what they compute, and that every instruction set computes it to the same bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/kmeans_kernel.h"
#include "trainer/rng.h"

struct problem {
    struct matrix data;
    size_t k;
    double *centroids, *packed, *sums, *scratch;
    float *nearest, *rough;
    uint16_t *labels;
};

static void *aligned(size_t doubles)
{
    void *memory = aligned_alloc(64, (doubles * sizeof(double) + 63) / 64 * 64);
    assert_non_null(memory);
    return memory;
}

static void problem_init(struct problem *p, size_t rows, size_t cols, size_t k)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct rng rng;
    rng_init(&rng, rows, cols * 100 + k);
    assert_int_equal(matrix_init(&p->data, rows, cols, &err), 0);
    p->k = k;
    p->centroids = aligned(k * cols);
    p->packed = aligned(k * (cols + 1));
    p->rough = malloc(kernel_rough_len(k, cols) * sizeof *p->rough);
    p->sums = aligned(k * (cols + 1));
    p->scratch = aligned(kernel_scratch_len(k, cols));
    p->nearest = aligned(matrix_tiles(&p->data) * MATRIX_TILE);
    p->labels = malloc(rows * sizeof *p->labels);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            *matrix_at(&p->data, i, j) = rng_double(&rng) - 0.5;
    for (size_t i = 0; i < k * cols; i++)
        p->centroids[i] = rng_double(&rng) - 0.5;
    kernel_pack(p->packed, p->rough, p->centroids, k, cols);
}

static void problem_fini(struct problem *p)
{
    matrix_fini(&p->data);
    free(p->centroids);
    free(p->packed);
    free(p->rough);
    free(p->sums);
    free(p->scratch);
    free(p->nearest);
    free(p->labels);
}

static void run_assign(struct problem *p, const struct kernel *kernel)
{
    struct kernel_assign job = {&p->data,   0,        matrix_tiles(&p->data), p->k, p->packed, p->rough, p->sums,
                                p->scratch, p->labels};
    kernel->assign(&job);
}

static double run_nearest(struct problem *p, const struct kernel *kernel)
{
    for (size_t i = 0; i < matrix_tiles(&p->data) * MATRIX_TILE; i++)
        p->nearest[i] = i >= p->data.rows ? 0 : i % 3 ? 0.1f : INFINITY;
    struct kernel_nearest job = {&p->data, 0, matrix_tiles(&p->data), p->centroids, p->nearest, 1};
    return kernel->nearest(&job);
}

/* One bit per row of each tile into wants. */
static void run_screen(struct problem *p, const struct kernel *kernel, uint16_t *wants)
{
    double joining[300], leaving[300];
    for (size_t c = 0; c < p->k; c++) {
        joining[c] = 0.5 + (double)(c % 5) / 10;
        leaving[c] = c % 7 ? 1.25 : 0;
    }
    struct kernel_screen job = {&p->data,  0,    matrix_tiles(&p->data), p->k, p->centroids, joining, leaving,
                                p->labels, wants};
    kernel->screen(&job);
}

static const size_t shapes[][3] = {{1, 1, 1},   {15, 3, 2},   {16, 3, 3},    {17, 3, 4},   {33, 2, 5},  {1000, 3, 3},
                                   {999, 5, 8}, {777, 4, 64}, {2049, 6, 20}, {500, 8, 3},  {500, 7, 3}, {300, 1, 300},
                                   {100, 2, 2}, {101, 2, 3},  {48, 3, 2},    {100, 2, 12}, {300, 3, 5}, {170, 7, 9},
                                   {160, 8, 6}, {5003, 5, 8}, {4000, 2, 30}};

static void test_kernel__labels_are_the_nearest_centroids_and_sums_their_rows(void **state)
{
    (void)state;
    for (size_t s = 0; s < PASAR_ARRAY_LEN(shapes); s++) {
        struct problem p;
        size_t cols = shapes[s][1];
        problem_init(&p, shapes[s][0], cols, shapes[s][2]);
        run_assign(&p, kernel_best());
        double *sums = calloc(p.k * (cols + 1), sizeof *sums), inertia = 0;
        for (size_t row = 0; row < p.data.rows; row++) {
            double best = INFINITY, own = 0;
            for (size_t c = 0; c < p.k; c++) {
                double d = 0;
                for (size_t j = 0; j < cols; j++)
                    d += pow(*matrix_at(&p.data, row, j) - p.centroids[c * cols + j], 2);
                best = fmin(best, d);
                own = c == p.labels[row] ? d : own;
            }
            assert_true(own <= best + 1e-14);
            inertia += own;
            for (size_t j = 0; j < cols; j++)
                sums[p.labels[row] * (cols + 1) + j] += *matrix_at(&p.data, row, j);
            sums[p.labels[row] * (cols + 1) + cols] += 1;
        }
        for (size_t i = 0; i < p.k * (cols + 1); i++)
            assert_true(fabs(sums[i] - p.sums[i]) < 1e-10);
        double measured = kernel_inertia(&p.data, 0, matrix_tiles(&p.data), p.centroids, p.labels);
        assert_true(fabs(measured - inertia) < 1e-9 * (1 + inertia));
        free(sums);
        problem_fini(&p);
    }
}

static void test_kernel__every_instruction_set_gives_the_same_bits(void **state)
{
    (void)state;
    int compared = 0;
    for (size_t s = 0; s < PASAR_ARRAY_LEN(shapes); s++) {
        struct problem a, b;
        problem_init(&a, shapes[s][0], shapes[s][1], shapes[s][2]);
        problem_init(&b, shapes[s][0], shapes[s][1], shapes[s][2]);
        run_assign(&a, kernel_get(KERNEL_BASELINE));
        double sum = run_nearest(&a, kernel_get(KERNEL_BASELINE));
        for (int isa = KERNEL_BASELINE + 1; isa < KERNEL_ISAS; isa++) {
            const struct kernel *kernel = kernel_get((enum kernel_isa)isa);
            if (!kernel)
                continue;
            compared++;
            run_assign(&b, kernel);
            assert_memory_equal(a.labels, b.labels, a.data.rows * sizeof *a.labels);
            assert_memory_equal(a.sums, b.sums, a.k * (a.data.cols + 1) * sizeof(double));
            double other = run_nearest(&b, kernel);
            assert_memory_equal(&sum, &other, sizeof sum);
            assert_memory_equal(a.nearest, b.nearest, a.data.rows * sizeof(float));
        }
        problem_fini(&a);
        problem_fini(&b);
    }
    if (compared == 0)
        print_message("only the baseline kernel runs here\n");
}

/* What single precision gets wrong: rows in the middle between centroids, centroids that are equal or almost. */
enum trouble { GRID, TWINS, NEIGHBOURS, BORDERS, TROUBLES };

/* To the limits of a float, and columns that differ. */
static const double scales[] = {1, 1e-20, 1e-30, 1e-38, 1e-44, 1e18, 3e19, 1e60, 0};

static double scaled(double x, double scale, size_t col)
{
    return x * (scale != 0 ? scale : pow(10, 15 * (double)(col % 3) - 20));
}

static size_t nearest_other(const struct problem *p, size_t c)
{
    size_t nearest = c, cols = p->data.cols;
    double least = INFINITY;
    for (size_t other = 0; other < p->k; other++) {
        double d = 0;
        for (size_t j = 0; j < cols; j++)
            d += pow(p->centroids[c * cols + j] - p->centroids[other * cols + j], 2);
        if (other != c && d < least) {
            least = d;
            nearest = other;
        }
    }
    return nearest;
}

/* Rows between a centroid and its nearest, more or less in the middle, and pushed along the border between them. */
static void put_rows_on_borders(struct problem *p)
{
    size_t cols = p->data.cols;
    struct rng rng;
    rng_init(&rng, 1, 2);
    for (size_t row = 0; row < p->data.rows; row++) {
        const double *a = p->centroids + row % p->k * cols, *b = p->centroids + nearest_other(p, row % p->k) * cols;
        double at = 0.5 + (rng_double(&rng) - 0.5) * pow(10, -4 - 5 * rng_double(&rng));
        for (size_t j = 0; j < cols; j++)
            *matrix_at(&p->data, row, j) = a[j] + (b[j] - a[j]) * at;
    }
}

static void make_trouble(struct problem *p, enum trouble trouble, double scale)
{
    size_t cols = p->data.cols;
    for (size_t c = 0; c < p->k; c++)
        for (size_t j = 0; j < cols; j++) {
            bool paired = trouble == TWINS || trouble == NEIGHBOURS;
            double x = p->centroids[(paired ? c / 2 * 2 : c) * cols + j];
            p->centroids[c * cols + j] = trouble == GRID                       ? floor(4 * x) / 4
                                         : trouble == NEIGHBOURS && c % 2 == 1 ? x * (1 + 1e-8)
                                                                               : x;
        }
    if (trouble == BORDERS)
        put_rows_on_borders(p);
    for (size_t row = 0; row < p->data.rows; row++)
        for (size_t j = 0; j < cols; j++) {
            double *x = matrix_at(&p->data, row, j);
            *x = scaled(trouble == GRID ? floor(4 * *x) / 4 : *x, scale, j);
        }
    for (size_t c = 0; c < p->k; c++)
        for (size_t j = 0; j < cols; j++)
            p->centroids[c * cols + j] = scaled(p->centroids[c * cols + j], scale, j);
    kernel_pack(p->packed, p->rough, p->centroids, p->k, cols);
}

static void compare_with_baseline(const size_t shape[3], enum trouble trouble, double scale)
{
    struct problem a, b;
    problem_init(&a, shape[0], shape[1], shape[2]);
    problem_init(&b, shape[0], shape[1], shape[2]);
    make_trouble(&a, trouble, scale);
    make_trouble(&b, trouble, scale);
    run_assign(&a, kernel_get(KERNEL_BASELINE)); /* works in double precision throughout */
    for (int isa = KERNEL_BASELINE + 1; isa < KERNEL_ISAS; isa++) {
        if (!kernel_get((enum kernel_isa)isa))
            continue;
        run_assign(&b, kernel_get((enum kernel_isa)isa));
        assert_memory_equal(a.labels, b.labels, a.data.rows * sizeof *a.labels);
        assert_memory_equal(a.sums, b.sums, a.k * (a.data.cols + 1) * sizeof(double));
    }
    problem_fini(&a);
    problem_fini(&b);
}

static void test_kernel__single_precision_changes_no_label(void **state)
{
    (void)state;
    for (size_t s = 0; s < PASAR_ARRAY_LEN(shapes); s++)
        for (int trouble = 0; trouble < TROUBLES; trouble++)
            for (size_t scale = 0; scale < PASAR_ARRAY_LEN(scales); scale++)
                compare_with_baseline(shapes[s], (enum trouble)trouble, scales[scale]);
}

static void test_kernel__screen_finds_the_rows_that_want_to_move(void **state)
{
    (void)state;
    for (size_t s = 0; s < PASAR_ARRAY_LEN(shapes); s++) {
        struct problem p;
        uint16_t wants[KERNEL_ISAS][400];
        problem_init(&p, shapes[s][0], shapes[s][1], shapes[s][2]);
        size_t cols = p.data.cols;
        for (size_t row = 0; row < p.data.rows; row++)
            p.labels[row] = (uint16_t)(row * 7 % p.k);
        run_screen(&p, kernel_get(KERNEL_BASELINE), wants[0]);
        for (size_t row = 0; row < p.data.rows; row++) {
            double stay = 0, join = INFINITY;
            for (size_t c = 0; c < p.k; c++) {
                double d = 0;
                for (size_t j = 0; j < cols; j++)
                    d += pow(*matrix_at(&p.data, row, j) - p.centroids[c * cols + j], 2);
                if (c == p.labels[row])
                    stay = d * (c % 7 ? 1.25 : 0);
                else
                    join = fmin(join, d * (0.5 + (double)(c % 5) / 10));
            }
            assert_int_equal(wants[0][row / MATRIX_TILE] >> row % MATRIX_TILE & 1, join < stay);
        }
        for (int isa = KERNEL_BASELINE + 1; isa < KERNEL_ISAS; isa++) {
            if (!kernel_get((enum kernel_isa)isa))
                continue;
            run_screen(&p, kernel_get((enum kernel_isa)isa), wants[isa]);
            assert_memory_equal(wants[0], wants[isa], matrix_tiles(&p.data) * sizeof wants[0][0]);
        }
        problem_fini(&p);
    }
}

static void test_kernel__the_lowest_index_wins_a_tie(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * KERNEL_ISAS; i++) {
        const struct kernel *kernel = kernel_get((enum kernel_isa)(i / 2));
        size_t k = i % 2 ? 3 : KERNEL_MASKED_MAX + 3; /* with and without the filter */
        if (!kernel)
            continue;
        struct problem p;
        problem_init(&p, 40, 2, k);
        for (size_t c = 0; c < k; c++) {
            p.centroids[c * 2] = c == 0 ? 9 : 0.25;
            p.centroids[c * 2 + 1] = c == 0 ? 9 : -0.25;
        }
        kernel_pack(p.packed, p.rough, p.centroids, k, 2);
        run_assign(&p, kernel);
        for (size_t row = 0; row < 40; row++)
            assert_int_equal(p.labels[row], 1);
        problem_fini(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel__labels_are_the_nearest_centroids_and_sums_their_rows),
        cmocka_unit_test(test_kernel__every_instruction_set_gives_the_same_bits),
        cmocka_unit_test(test_kernel__single_precision_changes_no_label),
        cmocka_unit_test(test_kernel__screen_finds_the_rows_that_want_to_move),
        cmocka_unit_test(test_kernel__the_lowest_index_wins_a_tie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
