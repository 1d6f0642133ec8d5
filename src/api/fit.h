/*
 * Small clusterings of the catalogue on one or two columns, for the POST endpoints that group by price and rating, by
 * votes and by discount. Fitted when a generation is loaded: k-means++ starts (Arthur & Vassilvitskii 2007) and Lloyd's
 * iterations on at most FIT_SAMPLE_MAX evenly chosen products; the same catalogue gives the same clusters. Ids rise
 * with the first column.
 */
#ifndef PASAR_API_FIT_H
#define PASAR_API_FIT_H

#include <stddef.h>
#include <stdint.h>

#include "api/catalog.h"
#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/record.h"

enum { FIT_K = 3, FIT_COLUMNS_MAX = 2, FIT_SAMPLE_MAX = 10000, FIT_LABEL_MAX = 80 };

struct fit {
    enum pasar_column column[FIT_COLUMNS_MAX];
    size_t column_count;
    size_t k; /* FIT_K, or fewer when there are fewer different points; 0 = nothing to fit */
    double mean[FIT_COLUMNS_MAX], std[FIT_COLUMNS_MAX]; /* z = (x - mean) / std */
    double centroid[FIT_K][FIT_COLUMNS_MAX];            /* z */
    char label[FIT_K][FIT_LABEL_MAX];
};

/* Fits the products of a view. 0 or -1 with err. */
int fit_catalog(struct fit *fit, const struct catalog *catalog, const struct catalog_view *view,
                const enum pasar_column *columns, size_t column_count, struct pasar_err *err) PASAR_MUSTCHECK;

/* The nearest cluster of raw values (NaN = the mean), and the distance in z space. k must not be 0. */
size_t fit_predict(const struct fit *fit, const double *values, double *distance);

#endif
