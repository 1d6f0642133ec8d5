/*
 * The rows of all batch files as numbers: the chosen feature columns in arrival order, and where each row stands. Text
 * stays on disk (arrival.h reads it again). 8 bytes a feature and 4 a row are kept, 12 more while loading; the values
 * can be given back for a while (dataset_release).
 */
#ifndef TRAINER_DATASET_H
#define TRAINER_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/batch.h"
#include "pasar/err.h"
#include "trainer/features.h"
#include "trainer/spill.h"

struct dataset_file {
    struct pasar_batch_name name;
    uint32_t first_row; /* number of its first row, counted through all files in the order of `files` */
    uint32_t rows;
    char sha256[65]; /* of the file */
};

struct dataset {
    struct dataset_file *files; /* by topic, partition, first offset; those without rows are left out */
    size_t file_count;
    size_t unchecked; /* files without a sidecar, so without a checksum to compare with */
    size_t rows;
    size_t feature_count;
    double *values[PASAR_FEATURES_MAX];      /* values[feature][arrival number], raw; NaN = missing */
    struct spill column[PASAR_FEATURES_MAX]; /* what `values` point into, when loaded from files */
    uint32_t *source;                        /* source[arrival number] = row number counted through the files */
};

/* Told how far loading is: rows read so far. Returns non-zero to stop. May be NULL. */
typedef int (*dataset_progress_fn)(void *ctx, uint64_t rows);

/*
 * Loads every batch of `list` (commit points as pasar_batch_list_read gives them) from `dir`. Arrival order: timestamp,
 * then partition and offset (then topic, if there are several). A batch whose sidecar tells another checksum or
 * number of rows is refused. 0, or -1 with err: PASAR_ENOINPUT when there is no batch, PASAR_EDATA for a bad one or
 * when all are empty, PASAR_ETEMP when `progress` stopped it. Free with dataset_fini in every case.
 */
int dataset_load(struct dataset *ds, const char *dir, const struct pasar_batch_list *list,
                 const struct feature_set *set, dataset_progress_fn progress, void *ctx,
                 struct pasar_err *err) PASAR_MUSTCHECK;
void dataset_fini(struct dataset *ds);

/*
 * Gives the memory of the values of rows [begin, end) back; they come again from a temporary file when they are read.
 * Values that are on the heap stay.
 */
void dataset_release(const struct dataset *ds, size_t begin, size_t end);

#endif
