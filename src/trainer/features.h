/*
 * From product columns to the points that k-means sees: choice of columns, transform, imputation, z-score. Each model
 * measures these on its own rows.
 */
#ifndef TRAINER_FEATURES_H
#define TRAINER_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/generation.h"
#include "trainer/matrix.h"
#include "trainer/pool.h"

/* Which columns, in which order, each with its transform. */
struct feature_set {
    size_t count; /* 1 .. PASAR_FEATURES_MAX */
    enum pasar_column column[PASAR_FEATURES_MAX];
    enum pasar_transform transform[PASAR_FEATURES_MAX];
};

/*
 * Reads `list` ("discounted_price,rating_count,rating": numeric columns, each once) and `transforms` (NULL, "" or
 * "log1p:rating_count,…"; only of chosen features; "none:" undoes). Blanks around names are fine. 0, or -1 with err
 * (PASAR_EUSAGE) naming the word that is wrong and the words that would be right.
 */
int feature_set_parse(struct feature_set *set, const char *list, const char *transforms,
                      struct pasar_err *err) PASAR_MUSTCHECK;

/* What turns one row into a point; meaning of the fields as in struct pasar_model. */
struct feature_scale {
    double impute[PASAR_FEATURES_MAX];
    uint64_t missing[PASAR_FEATURES_MAX];
    double mean[PASAR_FEATURES_MAX], std[PASAR_FEATURES_MAX];
};

/*
 * Measures the first `rows` values of each column (values[i][row], raw, NaN = missing). A missing value becomes the
 * mean of those that are there, after the transform, and counts in mean and std (n-1) like any other. A column without
 * any value is imputed with 0; a constant column (also: a single row) gets its value as mean and 1 as std. 0, or -1
 * with err when `pool` was cancelled.
 */
int feature_scale_measure(struct feature_scale *scale, const struct feature_set *set, double *const *values,
                          size_t rows, struct pool *pool, struct pasar_err *err) PASAR_MUSTCHECK;

/* Fills rows [begin, end) of `m` (cols = set->count) with z-scores. */
void features_fill_rows(struct matrix *m, const struct feature_set *set, const struct feature_scale *scale,
                        double *const *values, size_t begin, size_t end);

/* Fills all rows. */
void features_fill(struct matrix *m, const struct feature_set *set, const struct feature_scale *scale,
                   double *const *values);

/*
 * *distinct = the number of distinct points among the first `rows` rows, after imputation, by 64-bit hashes (XXH3) put
 * into `scratch` (room for `rows`): at 10^8 rows the chance that two share one is below 1 in 1000. 0, or -1 with err
 * when `pool` was cancelled.
 */
int features_distinct(uint64_t *distinct, const struct feature_set *set, const struct feature_scale *scale,
                      double *const *values, size_t rows, uint64_t *scratch, struct pool *pool,
                      struct pasar_err *err) PASAR_MUSTCHECK;

#endif
