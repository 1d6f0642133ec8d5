/* Options of pasar-producer: one table, one struct. */
#ifndef PRODUCER_CONFIG_H
#define PRODUCER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/err.h"
#include "pasar/options.h"

enum on_error { ON_ERROR_SKIP, ON_ERROR_STOP, ON_ERROR_DLQ };
enum sink_kind { SINK_KIND_KAFKA, SINK_KIND_STDOUT, SINK_KIND_NULL };

#define CONFIG_STATE_DIR "data/producer"

struct producer_config {
    struct pasar_common common; /* first, as pasar_options_parse wants it */
    struct pasar_kafka_config kafka;
    int on_error;       /* enum on_error */
    char *rejects;      /* JSON lines file, or NULL */
    char *dlq_topic;    /* under ON_ERROR_DLQ never NULL once complete */
    int64_t max_errors; /* -1 = any number */
    uint64_t max_row_bytes;
    int sink; /* enum sink_kind */
    bool dry_run;
    double rate;                 /* rows per second, 0 = as fast as possible */
    char *pause;                 /* "MIN..MAX", NULL = none */
    double pause_min, pause_max; /* seconds, from `pause` */
    int64_t seed;
    char *key;       /* name of the column whose value is the records' key */
    int key_column;  /* the same as enum pasar_column */
    int partitioner; /* enum partitioner */
    char *state;     /* directory of the journals; NULL = CONFIG_STATE_DIR if that can be made */
    bool journal, again, abandon, skip_sent;
    double connect_timeout; /* seconds */
    bool create_topic;
    int64_t partitions;
    char *run_id;       /* NULL = derived from the files */
    char *metrics_file; /* NULL = none */
};

extern const struct pasar_options config_options;

/*
 * What the table cannot say: checks names and combinations and fills in defaults that depend on other options. 0, or -1
 * with err (PASAR_EUSAGE) naming the option.
 */
int config_complete(struct producer_config *config, struct pasar_err *err) PASAR_MUSTCHECK;

/* The sink in effect (--dry-run beats --sink). */
enum sink_kind config_sink(const struct producer_config *config);

#endif
