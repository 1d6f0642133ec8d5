/* Options from the environment. An empty variable counts as none: compose files and shells leave such behind. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options_private.h"

extern char **environ;

static const char prefix[] = "PASAR_";

static bool has_own_name(const struct pasar_option *option)
{
    return option->env != NULL && strncmp(option->env, prefix, sizeof prefix - 1) == 0;
}

const char *pasar_options_env_further(const struct pasar_option *option)
{
    return has_own_name(option) ? NULL : option->env;
}

void pasar_options_env_name(const struct pasar_option *option, char *text, size_t size)
{
    if (has_own_name(option)) {
        snprintf(text, size, "%s", option->env);
        return;
    }
    snprintf(text, size, "%s%s", prefix, option->name);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

/* A list's variable holds one value a line. */
static int add_env(const struct pasar_option *option, const char *name, const char *value,
                   struct pasar_settings *settings, struct pasar_err *err)
{
    if (option->type != PASAR_OPT_LIST)
        return pasar_settings_add(settings, option, value, strlen(value), name, err);
    while (*value != '\0') {
        size_t len = strcspn(value, "\n");
        if (len > 0 && pasar_settings_add(settings, option, value, len, name, err) != 0)
            return -1;
        value += len + (value[len] == '\n');
    }
    return 0;
}

/* PASAR_KAFKA_SASL_USERNAME=x is the property sasl.username=x. */
static int add_env_properties(const struct pasar_option *property, struct pasar_settings *settings,
                              struct pasar_err *err)
{
    static const char property_prefix[] = "PASAR_KAFKA_";
    const size_t prefix_len = sizeof property_prefix - 1;

    for (char **entry = environ; *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        if (equals == NULL || equals[1] == '\0' || (size_t)(equals - *entry) <= prefix_len ||
            strncmp(*entry, property_prefix, prefix_len) != 0)
            continue;
        char *source = strndup(*entry, (size_t)(equals - *entry));
        char *text = strdup(*entry + prefix_len);
        int rc = -1;
        if (source != NULL && text != NULL) {
            for (char *c = text; *c != '='; c++)
                *c = *c == '_' ? '.' : (char)tolower((unsigned char)*c);
            rc = pasar_settings_add(settings, property, text, strlen(text), source, err);
        } else {
            pasar_err_nomem(err, "options");
        }
        free(source);
        free(text);
        if (rc != 0)
            return -1;
    }
    return 0;
}

int pasar_options_read_env(const struct pasar_options *options, struct pasar_settings *settings, struct pasar_err *err)
{
    const struct pasar_option *option;
    char name[PASAR_OPTIONS_NAME_MAX + 8];

    for (size_t i = 0; (option = pasar_options_at(options, i)) != NULL; i++) {
        pasar_options_env_name(option, name, sizeof name);
        const char *source = name, *value = getenv(name), *further = pasar_options_env_further(option);
        if ((value == NULL || value[0] == '\0') && further != NULL) {
            source = further;
            value = getenv(further);
        }
        if (value != NULL && value[0] != '\0' && add_env(option, source, value, settings, err) != 0)
            return -1;
        if (strcmp(option->name, PASAR_OPTIONS_PROPERTY) == 0 && add_env_properties(option, settings, err) != 0)
            return -1;
    }
    return 0;
}
