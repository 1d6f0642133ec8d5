/* Options of pasar-consumer: one table, one struct. */
#include "consumer/config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "consumer/partitionlist.h"
#include "pasar/csv.h"
#include "pasar/kafka.h"

#define FIELD(name) offsetof(struct consumer_config, name)

/* PASAR_PARTITIONS is the producer's: how many a new topic gets. */
#define PARTITIONS_ENV "PASAR_CONSUMER_PARTITIONS"

static const struct pasar_option table[] = {
    PASAR_KAFKA_OPTIONS(struct consumer_config),
    {"group", 'G', PASAR_OPT_STRING, FIELD(group), "amazon_sales_group", 0, 0, NULL, "GROUP", "consumer group", NULL,
     false},
    {"output", 'o', PASAR_OPT_STRING, FIELD(output), "data/batches", 0, 0, NULL, "DIR",
     "directory of the batch files: one per topic and group, made when missing", NULL, false},
    {"partitions", 0, PASAR_OPT_STRING, FIELD(partitions), NULL, 0, 0, NULL, "LIST",
     "read these partitions (0,2,5-7; all: those there are at the start, not those added later) and leave the group's "
     "members alone; by default the group shares them out",
     PARTITIONS_ENV, false},
    {"batch-records", 0, PASAR_OPT_INT, FIELD(batch_records), "1000", 1, 1e9, NULL, "N",
     "close a batch after so many messages", NULL, false},
    {"batch-bytes", 0, PASAR_OPT_BYTES, FIELD(batch_bytes), "64MiB", 1, 1e15, NULL, "N",
     "close a batch when its CSV reaches this size", NULL, false},
    {"batch-seconds", 0, PASAR_OPT_SECONDS, FIELD(batch_seconds), "10", 0.001, 1e6, NULL, "SECONDS",
     "close a batch this long after its first message, also when the topic is idle", NULL, false},
    {"exit-at-end", 'e', PASAR_OPT_BOOL, FIELD(exit_at_end), NULL, 0, 0, NULL, NULL,
     "end with 0 when every partition is read to its end and every run seen is complete; "
     "a topic that is empty is waited for, unless --exit-idle says for how long",
     NULL, false},
    {"exit-idle", 0, PASAR_OPT_SECONDS, FIELD(exit_idle), "0", 0, 1e6, NULL, "SECONDS",
     "end with 0 after this long without a message, whatever is missing; 0 = never", NULL, false},
    {"on-data-loss", 0, PASAR_OPT_CHOICE, FIELD(on_data_loss), "stop", 0, 0, "stop|continue", NULL,
     "when the broker dropped messages before they were read: end with 65, or go on with what it still has", NULL,
     false},
    {"connect-timeout", 0, PASAR_OPT_SECONDS, FIELD(connect_timeout), "30", 0.1, 86400, NULL, "SECONDS",
     "give up with status 69 when no broker answers at the start for this long", NULL, false},
    {"metrics-port", 0, PASAR_OPT_INT, FIELD(metrics_port), "0", 0, 65535, NULL, "PORT",
     "serve /metrics and /healthz on this port; 0 = not at all", NULL, false},
    {"metrics-bind", 0, PASAR_OPT_STRING, FIELD(metrics_bind), "127.0.0.1", 0, 0, NULL, "ADDR",
     "address of --metrics-port", NULL, false},
    {"verify", 0, PASAR_OPT_BOOL, FIELD(verify), NULL, 0, 0, NULL, NULL,
     "read nothing from Kafka: prove from the files of --output that each run is whole, row by row", NULL, false},
    {"allow-gaps", 0, PASAR_OPT_BOOL, FIELD(allow_gaps), NULL, 0, 0, NULL, NULL,
     "with --verify: offsets that no file holds are in order (files moved away, transactions, expired messages)", NULL,
     false},
    PASAR_OPTION_END,
};

const struct pasar_options config_options = {
    .program = "pasar-consumer",
    .synopsis = "[options]",
    .about = "Drains a Kafka topic into CSV batch files, each record in exactly one file whatever is killed whenever. "
             "Runs until "
             "SIGTERM unless --exit-at-end or --exit-idle is given.",
    .epilog =
        "Exit status: 0 done or stopped, 64 usage, 65 data lost, another cluster's directory or (--verify) not whole, "
        "69 no broker or port taken, 73/74 cannot create/write, 75 stopped before the open batches were safe.\n\n"
        "Examples:\n"
        "  pasar-consumer -b localhost:9092 -o data/batches --exit-at-end\n"
        "  pasar-consumer -o data/batches --verify\n",
    .table = table,
    .min_operands = 0,
    .max_operands = 0,
};

/* A list in the variable of the producer's count is meant for us, and would not be obeyed. */
static int check_environment(struct pasar_err *err)
{
    const char *value = getenv("PASAR_PARTITIONS");

    if (value == NULL || value[strspn(value, "0123456789")] == '\0')
        return 0;
    return pasar_err_set(err, PASAR_EUSAGE,
                         "PASAR_PARTITIONS is the number of partitions that pasar-producer creates, not '%s': "
                         "the list to read is " PARTITIONS_ENV,
                         value);
}

int config_check(const struct consumer_config *config, struct pasar_err *err)
{
    if (!pasar_kafka_is_topic_name(config->kafka.topic))
        return pasar_err_set(err, PASAR_EUSAGE, "--topic '%s' is no topic name: use 1 to 249 of [A-Za-z0-9._-]",
                             config->kafka.topic);
    if (config->group == NULL || config->group[0] == '\0')
        return pasar_err_set(err, PASAR_EUSAGE, "--group must not be empty");
    if (!pasar_csv_is_utf8(config->group, strlen(config->group)))
        return pasar_err_set(err, PASAR_EUSAGE, "--group '%s' is not UTF-8", config->group);
    if (config->output == NULL || config->output[0] == '\0')
        return pasar_err_set(err, PASAR_EUSAGE, "--output must not be empty");
    if (config->partitions != NULL && !partitionlist_is_valid(config->partitions))
        return pasar_err_set(err, PASAR_EUSAGE, "--partitions '%s': use numbers and ranges (0,2,5-7) or all",
                             config->partitions);
    return config->partitions == NULL ? check_environment(err) : 0;
}
