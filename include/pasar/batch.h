/*
 * Batch files: the second contract. A published range of a partition's offsets has the stem
 *
 *   <topic>+<partition, 5 digits>+<first offset, 20>+<last offset, 20>
 *
 * and consists of
 *
 *   <stem>.csv             rows (RFC 4180, with a header): the commit point
 *   <stem>.json            the sidecar: rows, runs and row numbers, checksums, digests
 *   <stem>.rejects.jsonl   messages that are no valid records; only if there are any
 *
 * of which the .csv is published last. The end of a run is a range of its own:
 *
 *   <topic>+<partition>+<offset>+<offset>.end.json   the control record, its own commit point
 *
 * Offsets are inclusive. Dot-names are work in progress and never read. Topic names hold no '+' (Kafka allows
 * [A-Za-z0-9._-]); a topic that begins with '.', or has more than 188 bytes (file names end at 255), cannot be stored
 * and is refused by the writers (PASAR_EUSAGE).
 */
#ifndef PASAR_BATCH_H
#define PASAR_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/record.h"

enum { PASAR_TOPIC_MAX = 249 }; /* Kafka's limit for topic names */

enum pasar_batch_kind { PASAR_BATCH_ROWS, PASAR_BATCH_END, PASAR_BATCH_SIDECAR, PASAR_BATCH_REJECTS };

struct pasar_batch_name {
    char topic[PASAR_TOPIC_MAX + 1];
    int32_t partition;
    int64_t first_offset, last_offset; /* inclusive */
    enum pasar_batch_kind kind;
};

enum { PASAR_BATCH_NAME_MAX = PASAR_TOPIC_MAX + 80 };

void pasar_batch_name_format(const struct pasar_batch_name *name, char text[PASAR_BATCH_NAME_MAX]);

/* True and *name filled when `text` is a batch file's name; false for any other name (that is not an error). */
bool pasar_batch_name_parse(const char *text, struct pasar_batch_name *name) PASAR_MUSTCHECK;

/* What a directory holds: the commit points (rows and ends), sorted by topic, partition, first offset. */
struct pasar_batch_list {
    struct pasar_batch_name *names;
    size_t count;
};

/*
 * Lists `dir`. Overlapping ranges of a partition are an error (PASAR_EDATA, names both files). A directory that does
 * not exist gives an empty list. Free with pasar_batch_list_free.
 */
int pasar_batch_list_read(struct pasar_batch_list *list, const char *dir, struct pasar_err *err) PASAR_MUSTCHECK;

/* The same with overlapping ranges in it, which the caller looks for with pasar_batch_overlaps. */
int pasar_batch_list_read_all(struct pasar_batch_list *list, const char *dir, struct pasar_err *err) PASAR_MUSTCHECK;

/* True when the range of `name` begins before that of `before`, its predecessor in a list, has ended. */
bool pasar_batch_overlaps(const struct pasar_batch_name *before, const struct pasar_batch_name *name);

/*
 * After a crash: removes what it has left of these partitions of `topic` (hidden files, and twins without their .csv),
 * and lists the rest. The caller must be the only one who writes for these partitions, and have synced the directory
 * (pasar_atomicfile_sync_dir): a name that a power loss could take back is no proof. 0, or -1 with err as
 * pasar_batch_list_read.
 */
int pasar_batch_list_recover(struct pasar_batch_list *list, const char *dir, const char *topic,
                             const int32_t *partitions, size_t count, struct pasar_err *err) PASAR_MUSTCHECK;
void pasar_batch_list_free(struct pasar_batch_list *list);

/* Highest last offset + 1 among a topic partition's ranges, or -1 when there is none. */
int64_t pasar_batch_list_next_offset(const struct pasar_batch_list *list, const char *topic, int32_t partition);

/* A batch under construction. It writes into hidden files of `dir` and publishes them together. */
struct pasar_batch_writer;

struct pasar_batch_stats {
    uint64_t rows, rejects;
    uint64_t bytes;                    /* of the CSV so far */
    int64_t first_offset, last_offset; /* -1 while empty */
};

/* Opens a batch of one topic partition whose first message has offset `first_offset`. NULL with err. */
struct pasar_batch_writer *pasar_batch_writer_open(const char *dir, const char *topic, int32_t partition,
                                                   int64_t first_offset, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Adds a row: the decoded record, its message offset (rising), and from its headers the run (NULL or "" if foreign) and
 * row number (0 if foreign); `value` is the message's JSON, for the digest. A run that pasar_run_is_valid refuses, or a
 * row 0, makes the message foreign. 0, or -1 with err (sticky).
 */
int pasar_batch_writer_add(struct pasar_batch_writer *w, int64_t offset, const struct pasar_record *record,
                           const char *run, uint64_t row, const void *value, size_t value_len,
                           struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Adds a message that is no valid record: JSON line with topic, partition, offset, run, row, reason, key and value
 * (base64; null where the pointer is NULL). `reason` may hold any bytes.
 */
int pasar_batch_writer_reject(struct pasar_batch_writer *w, int64_t offset, const char *run, uint64_t row,
                              const void *key, size_t key_len, const void *value, size_t value_len, const char *reason,
                              struct pasar_err *err) PASAR_MUSTCHECK;

void pasar_batch_writer_stats(const struct pasar_batch_writer *w, struct pasar_batch_stats *stats);

/*
 * Rows wait in memory until they are a block of some 240 KiB, and the next pasar_batch_writer_add, or the sealing,
 * writes them. A caller who wants that done in another thread takes each block as soon as there is one (after every
 * add) and gives it to pasar_batch_writer_write there, in the order of taking; the last, smaller one stays for the
 * sealing, which comes after all writes.
 *   has_block   true when there is one to take
 *   take_block  exchanges the waiting bytes for *block, an empty buffer of the caller's (its memory is used again)
 *   write       writes and digests them; runs beside add, not beside itself. 0, or -1 with err; sealing then fails too
 */
bool pasar_batch_writer_has_block(const struct pasar_batch_writer *w);
void pasar_batch_writer_take_block(struct pasar_batch_writer *w, struct pasar_buf *block);
int pasar_batch_writer_write(struct pasar_batch_writer *w, const struct pasar_buf *block,
                             struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Publishes (rejects, sidecar, then CSV; each fsynced, no-replace) and frees `w`. On failure what was published of the
 * twins is removed again, the batch is gone and -1 is returned: the caller resumes from the directory. (When only the
 * last fsync of the directory fails, the batch is visible and whole, and -1 is returned too.) A batch without messages
 * is refused (PASAR_EBUG); one of rejects alone has a .csv of a header alone.
 */
int pasar_batch_writer_publish(struct pasar_batch_writer *w, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * The same in steps, so that several batches can share the waits for the disk:
 *   seal           writes the sidecar and syncs all files under their hidden names; in any thread and order
 *   reveal_twins   gives rejects and sidecar their final names; then pasar_atomicfile_sync_dir
 *   reveal         gives the CSV its final name; then pasar_atomicfile_sync_dir again: now the batch is published
 * One sync of the directory may stand for many batches, but a partition must have no more than one reveal between two
 * of them, in the order of offsets: a file system may lose unsynced renames in any order at a power loss, and a later
 * batch that stayed where an earlier one went would hide the loss. Each returns 0, or -1 with err; after a failure, and
 * after success at the end, pasar_batch_writer_abort frees `w`.
 */
int pasar_batch_writer_seal(struct pasar_batch_writer *w, struct pasar_err *err) PASAR_MUSTCHECK;
int pasar_batch_writer_reveal_twins(struct pasar_batch_writer *w, struct pasar_err *err) PASAR_MUSTCHECK;
int pasar_batch_writer_reveal(struct pasar_batch_writer *w, struct pasar_err *err) PASAR_MUSTCHECK;

/* Drops what has no final name yet, takes twins without their CSV away, and frees; NULL is fine. */
void pasar_batch_writer_abort(struct pasar_batch_writer *w);

/* Publishes the end of a run found at `offset`. */
int pasar_batch_publish_end(const char *dir, const char *topic, int32_t partition, int64_t offset,
                            const struct pasar_run_end *end, struct pasar_err *err) PASAR_MUSTCHECK;

int pasar_batch_read_end(const char *dir, const struct pasar_batch_name *name, struct pasar_run_end *end,
                         struct pasar_err *err) PASAR_MUSTCHECK;

/* A run of consecutive row numbers in a batch, in record order. */
struct pasar_row_range {
    size_t run; /* index into runs */
    uint64_t first, count;
};

/* {"version":2,"topic":…,"partition":…,"first_offset":…,"last_offset":…,"rows":…,"rejects":…,"bytes":…,"sha256":…,
 *  "rejects_sha256":…,"runs":[{"run":…,"rows":…,"digest":"hex"}],"row_ranges":[[run index, first row, count], …]} */
struct pasar_batch_sidecar {
    struct pasar_batch_name name;
    uint64_t rows, rejects, bytes;
    char sha256[65];         /* of the .csv */
    char rejects_sha256[65]; /* of the rejects file; "" without rejects, and in a sidecar of version 1 */
    struct pasar_batch_run {
        char run[80]; /* "" = foreign messages */
        uint64_t rows, digest;
    } * runs;
    size_t run_count;
    struct pasar_row_range *ranges; /* rows of the CSV in their order */
    size_t range_count;
};

/*
 * Reads and checks the sidecar of batch `name`: names, counts and ranges must agree with each other and with `name`.
 * Free with pasar_batch_sidecar_free (not needed after a failure, but harmless). A missing one: PASAR_ENOINPUT.
 */
int pasar_batch_sidecar_read(struct pasar_batch_sidecar *sidecar, const char *dir, const struct pasar_batch_name *name,
                             struct pasar_err *err) PASAR_MUSTCHECK;

/* The same, whatever batch it tells of: `sidecar->name` says which (its kind is that of `name`). */
int pasar_batch_sidecar_read_any(struct pasar_batch_sidecar *sidecar, const char *dir,
                                 const struct pasar_batch_name *name, struct pasar_err *err) PASAR_MUSTCHECK;
void pasar_batch_sidecar_free(struct pasar_batch_sidecar *sidecar);

/* Reads the rows of one batch file. */
struct pasar_batch_reader;

enum pasar_batch_result { PASAR_BATCH_ROW_READ, PASAR_BATCH_DONE, PASAR_BATCH_FAILED };

struct pasar_batch_reader *pasar_batch_reader_open(const char *dir, const struct pasar_batch_name *name,
                                                   struct pasar_err *err) PASAR_MUSTCHECK;

/* The next row; its text is valid until the next call. A line that is no record is PASAR_BATCH_FAILED, naming
 * file:line. */
enum pasar_batch_result pasar_batch_reader_next(struct pasar_batch_reader *r, struct pasar_record *record,
                                                struct pasar_err *err) PASAR_MUSTCHECK;
void pasar_batch_reader_close(struct pasar_batch_reader *r);

#endif
