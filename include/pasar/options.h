/*
 * One table describes every option of a program; parsing of command line, environment and configuration file, --help,
 * --dump-config and the README's tables all come from it. Precedence: flag > environment > file > default.
 */
#ifndef PASAR_OPTIONS_H
#define PASAR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

enum pasar_option_type {
    PASAR_OPT_STRING,  /* char * (owned by the config struct, NULL if unset or set to the empty string) */
    PASAR_OPT_BOOL,    /* bool; flag without value, --no-NAME negates; in env/file: true/false, yes/no, on/off, 1/0 */
    PASAR_OPT_INT,     /* int64_t, min..max */
    PASAR_OPT_DOUBLE,  /* double, min..max */
    PASAR_OPT_BYTES,   /* uint64_t, pasar_num_bytes, min..max */
    PASAR_OPT_SECONDS, /* double, pasar_num_seconds, min..max */
    PASAR_OPT_CHOICE,  /* int: index into `choices` */
    PASAR_OPT_LIST,    /* struct pasar_option_list: each use adds, lower precedence first; in env a value a line */
};

struct pasar_option_list {
    char **values;
    char **sources; /* where each value came from, as errors name it: "-X", "PASAR_KAFKA_LINGER_MS", "pasar.conf:3" */
    size_t count;
};

struct pasar_option {
    const char *name; /* long name, "batch-records"; environment PASAR_BATCH_RECORDS; file key batch-records */
    char letter;      /* short option, or 0 */
    enum pasar_option_type type;
    size_t offset;       /* offsetof the field in the program's config struct */
    const char *value;   /* default as the user would write it; NULL = unset (0, false, NULL) */
    double min, max;     /* inclusive, for the numeric types; both 0 = any */
    const char *choices; /* CHOICE: "skip|stop|dlq" */
    const char *metavar; /* "N", "DIR"; shown in --help */
    const char *help;    /* one sentence, no full stop at the end; the default is added by --help */
    /* A further environment variable (KAFKA_BOOTSTRAP_SERVERS), after PASAR_<NAME>; one that begins with PASAR_ is the
     * only one: PASAR_<NAME> means something else to another program of the same environment. Or NULL. */
    const char *env;
    bool secret; /* masked in --dump-config; a value "@FILE" is read from that file */
};

/* clang-format off */
#define PASAR_OPTION_END {NULL, 0, PASAR_OPT_STRING, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, false}
/* clang-format on */

struct pasar_options {
    const char *program;              /* "pasar-producer" */
    const char *synopsis;             /* "[options] CSV..." */
    const char *about;                /* one paragraph for --help */
    const char *epilog;               /* examples and exit codes at the end of --help; may be NULL */
    const struct pasar_option *table; /* the program's options, closed by PASAR_OPTION_END */
    int min_operands, max_operands;   /* how many non-option arguments; max -1 = any */
};

/* Fields that every program has; put it first in the program's config struct as `struct pasar_common common`. */
struct pasar_common {
    char *config;     /* --config FILE: `key = value` lines, # comments; an unknown key is an error with file:line */
    int log_format;   /* --log-format auto|text|json; auto = text */
    bool verbose;     /* -v: debug messages */
    bool quiet;       /* -q: no progress, only warnings and errors (and the summary line) */
    bool dump_config; /* --dump-config */
};

/* Kafka's common options; programs that speak to a broker place it as `struct pasar_kafka_config kafka`. */
struct pasar_kafka_config {
    char *brokers; /* -b, --brokers; env KAFKA_BOOTSTRAP_SERVERS */
    char *topic;   /* -t, --topic */
    /* -X key=value, env PASAR_KAFKA_<KEY>, file kafka.<key> = value; "@FILE" is read by pasar_kafka_conf */
    struct pasar_option_list properties;
};

/*
 * A configuration file: `key = value` lines, keys as the long options; a # at the start of the line or after a blank
 * opens a comment; a value with blanks at its ends or a " #" goes into double quotes, with \" and \\. --dump-config
 * prints this form. A file belongs to one program: a key of another one is unknown (the environment is shared).
 */

/* Rows for the tables of programs. (Their `offset`s assume the fields' names above.) */
/* clang-format off */
#define PASAR_KAFKA_OPTIONS(config_type)                                                                               \
    {"brokers", 'b', PASAR_OPT_STRING, offsetof(config_type, kafka.brokers), "localhost:9092", 0, 0, NULL,             \
     "HOST:PORT[,...]", "Kafka bootstrap servers", "KAFKA_BOOTSTRAP_SERVERS", false},                                  \
        {"topic", 't', PASAR_OPT_STRING, offsetof(config_type, kafka.topic), "amazon_sales_topic", 0, 0, NULL,         \
         "TOPIC", "topic", NULL, false},                                                                               \
        {"property", 'X', PASAR_OPT_LIST, offsetof(config_type, kafka.properties), NULL, 0, 0, NULL, "KEY=VALUE",      \
         "any librdkafka property; KEY=@FILE reads the value from a file", NULL, true}
/* clang-format on */

enum pasar_options_result {
    PASAR_OPTIONS_RUN,  /* go on */
    PASAR_OPTIONS_DONE, /* --help, --version, --dump-config… was answered on stdout: exit 0 */
    PASAR_OPTIONS_ERROR /* err is set, code PASAR_EUSAGE (unreadable file: PASAR_ENOINPUT) */
};

/*
 * Fills `config` (zeroed here; its first member is struct pasar_common) from defaults, file, environment and argv.
 * *operands and *operand_count are the non-option arguments (pointers into argv). The common options (--config,
 * --log-format, -v, -q, --dump-config, --help, --help-markdown, --version) are added to the table. Environment
 * variables that belong to no option are ignored, since the four programs may share one environment; so are empty ones.
 * Of one that looks like a misspelt option of this program the log warns.
 * Free with pasar_options_free in every case.
 */
enum pasar_options_result pasar_options_parse(const struct pasar_options *options, void *config, int argc, char **argv,
                                              char ***operands, int *operand_count, struct pasar_err *err);

/* Frees the strings and lists inside `config`. */
void pasar_options_free(const struct pasar_options *options, void *config);

/* Starts the log as the common options say (JSON or text; -v debug, -q warnings). */
void pasar_options_start_log(const struct pasar_options *options, const struct pasar_common *common);

#endif
