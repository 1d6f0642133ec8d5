/* What the two files of a run share. */
#ifndef PRODUCER_RUN_PRIVATE_H
#define PRODUCER_RUN_PRIVATE_H

#include "producer/inputid.h"
#include "producer/readback.h"
#include "producer/resume.h"
#include "producer/run.h"

/*
 * Locks and reads this input's journal and asks the topic, so that *facts are complete. run->journal and run->id are
 * those of the earlier run, if there is one; without a journal, run->id is that of the run that the topic shows. marks
 * are of after the lock was taken. 0, or -1 with err.
 */
int run_look_back(struct run *run, const struct inputid *input, const char *cluster, const char *settings,
                  rd_kafka_t *rk, struct watermarks *marks, int32_t partition_count, struct resume_facts *facts,
                  struct pasar_err *err) PASAR_MUSTCHECK;

/* Writes the journal as of the last checkpoint, if one is kept. 0, or -1 with err. */
int run_write_journal(struct run *run, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
