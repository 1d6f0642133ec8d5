/* Options from the environment. An empty variable counts as none: compose files and shells leave such behind. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options_private.h"
#include "pasar/log.h"

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

/* ------------------------------------------------------------------ misspelt names */

/* What all programs know, without PASAR_; the programs' tables are their own. (tests/e2e/environment_test.sh) */
static const char of_any_program[] =
    " ABANDON ACCESS_LOG AGAIN ALLOW_GAPS ALLOW_HOST BATCHES BATCH_BYTES BATCH_RECORDS BATCH_SECONDS BIND "
    "BROKERS CHECK CONNECT_TIMEOUT CONSUMER_PARTITIONS CREATE_TOPIC DLQ_TOPIC DRY_RUN EVERY EXIT_AT_END "
    "EXIT_IDLE EXPECT FEATURES GROUP IDLE_TIMEOUT INIT JOURNAL K KEEP KEY MAX_BODY_BYTES MAX_CONNECTIONS "
    "MAX_CONNECTIONS_PER_IP MAX_ERRORS MAX_ITER MAX_LIMIT MAX_ROW_BYTES METRICS_BIND METRICS_FILE "
    "METRICS_PORT MIN_ROWS MODELS N_INIT ON_DATA_LOSS ON_ERROR OUTPUT PARTITIONER PARTITIONS PAUSE PORT "
    "PREDICT PROPERTY RATE REJECTS REQUEST_TIMEOUT RUN_ID SEED SINK SKIP_SENT STATE THREADS TOL TOPIC "
    "TRANSFORM VERIFY WARM_START WATCH ";

static bool is_of_any_program(const char *name, size_t len)
{
    for (const char *at = of_any_program; (at = strstr(at, " ")) != NULL && at[1] != '\0'; at++)
        if (strcspn(at + 1, " ") == len && memcmp(at + 1, name, len) == 0)
            return true;
    return false;
}

/* PASAR_KAFKA_<KEY> is any property; PASAR_BROKER_… are the scripts'. */
static bool is_of_a_family(const char *name)
{
    return strncmp(name, "KAFKA_", 6) == 0 || strncmp(name, "BROKER_", 7) == 0;
}

/* Puts the nearest variable of this program into `near`; false when one is `name` itself or none is near enough. */
static bool find_near(const struct pasar_options *options, const char *name, size_t len, char *near, size_t size)
{
    const struct pasar_option *option;
    size_t best = 4; /* at most three slips, and less than one in three letters: short words resemble each other */
    char own[PASAR_OPTIONS_NAME_MAX + 8];

    for (size_t i = 0; (option = pasar_options_at(options, i)) != NULL && best > 0; i++) {
        pasar_options_env_name(option, own, sizeof own);
        const char *own_name = own + sizeof prefix - 1;
        size_t d = pasar_options_distance(name, len, own_name, strlen(own_name));

        if (d < best && 3 * d < len) {
            best = d;
            snprintf(near, size, "%s", own);
        }
    }
    return best > 0 && best < 4;
}

void pasar_options_check_env(const struct pasar_options *options, const struct pasar_common *common)
{
    char near[PASAR_OPTIONS_NAME_MAX + 8];

    for (char **entry = environ; *entry != NULL; entry++) {
        const char *name = *entry + sizeof prefix - 1, *equals = strchr(*entry, '=');

        if (strncmp(*entry, prefix, sizeof prefix - 1) != 0 || equals == NULL || equals <= name || equals[1] == '\0')
            continue;
        size_t len = (size_t)(equals - name);
        if (is_of_a_family(name) || is_of_any_program(name, len) || !find_near(options, name, len, near, sizeof near))
            continue;
        pasar_options_start_log(options, common);
        pasar_warn("%.*s in the environment is no option, so it is ignored (did you mean %s?)", (int)(equals - *entry),
                   *entry, near);
    }
}
