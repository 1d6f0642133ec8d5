/*
 * The records of a dataset in arrival order, read from the batch files a second time. One reader per file that has its
 * turn; where a file's own order is not the arrival order, rows that come too early wait in a stash of bounded size.
 */
#ifndef TRAINER_ARRIVAL_H
#define TRAINER_ARRIVAL_H

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/record.h"
#include "trainer/dataset.h"

struct arrival;

enum arrival_result { ARRIVAL_ROW, ARRIVAL_END, ARRIVAL_ERROR };

enum {
    ARRIVAL_OPEN_MAX = 64, /* readers open at a time; with more partitions than that, files are read again */
    ARRIVAL_STASH_BYTES = 32 << 20,
};

/* Keeps `ds` and `dir`. `stash_bytes` is ARRIVAL_STASH_BYTES but for tests. NULL with err when out of memory. */
struct arrival *arrival_new(const struct dataset *ds, const char *dir, size_t stash_bytes,
                            struct pasar_err *err) PASAR_MUSTCHECK;
void arrival_free(struct arrival *a);

/* The next record; its text is valid until the next call. ERROR also when a file has become shorter meanwhile. */
enum arrival_result arrival_next(struct arrival *a, struct pasar_record *record, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
