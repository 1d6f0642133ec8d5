/* One option's value: from text into its field, and back out of memory. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "options_private.h"
#include "pasar/num.h"
#include "pasar/textfile.h"

static void *field(void *config, const struct pasar_option *option)
{
    return (char *)config + option->offset;
}

int pasar_settings_add(struct pasar_settings *settings, const struct pasar_option *option, const char *text, size_t len,
                       const char *source, struct pasar_err *err)
{
    if (settings->count == settings->cap) {
        size_t cap = settings->cap > 0 ? 2 * settings->cap : 32;
        struct pasar_setting *items = realloc(settings->items, cap * sizeof *items);
        if (items == NULL)
            return pasar_err_nomem(err, "options");
        settings->items = items;
        settings->cap = cap;
    }
    struct pasar_setting setting = {option, strndup(text, len), strdup(source)};
    if (setting.text == NULL || setting.source == NULL) {
        free(setting.text);
        free(setting.source);
        return pasar_err_nomem(err, "options");
    }
    settings->items[settings->count++] = setting;
    return 0;
}

void pasar_settings_fini(struct pasar_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        free(settings->items[i].text);
        free(settings->items[i].source);
    }
    free(settings->items);
    *settings = (struct pasar_settings){0};
}

void pasar_options_range(const struct pasar_option *option, char *text, size_t size)
{
    char low[PASAR_NUM_DOUBLE_MAX + 1], high[PASAR_NUM_DOUBLE_MAX + 1];

    text[0] = '\0';
    if (option->min == 0 && option->max == 0)
        return;
    low[pasar_num_format_double(option->min, low)] = '\0';
    if (option->max >= 1e300) {
        snprintf(text, size, "%s or more", low);
        return;
    }
    high[pasar_num_format_double(option->max, high)] = '\0';
    snprintf(text, size, "%s to %s", low, high);
}

int pasar_options_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);

    for (int i = 0; choices != NULL; i++) {
        const char *end = strchrnul(choices, '|');
        if ((size_t)(end - choices) == len && memcmp(choices, text, len) == 0)
            return i;
        choices = *end == '|' ? end + 1 : NULL;
    }
    return -1;
}

static int bad_value(const struct pasar_setting *setting, const char *wanted, struct pasar_err *err)
{
    const char *shown = setting->option->secret ? "(hidden)" : setting->text;
    return pasar_err_set(err, PASAR_EUSAGE, "%s: bad value '%s': %s", setting->source, shown, wanted);
}

/* Range check of a numeric value that was read as `value`. */
static int check_range(const struct pasar_setting *setting, double value, struct pasar_err *err)
{
    const struct pasar_option *option = setting->option;
    char range[96], wanted[128];

    if ((option->min == 0 && option->max == 0) || (value >= option->min && value <= option->max))
        return 0;
    pasar_options_range(option, range, sizeof range);
    snprintf(wanted, sizeof wanted, "must be %s", range);
    return bad_value(setting, wanted, err);
}

static int set_bool(bool *out, const struct pasar_setting *setting, struct pasar_err *err)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(setting->text, words[i]) == 0) {
            *out = i % 2 == 1;
            return 0;
        }
    }
    return bad_value(setting, "must be true, yes, on, 1 or false, no, off, 0", err);
}

static int set_number(void *config, const struct pasar_setting *setting, struct pasar_err *err)
{
    const struct pasar_option *option = setting->option;
    void *out = field(config, option);
    size_t len = strlen(setting->text);
    int64_t i64;
    uint64_t u64;
    double number;

    switch (option->type) {
    case PASAR_OPT_INT:
        if (pasar_num_i64(setting->text, len, &i64) != 0)
            return bad_value(setting, "must be a whole number", err);
        if (check_range(setting, (double)i64, err) != 0)
            return -1;
        *(int64_t *)out = i64;
        return 0;
    case PASAR_OPT_BYTES:
        if (pasar_num_bytes(setting->text, len, &u64) != 0)
            return bad_value(setting, "must be a size like 500000, 64k, 1M or 1MiB", err);
        if (check_range(setting, (double)u64, err) != 0)
            return -1;
        *(uint64_t *)out = u64;
        return 0;
    case PASAR_OPT_SECONDS:
        if (pasar_num_seconds(setting->text, len, &number) != 0)
            return bad_value(setting, "must be a time like 30, 1.5s, 200ms, 2m or 1h", err);
        break;
    default:
        if (pasar_num_double(setting->text, len, &number) != 0)
            return bad_value(setting, "must be a number", err);
        break;
    }
    if (check_range(setting, number, err) != 0)
        return -1;
    *(double *)out = number;
    return 0;
}

static int set_string(char **out, const struct pasar_setting *setting, struct pasar_err *err)
{
    char *text = NULL;

    if (setting->option->secret && setting->text[0] == '@') {
        text = pasar_textfile_value(setting->text + 1, err);
        if (text == NULL)
            return pasar_err_context(err, "%s", setting->source);
    } else if (setting->text[0] != '\0') {
        text = strdup(setting->text);
        if (text == NULL)
            return pasar_err_nomem(err, "an option");
    }
    free(*out);
    *out = text;
    return 0;
}

static int add_to_list(struct pasar_option_list *list, const struct pasar_setting *setting, struct pasar_err *err)
{
    const char *equals = strchr(setting->text, '=');
    bool is_property = strcmp(setting->option->name, PASAR_OPTIONS_PROPERTY) == 0;

    if (is_property && (equals == NULL || equals == setting->text))
        return pasar_err_set(err, PASAR_EUSAGE, "%s: needs KEY=VALUE", setting->source);
    char **values = realloc(list->values, (list->count + 1) * sizeof *values);
    if (values == NULL)
        return pasar_err_nomem(err, "an option");
    list->values = values;
    char **sources = realloc(list->sources, (list->count + 1) * sizeof *sources);
    if (sources == NULL)
        return pasar_err_nomem(err, "an option");
    list->sources = sources;
    char *text = strdup(setting->text), *source = strdup(setting->source);
    if (text == NULL || source == NULL) {
        free(text);
        free(source);
        return pasar_err_nomem(err, "an option");
    }
    list->values[list->count] = text;
    list->sources[list->count++] = source;
    return 0;
}

int pasar_options_set(void *config, const struct pasar_setting *setting, struct pasar_err *err)
{
    const struct pasar_option *option = setting->option;
    char wanted[160];

    switch (option->type) {
    case PASAR_OPT_STRING:
        return set_string(field(config, option), setting, err);
    case PASAR_OPT_BOOL:
        return set_bool(field(config, option), setting, err);
    case PASAR_OPT_LIST:
        return add_to_list(field(config, option), setting, err);
    case PASAR_OPT_CHOICE: {
        int choice = pasar_options_choice(option->choices, setting->text);
        if (choice < 0) {
            snprintf(wanted, sizeof wanted, "must be one of %s", option->choices);
            return bad_value(setting, wanted, err);
        }
        *(int *)field(config, option) = choice;
        return 0;
    }
    case PASAR_OPT_INT:
    case PASAR_OPT_DOUBLE:
    case PASAR_OPT_BYTES:
    case PASAR_OPT_SECONDS:
        return set_number(config, setting, err);
    }
    return pasar_err_set(err, PASAR_EBUG, "option %s has no type", option->name);
}

void pasar_options_free(const struct pasar_options *options, void *config)
{
    const struct pasar_option *option;

    for (size_t i = 0; (option = pasar_options_at(options, i)) != NULL; i++) {
        if (option->type == PASAR_OPT_STRING) {
            char **text = field(config, option);
            free(*text);
            *text = NULL;
        } else if (option->type == PASAR_OPT_LIST) {
            struct pasar_option_list *list = field(config, option);
            for (size_t j = 0; j < list->count; j++) {
                free(list->values[j]);
                free(list->sources[j]);
            }
            free(list->values);
            free(list->sources);
            *list = (struct pasar_option_list){0};
        }
    }
}
