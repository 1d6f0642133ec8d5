#include "api/fit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESTARTS = 8, ITERATIONS_MAX = 100 };

struct points {
    double (*at)[FIT_COLUMNS_MAX];
    size_t count, dims;
    uint64_t random; /* state of the generator */
};

/* xorshift64*: enough for choosing starts. */
static double next_random(struct points *p)
{
    p->random ^= p->random >> 12;
    p->random ^= p->random << 25;
    p->random ^= p->random >> 27;
    return (double)(p->random * 2685821657736338717u >> 11) / 9007199254740992.0;
}

static double squared(const struct points *p, const double *a, const double *b)
{
    double sum = 0;
    for (size_t d = 0; d < p->dims; d++)
        sum += (a[d] - b[d]) * (a[d] - b[d]);
    return sum;
}

static size_t nearest(const struct points *p, const double *x, const double centroid[][FIT_COLUMNS_MAX], size_t k,
                      double *d2)
{
    size_t best = 0;
    *d2 = DBL_MAX;
    for (size_t c = 0; c < k; c++) {
        double d = squared(p, x, centroid[c]);
        if (d < *d2) {
            *d2 = d;
            best = c;
        }
    }
    return best;
}

/* k-means++: each further centre is a point drawn with a chance as its squared distance. Returns how many differ. */
static size_t choose_start(struct points *p, double centroid[][FIT_COLUMNS_MAX])
{
    memcpy(centroid[0], p->at[(size_t)(next_random(p) * (double)p->count)], sizeof centroid[0]);
    size_t k = 1;
    for (; k < FIT_K; k++) {
        double sum = 0, d2;
        for (size_t i = 0; i < p->count; i++) {
            nearest(p, p->at[i], (const double(*)[FIT_COLUMNS_MAX])centroid, k, &d2);
            sum += d2;
        }
        if (!(sum > 0))
            break;
        double left = next_random(p) * sum;
        size_t chosen = 0;
        for (size_t i = 0; i < p->count && left >= 0; i++) {
            nearest(p, p->at[i], (const double(*)[FIT_COLUMNS_MAX])centroid, k, &d2);
            left -= d2;
            if (d2 > 0)
                chosen = i;
        }
        memcpy(centroid[k], p->at[chosen], sizeof centroid[k]);
    }
    return k;
}

static double iterate(const struct points *p, double centroid[][FIT_COLUMNS_MAX], size_t k)
{
    double inertia = DBL_MAX;
    for (int i = 0; i < ITERATIONS_MAX; i++) {
        double sum[FIT_K][FIT_COLUMNS_MAX] = {{0}}, total = 0, d2;
        size_t size[FIT_K] = {0};
        for (size_t j = 0; j < p->count; j++) {
            size_t c = nearest(p, p->at[j], (const double(*)[FIT_COLUMNS_MAX])centroid, k, &d2);
            total += d2;
            size[c]++;
            for (size_t d = 0; d < p->dims; d++)
                sum[c][d] += p->at[j][d];
        }
        if (!(total < inertia))
            break;
        inertia = total;
        for (size_t c = 0; c < k; c++) {
            for (size_t d = 0; d < p->dims && size[c] > 0; d++)
                centroid[c][d] = sum[c][d] / (double)size[c];
        }
    }
    return inertia;
}

/* ------------------------------------------------------------------ words */

static const char *const *words_for(enum pasar_column column)
{
    static const char *const price[] = {"low price", "middle price", "high price"};
    static const char *const rating[] = {"lower rated", "well rated", "best rated"};
    static const char *const votes[] = {"few votes", "many votes", "very many votes"};
    static const char *const discount[] = {"small discount", "middling discount", "deep discount"};
    switch (column) {
    case PASAR_COL_RATING:
        return rating;
    case PASAR_COL_RATING_COUNT:
        return votes;
    case PASAR_COL_DISCOUNT_PERCENTAGE:
        return discount;
    default:
        return price;
    }
}

static void write_labels(struct fit *fit)
{
    for (size_t c = 0; c < fit->k; c++) {
        char *label = fit->label[c];
        label[0] = '\0';
        for (size_t d = 0; d < fit->column_count; d++) {
            size_t rank = 0; /* how many clusters lie below; ties by id, so that labels differ */
            for (size_t o = 0; o < fit->k; o++)
                rank +=
                    fit->centroid[o][d] < fit->centroid[c][d] || (o < c && fit->centroid[o][d] == fit->centroid[c][d]);
            size_t word = fit->k == 1 ? 1 : fit->k == 2 ? rank * 2 : rank;
            size_t at = strlen(label);
            snprintf(label + at, FIT_LABEL_MAX - at, "%s%s", d ? ", " : "", words_for(fit->column[d])[word]);
        }
    }
}

static int by_first(const void *a, const void *b)
{
    const double *x = a, *y = b;
    if (x[0] < y[0] || x[0] > y[0])
        return x[0] < y[0] ? -1 : 1;
    return x[1] < y[1] ? -1 : x[1] > y[1];
}

/* ------------------------------------------------------------------ the fit */

static double value_of(const struct catalog_product *p, enum pasar_column column)
{
    switch (column) {
    case PASAR_COL_DISCOUNTED_PRICE:
        return p->number[CATALOG_PRICE];
    case PASAR_COL_RATING:
        return p->number[CATALOG_RATING];
    case PASAR_COL_RATING_COUNT:
        return p->number[CATALOG_RATING_COUNT];
    case PASAR_COL_DISCOUNT_PERCENTAGE:
        return p->number[CATALOG_DISCOUNT];
    default:
        return NAN;
    }
}

/* Collects complete points of an even sample and scales them. */
static void sample(struct fit *fit, struct points *p, const struct catalog *catalog, const struct catalog_view *view)
{
    size_t take = view->count < FIT_SAMPLE_MAX ? view->count : FIT_SAMPLE_MAX;
    for (size_t i = 0; i < take; i++) {
        const struct catalog_product *product = &catalog->products[view->products[(uint64_t)i * view->count / take]];
        double *x = p->at[p->count];
        int complete = 1;
        x[1] = 0;
        for (size_t d = 0; d < fit->column_count; d++) {
            x[d] = value_of(product, fit->column[d]);
            complete = complete && !isnan(x[d]);
        }
        p->count += complete ? 1 : 0;
    }
    for (size_t d = 0; d < fit->column_count; d++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < p->count; i++)
            sum += p->at[i][d];
        fit->mean[d] = p->count ? sum / (double)p->count : 0;
        for (size_t i = 0; i < p->count; i++)
            squares += (p->at[i][d] - fit->mean[d]) * (p->at[i][d] - fit->mean[d]);
        fit->std[d] = squares > 0 ? sqrt(squares / (double)(p->count - 1)) : 1;
        for (size_t i = 0; i < p->count; i++)
            p->at[i][d] = (p->at[i][d] - fit->mean[d]) / fit->std[d];
    }
}

int fit_catalog(struct fit *fit, const struct catalog *catalog, const struct catalog_view *view,
                const enum pasar_column *columns, size_t column_count, struct pasar_err *err)
{
    struct points p = {.dims = column_count, .random = 0x9e3779b97f4a7c15u};
    double best = DBL_MAX;
    memset(fit, 0, sizeof *fit);
    memcpy(fit->column, columns, column_count * sizeof *columns);
    fit->column_count = column_count;
    p.at = calloc(FIT_SAMPLE_MAX + 1, sizeof *p.at);
    if (!p.at)
        return pasar_err_nomem(err, "clusters");
    sample(fit, &p, catalog, view);
    for (int i = 0; i < RESTARTS && p.count > 0; i++) {
        double centroid[FIT_K][FIT_COLUMNS_MAX] = {{0}};
        size_t k = choose_start(&p, centroid);
        double inertia = iterate(&p, centroid, k);
        if (inertia < best) {
            best = inertia;
            fit->k = k;
            memcpy(fit->centroid, centroid, sizeof centroid);
        }
    }
    free(p.at);
    qsort(fit->centroid, fit->k, sizeof fit->centroid[0], by_first);
    write_labels(fit);
    return 0;
}

size_t fit_predict(const struct fit *fit, const double *values, double *distance)
{
    struct points p = {.dims = fit->column_count};
    double z[FIT_COLUMNS_MAX] = {0}, d2;
    for (size_t d = 0; d < fit->column_count; d++)
        z[d] = isnan(values[d]) ? 0 : (values[d] - fit->mean[d]) / fit->std[d];
    size_t c = nearest(&p, z, fit->centroid, fit->k, &d2);
    *distance = sqrt(d2);
    return c;
}
