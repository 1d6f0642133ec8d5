/* The configuration file: `key = value` lines, # comments, optional double quotes, kafka.<property> passed through. */
#include <string.h>

#include "options_private.h"
#include "pasar/textfile.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && is_blank(**text)) {
        ++*text;
        --*len;
    }
    while (*len > 0 && is_blank((*text)[*len - 1]))
        --*len;
}

/*
 * The value behind the equals sign. Quoted: up to the closing quote, with \" and \\; otherwise up to a # that follows a
 * blank. -1 for text behind the closing quote or a missing one.
 */
static int take_value(const char *text, size_t len, struct pasar_buf *value)
{
    size_t i;

    trim(&text, &len);
    if (len == 0 || text[0] != '"') {
        for (i = 0; i < len; i++)
            if (text[i] == '#' && (i == 0 || is_blank(text[i - 1])))
                break;
        len = i;
        trim(&text, &len);
        pasar_buf_add(value, text, len);
        return 0;
    }
    for (i = 1; i < len && text[i] != '"'; i++) {
        if (text[i] == '\\' && i + 1 < len && (text[i + 1] == '"' || text[i + 1] == '\\'))
            i++;
        pasar_buf_addc(value, text[i]);
    }
    if (i >= len)
        return -1;
    text += i + 1;
    len -= i + 1;
    trim(&text, &len);
    return len == 0 || text[0] == '#' ? 0 : -1;
}

static int unknown_key(const struct pasar_options *options, const char *source, const char *key, size_t len,
                       struct pasar_err *err)
{
    const char *near = pasar_options_suggest(options, key, len);

    if (near != NULL)
        return pasar_err_set(err, PASAR_EUSAGE, "%s: unknown key '%.*s' (did you mean '%s'?)", source, (int)len, key,
                             near);
    return pasar_err_set(err, PASAR_EUSAGE, "%s: unknown key '%.*s' (%s --help lists them)", source, (int)len, key,
                         options->program);
}

/* One line that is neither empty nor a comment. */
static int take_line(const struct pasar_options *options, const char *source, const char *line, size_t len,
                     struct pasar_buf *value, struct pasar_settings *settings, struct pasar_err *err)
{
    static const char prefix[] = "kafka.";
    const size_t prefix_len = sizeof prefix - 1;
    const char *equals = memchr(line, '=', len);

    if (equals == NULL)
        return pasar_err_set(err, PASAR_EUSAGE, "%s: not of the form key = value", source);
    const char *key = line;
    size_t key_len = (size_t)(equals - line);
    trim(&key, &key_len);
    const struct pasar_option *property = pasar_options_find(options, PASAR_OPTIONS_PROPERTY, 8);
    bool is_property = property != NULL && key_len > prefix_len && memcmp(key, prefix, prefix_len) == 0;
    const struct pasar_option *option = is_property ? property : pasar_options_find(options, key, key_len);
    if (option == NULL)
        return unknown_key(options, source, key, key_len, err);
    if (strcmp(option->name, "config") == 0 || strcmp(option->name, "dump-config") == 0)
        return pasar_err_set(err, PASAR_EUSAGE, "%s: '%s' cannot stand in a configuration file", source, option->name);
    pasar_buf_reset(value);
    if (is_property) {
        pasar_buf_add(value, key + prefix_len, key_len - prefix_len);
        pasar_buf_addc(value, '=');
    }
    if (take_value(equals + 1, len - (size_t)(equals + 1 - line), value) != 0)
        return pasar_err_set(err, PASAR_EUSAGE, "%s: bad quotes in the value of '%.*s'", source, (int)key_len, key);
    const char *text = pasar_buf_cstr(value);
    if (text == NULL)
        return pasar_err_nomem(err, "the configuration file");
    return pasar_settings_add(settings, option, text, value->len, source, err);
}

int pasar_options_read_file(const struct pasar_options *options, const char *path, struct pasar_settings *settings,
                            struct pasar_err *err)
{
    struct pasar_buf text = {0}, value = {0}, source = {0};
    size_t at = 0, number = 0;
    int rc = pasar_textfile_read(path, &text, err);

    if (rc != 0)
        pasar_err_context(err, "the configuration file");
    if (rc == 0 && text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
        at = 3;
    while (rc == 0 && at < text.len) {
        const char *line = text.data + at;
        const char *end = memchr(line, '\n', text.len - at);
        size_t len = end != NULL ? (size_t)(end - line) : text.len - at;

        at += len + 1;
        number++;
        trim(&line, &len);
        if (len == 0 || line[0] == '#')
            continue;
        pasar_buf_reset(&source);
        pasar_buf_printf(&source, "%s:%zu", path, number);
        const char *name = pasar_buf_cstr(&source);
        rc = name != NULL ? take_line(options, name, line, len, &value, settings, err)
                          : pasar_err_nomem(err, "the configuration file");
    }
    pasar_buf_fini(&text);
    pasar_buf_fini(&value);
    pasar_buf_fini(&source);
    return rc;
}
