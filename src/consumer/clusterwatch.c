/* Whether the broker is still of the cluster that the directory belongs to. */
#include "consumer/clusterwatch.h"

#include <stdlib.h>
#include <string.h>

void clusterwatch_fini(struct clusterwatch *watch)
{
    free(watch->claimed);
    watch->claimed = NULL;
}

int clusterwatch_claim(struct clusterwatch *watch, const char *id, struct pasar_err *err)
{
    clusterwatch_fini(watch);
    watch->claimed = strdup(id);
    return watch->claimed != NULL ? 0 : pasar_err_nomem(err, "cluster id");
}

void clusterwatch_on_connect(struct clusterwatch *watch)
{
    atomic_fetch_add(&watch->connected, 1);
}

bool clusterwatch_is_sure(const struct clusterwatch *watch)
{
    return atomic_load(&watch->connected) == watch->verified;
}

/* Has librdkafka read the broker's metadata, which tells the cluster. */
static rd_kafka_resp_err_t refresh(rd_kafka_t *rk, const char *topic, int timeout_ms)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code;

    if (handle == NULL)
        return rd_kafka_last_error();
    code = rd_kafka_metadata(rk, 0, handle, &metadata, timeout_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    return code;
}

/* The broker says that it is of cluster `found`. */
static enum clusterwatch_answer compare(struct clusterwatch *watch, const char *found, struct pasar_err *err)
{
    if (watch->claimed == NULL || strcmp(found, watch->claimed) == 0)
        return CLUSTERWATCH_SAME;
    if (watch->claimed[0] == '\0')
        return clusterwatch_claim(watch, found, err) == 0 ? CLUSTERWATCH_SAME : CLUSTERWATCH_UNKNOWN;
    pasar_err_set(err, PASAR_EDATA,
                  "the broker is now of cluster %s, but what was read so far is of cluster %s: use another --output "
                  "for another cluster",
                  found, watch->claimed);
    return CLUSTERWATCH_OTHER;
}

enum clusterwatch_answer clusterwatch_ask(struct clusterwatch *watch, rd_kafka_t *rk, const char *topic, int timeout_ms,
                                          struct pasar_err *err)
{
    uint64_t connected = atomic_load(&watch->connected); /* before the question: later ones are not answered for */
    rd_kafka_resp_err_t code = refresh(rk, topic, timeout_ms);
    enum clusterwatch_answer answer;
    char *found;

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        pasar_err_set(err, PASAR_EUNAVAILABLE, "%s", rd_kafka_err2str(code));
        return CLUSTERWATCH_UNKNOWN;
    }
    found = rd_kafka_clusterid(rk, 0);
    answer = found != NULL ? compare(watch, found, err) : CLUSTERWATCH_SAME;
    if (answer == CLUSTERWATCH_SAME)
        watch->verified = connected;
    if (found != NULL)
        rd_kafka_mem_free(rk, found);
    return answer;
}
