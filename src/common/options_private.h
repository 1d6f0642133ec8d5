/* What options.c, options_env.c, options_value.c, options_file.c and options_text.c share. Private to src/common. */
#ifndef PASAR_OPTIONS_PRIVATE_H
#define PASAR_OPTIONS_PRIVATE_H

#include "pasar/buf.h"
#include "pasar/options.h"

/* The option through which librdkafka properties come: kafka.<key> in files, PASAR_KAFKA_<KEY> in the environment. */
#define PASAR_OPTIONS_PROPERTY "property"

enum { PASAR_OPTIONS_NAME_MAX = 64 }; /* an option's name is no longer */

/* One value as somebody wrote it. */
struct pasar_setting {
    const struct pasar_option *option;
    char *text;   /* owned */
    char *source; /* "pasar.conf:3", "PASAR_TOPIC", "--topic", "default"; owned */
};

/* Settings from the lowest precedence to the highest: a later one wins (or adds, for lists). */
struct pasar_settings {
    struct pasar_setting *items;
    size_t count, cap;
};

int pasar_settings_add(struct pasar_settings *settings, const struct pasar_option *option, const char *text, size_t len,
                       const char *source, struct pasar_err *err) PASAR_MUSTCHECK;
void pasar_settings_fini(struct pasar_settings *settings);

/* The options of every program; closed by PASAR_OPTION_END. */
extern const struct pasar_option pasar_common_options[];

/* --help, --help-markdown and --version: flags without a field of their own. */
#define PASAR_OPTIONS_HELP     "help"
#define PASAR_OPTIONS_MARKDOWN "help-markdown"
#define PASAR_OPTIONS_VERSION  "version"

/* True for these three: answers of the program rather than settings. Also past the end of the table. */
bool pasar_options_is_answer(const struct pasar_option *option);

/* The option called `name` in the program's table or the common one, or NULL. */
const struct pasar_option *pasar_options_find(const struct pasar_options *options, const char *name, size_t len);

/* Levenshtein distance; names longer than PASAR_OPTIONS_NAME_MAX are far from everything. */
size_t pasar_options_distance(const char *a, size_t a_len, const char *b, size_t b_len);

/* The name nearest to a mistyped one, or NULL when none is near. */
const char *pasar_options_suggest(const struct pasar_options *options, const char *name, size_t len);

/* The i-th option: the program's first, then the common ones; NULL past the end. */
const struct pasar_option *pasar_options_at(const struct pasar_options *options, size_t i);

/* "PASAR_BATCH_RECORDS" for batch-records, unless the option has its own PASAR_ name. */
void pasar_options_env_name(const struct pasar_option *option, char *text, size_t size);

/* The variable that counts when that one is not set, or NULL. */
const char *pasar_options_env_further(const struct pasar_option *option);

/* Reads the program's variables, PASAR_KAFKA_… included, into settings. */
int pasar_options_read_env(const struct pasar_options *options, struct pasar_settings *settings,
                           struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Warns, in the log that `common` describes, of PASAR_ variables that look like a misspelt option of this program.
 * Those of other programs and of the scripts are none of its business.
 */
void pasar_options_check_env(const struct pasar_options *options, const struct pasar_common *common);

/* Puts one value into its field; an error names the source. */
int pasar_options_set(void *config, const struct pasar_setting *setting, struct pasar_err *err) PASAR_MUSTCHECK;

/* Reads `path` into settings. */
int pasar_options_read_file(const struct pasar_options *options, const char *path, struct pasar_settings *settings,
                            struct pasar_err *err) PASAR_MUSTCHECK;

/* The range as people read it, "1 to 1000" ("" when there is none), and the name of the value. */
void pasar_options_range(const struct pasar_option *option, char *text, size_t size);

/* The index of `text` among "a|b|c", or -1. */
int pasar_options_choice(const char *choices, const char *text);

void pasar_options_help(const struct pasar_options *options, FILE *out);

/* The program's own options as a Markdown table, then, behind a line "Common options:", those of every program. */
void pasar_options_markdown(const struct pasar_options *options, FILE *out);

/* Each option's value and source; secrets masked. */
void pasar_options_dump(const struct pasar_options *options, const struct pasar_settings *settings, FILE *out);

#endif
