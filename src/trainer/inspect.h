/* What can be asked of a published generation: is it whole, and which cluster is a product in? */
#ifndef TRAINER_INSPECT_H
#define TRAINER_INSPECT_H

#include <stdio.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

/*
 * Loads the generation `dir`, or the one that `dir`/current points to, reads its products to the end, checks that every
 * row is in the cluster of its nearest centroid, and prints what it is. 0, or -1 with err: PASAR_EDATA when anything is
 * wrong, PASAR_ENOINPUT when there is no generation.
 */
int inspect_check(const char *dir, FILE *out, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Prints the CSV `path` ("-" = standard input) as it is, each row with cluster_N and distance_N added for the models N
 * of the current generation of `models_dir`. Columns are found by header name; only those of the models' features must
 * be there. Cells are read as pasar-producer reads them, so product CSVs and batch files are both fine; what is no
 * number counts as missing. A row that is no CSV, or has another number of fields than the header, ends it: -1 with err
 * (PASAR_EDATA) naming its line.
 */
int inspect_predict(const char *models_dir, const char *path, FILE *out, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
