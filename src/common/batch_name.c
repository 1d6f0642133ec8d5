/* Names of batch files: <topic>+<partition>+<first offset>+<last offset><what it is>. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pasar/batch.h"
#include "pasar/num.h"

#include "batch_private.h"

enum { PARTITION_DIGITS = 5, OFFSET_DIGITS = 20 };

static const char *const suffixes[] = {
    [PASAR_BATCH_ROWS] = ".csv",
    [PASAR_BATCH_END] = ".end.json",
    [PASAR_BATCH_SIDECAR] = ".json",
    [PASAR_BATCH_REJECTS] = ".rejects.jsonl",
};

static bool is_topic(const char *topic, size_t len)
{
    if (len == 0 || len > PASAR_TOPIC_MAX || topic[0] == '.')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = topic[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
              c == '-'))
            return false;
    }
    return true;
}

int pasar_batch_check_topic(const char *topic, struct pasar_err *err)
{
    size_t len = strlen(topic);

    if (!is_topic(topic, len))
        return pasar_err_set(err, PASAR_EUSAGE,
                             "topic '%s' cannot name batch files: 1 to %d of A-Z a-z 0-9 . _ -, not beginning with '.'",
                             topic, PASAR_TOPIC_MAX);
    if (len > PASAR_BATCH_TOPIC_MAX)
        return pasar_err_set(err, PASAR_EUSAGE, "topic '%s' is too long for batch file names (at most %d bytes)", topic,
                             PASAR_BATCH_TOPIC_MAX);
    return 0;
}

void pasar_batch_name_format(const struct pasar_batch_name *name, char text[PASAR_BATCH_NAME_MAX])
{
    snprintf(text, PASAR_BATCH_NAME_MAX, "%s+%0*" PRId32 "+%0*" PRId64 "+%0*" PRId64 "%s", name->topic,
             PARTITION_DIGITS, name->partition, OFFSET_DIGITS, name->first_offset, OFFSET_DIGITS, name->last_offset,
             suffixes[name->kind]);
}

/* A '+' and then digits: at least `digits` of them, more only without leading zeros. Their end, or NULL. */
static const char *take_number(const char *p, size_t digits, int64_t *value)
{
    if (*p++ != '+')
        return NULL;
    size_t n = strspn(p, "0123456789");
    if (n < digits || (n > digits && *p == '0') || pasar_num_i64(p, n, value) != 0)
        return NULL;
    return p + n;
}

bool pasar_batch_name_parse(const char *text, struct pasar_batch_name *name)
{
    const char *p = strchr(text, '+');
    int64_t partition, first, last;

    if (p == NULL || !is_topic(text, (size_t)(p - text)))
        return false;
    size_t topic_len = (size_t)(p - text);
    if ((p = take_number(p, PARTITION_DIGITS, &partition)) == NULL || partition > INT32_MAX ||
        (p = take_number(p, OFFSET_DIGITS, &first)) == NULL || (p = take_number(p, OFFSET_DIGITS, &last)) == NULL ||
        first > last)
        return false;
    for (size_t kind = 0; kind < PASAR_ARRAY_LEN(suffixes); kind++) {
        if (strcmp(p, suffixes[kind]) != 0)
            continue;
        if (kind == PASAR_BATCH_END && first != last)
            return false;
        memcpy(name->topic, text, topic_len);
        name->topic[topic_len] = '\0';
        name->partition = (int32_t)partition;
        name->first_offset = first;
        name->last_offset = last;
        name->kind = (enum pasar_batch_kind)kind;
        return true;
    }
    return false;
}
