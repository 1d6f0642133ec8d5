/* Generated data that golden.py makes in the same way, and small helpers of the trainer's tests. */
#ifndef TEST_DATA_H
#define TEST_DATA_H

#include <math.h>
#include <stdlib.h>

#include "trainer/features.h"
#include "trainer/matrix.h"
#include "trainer/rng.h"

/* The blob of a row of kind 0, and a labelling for the others. */
static inline uint16_t test_label(size_t row)
{
    return row % 10 < 7 ? 0 : row % 10 < 9 ? 1 : 2;
}

static inline double test_value(int kind, size_t row, size_t col, struct rng *rng)
{
    double u = rng_double(rng);
    switch (kind) {
    case 0: {
        size_t blob = test_label(row);
        double more = u + rng_double(rng);
        return (double)(blob * 7 * (col + 1) % 11) + (more + rng_double(rng) - 1.5) * 3;
    }
    case 1:
        return u;
    case 2:
        return 1 / (u + 0.01);
    default:
        return (double)(int)(u * 6);
    }
}

/* A z-scored matrix of generated rows. */
static inline int test_matrix(struct matrix *m, int kind, size_t rows, size_t cols, struct pasar_err *err)
{
    double *values[PASAR_FEATURES_MAX] = {NULL};
    struct feature_set set = {.count = cols};
    struct feature_scale scale;
    struct rng rng;
    rng_init(&rng, 2026, (uint64_t)kind);
    if (matrix_init(m, rows, cols, err) != 0)
        return -1;
    for (size_t j = 0; j < cols; j++) {
        set.column[j] = PASAR_COL_RATING;
        values[j] = malloc(rows * sizeof(double));
        if (!values[j])
            abort();
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            values[j][i] = test_value(kind, i, j, &rng);
    if (feature_scale_measure(&scale, &set, values, rows, NULL, err) != 0)
        return -1;
    features_fill(m, &set, &scale, values);
    for (size_t j = 0; j < cols; j++)
        free(values[j]);
    return 0;
}

#endif
