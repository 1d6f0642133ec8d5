/*
 * What the clusters of a model are called: ids that keep their meaning from model to model, labels in words, and how
 * far two models agree.
 */
#ifndef TRAINER_LABELS_H
#define TRAINER_LABELS_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/generation.h"

/*
 * The order of the reference model: id_of[c] = the new id of cluster c, the largest cluster getting 0; ties go to the
 * smaller centroid (first feature that differs).
 */
void labels_order(size_t *id_of, const uint64_t *sizes, const double *centroids, size_t k, size_t cols);

/*
 * The order of a model that follows `reference`: id_of[c] = the id of the reference cluster that c is matched with, by
 * the assignment of least total squared distance between centroids in transformed real units, each feature divided by
 * the reference's std. With fewer clusters than the reference has, ids keep the order of their matches; with more, the
 * unmatched ones come after. `model` needs feature_count, mean, std, k and centroids. 0, or -1 with err.
 */
int labels_align(size_t *id_of, const struct pasar_model *model, const struct pasar_model *reference,
                 struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Writes the label of each cluster of a complete model (features, centroids, clusters' medians and sizes): a word per
 * feature that tells the clusters apart ("cheap", "well rated", "many votes"), low and high meaning the lower and upper
 * third of the range that the clusters span, for at most three features, those with the widest spans. Clusters whose
 * words are the same add how they compare with each other ("better rated") in the feature that parts them most among
 * those that have no word yet, then their median of the first feature, and a number if need be. All labels differ.
 */
void labels_name(struct pasar_model *model);

/*
 * Adjusted Rand index (Hubert, Arabie 1985) of two labellings of `rows` rows, labels below ka and kb: 1 = the same
 * partition, about 0 = chance. *index as scikit-learn's adjusted_rand_score. 0, or -1 with err when out of memory.
 */
int labels_rand_index(double *index, const uint16_t *a, size_t ka, const uint16_t *b, size_t kb, size_t rows,
                      struct pasar_err *err) PASAR_MUSTCHECK;

/* How far centroid `c` of `model` lies from that of `reference` with the same id, in the reference's std units. */
double labels_move(const struct pasar_model *model, const struct pasar_model *reference, size_t c);

/*
 * How far the matched centroids (same id) of two models lie apart: root mean square over clusters and features, in
 * the reference's standard deviations.
 */
double labels_drift(const struct pasar_model *model, const struct pasar_model *reference);

#endif
