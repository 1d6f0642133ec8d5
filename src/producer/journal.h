/*
 * The journal of a run: what was sent where, and up to where it is safe. One small file per input, topic and cluster,
 * replaced as a whole (write, fsync, rename, fsync), so that it is always of one moment.
 *
 * Format 1: one JSON object on one line, then the XXH3-64 of that line as 16 hex digits. A reader refuses other formats
 * and any damage; a later format must be read by the version that writes it and by no earlier one.
 */
#ifndef PRODUCER_JOURNAL_H
#define PRODUCER_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/err.h"
#include "producer/checkpoint.h"
#include "producer/runid.h"

/* Rows that were too long for a message, as ranges first..last: only sending them shows that, so it is written down. */
struct journal_refused {
    struct journal_range {
        uint64_t first, last;
    } * ranges;
    size_t count, cap;
};

struct journal {
    char run[RUNID_MAX];
    char *topic, *cluster;            /* owned */
    char *file;                       /* the first input file's name, for people (written as UTF-8); owned */
    uint64_t input_hash, input_bytes; /* struct inputid */
    char *settings;                   /* the options that decide what a row becomes; owned */
    int64_t started_us, finished_us;  /* finished_us 0 = unfinished */
    struct checkpoint checkpoint;     /* owned */
    struct journal_refused refused;   /* owned */
    int32_t end_partition;            /* where an end record stands, once finished; -1 = not known */
    int64_t end_offset;
};

/* Frees what is inside; {0} is fine. */
void journal_fini(struct journal *journal);

/* Adds a row after all others. 0, or -1 with err. */
int journal_refuse(struct journal_refused *refused, uint64_t row, struct pasar_err *err) PASAR_MUSTCHECK;
/* Forgets the rows past `row`, which will be tried again. */
void journal_forget_refused(struct journal_refused *refused, uint64_t row);
bool journal_is_refused(const struct journal_refused *refused, uint64_t row);

/* The whole text of the file. 0, or -1 with err. */
int journal_encode(struct pasar_buf *text, const struct journal *journal, struct pasar_err *err) PASAR_MUSTCHECK;

/* Reads it back into an empty journal (to be freed in every case). -1 with err (PASAR_EDATA) for damage. */
int journal_decode(struct journal *journal, const char *text, size_t len, struct pasar_err *err) PASAR_MUSTCHECK;

/* Replaces dir/name. 0, or -1 with err. */
int journal_write(const char *dir, const char *name, const struct journal *journal,
                  struct pasar_err *err) PASAR_MUSTCHECK;

/* Reads dir/name. 0 with *found false when there is none, or -1 with err naming the file. */
int journal_read(const char *dir, const char *name, struct journal *journal, bool *found,
                 struct pasar_err *err) PASAR_MUSTCHECK;

#endif
