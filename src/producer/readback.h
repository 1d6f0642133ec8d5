/* Reading back what the topic holds of a run: watermarks, single records, and everything past a checkpoint. */
#ifndef PRODUCER_READBACK_H
#define PRODUCER_READBACK_H

#include <stdbool.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/record.h"
#include "producer/checkpoint.h"
#include "producer/config.h"
#include "producer/resume.h"
#include "producer/runid.h"
#include "producer/tail.h"

struct watermarks {
    int64_t low, high; /* the first offset that is held; the one that comes next */
};

/* Asks for all partitions' watermarks. 0, or -1 with err (PASAR_EUNAVAILABLE; PASAR_ETEMP after a stop). */
int readback_watermarks(rd_kafka_t *rk, const struct producer_config *config, int32_t partition_count,
                        struct watermarks *marks, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * The same, until two answers at least 1 s apart are equal: bytes that a dead producer left in the sockets have arrived
 * by then. Other producers that write to the topic all the time are not waited for longer than 10 s.
 */
int readback_settle(rd_kafka_t *rk, const struct producer_config *config, int32_t partition_count,
                    struct watermarks *marks, struct pasar_err *err) PASAR_MUSTCHECK;

/* The record that a journal claims to stand somewhere. */
struct readback_claim {
    int32_t partition;
    int64_t offset;
    const char *run;
    uint64_t row; /* 0 = the end of the run */
};

/* What stands there. 0 with *probe, or -1 with err. */
int readback_probe(const struct producer_config *config, const struct readback_claim *claim,
                   const struct watermarks *mark, enum resume_probe *probe, struct pasar_err *err) PASAR_MUSTCHECK;

/* What the last record of each partition says of an input. */
struct readback_last {
    char run[RUNID_MAX]; /* the last run of that input that was found; "" = none */
    bool is_ended;       /* and one of its end records */
    bool has_run_id;     /* the run id that was asked for was found */
};

/*
 * Reads the last record of each partition. Who finds nothing there knows nothing: others may have written since. 0, or
 * -1 with err.
 */
int readback_last(const struct producer_config *config, uint64_t input_hash, const char *run_id,
                  int32_t partition_count, const struct watermarks *marks, struct readback_last *last,
                  struct pasar_err *err) PASAR_MUSTCHECK;

/* What a run has in the topic past its checkpoint. */
struct readback {
    struct tail *tail;
    struct checkpoint_partition *partitions; /* moved behind the last row found */
    bool *ended;                             /* per partition: the end of the run stands there */
    struct pasar_run_end end;                /* the last end record found; rows of none is meaningless */
    int32_t end_partition;                   /* of it; -1 = none */
    int64_t end_offset;
};

/*
 * Reads every partition from its next_offset to its high watermark. 0, or -1 with err: PASAR_EDATA when the broker has
 * dropped records of that range, so that nobody can tell what was stored.
 */
int readback_run(const struct producer_config *config, const char *run, int32_t partition_count,
                 const struct watermarks *marks, struct readback *found, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
