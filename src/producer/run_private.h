/* What the two files of a run share. */
#ifndef PRODUCER_RUN_PRIVATE_H
#define PRODUCER_RUN_PRIVATE_H

#include "producer/run.h"

/* Writes the journal as of the last checkpoint, if one is kept. 0, or -1 with err. */
int run_write_journal(struct run *run, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
