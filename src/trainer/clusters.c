/* Means and medians by cluster. */
#include "trainer/clusters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Hoare's selection with three parts, so that many equal values do no harm: x[nth] is what sorting would put there. */
static double select_nth(double *x, size_t count, size_t nth)
{
    size_t low = 0, high = count; /* the answer is in [low, high) */
    while (high - low > 1) {
        double pivot = x[low + (high - low) / 2];
        size_t less = low, at = low, more = high;
        while (at < more) {
            double value = x[at];
            if (value < pivot) {
                x[at++] = x[less];
                x[less++] = value;
            } else if (value > pivot) {
                x[at] = x[--more];
                x[more] = value;
            } else {
                at++;
            }
        }
        if (nth < less)
            high = less;
        else if (nth >= more)
            low = more;
        else
            return pivot;
    }
    return x[low];
}

double clusters_median(double *x, size_t count)
{
    double upper = select_nth(x, count, count / 2);
    if (count % 2 != 0)
        return upper;
    double lower = select_nth(x, count, count / 2 - 1);
    return lower + (upper - lower) / 2;
}

static double mean_of(const double *x, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += x[i];
    if (isfinite(sum))
        return sum / (double)count;
    sum = 0; /* absurdly large values */
    for (size_t i = 0; i < count; i++)
        sum += x[i] / (double)count;
    return sum;
}

/* Sorts the present values of one feature by cluster; end[c] = where cluster c's end in `sorted`. */
static int sort_by_cluster(const struct pasar_model *model, const uint16_t *labels, const double *values,
                           double *sorted, size_t *end, struct pool *pool, struct pasar_err *err)
{
    size_t at = 0;
    memset(end, 0, model->k * sizeof *end);
    for (uint64_t row = 0; row < model->rows; row++)
        end[labels[row]] += !isnan(values[row]);
    for (size_t c = 0; c < model->k; c++) { /* counts to beginnings, which filling turns into ends */
        size_t count = end[c];
        end[c] = at;
        at += count;
    }
    for (uint64_t row = 0; row < model->rows; row++) {
        if (pool_check_row(pool, row, err) != 0)
            return -1;
        if (!isnan(values[row]))
            sorted[end[labels[row]]++] = values[row];
    }
    return 0;
}

int clusters_measure(struct pasar_model *model, const uint16_t *labels, double *const *values, struct pool *pool,
                     struct pasar_err *err)
{
    double *sorted = malloc((size_t)(model->rows + 1) * sizeof *sorted);
    size_t *end = malloc(model->k * sizeof *end);
    if (!sorted || !end) {
        free(sorted);
        free(end);
        return pasar_err_nomem(err, "cluster medians");
    }
    int result = 0;
    for (size_t i = 0; i < model->feature_count && result == 0; i++) {
        if (sort_by_cluster(model, labels, values[i], sorted, end, pool, err) != 0) {
            result = -1;
            break;
        }
        for (size_t c = 0, begin = 0; c < model->k && result == 0; begin = end[c++]) {
            struct pasar_cluster *cluster = &model->clusters[c];
            size_t count = end[c] - begin;
            cluster->mean[i] = count > 0 ? mean_of(sorted + begin, count) : NAN;
            cluster->median[i] = count > 0 ? clusters_median(sorted + begin, count) : NAN;
            result = pool_check(pool, err);
        }
    }
    free(sorted);
    free(end);
    return result;
}
