/* Options: precedence, strictness, what people read. Each parse runs on a table with every type in it. */
#include "scratch.h"

#include "pasar/log.h"
#include "pasar/options.h"

struct config {
    struct pasar_common common;
    struct pasar_kafka_config kafka;
    int64_t batch_records;
    uint64_t batch_bytes;
    double batch_seconds, share;
    int on_error;
    bool verify;
    char *output, *password;
    struct pasar_option_list tags;
};

static const struct pasar_option table[] = {
    PASAR_KAFKA_OPTIONS(struct config),
    {"batch-records", 'n', PASAR_OPT_INT, offsetof(struct config, batch_records), "1000", 1, 1e6, NULL, "N",
     "close a batch after N records", NULL, false},
    {"batch-bytes", 0, PASAR_OPT_BYTES, offsetof(struct config, batch_bytes), "16MiB", 1024, 1e12, NULL, "SIZE",
     "close a batch after SIZE of CSV, which is a help text so long that it must be broken into several lines", NULL,
     false},
    {"batch-seconds", 0, PASAR_OPT_SECONDS, offsetof(struct config, batch_seconds), "5", 0.001, 86400, NULL, "S",
     "close a batch S after its first row", NULL, false},
    {"share", 0, PASAR_OPT_DOUBLE, offsetof(struct config, share), "0.5", 0, 1, NULL, "X", "a share", NULL, false},
    {"on-error", 0, PASAR_OPT_CHOICE, offsetof(struct config, on_error), "skip", 0, 0, "skip|stop|dlq", "WHAT",
     "what to do with a bad row", NULL, false},
    {"verify", 0, PASAR_OPT_BOOL, offsetof(struct config, verify), NULL, 0, 0, NULL, NULL, "verify", NULL, false},
    {"output", 'o', PASAR_OPT_STRING, offsetof(struct config, output), "data/batches", 0, 0, NULL, "DIR", "directory",
     NULL, false},
    {"password", 0, PASAR_OPT_STRING, offsetof(struct config, password), NULL, 0, 0, NULL, "TEXT", "a secret", NULL,
     true},
    {"tag", 0, PASAR_OPT_LIST, offsetof(struct config, tags), NULL, 0, 0, NULL, "TEXT", "a tag", NULL, false},
    PASAR_OPTION_END,
};

static const struct pasar_options options = {
    "pasar-test", "[options] CSV...", "Tests options.", "Examples:\n  pasar-test a.csv", table, 0, 1,
};

/* One parse: the words are split at blanks. */
struct run {
    struct config config;
    struct pasar_err err;
    char **operands;
    int operand_count;
    enum pasar_options_result result;
    char *argv[32];
    char words[1000];
    const struct pasar_options *options;
};

static void parse_run(void *ctx)
{
    struct run *run = ctx;
    int argc = 0;
    char *rest = run->words, *word;

    run->argv[argc++] = (char *)(uintptr_t) "pasar-test";
    while ((word = strsep(&rest, " ")) != NULL)
        if (*word != '\0')
            run->argv[argc++] = word;
    run->argv[argc] = NULL;
    memset(&run->config, 0x5A, sizeof run->config); /* parse must clear it */
    run->result = pasar_options_parse(run->options, &run->config, argc, run->argv, &run->operands, &run->operand_count,
                                      &run->err);
}

static void parse(struct run *run, const char *words)
{
    memset(run, 0, sizeof *run);
    run->options = &options;
    snprintf(run->words, sizeof run->words, "%s", words);
    parse_run(run);
}

static void done(struct run *run)
{
    pasar_options_free(run->options, &run->config);
}

static void assert_refused(const char *words, const char *message)
{
    struct run run;

    parse(&run, words);
    assert_int_equal(run.result, PASAR_OPTIONS_ERROR);
    assert_int_equal(run.err.code, PASAR_EUSAGE);
    assert_string_equal(run.err.msg, message);
    done(&run);
}

/* The text that `words` print on stdout. */
static char *output_of(const char *words)
{
    struct run run = {.options = &options};

    snprintf(run.words, sizeof run.words, "%s", words);
    char *text = scratch_capture(1, parse_run, &run);
    assert_int_equal(run.result, PASAR_OPTIONS_DONE);
    done(&run);
    return text;
}

static int clear_environment(void **state)
{
    static const char *const names[] = {"PASAR_BATCH_RECORDS", "PASAR_BROKERS",       "KAFKA_BOOTSTRAP_SERVERS",
                                        "PASAR_CONFIG",        "PASAR_VERIFY",        "PASAR_KAFKA_SASL_PASSWORD",
                                        "PASAR_TAG",           "PASAR_UNKNOWN_THING", "PASAR_KAFKA_LINGER_MS",
                                        "PASAR_PASSWORD",      "PASAR_PROPERTY"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    return 0;
}

static void test_options__defaults_fill_the_config(void **state)
{
    struct run run;

    (void)state;
    parse(&run, "");
    assert_int_equal(run.result, PASAR_OPTIONS_RUN);
    assert_string_equal(run.config.kafka.brokers, "localhost:9092");
    assert_string_equal(run.config.kafka.topic, "amazon_sales_topic");
    assert_int_equal(run.config.kafka.properties.count, 0);
    assert_int_equal(run.config.batch_records, 1000);
    assert_int_equal(run.config.batch_bytes, 16 * 1024 * 1024);
    assert_true(run.config.batch_seconds == 5 && run.config.share == 0.5);
    assert_int_equal(run.config.on_error, 0);
    assert_false(run.config.verify);
    assert_string_equal(run.config.output, "data/batches");
    assert_null(run.config.password);
    assert_false(run.config.common.verbose);
    assert_int_equal(run.operand_count, 0);
    done(&run);
}

static void test_options__flags_in_all_their_forms(void **state)
{
    struct run run;

    (void)state;
    parse(&run, "-n5 --batch-bytes=64k a.csv --batch-seconds 200ms -vq --on-error dlq --verify -b h:1 --tag x --tag y "
                "--share 0 -X a.b=c -Xd=e=f");
    assert_int_equal(run.result, PASAR_OPTIONS_RUN);
    assert_int_equal(run.config.batch_records, 5);
    assert_int_equal(run.config.batch_bytes, 64000);
    assert_true(run.config.batch_seconds == 0.2 && run.config.share == 0);
    assert_true(run.config.common.verbose && run.config.common.quiet && run.config.verify);
    assert_int_equal(run.config.on_error, 2);
    assert_string_equal(run.config.kafka.brokers, "h:1");
    assert_int_equal(run.config.tags.count, 2);
    assert_string_equal(run.config.tags.values[1], "y");
    assert_int_equal(run.config.kafka.properties.count, 2);
    assert_string_equal(run.config.kafka.properties.values[1], "d=e=f");
    assert_int_equal(run.operand_count, 1);
    assert_string_equal(run.operands[0], "a.csv");
    done(&run);
    parse(&run, "--verify --no-verify -- --verify");
    assert_false(run.config.verify);
    assert_string_equal(run.operands[0], "--verify");
    done(&run);
    parse(&run, "--output="); /* empty is unset */
    assert_null(run.config.output);
    done(&run);
}

static void test_options__flag_beats_environment_beats_file_beats_default(void **state)
{
    char *dir = scratch_new(), words[700];
    struct run run;

    (void)state;
    scratch_write_text(scratch_path(dir, "pasar.conf"), "batch-records = 10\n");
    snprintf(words, sizeof words, "--config %s/pasar.conf", dir);
    parse(&run, words);
    assert_int_equal(run.config.batch_records, 10);
    done(&run);
    setenv("PASAR_BATCH_RECORDS", "20", 1);
    parse(&run, words);
    assert_int_equal(run.config.batch_records, 20);
    done(&run);
    snprintf(words, sizeof words, "-n 30 --config %s/pasar.conf", dir);
    parse(&run, words);
    assert_int_equal(run.config.batch_records, 30);
    done(&run);
    setenv("PASAR_BATCH_RECORDS", "", 1); /* empty is none */
    setenv("PASAR_CONFIG", scratch_path(dir, "pasar.conf"), 1);
    parse(&run, "");
    assert_int_equal(run.config.batch_records, 10);
    done(&run);
    scratch_remove(dir);
}

static void test_options__environment_speaks_for_every_option(void **state)
{
    struct run run;

    (void)state;
    setenv("KAFKA_BOOTSTRAP_SERVERS", "a:1", 1);
    setenv("PASAR_VERIFY", "Yes", 1);
    setenv("PASAR_TAG", "one\ntwo words\n", 1);
    setenv("PASAR_UNKNOWN_THING", "x", 1); /* perhaps another program's */
    setenv("PASAR_KAFKA_SASL_PASSWORD", "pw=1", 1);
    parse(&run, "--tag three");
    assert_int_equal(run.result, PASAR_OPTIONS_RUN);
    assert_string_equal(run.config.kafka.brokers, "a:1");
    assert_true(run.config.verify);
    assert_int_equal(run.config.tags.count, 3);
    assert_string_equal(run.config.tags.values[1], "two words");
    assert_string_equal(run.config.tags.values[2], "three");
    assert_string_equal(run.config.kafka.properties.values[0], "sasl.password=pw=1");
    assert_string_equal(run.config.kafka.properties.sources[0], "PASAR_KAFKA_SASL_PASSWORD");
    done(&run);
    setenv("PASAR_BROKERS", "b:2", 1); /* ours before the general one */
    parse(&run, "");
    assert_string_equal(run.config.kafka.brokers, "b:2");
    done(&run);
    setenv("PASAR_BATCH_RECORDS", "many", 1);
    assert_refused("", "PASAR_BATCH_RECORDS: bad value 'many': must be a whole number");
}

static void test_options__a_name_of_another_meaning_elsewhere_has_its_own_variable(void **state)
{
    static const struct pasar_option own[] = {
        {"batch-records", 0, PASAR_OPT_INT, offsetof(struct config, batch_records), "1000", 1, 1e6, NULL, "N", "help",
         "PASAR_MY_RECORDS", false},
        PASAR_OPTION_END,
    };
    struct pasar_options other = options;
    struct run run = {.options = &other};

    (void)state;
    other.table = own;
    setenv("PASAR_BATCH_RECORDS", "many", 1);
    setenv("PASAR_MY_RECORDS", "7", 1);
    parse_run(&run);
    assert_int_equal(run.result, PASAR_OPTIONS_RUN);
    assert_int_equal(run.config.batch_records, 7);
    done(&run);
    unsetenv("PASAR_MY_RECORDS");
    memset(&run, 0, sizeof run);
    run.options = &other;
    snprintf(run.words, sizeof run.words, "--help-markdown");
    char *text = scratch_capture(1, parse_run, &run);
    assert_non_null(strstr(text, "| `PASAR_MY_RECORDS` |"));
    done(&run);
    free(text);
}

static void test_options__file_takes_comments_quotes_and_kafka_properties(void **state)
{
    char *dir = scratch_new(), words[700];
    struct run run;

    (void)state;
    scratch_write_text(scratch_path(dir, "c"), "\xEF\xBB\xBF# a comment\r\n\n  batch-records=7  # why\r\n"
                                               "output = \"a # \\\"b\\\" \\\\ c \" # quoted\n"
                                               "\tkafka.linger.ms = 5\nverify = on\nkafka.x=a=b#c\ntag =");
    snprintf(words, sizeof words, "--config %s/c -X linger.ms=9", dir);
    parse(&run, words);
    assert_string_equal(run.err.msg, "");
    assert_int_equal(run.result, PASAR_OPTIONS_RUN);
    assert_int_equal(run.config.batch_records, 7);
    assert_string_equal(run.config.output, "a # \"b\" \\ c ");
    assert_true(run.config.verify);
    assert_int_equal(run.config.kafka.properties.count, 3); /* file first, so that the flag wins */
    assert_string_equal(run.config.kafka.properties.values[0], "linger.ms=5");
    assert_string_equal(run.config.kafka.properties.values[1], "x=a=b#c");
    assert_string_equal(run.config.kafka.properties.values[2], "linger.ms=9");
    done(&run);
    scratch_remove(dir);
}

static void test_options__a_bad_file_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"\n\nbatch-record = 3", "%s:3: unknown key 'batch-record' (did you mean 'batch-records'?)"},
        {"nothing-like-it = 3", "%s:1: unknown key 'nothing-like-it' (pasar-test --help lists them)"},
        {"batch-records", "%s:1: not of the form key = value"},
        {"batch-records = ", "%s:1: bad value '': must be a whole number"},
        {"batch-records = 0", "%s:1: bad value '0': must be 1 to 1000000"},
        {"output = \"open", "%s:1: bad quotes in the value of 'output'"},
        {"output = \"a\" b", "%s:1: bad quotes in the value of 'output'"},
        {"config = other", "%s:1: 'config' cannot stand in a configuration file"},
        {"kafka. = x", "%s:1: unknown key 'kafka.' (pasar-test --help lists them)"},
        {"verify = perhaps", "%s:1: bad value 'perhaps': must be true, yes, on, 1 or false, no, off, 0"},
    };
    char *dir = scratch_new(), words[700], message[900];
    const char *path = scratch_path(dir, "pasar.conf");

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++) {
        scratch_write_text(path, cases[i].text);
        snprintf(words, sizeof words, "--config %s", path);
        char *end = strstr(cases[i].message, "%s") + 2;
        snprintf(message, sizeof message, "%s%s", path, end);
        assert_refused(words, message);
    }
    scratch_write(path, "a\0b", 3);
    snprintf(message, sizeof message, "the configuration file: %s is no text of at most 1048576 bytes", path);
    assert_refused(words, message);
    struct run run;
    parse(&run, "--config /nowhere/pasar.conf");
    assert_int_equal(run.result, PASAR_OPTIONS_ERROR);
    assert_int_equal(run.err.code, PASAR_ENOINPUT);
    assert_non_null(strstr(run.err.msg, "/nowhere/pasar.conf"));
    done(&run);
    scratch_remove(dir);
}

static void test_options__bad_flags_are_named_with_the_nearest_name(void **state)
{
    (void)state;
    assert_refused("--batch-recrods 3", "unknown or ambiguous option --batch-recrods (did you mean --batch-records?)");
    assert_refused("--xyzzy=1", "unknown or ambiguous option --xyzzy (pasar-test --help lists them)");
    assert_refused("--batch", "unknown or ambiguous option --batch (pasar-test --help lists them)");
    assert_refused("--no-output", "unknown or ambiguous option --no-output (did you mean --output?)");
    assert_refused("-z", "unknown option -z (pasar-test --help lists them)");
    assert_refused("-vzq", "unknown option -z (pasar-test --help lists them)");
    assert_refused("--verify=3", "--verify takes no value");
    assert_refused("--help=3", "--help takes no value");
    assert_refused("-n", "option -n needs a value");
    assert_refused("--batch-records", "option --batch-records needs a value");
    assert_refused("a b", "unexpected argument 'b'; usage: pasar-test [options] CSV...");
    assert_refused("-X novalue", "-X: needs KEY=VALUE");
    assert_refused("-X =x", "-X: needs KEY=VALUE");
}

static void test_options__values_are_strict_and_in_range(void **state)
{
    (void)state;
    assert_refused("-n 0", "-n: bad value '0': must be 1 to 1000000");
    assert_refused("-n -5", "-n: bad value '-5': must be 1 to 1000000");
    assert_refused("-n 1e3", "-n: bad value '1e3': must be a whole number");
    assert_refused("-n 9223372036854775808", "-n: bad value '9223372036854775808': must be a whole number");
    assert_refused("--batch-records 1000001", "--batch-records: bad value '1000001': must be 1 to 1000000");
    assert_refused("--batch-bytes 1", "--batch-bytes: bad value '1': must be 1024 to 1000000000000");
    assert_refused("--batch-bytes 1x", "--batch-bytes: bad value '1x': must be a size like 500000, 64k, 1M or 1MiB");
    assert_refused("--batch-seconds 0", "--batch-seconds: bad value '0': must be 0.001 to 86400");
    assert_refused("--batch-seconds x",
                   "--batch-seconds: bad value 'x': must be a time like 30, 1.5s, 200ms, 2m or 1h");
    assert_refused("--share 1.01", "--share: bad value '1.01': must be 0 to 1");
    assert_refused("--share nan", "--share: bad value 'nan': must be a number");
    assert_refused("--on-error s", "--on-error: bad value 's': must be one of skip|stop|dlq");
    assert_refused("--on-error skip|stop", "--on-error: bad value 'skip|stop': must be one of skip|stop|dlq");
}

static void test_options__secrets_come_from_files_and_are_not_shown(void **state)
{
    char *dir = scratch_new(), words[700];
    struct run run;

    (void)state;
    scratch_write_text(scratch_path(dir, "pw"), "hush hush\r\n");
    snprintf(words, sizeof words, "--password @%s/pw", dir);
    parse(&run, words);
    assert_string_equal(run.config.password, "hush hush");
    done(&run);
    setenv("PASAR_KAFKA_SASL_PASSWORD", "hush", 1);
    char *text = output_of("--dump-config --password hush -X ssl.key.pem=hush -X ssl.key.password=hush "
                           "-X sasl.oauthbearer.client.secret=hush -X sasl.jaas.config=hush -X client.id=me");
    assert_null(strstr(text, "hush"));
    assert_non_null(strstr(text, "kafka.sasl.password = ********"));
    assert_non_null(strstr(text, "kafka.client.id = me"));
    free(text);
    text = output_of("--dump-config -X sasl.password=@/run/secret"); /* where it is, is no secret */
    assert_non_null(strstr(text, "kafka.sasl.password = @/run/secret"));
    free(text);
    parse(&run, "--password @/nowhere/pw");
    assert_int_equal(run.err.code, PASAR_ENOINPUT);
    assert_string_equal(run.err.msg, "--password: read /nowhere/pw: No such file or directory");
    done(&run);
    scratch_remove(dir);
}

static void test_options__dump_says_where_each_value_came_from(void **state)
{
    char *dir = scratch_new(), words[700], line[700];

    (void)state;
    scratch_write_text(scratch_path(dir, "c"), "# x\nbatch-bytes = 2M\n");
    setenv("PASAR_VERIFY", "1", 1);
    snprintf(words, sizeof words, "--config %s/c -n 3 --dump-config", dir);
    char *text = output_of(words);
    assert_non_null(strstr(text, "batch-records = 3                                # command line (-n)\n"));
    assert_non_null(strstr(text, "verify = 1                                       # environment (PASAR_VERIFY)\n"));
    assert_non_null(strstr(text, "share = 0.5                                      # default\n"));
    assert_non_null(strstr(text, "password =                                       # default\n"));
    snprintf(line, sizeof line, "batch-bytes = 2M                                 # %s/c:2\n", dir);
    assert_non_null(strstr(text, line));
    free(text);
    scratch_remove(dir);
}

static void test_options__a_dump_is_a_configuration_file(void **state)
{
    char *dir = scratch_new(), words[700];
    struct run first = {.options = &options}, run;

    (void)state;
    /* Words with blanks, so not through parse(). */
    char *argv[] = {(char *)(uintptr_t) "pasar-test",
                    (char *)(uintptr_t) "--output",
                    (char *)(uintptr_t) " a # \"b\\\" ",
                    (char *)(uintptr_t) "-n",
                    (char *)(uintptr_t) "77",
                    (char *)(uintptr_t) "-X",
                    (char *)(uintptr_t) "client.id=#me # too",
                    (char *)(uintptr_t) "--dump-config",
                    NULL};
    FILE *saved = stdout;
    stdout = fopen(scratch_path(dir, "c"), "w");
    first.result =
        pasar_options_parse(&options, &first.config, 8, argv, &first.operands, &first.operand_count, &first.err);
    fclose(stdout);
    stdout = saved;
    assert_int_equal(first.result, PASAR_OPTIONS_DONE);
    snprintf(words, sizeof words, "--config %s/c", dir);
    parse(&run, words);
    assert_string_equal(run.err.msg, "");
    assert_string_equal(run.config.output, " a # \"b\\\" ");
    assert_int_equal(run.config.batch_records, 77);
    assert_string_equal(run.config.kafka.properties.values[0], "client.id=#me # too");
    assert_string_equal(run.config.kafka.brokers, "localhost:9092");
    done(&run);
    done(&first);
    scratch_remove(dir);
}

static void test_options__help_shows_everything_within_100_columns(void **state)
{
    char *text = output_of("--help"), *rest = text, *line;

    (void)state;
    static const char *const needles[] = {"Usage: pasar-test [options] CSV...",
                                          "-n, --batch-records N",
                                          "[default: 1000; range: 1 to 1000000; env: PASAR_BATCH_RECORDS]",
                                          "one of: skip|stop|dlq",
                                          "KAFKA_BOOTSTRAP_SERVERS",
                                          "PASAR_KAFKA_<KEY>",
                                          "--dump-config",
                                          "only warnings, errors and the summary line",
                                          "-V, --version",
                                          "  pasar-test a.csv"};
    char *flat = strdup(text);
    for (char *c = flat, *to = flat;; c++) { /* line breaks and runs of blanks as one blank */
        if ((*c == '\n' || *c == ' ') && to > flat && to[-1] == ' ')
            continue;
        *to++ = *c == '\n' ? ' ' : *c;
        if (*c == '\0')
            break;
    }
    for (size_t i = 0; i < PASAR_ARRAY_LEN(needles); i++)
        if (strstr(flat, needles[i]) == NULL && strstr(text, needles[i]) == NULL)
            fail_msg("not in the help: %s", needles[i]);
    while ((line = strsep(&rest, "\n")) != NULL)
        assert_in_range(strlen(line), 0, 100);
    free(flat);
    free(text);
    text = output_of("-V");
    assert_string_equal(text, "pasar-test " PASAR_VERSION "\n");
    free(text);
}

static void test_options__operands_are_counted(void **state)
{
    static struct pasar_options one;
    struct run run = {.options = &one};

    (void)state;
    one = options;
    one.min_operands = 1;
    parse_run(&run);
    assert_int_equal(run.result, PASAR_OPTIONS_ERROR);
    assert_string_equal(run.err.msg, "missing argument; usage: pasar-test [options] CSV...");
    done(&run);
    memset(&run, 0, sizeof run);
    run.options = &one;
    one.max_operands = -1;
    snprintf(run.words, sizeof run.words, "a b c d");
    parse_run(&run);
    assert_int_equal(run.result, PASAR_OPTIONS_RUN);
    assert_int_equal(run.operand_count, 4);
    done(&run);
}

static void test_options__markdown_has_a_row_for_each_option(void **state)
{
    char *text = output_of("--help-markdown");

    (void)state;
    int rows = 0;
    for (const char *c = text; *c != '\0'; c++)
        rows += *c == '\n';
    assert_int_equal(rows, 2 + (int)PASAR_ARRAY_LEN(table) - 1 + 3 + 2 + 8);
    assert_non_null(strstr(text, "\n\nCommon options:\n\n| option |"));
    assert_non_null(strstr(text, "| `--config FILE` |  | `PASAR_CONFIG` | read options from FILE"));
    assert_non_null(strstr(text, "| `-V`, `--version` |  |  | print the version, then exit |\n"));
    assert_non_null(strstr(text, "| `-n`, `--batch-records N` | `1000` | `PASAR_BATCH_RECORDS` | close a batch after N "
                                 "records (1 to 1000000) |\n"));
    assert_non_null(strstr(text, "`PASAR_PROPERTY`, `PASAR_KAFKA_<KEY>` |"));
    free(text);
}

static void test_options__the_log_starts_as_asked(void **state)
{
    struct run run;

    (void)state;
    parse(&run, "-v --log-format json");
    pasar_options_start_log(&options, &run.config.common);
    assert_true(pasar_log_is_enabled(PASAR_LOG_DEBUG));
    assert_int_equal(pasar_log_format(), PASAR_LOG_JSON);
    done(&run);
    parse(&run, "-q");
    pasar_options_start_log(&options, &run.config.common);
    assert_true(pasar_log_is_enabled(PASAR_LOG_WARN) && !pasar_log_is_enabled(PASAR_LOG_INFO));
    assert_int_equal(pasar_log_format(), PASAR_LOG_TEXT);
    done(&run);
}

#define TEST(name) cmocka_unit_test_setup(name, clear_environment)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_options__defaults_fill_the_config),
        TEST(test_options__flags_in_all_their_forms),
        TEST(test_options__flag_beats_environment_beats_file_beats_default),
        TEST(test_options__environment_speaks_for_every_option),
        TEST(test_options__a_name_of_another_meaning_elsewhere_has_its_own_variable),
        TEST(test_options__file_takes_comments_quotes_and_kafka_properties),
        TEST(test_options__a_bad_file_is_named_with_its_line),
        TEST(test_options__bad_flags_are_named_with_the_nearest_name),
        TEST(test_options__values_are_strict_and_in_range),
        TEST(test_options__secrets_come_from_files_and_are_not_shown),
        TEST(test_options__dump_says_where_each_value_came_from),
        TEST(test_options__a_dump_is_a_configuration_file),
        TEST(test_options__help_shows_everything_within_100_columns),
        TEST(test_options__operands_are_counted),
        TEST(test_options__markdown_has_a_row_for_each_option),
        TEST(test_options__the_log_starts_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
