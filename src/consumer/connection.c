/* The librdkafka consumer: its settings, the wait for broker and topic, and an end that cannot hang. */
#include "consumer/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "consumer/partitionlist.h"
#include "pasar/clock.h"
#include "pasar/kafka.h"
#include "pasar/log.h"
#include "pasar/stop.h"

enum { TOPIC_RETRY_MS = 500, TOPIC_QUERY_MS = 5000, CLUSTER_ID_MS = 5000, NUDGE_MS = 1 };

/* Memory is bounded by queued.max.messages.kbytes; the session is short so that a killed consumer is replaced soon. */
static const struct pasar_kafka_default defaults[] = {
    {"check.crcs", "true"},
    {"isolation.level", "read_committed"},
    {"session.timeout.ms", "10000"},
    {"heartbeat.interval.ms", "2000"},
    {"queued.max.messages.kbytes", "16384"},
    {"fetch.message.max.bytes", "1048576"},
    {"fetch.max.bytes", "16777216"},
    {"fetch.wait.max.ms", "100"},
    {"reconnect.backoff.max.ms", "2000"}, /* a broker that is back is found within two seconds, not ten */
    {"topic.metadata.refresh.interval.ms", "10000"},
    {NULL, NULL},
};

/* What the protocol of the directory stands on. */
static const struct pasar_kafka_default forced[] = {
    {"enable.auto.commit", "false"},  {"enable.auto.offset.store", "false"},      {"auto.offset.reset", "error"},
    {"enable.partition.eof", "true"}, {"partition.assignment.strategy", "range"}, {NULL, NULL},
};

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    const struct connection_events *events = opaque;

    events->on_rebalance(rk, code, list, events->opaque);
    rd_kafka_yield(rk); /* what follows from it shall not wait until the poll has waited for a message */
}

/* Connects as librdkafka would by itself. 0 (also when that is still under way), or an errno. */
static int on_connect(int fd, const struct sockaddr *address, int address_len, const char *id, void *opaque)
{
    const struct connection_events *events = opaque;

    (void)id;
    events->on_connect(events->opaque);
    return connect(fd, address, (socklen_t)address_len) == 0 || errno == EINPROGRESS ? 0 : errno;
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;

    (void)rk;
    (void)code;
    (void)opaque;
    pasar_log_limited(&limit, PASAR_LOG_WARN, "%s (retrying)", reason);
}

/* A refused commit costs nothing: the directory says where to resume. */
static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    (void)rk;
    (void)list;
    (void)opaque;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__NO_OFFSET)
        pasar_debug("commit refused: %s", rd_kafka_err2str(code));
}

rd_kafka_t *connection_open(const struct consumer_config *config, const struct connection_events *events,
                            struct pasar_err *err)
{
    const struct pasar_kafka_default group[] = {{"group.id", config->group}, {NULL, NULL}};
    struct pasar_kafka_default all[PASAR_ARRAY_LEN(forced) + PASAR_ARRAY_LEN(group)];
    size_t n = 0;
    rd_kafka_conf_t *conf;
    rd_kafka_t *rk;

    for (size_t i = 0; forced[i].key != NULL; i++)
        all[n++] = forced[i];
    all[n++] = group[0];
    all[n] = (struct pasar_kafka_default){NULL, NULL};
    conf = pasar_kafka_conf(&config->kafka, "pasar-consumer", defaults, all, err);
    if (conf == NULL)
        return NULL;
    rd_kafka_conf_set_opaque(conf, (void *)events);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_connect_cb(conf, on_connect);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    rk = pasar_kafka_new(RD_KAFKA_CONSUMER, conf, err);
    if (rk != NULL)
        rd_kafka_poll_set_consumer(rk);
    return rk;
}

/* Waits until the topic exists and tells its partition count. */
static int await_topic(rd_kafka_t *rk, const struct consumer_config *config, int *partition_count,
                       struct pasar_err *err)
{
    static struct pasar_log_limit limit = {1, 10000, 0, 0, 0};
    int timeout_ms = (int)(config->connect_timeout * 1000);
    int count;

    while ((count = pasar_kafka_partition_count(rk, config->kafka.brokers, config->kafka.topic, timeout_ms, err)) ==
           0) {
        pasar_log_limited(&limit, PASAR_LOG_WARN, "topic %s does not exist at %s yet: waiting for it",
                          config->kafka.topic, config->kafka.brokers);
        if (pasar_stop_wait(TOPIC_RETRY_MS))
            return pasar_err_set(err, PASAR_EUNAVAILABLE, "stopped while waiting for topic %s", config->kafka.topic);
    }
    *partition_count = count;
    return count > 0 ? 0 : -1;
}

/* Makes sure that the directory belongs to this cluster, topic and group. */
static int claim_directory(rd_kafka_t *rk, const struct consumer_config *config, char directory_id[META_ID_LEN + 1],
                           struct clusterwatch *cluster, struct pasar_err *err)
{
    struct meta meta = {.topic = config->kafka.topic, .group = config->group};
    char *found = rd_kafka_clusterid(rk, CLUSTER_ID_MS), *claimed = NULL;
    int result;

    meta.cluster_id = found != NULL ? found : "";
    result = meta_claim(config->output, &meta, directory_id, &claimed, err);
    if (result == 0)
        result = clusterwatch_claim(cluster, claimed, err);
    if (result == 0)
        pasar_info("connected to %s (cluster %s), topic %s, group %s, writing to %s", config->kafka.brokers,
                   found != NULL ? found : "unknown", config->kafka.topic, config->group, config->output);
    free(claimed);
    if (found != NULL)
        rd_kafka_mem_free(rk, found);
    return result;
}

/* --partitions: no group membership, hence no rebalance but this one. */
static int take_listed(rd_kafka_t *rk, const struct consumer_config *config, int partition_count,
                       const struct connection_events *events, struct pasar_err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partition_count);

    for (int32_t p = 0; p < partition_count; p++)
        if (partitionlist_has(config->partitions, p))
            rd_kafka_topic_partition_list_add(list, config->kafka.topic, p);
    if (list->cnt > 0)
        events->on_rebalance(rk, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, list, events->opaque);
    else
        pasar_err_set(err, PASAR_EUSAGE, "--partitions %s: topic %s has only 0 to %d", config->partitions,
                      config->kafka.topic, partition_count - 1);
    rd_kafka_topic_partition_list_destroy(list);
    return err->code == PASAR_OK ? 0 : -1;
}

int connection_subscribe(rd_kafka_t *rk, const struct consumer_config *config, const struct connection_events *events,
                         char directory_id[META_ID_LEN + 1], struct clusterwatch *cluster, struct pasar_err *err)
{
    rd_kafka_topic_partition_list_t *topics;
    rd_kafka_resp_err_t code;
    int partition_count = 0;

    if (await_topic(rk, config, &partition_count, err) != 0 ||
        claim_directory(rk, config, directory_id, cluster, err) != 0)
        return -1;
    if (config->partitions != NULL)
        return take_listed(rk, config, partition_count, events, err);
    topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, config->kafka.topic, RD_KAFKA_PARTITION_UA);
    code = rd_kafka_subscribe(rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return pasar_err_set(err, PASAR_EUNAVAILABLE, "subscribe to %s: %s", config->kafka.topic,
                             rd_kafka_err2str(code));
    return 0;
}

rd_kafka_resp_err_t connection_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t code = rd_kafka_assign(rk, list);

    /* Questions are answered by the thread that stops fetchers, after what it was told before: first to stop them, then
     * that they have stopped. */
    for (int i = 0; i < 2; i++) {
        rd_kafka_topic_partition_list_t *now = NULL;

        if (rd_kafka_assignment(rk, &now) == RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_topic_partition_list_destroy(now);
    }
    return code;
}

/*
 * Before 2.2 (fetch.queue.backoff.ms), a fetching thread of librdkafka that finds the queue full goes to sleep for up
 * to a second, and draining the queue does not wake it. The queue would have to hold what we can take in that second,
 * which is more than our memory. So we wake it: any request to the partitions' leader does, and the one for their last
 * offsets is the smallest. Its answer is of no interest, hence the short wait.
 */
void connection_nudge(rd_kafka_t *rk)
{
    rd_kafka_topic_partition_list_t *list = NULL;

    if (rd_kafka_assignment(rk, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = RD_KAFKA_OFFSET_END; /* in the place of a time */
    if (list->cnt > 0)
        (void)rd_kafka_offsets_for_times(rk, list, NUDGE_MS);
    rd_kafka_topic_partition_list_destroy(list);
}

bool connection_close(rd_kafka_t *rk, int timeout_ms)
{
    int64_t end_ns = pasar_clock_mono_ns() + timeout_ms * INT64_C(1000000);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(rk, queue);

    while (error == NULL && !rd_kafka_consumer_closed(rk) && pasar_clock_mono_ns() < end_ns) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 20);

        /* Not connection_assign: the group's thread may end right after this, and leaves questions without an answer.
         */
        if (event != NULL && rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
            (void)rd_kafka_assign(rk, NULL);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    if (error == NULL && !rd_kafka_consumer_closed(rk)) {
        pasar_warn("the broker did not answer our goodbye: it will notice by itself after session.timeout.ms");
        return false;
    }
    if (error != NULL)
        rd_kafka_error_destroy(error);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return true;
}
