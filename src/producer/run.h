/*
 * A run: one input on its way to one topic, from its first row to its end record, over as many processes and clients as
 * that takes.
 *
 * Exactly once: while it is sent, a journal keeps up to which row everything is acknowledged (a checkpoint), and where
 * in the topic that is. Whoever goes on after a death reads back what the topic holds past the checkpoint and sends
 * only what is missing. A run is recognised by its input's contents, the topic and the cluster. It must have one writer
 * at a time, which a lock beside the journal sees to.
 *
 * An input that cannot be read twice (a pipe) and the sinks other than Kafka are not tracked: nothing is written, and a
 * death in the middle means a new run.
 */
#ifndef PRODUCER_RUN_H
#define PRODUCER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/record.h"
#include "producer/checkpoint.h"
#include "producer/config.h"
#include "producer/journal.h"
#include "producer/runid.h"
#include "producer/sink.h"
#include "producer/tail.h"

struct run {
    const struct producer_config *config;
    char id[RUNID_MAX];
    bool is_tracked;
    struct checkpointer acks;
    struct tail tail;         /* rows stored past the checkpoint from which this client began */
    struct journal journal;   /* without its checkpoint, which is acks.done */
    bool *ended;              /* per partition: the end record stands there already */
    struct pasar_run_end end; /* one of those records, if end_partition >= 0 */
    int32_t end_partition;
    int64_t end_offset;
    const char *dir; /* of the journal; NULL = none is kept */
    char name[160];
    int lock;
    int64_t marked_us;
    bool is_marked_once;
};

enum run_result {
    RUN_READY, /* send */
    RUN_SENT,  /* --skip-sent, and all of it was sent before */
    RUN_ERROR  /* err is set: sent before (PASAR_EDATA), in use by another process, the journal or the topic unreadable
                */
};

/*
 * Finds out whether this input is new, unfinished or sent, and logs it. `sink` is open and its broker answers. Free
 * with run_close in every case ({0} is fine).
 */
enum run_result run_open(struct run *run, const struct producer_config *config, char *const *files, int file_count,
                         struct sink *sink, struct pasar_err *err) PASAR_MUSTCHECK;

/* After a new client was opened in the middle: reads back what the old one has stored. 0, or -1 with err. */
int run_reopen(struct run *run, struct sink *sink, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Tells that counts->row was dealt with, `outstanding` messages up to it being unacknowledged. Cheap; about once a
 * second the journal is written. That it cannot be written is logged and costs reading back more after a death.
 */
void run_step(struct run *run, const struct checkpoint_counts *counts, uint64_t outstanding);

/* The last step before the end of the process: writes the journal if that says more than the one before. */
void run_save(struct run *run, const struct checkpoint_counts *counts, uint64_t outstanding);

/* Tells that the run has ended, with an end record at an offset: the journal says "sent" from now on. */
void run_finish(struct run *run, const struct checkpoint_counts *counts, int32_t partition, int64_t offset);

/* Notes a row that is too long for a message. 0, or -1 with err. */
int run_refuse(struct run *run, uint64_t row, struct pasar_err *err) PASAR_MUSTCHECK;

void run_close(struct run *run);

#endif
