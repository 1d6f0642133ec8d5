#include "api/point.h"

#include <math.h>

static double value_of(const struct catalog_product *p, enum pasar_column column)
{
    switch (column) {
    case PASAR_COL_DISCOUNTED_PRICE:
        return p->number[CATALOG_PRICE];
    case PASAR_COL_ACTUAL_PRICE:
        return p->number[CATALOG_ACTUAL_PRICE];
    case PASAR_COL_DISCOUNT_PERCENTAGE:
        return p->number[CATALOG_DISCOUNT];
    case PASAR_COL_RATING:
        return p->number[CATALOG_RATING];
    case PASAR_COL_RATING_COUNT:
        return p->number[CATALOG_RATING_COUNT];
    default:
        return NAN;
    }
}

void point_place(const struct pasar_model *m, const struct catalog_product *p, double z[PASAR_FEATURES_MAX])
{
    for (size_t f = 0; f < m->feature_count; f++)
        z[f] = pasar_model_z(m, f, value_of(p, m->feature[f]));
}

double point_distance(const struct pasar_model *m, const double *z, size_t cluster)
{
    const double *centroid = m->centroids + cluster * m->feature_count;
    double sum = 0;
    for (size_t f = 0; f < m->feature_count; f++)
        sum += (z[f] - centroid[f]) * (z[f] - centroid[f]);
    return sqrt(sum);
}

double point_project(const struct pasar_model *m, const double *z, size_t component)
{
    double sum = 0;
    for (size_t f = 0; f < m->feature_count; f++)
        sum += m->projection.component[component][f] * z[f];
    return sum;
}
