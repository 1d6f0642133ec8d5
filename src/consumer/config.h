/* Options of pasar-consumer: one table, one struct. */
#ifndef CONSUMER_CONFIG_H
#define CONSUMER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/err.h"
#include "pasar/options.h"

enum on_data_loss { ON_DATA_LOSS_STOP, ON_DATA_LOSS_CONTINUE };

struct consumer_config {
    struct pasar_common common; /* first, as pasar_options_parse wants it */
    struct pasar_kafka_config kafka;
    char *output;
    char *group;
    char *partitions; /* NULL = the group shares them out */
    int64_t batch_records;
    uint64_t batch_bytes;
    double batch_seconds;
    bool exit_at_end;
    double exit_idle;       /* seconds, 0 = never */
    int on_data_loss;       /* enum on_data_loss */
    double connect_timeout; /* seconds */
    int64_t metrics_port;   /* 0 = none */
    char *metrics_bind;
    bool verify, allow_gaps;
};

extern const struct pasar_options config_options;

/* What the table cannot say. 0, or -1 with err (PASAR_EUSAGE) naming the option. */
int config_check(const struct consumer_config *config, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
