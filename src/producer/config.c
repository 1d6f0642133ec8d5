/* Options of pasar-producer: one table, one struct. */
#include "producer/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "pasar/kafka.h"
#include "producer/runid.h"

#define FIELD(name) offsetof(struct producer_config, name)

static const struct pasar_option table[] = {
    PASAR_KAFKA_OPTIONS(struct producer_config),
    {"on-error", 0, PASAR_OPT_CHOICE, FIELD(on_error), "skip", 0, 0, "skip|stop|dlq", NULL,
     "what to do with a row that cannot be sent: leave it out, end with status 65, or send it to --dlq-topic", NULL,
     false},
    {"rejects", 0, PASAR_OPT_STRING, FIELD(rejects), NULL, 0, 0, NULL, "FILE",
     "write rejected rows to FILE as JSON lines: file, line, offset, row, reason, raw", NULL, false},
    {"dlq-topic", 0, PASAR_OPT_STRING, FIELD(dlq_topic), NULL, 0, 0, NULL, "TOPIC",
     "topic for rejected rows under --on-error dlq (default: TOPIC.dlq)", NULL, false},
    {"max-errors", 0, PASAR_OPT_INT, FIELD(max_errors), "-1", -1, 9e15, NULL, "N",
     "end with status 65 when more than N rows were rejected; -1 = any number", NULL, false},
    {"max-row-bytes", 0, PASAR_OPT_BYTES, FIELD(max_row_bytes), "1MiB", 64, 64 << 20, NULL, "N",
     "reject rows longer than this", NULL, false},
    {"sink", 0, PASAR_OPT_CHOICE, FIELD(sink), "kafka", 0, 0, "kafka|stdout|null", NULL,
     "where the rows go: Kafka, standard output (one JSON object a line), or nowhere", NULL, false},
    {"dry-run", 'n', PASAR_OPT_BOOL, FIELD(dry_run), NULL, 0, 0, NULL, NULL,
     "read and clean everything, send nothing (the same as --sink null)", NULL, false},
    {"rate", 'r', PASAR_OPT_DOUBLE, FIELD(rate), "0", 0, 1e9, NULL, "ROWS/S",
     "send at most this many rows per second; 0 = as fast as possible", NULL, false},
    {"connect-timeout", 0, PASAR_OPT_SECONDS, FIELD(connect_timeout), "30", 0.1, 86400, NULL, "SECONDS",
     "give up with status 69 when no broker answers for this long", NULL, false},
    {"create-topic", 0, PASAR_OPT_BOOL, FIELD(create_topic), NULL, 0, 0, NULL, NULL,
     "create the topic when it does not exist", NULL, false},
    {"partitions", 0, PASAR_OPT_INT, FIELD(partitions), "4", 1, 10000, NULL, "N",
     "partitions of a topic made by --create-topic", NULL, false},
    {"run-id", 0, PASAR_OPT_STRING, FIELD(run_id), NULL, 0, 0, NULL, "ID",
     "name of this run in the records' headers (default: from the files and the time)", NULL, false},
    {"metrics-file", 0, PASAR_OPT_STRING, FIELD(metrics_file), NULL, 0, 0, NULL, "FILE",
     "write the final counts to FILE in Prometheus' text format", NULL, false},
    PASAR_OPTION_END,
};

const struct pasar_options config_options = {
    .program = "pasar-producer",
    .synopsis = "[options] CSV...",
    .about =
        "Reads product CSV files in order, cleans each row and sends it to Kafka as JSON. Ends with 0 when every row "
        "is acknowledged by the broker.",
    .epilog = "Exit status: 0 every row acknowledged, 64 usage, 65 bad data, 66 no input, 69 no broker, 73/74 cannot "
              "create/write, 75 stopped by a signal before the end.\n\n"
              "Examples:\n"
              "  pasar-producer -b localhost:9092 -t amazon_sales_topic data/sample.csv\n"
              "  pasar-producer --dry-run --rejects rejects.jsonl data/sample.csv\n",
    .table = table,
    .min_operands = 1,
    .max_operands = -1,
};

enum sink_kind config_sink(const struct producer_config *config)
{
    return config->dry_run ? SINK_KIND_NULL : (enum sink_kind)config->sink;
}

int config_complete(struct producer_config *config, struct pasar_err *err)
{
    if (!pasar_kafka_is_topic_name(config->kafka.topic))
        return pasar_err_set(err, PASAR_EUSAGE, "--topic '%s' is no topic name: use 1 to 249 of [A-Za-z0-9._-]",
                             config->kafka.topic);
    if (config->dlq_topic != NULL && !pasar_kafka_is_topic_name(config->dlq_topic))
        return pasar_err_set(err, PASAR_EUSAGE, "--dlq-topic '%s' is no topic name: use 1 to 249 of [A-Za-z0-9._-]",
                             config->dlq_topic);
    if (config->dlq_topic != NULL && strcmp(config->dlq_topic, config->kafka.topic) == 0)
        return pasar_err_set(err, PASAR_EUSAGE, "--dlq-topic must not be the topic itself (%s)", config->kafka.topic);
    if (config->on_error == ON_ERROR_DLQ && config_sink(config) == SINK_KIND_STDOUT)
        return pasar_err_set(err, PASAR_EUSAGE, "--on-error dlq needs --sink kafka; use --rejects FILE with stdout");
    if (config->run_id != NULL && !runid_is_valid(config->run_id))
        return pasar_err_set(err, PASAR_EUSAGE, "--run-id '%s': use 1 to %d of [A-Za-z0-9._-]", config->run_id,
                             RUNID_MAX - 1);
    if (config->on_error == ON_ERROR_DLQ && config->dlq_topic == NULL &&
        asprintf(&config->dlq_topic, "%s.dlq", config->kafka.topic) < 0) {
        config->dlq_topic = NULL;
        return pasar_err_nomem(err, "--dlq-topic");
    }
    return 0;
}
