/* A product as a point in a model's z space, and in the plane of its principal components. */
#ifndef PASAR_API_POINT_H
#define PASAR_API_POINT_H

#include "api/catalog.h"
#include "pasar/generation.h"

/* Missing values stand where the model puts them, so that every product has a place. */
void point_place(const struct pasar_model *model, const struct catalog_product *product, double z[PASAR_FEATURES_MAX]);

/* The Euclidean distance to a centroid. */
double point_distance(const struct pasar_model *model, const double *z, size_t cluster);

/* The coordinate along a principal component (one that model->projection has). */
double point_project(const struct pasar_model *model, const double *z, size_t component);

#endif
