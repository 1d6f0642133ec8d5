/* SHA-256 of batch files, taken by a thread of its own while the caller reads the same files. */
#ifndef TRAINER_CHECKSUMS_H
#define TRAINER_CHECKSUMS_H

#include <stddef.h>

#include "pasar/attrs.h"
#include "pasar/batch.h"
#include "pasar/err.h"

struct checksums;

/*
 * Begins with the files of `names` in `dir`, one after the other; both must outlive the checksums. NULL with err. Free
 * with checksums_free, which does not wait for files that nobody has asked for.
 */
struct checksums *checksums_new(const char *dir, const struct pasar_batch_name *names, size_t count,
                                struct pasar_err *err) PASAR_MUSTCHECK;
void checksums_free(struct checksums *checksums);

/* The checksum of file `i` as 64 hex digits, waiting for it. 0, or -1 with err when it could not be read. */
int checksums_get(struct checksums *checksums, size_t i, char sha256[65], struct pasar_err *err) PASAR_MUSTCHECK;

#endif
