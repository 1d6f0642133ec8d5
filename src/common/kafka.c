/* Configuration and logs of librdkafka, as producer and consumer share them. */
#include "pasar/kafka.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka_private.h"
#include "pasar/log.h"
#include "pasar/textfile.h"

enum { ERRSTR = 400, ORIGIN = 200, VALUE = 512 };

/* ------------------------------------------------------------------ logs */

static struct {
    pthread_mutex_t mutex;
    char text[256];
} last_cause = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void pasar_kafka_last_cause(char *text, size_t size)
{
    pthread_mutex_lock(&last_cause.mutex);
    snprintf(text, size, "%s", last_cause.text);
    pthread_mutex_unlock(&last_cause.mutex);
}

/* librdkafka retries by itself what it logs as an error (3), so that it is a warning to us; called from its threads. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;

    (void)rk;
    if (level <= 4 && strcmp(facility, "ERROR") != 0) { /* ERROR only repeats what FAIL explained */
        pthread_mutex_lock(&last_cause.mutex);
        snprintf(last_cause.text, sizeof last_cause.text, "%s", text);
        pthread_mutex_unlock(&last_cause.mutex);
    }
    if (level <= 2)
        pasar_log(PASAR_LOG_ERROR, "librdkafka %s: %s", facility, text);
    else if (level <= 4)
        pasar_log_limited(&limit, PASAR_LOG_WARN, "librdkafka %s: %s", facility, text);
    else
        pasar_log(level <= 6 ? PASAR_LOG_INFO : PASAR_LOG_DEBUG, "librdkafka %s: %s", facility, text);
}

/* ------------------------------------------------------------------ configuration */

static int set(rd_kafka_conf_t *conf, const char *origin, const char *key, const char *value, struct pasar_err *err)
{
    char errstr[ERRSTR];

    if (rd_kafka_conf_set(conf, key, value, errstr, sizeof errstr) == RD_KAFKA_CONF_OK)
        return 0;
    return pasar_err_set(err, PASAR_EUSAGE, "%s%s: %s", origin, key, errstr);
}

static int set_all(rd_kafka_conf_t *conf, const struct pasar_kafka_default *pairs, struct pasar_err *err)
{
    for (; pairs != NULL && pairs->key != NULL; pairs++)
        if (set(conf, "", pairs->key, pairs->value, err) != 0)
            return -1;
    return 0;
}

/* Sets the forced ones but those without a value, which must stay unset. */
static int set_forced(rd_kafka_conf_t *conf, const struct pasar_kafka_default *forced, struct pasar_err *err)
{
    for (; forced != NULL && forced->key != NULL; forced++)
        if (forced->value != NULL && set(conf, "", forced->key, forced->value, err) != 0)
            return -1;
    return 0;
}

/* Whether `conf` has the forced value; librdkafka compares, which knows other spellings. It has it afterwards. */
static int restore(rd_kafka_conf_t *conf, const struct pasar_kafka_default *forced, bool *was_changed,
                   struct pasar_err *err)
{
    char found[VALUE] = "", wanted[VALUE] = "";
    size_t found_size = sizeof found, wanted_size = sizeof wanted;
    bool is_known = rd_kafka_conf_get(conf, forced->key, found, &found_size) == RD_KAFKA_CONF_OK;

    if (set(conf, "", forced->key, forced->value, err) != 0)
        return -1;
    is_known = is_known && rd_kafka_conf_get(conf, forced->key, wanted, &wanted_size) == RD_KAFKA_CONF_OK;
    *was_changed = !is_known || strcmp(found, wanted) != 0;
    return 0;
}

/* Has the user's property `key`, by this name or as the alias of another, changed one that is forced? */
static int check_forced(rd_kafka_conf_t *conf, const struct pasar_kafka_default *forced, const char *origin,
                        const char *key, struct pasar_err *err)
{
    for (; forced != NULL && forced->key != NULL; forced++) {
        bool was_changed = false;

        if (forced->value == NULL && strcmp(forced->key, key) == 0)
            return pasar_err_set(err, PASAR_EUSAGE, "%s%s: must stay unset", origin, key);
        if (forced->value != NULL && restore(conf, forced, &was_changed, err) != 0)
            return -1;
        if (was_changed)
            return pasar_err_set(err, PASAR_EUSAGE, "%s%s: must stay %s, delivery without loss or doubles rests on it",
                                 origin, key, forced->value);
    }
    return 0;
}

/* One KEY=VALUE of the user's, who is told where it was written. */
static int set_property(rd_kafka_conf_t *conf, const struct pasar_kafka_default *forced, const char *property,
                        const char *source, struct pasar_err *err)
{
    const char *equals = strchr(property, '=');
    char origin[ORIGIN];

    if (equals == NULL || equals == property)
        return pasar_err_set(err, PASAR_EUSAGE, "%s: needs KEY=VALUE", source);
    snprintf(origin, sizeof origin, source[0] == '-' ? "%s " : "%s: ", source);
    char *key = strndup(property, (size_t)(equals - property)), *from_file = NULL;
    const char *value = equals + 1;
    int rc = -1;
    if (key == NULL) {
        pasar_err_nomem(err, "a property");
        goto out;
    }
    if (value[0] == '@') {
        value = from_file = pasar_textfile_value(value + 1, err);
        if (value == NULL) {
            pasar_err_context(err, "%s%s", origin, key);
            goto out;
        }
    }
    rc = set(conf, origin, key, value, err);
    if (rc == 0)
        rc = check_forced(conf, forced, origin, key, err);
out:
    free(from_file);
    free(key);
    return rc;
}

rd_kafka_conf_t *pasar_kafka_conf(const struct pasar_kafka_config *config, const char *client_id,
                                  const struct pasar_kafka_default *defaults, const struct pasar_kafka_default *forced,
                                  struct pasar_err *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    if (conf == NULL) {
        pasar_err_nomem(err, "the Kafka configuration");
        return NULL;
    }
    rd_kafka_conf_set_log_cb(conf, on_log);
    if (set(conf, "", "client.id", client_id, err) != 0 || set_all(conf, defaults, err) != 0)
        goto fail;
    if (config->brokers != NULL && set(conf, "", "bootstrap.servers", config->brokers, err) != 0)
        goto fail;
    if (set_forced(conf, forced, err) != 0)
        goto fail;
    for (size_t i = 0; i < config->properties.count; i++)
        if (set_property(conf, forced, config->properties.values[i], config->properties.sources[i], err) != 0)
            goto fail;
    return conf;
fail:
    rd_kafka_conf_destroy(conf);
    return NULL;
}

rd_kafka_t *pasar_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct pasar_err *err)
{
    char errstr[ERRSTR];
    rd_kafka_t *rk = rd_kafka_new(type, conf, errstr, sizeof errstr);

    if (rk == NULL) {
        rd_kafka_conf_destroy(conf); /* librdkafka takes it on success only */
        pasar_err_set(err, PASAR_EUSAGE, "Kafka client: %s", errstr);
    }
    return rk;
}

bool pasar_kafka_is_topic_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strlen(name);

    return len >= 1 && len <= 249 && strspn(name, allowed) == len && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool pasar_kafka_header(const rd_kafka_message_t *message, const char *name, const char **value, size_t *len)
{
    rd_kafka_headers_t *headers;
    const void *bytes;

    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, name, &bytes, len) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    *value = bytes != NULL ? bytes : ""; /* a null header */
    return true;
}
