/* Where a product in a model comes from: its row, the batch files behind the generation, its cluster there. */
#ifndef PASAR_API_LINEAGE_H
#define PASAR_API_LINEAGE_H

#include <stdint.h>

#include "api/snapshot.h"
#include "pasar/buf.h"

/*
 * Appends {product_id, model, generation, row, rows, batch, sources, cluster, label, distance} of a product in model's
 * (1..3) catalogue. `row` counts from 1 in arrival order. `sources` has the topic partitions with their offsets.
 * `batch` is the file that the row was in, its place there and, where certain, its offset in the partition; null when
 * the generation does not tell (those of before products.csv had source_row). `distance` is Euclidean, to the centroid,
 * in z space.
 */
void lineage_write(struct pasar_buf *buf, const struct snapshot *snapshot, uint32_t product, int model);

/*
 * Appends the topic partitions behind a generation, [{topic, partition, first_offset, last_offset, files, rows}].
 * Files whose names say nothing are left out.
 */
void lineage_add_sources(struct pasar_buf *buf, const struct pasar_manifest *manifest);

#endif
