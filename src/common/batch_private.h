/* What the batch_*.c files share. Private to src/common. */
#ifndef PASAR_BATCH_PRIVATE_H
#define PASAR_BATCH_PRIVATE_H

#include "pasar/batch.h"
#include "pasar/buf.h"

/*
 * Longest topic whose files fit in a directory entry of 255 bytes: "." + topic + 48 + ".rejects.jsonl" + ".tmp".
 */
enum { PASAR_BATCH_TOPIC_MAX = 255 - 1 - 48 - 14 - 4 };

/* 0, or -1 with err (PASAR_EUSAGE) when the topic cannot stand in a file name. */
int pasar_batch_check_topic(const char *topic, struct pasar_err *err) PASAR_MUSTCHECK;

/* Runs and row numbers of a batch, as its sidecar tells them; grows row by row. */
struct pasar_batch_ledger {
    struct pasar_batch_run *runs;
    size_t run_count, run_cap;
    struct pasar_row_range *ranges;
    size_t range_count, range_cap;
    uint32_t *slots;   /* hash table of run index + 1, 0 = free; NULL while there are few runs */
    size_t slot_count; /* a power of two */
};

/* Adds a row; `run` "" and row 0 for a foreign message. 0, or -1 with err (out of memory). */
int pasar_batch_ledger_add(struct pasar_batch_ledger *ledger, const char *run, uint64_t row, uint64_t digest,
                           struct pasar_err *err) PASAR_MUSTCHECK;
void pasar_batch_ledger_fini(struct pasar_batch_ledger *ledger);

/* Appends the sidecar's JSON and a line end. */
void pasar_batch_sidecar_add_json(struct pasar_buf *buf, const struct pasar_batch_sidecar *sidecar);

/*
 * Reads all of the small file dir/file into `buf` (reset). 0, or -1 with err: PASAR_ENOINPUT when it is missing,
 * PASAR_EDATA when it is longer than any of ours.
 */
int pasar_batch_read_small(const char *dir, const char *file, struct pasar_buf *buf,
                           struct pasar_err *err) PASAR_MUSTCHECK;

/* Appends a reject as one JSON line. */
void pasar_batch_reject_add_json(struct pasar_buf *buf, const struct pasar_batch_name *batch, int64_t offset,
                                 const char *run, uint64_t row, const void *key, size_t key_len, const void *value,
                                 size_t value_len, const char *reason);

#endif
