/* Command line, environment and file, by one table: collected from the lowest precedence to the highest, then set. */
#include "pasar/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "options_private.h"
#include "pasar/log.h"

enum {
    CODE_BASE = 256, /* getopt's values for long options: above every letter */
    NEGATED = 0x10000,
};

const struct pasar_option pasar_common_options[] = {
    {"config", 0, PASAR_OPT_STRING, offsetof(struct pasar_common, config), NULL, 0, 0, NULL, "FILE",
     "read options from FILE (`key = value` lines, # comments)", NULL, false},
    {"log-format", 0, PASAR_OPT_CHOICE, offsetof(struct pasar_common, log_format), "auto", 0, 0, "auto|text|json",
     "auto|text|json", "text for people, json for machines; auto is text", NULL, false},
    {"verbose", 'v', PASAR_OPT_BOOL, offsetof(struct pasar_common, verbose), NULL, 0, 0, NULL, NULL,
     "say more (debug messages)", NULL, false},
    {"quiet", 'q', PASAR_OPT_BOOL, offsetof(struct pasar_common, quiet), NULL, 0, 0, NULL, NULL,
     "no progress, only warnings, errors and the summary line", NULL, false},
    {"dump-config", 0, PASAR_OPT_BOOL, offsetof(struct pasar_common, dump_config), NULL, 0, 0, NULL, NULL,
     "print every option's value and where it came from, then exit", NULL, false},
    {PASAR_OPTIONS_HELP, 'h', PASAR_OPT_BOOL, 0, NULL, 0, 0, NULL, NULL, "print this help, then exit", NULL, false},
    {PASAR_OPTIONS_MARKDOWN, 0, PASAR_OPT_BOOL, 0, NULL, 0, 0, NULL, NULL,
     "print the options as a Markdown table, then exit", NULL, false},
    {PASAR_OPTIONS_VERSION, 'V', PASAR_OPT_BOOL, 0, NULL, 0, 0, NULL, NULL, "print the version, then exit", NULL,
     false},
    PASAR_OPTION_END,
};

bool pasar_options_is_answer(const struct pasar_option *option)
{
    return option->name == NULL || strcmp(option->name, PASAR_OPTIONS_HELP) == 0 ||
           strcmp(option->name, PASAR_OPTIONS_MARKDOWN) == 0 || strcmp(option->name, PASAR_OPTIONS_VERSION) == 0;
}

const struct pasar_option *pasar_options_at(const struct pasar_options *options, size_t i)
{
    size_t own = 0;

    while (options->table[own].name != NULL && own < i)
        own++;
    if (options->table[own].name != NULL)
        return &options->table[own];
    for (const struct pasar_option *option = pasar_common_options; !pasar_options_is_answer(option); option++)
        if (own++ == i)
            return option;
    return NULL;
}

const struct pasar_option *pasar_options_find(const struct pasar_options *options, const char *name, size_t len)
{
    const struct pasar_option *option;

    for (size_t i = 0; (option = pasar_options_at(options, i)) != NULL; i++)
        if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
            return option;
    return NULL;
}

size_t pasar_options_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[PASAR_OPTIONS_NAME_MAX + 1];

    if (a_len > PASAR_OPTIONS_NAME_MAX || b_len > PASAR_OPTIONS_NAME_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            size_t dropped = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = changed < dropped ? changed : dropped;
        }
    }
    return row[b_len];
}

const char *pasar_options_suggest(const struct pasar_options *options, const char *name, size_t len)
{
    const struct pasar_option *option;
    const char *best = NULL;
    size_t best_distance = len < 6 ? 3 : 4; /* a suggestion must be nearer than this */

    for (size_t i = 0; (option = pasar_options_at(options, i)) != NULL; i++) {
        size_t d = pasar_options_distance(name, len, option->name, strlen(option->name));
        if (d < best_distance) {
            best_distance = d;
            best = option->name;
        }
    }
    return best;
}

/* ------------------------------------------------------------------ command line */

/* The tables that getopt_long wants, made from ours. */
struct getopt_tables {
    struct option *longs;
    char letters[2 * 128 + 2];
    size_t count;
};

static void add_long(struct getopt_tables *tables, const char *name, bool has_value, int code)
{
    tables->longs[tables->count++] = (struct option){name, has_value ? required_argument : no_argument, NULL, code};
}

static int tables_init(struct getopt_tables *tables, const struct pasar_options *options, char **negated,
                       struct pasar_err *err)
{
    size_t total = 0, letters = 0;
    const struct pasar_option *option;

    while (pasar_options_at(options, total) != NULL)
        total++;
    tables->longs = calloc(2 * total + 4, sizeof *tables->longs);
    *negated = calloc(total + 1, PASAR_OPTIONS_NAME_MAX + 4);
    if (tables->longs == NULL || *negated == NULL)
        return pasar_err_nomem(err, "options");
    tables->count = 0;
    tables->letters[letters++] = ':'; /* a missing argument is ':', not '?' */
    for (size_t i = 0; (option = pasar_options_at(options, i)) != NULL; i++) {
        bool has_value = option->type != PASAR_OPT_BOOL;
        add_long(tables, option->name, has_value, CODE_BASE + (int)i);
        if (!has_value) {
            char *no = *negated + i * (PASAR_OPTIONS_NAME_MAX + 4);
            snprintf(no, PASAR_OPTIONS_NAME_MAX + 4, "no-%s", option->name);
            add_long(tables, no, false, NEGATED + (int)i);
        }
        if (option->letter != 0) {
            tables->letters[letters++] = option->letter;
            if (has_value)
                tables->letters[letters++] = ':';
        }
    }
    add_long(tables, PASAR_OPTIONS_HELP, false, 'h');
    add_long(tables, PASAR_OPTIONS_MARKDOWN, false, 'M');
    add_long(tables, PASAR_OPTIONS_VERSION, false, 'V');
    memcpy(tables->letters + letters, "hV", 3);
    return 0;
}

static const struct pasar_option *by_letter(const struct pasar_options *options, int letter)
{
    const struct pasar_option *option;

    for (size_t i = 0; (option = pasar_options_at(options, i)) != NULL; i++)
        if (option->letter == letter)
            return option;
    return NULL;
}

/*
 * getopt knows no such option, or knows it without a value. It leaves the letter of a short option in optopt, the code
 * of a long one that got a value it does not take, or 0; `word` is the argument in the last two cases.
 */
static int unknown_option(const struct pasar_options *options, const char *word, struct pasar_err *err)
{
    const char *name = strncmp(word, "--", 2) == 0 ? word + 2 : "";
    int len = (int)strcspn(name, "=");

    if (optopt != 0 && optopt < CODE_BASE && name[0] == '\0')
        return pasar_err_set(err, PASAR_EUSAGE, "unknown option -%c (%s --help lists them)", optopt, options->program);
    if (optopt != 0)
        return pasar_err_set(err, PASAR_EUSAGE, "--%.*s takes no value", len, name);
    const char *near = pasar_options_suggest(options, name, (size_t)len);
    if (near != NULL)
        return pasar_err_set(err, PASAR_EUSAGE, "unknown or ambiguous option --%.*s (did you mean --%s?)", len, name,
                             near);
    return pasar_err_set(err, PASAR_EUSAGE, "unknown or ambiguous option --%.*s (%s --help lists them)", len, name,
                         options->program);
}

/* One option that getopt recognised. */
static int add_flag(const struct pasar_options *options, int code, struct pasar_settings *settings,
                    struct pasar_err *err)
{
    const struct pasar_option *option;
    char source[PASAR_OPTIONS_NAME_MAX + 8];
    const char *value = optarg != NULL ? optarg : code >= NEGATED ? "false" : "true";

    if (code < CODE_BASE) {
        option = by_letter(options, code);
        snprintf(source, sizeof source, "-%c", code);
    } else {
        option = pasar_options_at(options, (size_t)(code >= NEGATED ? code - NEGATED : code - CODE_BASE));
        snprintf(source, sizeof source, code >= NEGATED ? "--no-%s" : "--%s", option->name);
    }
    return pasar_settings_add(settings, option, value, strlen(value), source, err);
}

/* Collects the flags; sets *answered to 'h', 'M' (--help-markdown) or 'V' when one was met. */
static int collect_flags(const struct pasar_options *options, int argc, char **argv, struct pasar_settings *settings,
                         int *answered, struct pasar_err *err)
{
    struct getopt_tables tables;
    char *negated;
    int code, rc = tables_init(&tables, options, &negated, err);

    opterr = 0;
    optind = 0; /* GNU: start afresh */
    *answered = 0;
    while (rc == 0 && *answered == 0 && (code = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
        const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
        if (code == 'h' || code == 'M' || code == 'V')
            *answered = code;
        else if (code == ':')
            rc = pasar_err_set(err, PASAR_EUSAGE, "option %s needs a value", word);
        else if (code == '?')
            rc = unknown_option(options, word, err);
        else
            rc = add_flag(options, code, settings, err);
    }
    free(tables.longs);
    free(negated);
    return rc;
}

static int check_operands(const struct pasar_options *options, int count, char **operands, struct pasar_err *err)
{
    if (count < options->min_operands)
        return pasar_err_set(err, PASAR_EUSAGE, "missing argument; usage: %s %s", options->program, options->synopsis);
    if (options->max_operands >= 0 && count > options->max_operands)
        return pasar_err_set(err, PASAR_EUSAGE, "unexpected argument '%s'; usage: %s %s",
                             operands[options->max_operands], options->program, options->synopsis);
    return 0;
}

/* ------------------------------------------------------------------ all together */

static int collect_defaults(const struct pasar_options *options, struct pasar_settings *settings, struct pasar_err *err)
{
    const struct pasar_option *option;

    for (size_t i = 0; (option = pasar_options_at(options, i)) != NULL; i++)
        if (option->value != NULL &&
            pasar_settings_add(settings, option, option->value, strlen(option->value), "default", err) != 0)
            return -1;
    return 0;
}

/* The configuration file as flags, else environment, name it; NULL for none. */
static const char *config_path(const struct pasar_settings *flags, const struct pasar_settings *env)
{
    const struct pasar_settings *sets[] = {flags, env};

    for (size_t s = 0; s < 2; s++)
        for (size_t i = sets[s]->count; i-- > 0;)
            if (strcmp(sets[s]->items[i].option->name, "config") == 0)
                return sets[s]->items[i].text[0] != '\0' ? sets[s]->items[i].text : NULL;
    return NULL;
}

/* Moves all of `from` behind `to`. */
static int append(struct pasar_settings *to, struct pasar_settings *from, struct pasar_err *err)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct pasar_setting *item = &from->items[i];
        if (pasar_settings_add(to, item->option, item->text, strlen(item->text), item->source, err) != 0)
            return -1;
    }
    return 0;
}

static int collect(const struct pasar_options *options, struct pasar_settings *all, struct pasar_settings *env,
                   struct pasar_settings *flags, struct pasar_err *err)
{
    if (collect_defaults(options, all, err) != 0 || pasar_options_read_env(options, env, err) != 0)
        return -1;
    const char *path = config_path(flags, env);
    if (path != NULL && pasar_options_read_file(options, path, all, err) != 0)
        return -1;
    return append(all, env, err) != 0 || append(all, flags, err) != 0 ? -1 : 0;
}

static size_t config_size(const struct pasar_options *options)
{
    static const size_t sizes[] = {
        [PASAR_OPT_STRING] = sizeof(char *),  [PASAR_OPT_BOOL] = sizeof(bool),
        [PASAR_OPT_INT] = sizeof(int64_t),    [PASAR_OPT_DOUBLE] = sizeof(double),
        [PASAR_OPT_BYTES] = sizeof(uint64_t), [PASAR_OPT_SECONDS] = sizeof(double),
        [PASAR_OPT_CHOICE] = sizeof(int),     [PASAR_OPT_LIST] = sizeof(struct pasar_option_list),
    };
    const struct pasar_option *option;
    size_t size = sizeof(struct pasar_common);

    for (size_t i = 0; (option = pasar_options_at(options, i)) != NULL; i++)
        if (option->offset + sizes[option->type] > size)
            size = option->offset + sizes[option->type];
    return size;
}

enum pasar_options_result pasar_options_parse(const struct pasar_options *options, void *config, int argc, char **argv,
                                              char ***operands, int *operand_count, struct pasar_err *err)
{
    struct pasar_settings all = {0}, env = {0}, flags = {0};
    enum pasar_options_result result = PASAR_OPTIONS_ERROR;
    int answered;

    memset(config, 0, config_size(options));
    *operands = NULL;
    *operand_count = 0;
    if (collect_flags(options, argc, argv, &flags, &answered, err) != 0)
        goto out;
    if (answered != 0) {
        if (answered == 'h')
            pasar_options_help(options, stdout);
        else if (answered == 'M')
            pasar_options_markdown(options, stdout);
        else
            printf("%s %s\n", options->program, PASAR_VERSION);
        result = PASAR_OPTIONS_DONE;
        goto out;
    }
    *operands = argv + optind;
    *operand_count = argc - optind;
    if (collect(options, &all, &env, &flags, err) != 0)
        goto out;
    for (size_t i = 0; i < all.count; i++)
        if (pasar_options_set(config, &all.items[i], err) != 0)
            goto out;
    pasar_options_check_env(options, config);
    if (((struct pasar_common *)config)->dump_config) {
        pasar_options_dump(options, &all, stdout);
        result = PASAR_OPTIONS_DONE;
        goto out;
    }
    if (check_operands(options, *operand_count, *operands, err) != 0)
        goto out;
    result = PASAR_OPTIONS_RUN;
out:
    pasar_settings_fini(&all);
    pasar_settings_fini(&env);
    pasar_settings_fini(&flags);
    return result;
}

void pasar_options_start_log(const struct pasar_options *options, const struct pasar_common *common)
{
    enum pasar_log_level level = common->verbose ? PASAR_LOG_DEBUG : common->quiet ? PASAR_LOG_WARN : PASAR_LOG_INFO;
    int json = pasar_options_choice("auto|text|json", "json");

    pasar_log_init(options->program, level, common->log_format == json ? PASAR_LOG_JSON : PASAR_LOG_TEXT);
}
