/* --verify: proves from the files alone that nothing was lost, doubled or changed on the way. */
#ifndef CONSUMER_VERIFY_H
#define CONSUMER_VERIFY_H

#include <stdbool.h>
#include <stdio.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

/*
 * Reads every batch, sidecar, rejects file and end record of `dir`, recomputes checksums and digests, and prints one
 * line per run, per damage and per gap between the files, and a last one, to `out`. 0 when every file is sound, every
 * run whole, and no offset before a partition's last file missing (unless allow_gaps); -1 with err: PASAR_EDATA when
 * not, PASAR_ENOINPUT when the directory or its files cannot be read. What is gone from a partition's end, with the end
 * records, cannot be seen from the files alone.
 */
int verify_run(const char *dir, bool allow_gaps, FILE *out, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
