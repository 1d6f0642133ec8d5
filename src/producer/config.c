/* Options of pasar-producer: one table, one struct. */
#include "producer/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "pasar/kafka.h"
#include "pasar/num.h"
#include "pasar/record.h"
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
     "topic for rejected rows under --on-error dlq (default: TOPIC.dlq); a run that was interrupted may have sent some "
     "of them twice",
     NULL, false},
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
    {"pause", 0, PASAR_OPT_STRING, FIELD(pause), NULL, 0, 0, NULL, "MIN..MAX",
     "wait a random time between rows, in seconds or with a unit: 0.1..0.5, 10ms..2s", NULL, false},
    {"seed", 0, PASAR_OPT_INT, FIELD(seed), "1", 0, 9e15, NULL, "N", "seed of --pause", NULL, false},
    {"key", 0, PASAR_OPT_STRING, FIELD(key), "product_id", 0, 0, NULL, "COLUMN",
     "column whose value is the record's key and decides on the partition", NULL, false},
    {"partitioner", 0, PASAR_OPT_CHOICE, FIELD(partitioner), "consistent", 0, 0, "consistent|murmur2", NULL,
     "how a key becomes a partition: librdkafka's CRC-32, or as Java's producer does it", NULL, false},
    {"state", 0, PASAR_OPT_STRING, FIELD(state), NULL, 0, 0, NULL, "DIR",
     "where the journal of each run is kept, from which the same command goes on after it was interrupted "
     "(default: " CONFIG_STATE_DIR " in the working directory)",
     NULL, false},
    {"journal", 0, PASAR_OPT_BOOL, FIELD(journal), "true", 0, 0, NULL, NULL,
     "keep a journal; --no-journal makes each start a new run", NULL, false},
    {"again", 0, PASAR_OPT_BOOL, FIELD(again), NULL, 0, 0, NULL, NULL,
     "send the input once more though it was sent whole; once begun, that goes on like any other run when the same "
     "command is given again",
     NULL, false},
    {"abandon", 0, PASAR_OPT_BOOL, FIELD(abandon), NULL, 0, 0, NULL, NULL,
     "begin a new run though one of the same input was sent in part; that one never becomes whole", NULL, false},
    {"skip-sent", 0, PASAR_OPT_BOOL, FIELD(skip_sent), NULL, 0, 0, NULL, NULL,
     "end with status 0 instead of 65 when the same input was sent before", NULL, false},
    {"connect-timeout", 0, PASAR_OPT_SECONDS, FIELD(connect_timeout), "30", 0.1, 86400, NULL, "SECONDS",
     "give up with status 69 when no broker answers for this long", NULL, false},
    {"create-topic", 0, PASAR_OPT_BOOL, FIELD(create_topic), NULL, 0, 0, NULL, NULL,
     "create the topic when it does not exist", NULL, false},
    {"partitions", 0, PASAR_OPT_INT, FIELD(partitions), "4", 1, 10000, NULL, "N",
     "partitions of a topic made by --create-topic", NULL, false},
    {"run-id", 0, PASAR_OPT_STRING, FIELD(run_id), NULL, 0, 0, NULL, "ID",
     "name of this run in the records' headers, of no other run in the topic (default: from the files and the time)",
     NULL, false},
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
    .epilog =
        "A run that was interrupted goes on when the same command is given again in the same directory: rows that are "
        "stored already are not sent twice. The same input sent again after it was sent whole is refused. An input is "
        "known by its bytes, so it is read once before its first row is sent; one that changes meanwhile ends with "
        "65. Standard input and pipes cannot be read again: each start is a new run.\n\n"
        "Exit status: 0 every row acknowledged, 64 usage, 65 bad data, 66 no input, 69 no broker, 73/74 cannot "
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

/* "MIN..MAX". */
static int parse_pause(struct producer_config *config, struct pasar_err *err)
{
    const char *dots = config->pause != NULL ? strstr(config->pause, "..") : NULL;

    if (config->pause == NULL)
        return 0;
    if (dots == NULL || pasar_num_seconds(config->pause, (size_t)(dots - config->pause), &config->pause_min) != 0 ||
        pasar_num_seconds(dots + 2, strlen(dots + 2), &config->pause_max) != 0 ||
        config->pause_min > config->pause_max || config->pause_max > 86400)
        return pasar_err_set(err, PASAR_EUSAGE,
                             "--pause '%s': use MIN..MAX in seconds (0.1..0.5) or with units (10ms..2s), at most a day",
                             config->pause);
    if (config->rate > 0)
        return pasar_err_set(err, PASAR_EUSAGE, "--pause and --rate exclude each other");
    return 0;
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
    if (parse_pause(config, err) != 0)
        return -1;
    if (config->again && config->skip_sent)
        return pasar_err_set(err, PASAR_EUSAGE, "--again and --skip-sent exclude each other");
    config->key_column = config->key != NULL ? pasar_column_find(config->key, strlen(config->key)) : -1;
    if (config->key_column < 0)
        return pasar_err_set(err, PASAR_EUSAGE, "--key '%s' is no column: use one of the 16, for example product_id",
                             config->key != NULL ? config->key : "");
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
