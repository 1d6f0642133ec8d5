/* What the option table looks like to people: --help, --dump-config, the README's Markdown. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "options_private.h"
#include "pasar/num.h"

enum { WIDTH = 100, HELP_COLUMN = 34 };

/*
 * Prints `text` in lines of at most WIDTH columns, each indented; the first starts at `column`. Newlines and the blanks
 * after them are kept.
 */
static void print_wrapped(FILE *out, const char *text, size_t column, size_t indent)
{
    bool line_start = true;

    for (;;) {
        size_t blanks = strspn(text, " ");
        size_t word = strcspn(text + blanks, " \n");
        size_t gap = 1;

        if (word > 0 && !line_start && column + gap + word > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            gap = 0;
        }
        if (word > 0) {
            if (line_start)
                gap = blanks; /* an indented line stays one */
            fprintf(out, "%*s%.*s", (int)gap, "", (int)word, text + blanks);
            column += gap + word;
            line_start = false;
        }
        text += blanks + word;
        if (*text == '\n') {
            fputc('\n', out);
            text++;
            if (*text != '\0' && *text != '\n')
                fprintf(out, "%*s", (int)indent, "");
            column = indent;
            line_start = true;
        } else if (*text == '\0') {
            break;
        }
    }
    fputc('\n', out);
}

/* "  -b, --brokers HOST:PORT[,...]": its width. */
static size_t print_flags(FILE *out, const struct pasar_option *option)
{
    int n = option->letter != 0 ? fprintf(out, "  -%c, --%s", option->letter, option->name)
                                : fprintf(out, "      --%s", option->name);
    if (option->type != PASAR_OPT_BOOL)
        n += fprintf(out, " %s", option->metavar != NULL ? option->metavar : "VALUE");
    return n > 0 ? (size_t)n : 0;
}

/* The sentence with default, range and environment behind it. */
static void describe(const struct pasar_option *option, struct pasar_buf *text)
{
    char range[96], env[80];
    const char *separator = " [";

    pasar_buf_adds(text, option->help);
    if (option->value != NULL && option->value[0] != '\0') {
        pasar_buf_printf(text, "%sdefault: %s", separator, option->value);
        separator = "; ";
    }
    pasar_options_range(option, range, sizeof range);
    if (range[0] != '\0') {
        pasar_buf_printf(text, "%srange: %s", separator, range);
        separator = "; ";
    }
    if (option->choices != NULL && (option->metavar == NULL || strcmp(option->metavar, option->choices) != 0)) {
        pasar_buf_printf(text, "%sone of: %s", separator, option->choices);
        separator = "; ";
    }
    pasar_options_env_name(option, env, sizeof env);
    pasar_buf_printf(text, "%senv: %s", separator, env);
    if (pasar_options_env_further(option) != NULL)
        pasar_buf_printf(text, ", %s", option->env);
    if (strcmp(option->name, PASAR_OPTIONS_PROPERTY) == 0)
        pasar_buf_adds(text, ", PASAR_KAFKA_<KEY>");
    pasar_buf_addc(text, ']');
}

static void print_option(FILE *out, const struct pasar_option *option, bool with_env)
{
    struct pasar_buf text = {0};
    size_t column = print_flags(out, option);

    if (with_env)
        describe(option, &text);
    else
        pasar_buf_adds(&text, option->help);
    if (column + 2 > HELP_COLUMN) {
        fputc('\n', out);
        column = 0;
    }
    fprintf(out, "%*s", (int)(HELP_COLUMN - column), "");
    const char *line = pasar_buf_cstr(&text);
    print_wrapped(out, line != NULL ? line : option->help, HELP_COLUMN, HELP_COLUMN);
    pasar_buf_fini(&text);
}

void pasar_options_help(const struct pasar_options *options, FILE *out)
{
    const struct pasar_option *option;
    size_t i, own = 0;

    fprintf(out, "Usage: %s %s\n\n", options->program, options->synopsis);
    if (options->about != NULL) {
        print_wrapped(out, options->about, 0, 0);
        fputc('\n', out);
    }
    while (options->table[own].name != NULL)
        own++;
    if (own > 0)
        fputs("Options:\n", out);
    for (i = 0; i < own; i++)
        print_option(out, &options->table[i], true);
    fprintf(out, "%sCommon options:\n", own > 0 ? "\n" : "");
    for (; (option = pasar_options_at(options, i)) != NULL; i++)
        print_option(out, option, true);
    for (option = pasar_common_options + (i - own); option->name != NULL; option++)
        print_option(out, option, false);
    fputs("\nA flag beats the environment, the environment beats the file, the file beats the default.\n", out);
    if (options->epilog != NULL) {
        fputc('\n', out);
        print_wrapped(out, options->epilog, 0, 0);
    }
}

/* ------------------------------------------------------------------ --dump-config */

static bool contains(const char *text, size_t len, const char *word)
{
    size_t word_len = strlen(word);

    for (size_t i = 0; i + word_len <= len; i++)
        if (strncasecmp(text + i, word, word_len) == 0)
            return true;
    return false;
}

/* A librdkafka property whose value must not be shown. */
static bool is_secret_key(const char *key, size_t len)
{
    static const char *const words[] = {"password", "passphrase",         "secret",    "token", "jaas",
                                        ".pem",     "oauthbearer.config", "credential"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (contains(key, len, words[i]))
            return true;
    return false;
}

/* Adds `value` so that the file reader gets it back: in quotes where it must be. */
static void add_value(struct pasar_buf *line, const char *value)
{
    size_t len = strlen(value);
    bool quote = len > 0 && (value[0] == '"' || value[0] == '#' || value[0] == ' ' || value[len - 1] == ' ' ||
                             strstr(value, " #") != NULL || strchr(value, '\t') != NULL);

    if (!quote) {
        pasar_buf_adds(line, value);
        return;
    }
    pasar_buf_addc(line, '"');
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            pasar_buf_addc(line, '\\');
        pasar_buf_addc(line, *c);
    }
    pasar_buf_addc(line, '"');
}

static void print_line(FILE *out, struct pasar_buf *line, const char *source)
{
    const char *text = pasar_buf_cstr(line);

    fprintf(out, "%-48s # %s\n", text != NULL ? text : "?", source);
    pasar_buf_reset(line);
}

/* Where a value came from, in words. */
static const char *source_text(const struct pasar_setting *setting, char *text, size_t size)
{
    if (setting->source[0] == '-')
        snprintf(text, size, "command line (%s)", setting->source);
    else if (strchr(setting->source, ':') == NULL && strcmp(setting->source, "default") != 0)
        snprintf(text, size, "environment (%s)", setting->source);
    else
        snprintf(text, size, "%s", setting->source);
    return text;
}

static void dump_list_item(const struct pasar_setting *setting, struct pasar_buf *line)
{
    const char *text = setting->text;
    size_t key_len = strcspn(text, "=");

    if (strcmp(setting->option->name, PASAR_OPTIONS_PROPERTY) == 0 && text[key_len] == '=') {
        pasar_buf_printf(line, "kafka.%.*s = ", (int)key_len, text);
        const char *value = text + key_len + 1;
        add_value(line, value[0] != '@' && is_secret_key(text, key_len) ? "********" : value);
        return;
    }
    pasar_buf_printf(line, "%s = ", setting->option->name);
    add_value(line, setting->option->secret ? "********" : text);
}

void pasar_options_dump(const struct pasar_options *options, const struct pasar_settings *settings, FILE *out)
{
    const struct pasar_option *option;
    struct pasar_buf line = {0};
    char source[512];

    for (size_t i = 0; (option = pasar_options_at(options, i)) != NULL; i++) {
        const struct pasar_setting *last = NULL;
        if (strcmp(option->name, "config") == 0 || strcmp(option->name, "dump-config") == 0)
            continue; /* they say where to look, and can stand in no file */
        for (size_t j = 0; j < settings->count; j++) {
            if (settings->items[j].option != option)
                continue;
            last = &settings->items[j];
            if (option->type == PASAR_OPT_LIST) {
                dump_list_item(last, &line);
                print_line(out, &line, source_text(last, source, sizeof source));
            }
        }
        if (option->type == PASAR_OPT_LIST)
            continue;
        pasar_buf_printf(&line, "%s = ", option->name);
        if (last == NULL && option->type == PASAR_OPT_BOOL)
            pasar_buf_adds(&line, "false");
        else if (last != NULL && option->secret && last->text[0] != '@' && last->text[0] != '\0')
            pasar_buf_adds(&line, "********");
        else if (last != NULL)
            add_value(&line, last->text);
        if (last == NULL && option->type != PASAR_OPT_STRING && option->type != PASAR_OPT_BOOL)
            pasar_buf_addc(&line, '0');
        print_line(out, &line, last != NULL ? source_text(last, source, sizeof source) : "default");
    }
    pasar_buf_fini(&line);
}

/* ------------------------------------------------------------------ README */

/* A table cell: the bar is Markdown's own. */
static void print_cell(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void print_env(FILE *out, const struct pasar_option *option)
{
    char env[80];

    pasar_options_env_name(option, env, sizeof env);
    fprintf(out, "`%s`", env);
    if (pasar_options_env_further(option) != NULL)
        fprintf(out, ", `%s`", pasar_options_env_further(option));
    if (strcmp(option->name, PASAR_OPTIONS_PROPERTY) == 0)
        fputs(", `PASAR_KAFKA_<KEY>`", out);
}

static void print_row(FILE *out, const struct pasar_option *option, bool with_env)
{
    char range[96];

    fputs("| `", out);
    if (option->letter != 0)
        fprintf(out, "-%c`, `", option->letter);
    fprintf(out, "--%s", option->name);
    if (option->type != PASAR_OPT_BOOL) {
        fputc(' ', out);
        print_cell(out, option->metavar != NULL ? option->metavar : "VALUE");
    }
    fputs("` | ", out);
    if (option->value != NULL && option->value[0] != '\0')
        fprintf(out, "`%s`", option->value);
    fputs(" | ", out);
    if (with_env)
        print_env(out, option);
    fputs(" | ", out);
    print_cell(out, option->help);
    pasar_options_range(option, range, sizeof range);
    if (range[0] != '\0')
        fprintf(out, " (%s)", range);
    fputs(" |\n", out);
}

void pasar_options_markdown(const struct pasar_options *options, FILE *out)
{
    static const char head[] = "| option | default | environment | what it does |\n|---|---|---|---|\n";
    const struct pasar_option *option;

    fputs(head, out);
    for (option = options->table; option->name != NULL; option++)
        print_row(out, option, true);
    fprintf(out, "\nCommon options:\n\n%s", head);
    for (option = pasar_common_options; option->name != NULL; option++)
        print_row(out, option, !pasar_options_is_answer(option));
}
