/* The name of a run: which files, which contents, when. It stands in every record's pasar.run header. */
#ifndef PRODUCER_RUNID_H
#define PRODUCER_RUNID_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

enum { RUNID_MAX = 80 }; /* with the NUL; as in struct pasar_run_end */

/* True when `id` is 1..RUNID_MAX-1 of [A-Za-z0-9._-]. */
bool runid_is_valid(const char *id) PASAR_MUSTCHECK;

/*
 * "<name of the first file>-<16 hex digits>-<start time>". The digits are XXH3 over each file's size and its first and
 * last 64 KiB (a stream that cannot seek counts by its name). 0, or -1 with err (PASAR_ENOINPUT) when a file cannot be
 * read.
 */
int runid_make(char id[RUNID_MAX], char *const *files, int file_count, int64_t start_us,
               struct pasar_err *err) PASAR_MUSTCHECK;

#endif
