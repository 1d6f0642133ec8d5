/* Models and clusters as JSON, for /api/models and /api/clusters. */
#ifndef PASAR_API_DESCRIBE_H
#define PASAR_API_DESCRIBE_H

#include "pasar/buf.h"
#include "pasar/generation.h"

void describe_models(struct pasar_buf *buf, const struct pasar_generation *generation);
void describe_model(struct pasar_buf *buf, const struct pasar_generation *generation, int index); /* 0..2 */
void describe_clusters(struct pasar_buf *buf, const struct pasar_model *model);

/* Centroid `cluster` in real units of feature `f`: the transform and the scaling undone. */
double describe_centroid(const struct pasar_model *model, size_t cluster, size_t f);

#endif
