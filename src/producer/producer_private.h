/* What the two files of the producer share. */
#ifndef PRODUCER_PRODUCER_PRIVATE_H
#define PRODUCER_PRODUCER_PRIVATE_H

#include "pasar/buf.h"
#include "pasar/progress.h"
#include "producer/pacer.h"
#include "producer/producer.h"
#include "producer/rejects.h"
#include "producer/rowsource.h"
#include "producer/run.h"
#include "producer/sink.h"

enum { REBUILDS_MAX = 5 }; /* clients replaced within REBUILDS_NS, then it ends */

struct producer {
    const struct producer_config *config;
    char *const *files;
    int file_count;
    struct run run;
    struct checkpoint_counts from; /* the checkpoint that this client began at: rows up to it are passed over */
    struct checkpoint_counts done; /* the account up to the last row dealt with */
    struct pacer pacer;
    int64_t rebuilt_ns[REBUILDS_MAX]; /* when clients were replaced, a ring */
    struct rowsource *source;         /* one for all clients, so that they read the same bytes */
    struct sink *sink;
    struct rejects *rejects; /* NULL without --rejects */
    struct summary *summary;
    struct pasar_buf json;
    struct pasar_progress progress;
    int64_t started_ns, last_timestamp_us;
};

/* How the loop goes on after a row. */
enum next { NEXT_ROW, NEXT_STOPPED, NEXT_FAILED };

/* The time of the next row, or of the end of the run. */
int64_t producer_next_timestamp(struct producer *p);

/* Counts a reject and puts it where the options say. */
enum next producer_handle_reject(struct producer *p, const struct sink_reject *reject,
                                 struct pasar_err *err) PASAR_MUSTCHECK;

/* Sends a row when it is due, passes over one that is stored, rejects one that can never be sent. */
enum next producer_handle_row(struct producer *p, struct rowsource_row *row, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
