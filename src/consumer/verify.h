/* --verify: proves from the files alone that nothing was lost, doubled or changed on the way. */
#ifndef CONSUMER_VERIFY_H
#define CONSUMER_VERIFY_H

#include <stdio.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

/*
 * Reads every batch, sidecar, rejects file and end record of `dir`, recomputes checksums and digests, and prints one
 * line per run, one per damaged file and a last one to `out`. 0 when every file is sound and every run whole; -1 with
 * err: PASAR_EDATA when not, PASAR_ENOINPUT when the directory or its files cannot be read.
 */
int verify_run(const char *dir, FILE *out, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
