/* The name of a run: which file, which contents, when. It stands in every record's pasar.run header. */
#ifndef PRODUCER_RUNID_H
#define PRODUCER_RUNID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"

enum { RUNID_MAX = 80 }; /* with the NUL; as in struct pasar_run_end */

/* True when `id` is 1..RUNID_MAX-1 of [A-Za-z0-9._-]: pasar_run_is_valid. */
bool runid_is_valid(const char *id) PASAR_MUSTCHECK;

/* "<name of the first file, "stdin" for "-">-<hash of the input, 16 hex digits>-<start time>". */
void runid_make(char id[RUNID_MAX], const char *first_file, uint64_t input_hash, int64_t start_us);

/* True when runid_make made `id` for this input. */
bool runid_is_of(const char *id, size_t len, uint64_t input_hash) PASAR_MUSTCHECK;

#endif
