/* Where rows go. One table of functions, three implementations: Kafka, standard output, nowhere. */
#ifndef PRODUCER_SINK_H
#define PRODUCER_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/record.h"
#include "producer/config.h"

struct sink_row {
    uint64_t row; /* 1-based data row */
    int64_t timestamp_us;
    const char *key;
    size_t key_len;    /* key NULL = the row has none */
    const void *value; /* the record's JSON */
    size_t value_len;
};

struct sink_reject {
    const char *file;
    uint64_t line, offset, row;
    const char *reason;
    const char *raw; /* the bytes as they stand in the file */
    size_t raw_len;
};

/* After sink_settle: accepted = acknowledged + failed. */
struct sink_counts {
    uint64_t accepted;                       /* rows that the sink took */
    uint64_t acknowledged;                   /* rows that are safe there */
    uint64_t failed;                         /* rows that are not, or not certainly */
    uint64_t uncertain;                      /* of these: may be stored all the same (POSSIBLY_PERSISTED) */
    uint64_t dlq_accepted, dlq_acknowledged; /* rejected rows in the dead letter queue */
    uint64_t ends_acknowledged;              /* control records */
};

struct checkpointer;

enum sink_result {
    SINK_DONE,    /* taken */
    SINK_REFUSED, /* this row can never be sent (err says why); others can */
    SINK_STOPPED, /* a stop was requested before it could be taken */
    SINK_FAILED   /* nothing more can be sent (err says why) */
};

struct sink {
    const struct sink_ops *ops;
    struct sink_counts counts;
    bool is_broken;        /* after sink_settle: the client gave up for good, a new one may do better */
    int32_t end_partition; /* where an end record was acknowledged; -1 = nowhere yet */
    int64_t end_offset;
};

struct sink_ops {
    /*
     * Before the first row: the id of the run and who is told of each acknowledgement (NULL: nobody). Both are kept by
     * reference.
     */
    void (*begin)(struct sink *sink, const char *run, struct checkpointer *acks);
    /* Copies the row. Blocks while the queue is full (backpressure). */
    enum sink_result (*send)(struct sink *sink, const struct sink_row *row, struct pasar_err *err);
    /* Sends a rejected row to the dead letter queue. */
    enum sink_result (*reject)(struct sink *sink, const struct sink_reject *reject, struct pasar_err *err);
    /*
     * Works on acknowledgements for `timeout_ms` (0: on those that are there), or until a stop is requested. 0, or -1
     * with err at once when nothing more can be sent.
     */
    int (*wait)(struct sink *sink, int timeout_ms, struct pasar_err *err);
    /*
     * Waits for every row, then sends the run's end to every partition but those marked in `ended` (NULL: none) and
     * waits for that. end->partition_count is filled in where it is 0.
     */
    enum sink_result (*finish)(struct sink *sink, struct pasar_run_end *end, const bool *ended, struct pasar_err *err);
    /*
     * After a failure or a stop: waits for outstanding rows (after a stop not longer than 1.2 s), then gives up on
     * them, so that the counts are final.
     */
    void (*settle)(struct sink *sink);
    void (*free)(struct sink *sink);
};

/*
 * Opens the configured sink. Kafka: waits for the broker up to --connect-timeout. NULL with err. Free with sink_free.
 */
struct sink *sink_open(const struct producer_config *config, struct pasar_err *err) PASAR_MUSTCHECK;
void sink_free(struct sink *sink);

#endif
