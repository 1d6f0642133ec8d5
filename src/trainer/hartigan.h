/*
 * Single-point moves (Hartigan, Wong: "Algorithm AS 136: a k-means clustering algorithm", 1979): a row changes its
 * cluster whenever that lowers the inertia, counting that both means move. Every optimum of these moves is one of
 * Lloyd's, but not the other way round (Telgarsky, Vattani: "Hartigan's method: k-means clustering without Voronoi",
 * 2010).
 */
#ifndef TRAINER_HARTIGAN_H
#define TRAINER_HARTIGAN_H

#include <stddef.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "trainer/lloyd.h"

/*
 * Moves single rows until no move helps, at most `max_passes` times over the data. On entry l->labels are any labels
 * and l->sums their sums (as lloyd_assign leaves them); both and `centroids` are kept up to date. *moves = rows moved.
 * A pass first finds, in parallel and with the centroids standing still, the rows that want to move; then lets them
 * move one after the other in row order, each checked again. 0, or -1 with err.
 */
int hartigan_polish(struct lloyd *l, double *centroids, unsigned max_passes, size_t *moves,
                    struct pasar_err *err) PASAR_MUSTCHECK;

#endif
