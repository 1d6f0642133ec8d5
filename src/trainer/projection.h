/* The plane in which a model's points are spread most, for people to look at. */
#ifndef TRAINER_PROJECTION_H
#define TRAINER_PROJECTION_H

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/generation.h"
#include "trainer/matrix.h"

/*
 * The first principal components of z-scored `points` (Pearson 1901; scikit-learn's PCA with n_components=2), as struct
 * pasar_projection says. A single row, or columns that are all constant, have variance 0. The sums are our own, in row
 * order, so that they are the same on every machine; OpenBLAS takes the small matrix apart, and what it may do
 * differently on another processor is rounded away. 0, or -1 with err (PASAR_EBUG) when it fails.
 */
int projection_measure(struct pasar_projection *projection, const struct matrix *points,
                       struct pasar_err *err) PASAR_MUSTCHECK;

#endif
