/* Is the cluster there, how many partitions has the topic, and creating it. */
#include <stdio.h>

#include "kafka_private.h"
#include "pasar/clock.h"
#include "pasar/kafka.h"
#include "pasar/log.h"
#include "pasar/stop.h"

enum { SLICE_MS = 1000, PAUSE_MS = 100, ELECTION_MS = 300 };

static int64_t left_ms(int64_t end_ns)
{
    int64_t left_ns = end_ns - pasar_clock_mono_ns();
    return left_ns > 0 ? (left_ns + 999999) / 1000000 : 0;
}

static int slice_ms(int64_t end_ns)
{
    int64_t left = left_ms(end_ns);
    return left > SLICE_MS ? SLICE_MS : left < 1 ? 1 : (int)left;
}

/*
 * One metadata request for the topic. The partition count, 0 when there is no such topic, or -1 with *cause; a cause
 * that time heals is *transient.
 */
static int ask(rd_kafka_t *rk, rd_kafka_topic_t *topic, int timeout_ms, rd_kafka_resp_err_t *cause, bool *transient)
{
    const struct rd_kafka_metadata *metadata;
    int count = -1;

    *transient = true;
    *cause = rd_kafka_metadata(rk, 0, topic, &metadata, timeout_ms);
    if (*cause != RD_KAFKA_RESP_ERR_NO_ERROR)
        return -1;
    if (metadata->topic_cnt == 1) {
        *cause = metadata->topics[0].err;
        if (*cause == RD_KAFKA_RESP_ERR_NO_ERROR)
            count = metadata->topics[0].partition_cnt;
        else if (*cause == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            count = 0;
        *transient = *cause == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE || *cause == RD_KAFKA_RESP_ERR__TRANSPORT ||
                     *cause == RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    rd_kafka_metadata_destroy(metadata);
    return count;
}

int pasar_kafka_partition_count(rd_kafka_t *rk, const char *brokers, const char *topic, int timeout_ms,
                                struct pasar_err *err)
{
    int64_t end_ns = pasar_clock_mono_ns() + (int64_t)timeout_ms * 1000000;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    rd_kafka_resp_err_t cause = RD_KAFKA_RESP_ERR__TIMED_OUT;
    bool transient;
    int count;

    if (handle == NULL)
        return pasar_err_set(err, PASAR_EUSAGE, "topic %s: %s", topic, rd_kafka_err2str(rd_kafka_last_error()));
    for (;;) {
        count = ask(rk, handle, slice_ms(end_ns), &cause, &transient);
        if (count >= 0 || !transient || pasar_stop_requested() || left_ms(end_ns) == 0)
            break;
        (void)pasar_stop_wait(PAUSE_MS);
    }
    rd_kafka_topic_destroy(handle);
    if (count >= 0)
        return count;
    if (!transient)
        return pasar_err_set(err, PASAR_EUNAVAILABLE, "topic %s at %s: %s", topic, brokers, rd_kafka_err2str(cause));
    if (pasar_stop_requested())
        return pasar_err_set(err, PASAR_ETEMP, "stopped while waiting for Kafka at %s", brokers);
    char why[256];
    pasar_kafka_last_cause(why, sizeof why);
    return pasar_err_set(err, PASAR_EUNAVAILABLE, "no answer from Kafka at %s within %g s: %s", brokers,
                         timeout_ms / 1000.0, why[0] != '\0' ? why : rd_kafka_err2str(cause));
}

/* Waits for the answer to CreateTopics; its error, or _TIMED_OUT. Frees nothing but the event. */
static rd_kafka_resp_err_t await_created(rd_kafka_queue_t *queue, int64_t end_ns, char *why, size_t size)
{
    rd_kafka_event_t *event = NULL;
    rd_kafka_resp_err_t cause;
    size_t count = 0;

    snprintf(why, size, "no answer in time");
    while (event == NULL && left_ms(end_ns) > 0 && !pasar_stop_requested())
        event = rd_kafka_queue_poll(queue, slice_ms(end_ns));
    if (event == NULL)
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    cause = rd_kafka_event_error(event);
    if (cause != RD_KAFKA_RESP_ERR_NO_ERROR)
        snprintf(why, size, "%s", rd_kafka_event_error_string(event));
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
    if (cause == RD_KAFKA_RESP_ERR_NO_ERROR && result != NULL) {
        const rd_kafka_topic_result_t **topics = rd_kafka_CreateTopics_result_topics(result, &count);
        if (count == 1) {
            const char *text = rd_kafka_topic_result_error_string(topics[0]);
            cause = rd_kafka_topic_result_error(topics[0]);
            snprintf(why, size, "%s", text != NULL ? text : rd_kafka_err2str(cause));
        }
    }
    rd_kafka_event_destroy(event);
    return cause;
}

static rd_kafka_resp_err_t create(rd_kafka_t *rk, const char *topic, int partitions, int64_t end_ns, char *why,
                                  size_t size)
{
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, partitions, -1, why, size);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_resp_err_t cause = RD_KAFKA_RESP_ERR__INVALID_ARG;
    char ignored[64];

    if (wanted != NULL && options != NULL && queue != NULL) {
        int64_t left = left_ms(end_ns);
        /* A refused limit leaves the default, which our own deadline cuts short. */
        (void)rd_kafka_AdminOptions_set_request_timeout(options, left > 1 ? (int)left : 1, ignored, sizeof ignored);
        rd_kafka_CreateTopics(rk, &wanted, 1, options, queue);
        cause = await_created(queue, end_ns, why, size);
    }
    if (queue != NULL)
        rd_kafka_queue_destroy(queue);
    if (options != NULL)
        rd_kafka_AdminOptions_destroy(options);
    if (wanted != NULL)
        rd_kafka_NewTopic_destroy(wanted);
    return cause;
}

/* Whether the cluster answers, and names a controller that is one of its brokers. */
static rd_kafka_resp_err_t find_controller(rd_kafka_t *rk, int timeout_ms, bool *found)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t cause = rd_kafka_metadata(rk, 0, NULL, &metadata, timeout_ms); /* of no topic: creates none */

    *found = false;
    if (cause != RD_KAFKA_RESP_ERR_NO_ERROR)
        return cause;
    int32_t controller = rd_kafka_controllerid(rk, 0);
    for (int i = 0; i < metadata->broker_cnt; i++)
        *found |= metadata->brokers[i].id == controller;
    rd_kafka_metadata_destroy(metadata);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/*
 * Waits for the controller, which a cluster may be electing; the mock cluster never has one. 0 with *found, or -1 with
 * err when the cluster does not answer.
 */
static int await_controller(rd_kafka_t *rk, int64_t end_ns, bool *found, struct pasar_err *err)
{
    int64_t give_up_ns = pasar_clock_mono_ns() + ELECTION_MS * INT64_C(1000000);
    rd_kafka_resp_err_t cause;

    for (;;) {
        cause = find_controller(rk, slice_ms(end_ns), found);
        bool answered = cause == RD_KAFKA_RESP_ERR_NO_ERROR;
        if (*found || pasar_stop_requested() || left_ms(end_ns) == 0 || (answered && left_ms(give_up_ns) == 0))
            break;
        (void)pasar_stop_wait(PAUSE_MS);
    }
    if (cause == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    char why[256];
    pasar_kafka_last_cause(why, sizeof why);
    return pasar_err_set(err, pasar_stop_requested() ? PASAR_ETEMP : PASAR_EUNAVAILABLE, "no answer from Kafka: %s",
                         why[0] != '\0' ? why : rd_kafka_err2str(cause));
}

/* Asks for the topic's metadata until the broker has made it. */
static int create_by_asking(rd_kafka_t *rk, const char *topic, int64_t end_ns, struct pasar_err *err)
{
    int count;

    do {
        count = pasar_kafka_partition_count(rk, "the broker", topic, slice_ms(end_ns), err);
    } while (count == 0 && left_ms(end_ns) > 0 && !pasar_stop_wait(PAUSE_MS));
    if (count < 0)
        return -1;
    if (count == 0)
        return pasar_err_set(err, PASAR_EUNAVAILABLE,
                             "the broker has no CreateTopics request and does not create topics "
                             "by itself; create it there");
    return 0;
}

int pasar_kafka_create_topic(rd_kafka_t *rk, const char *topic, int partitions, int timeout_ms, struct pasar_err *err)
{
    int64_t end_ns = pasar_clock_mono_ns() + (int64_t)timeout_ms * 1000000;
    char why[256] = "no controller";
    rd_kafka_resp_err_t cause = RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
    bool found;

    if (await_controller(rk, end_ns, &found, err) != 0)
        return pasar_err_context(err, "create topic %s", topic);
    if (found)
        cause = create(rk, topic, partitions, end_ns, why, sizeof why);
    if (cause == RD_KAFKA_RESP_ERR_NO_ERROR || cause == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return 0;
    if (cause != RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE && cause != RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION)
        return pasar_err_set(err, pasar_stop_requested() ? PASAR_ETEMP : PASAR_EUNAVAILABLE, "create topic %s: %s",
                             topic, why);
    pasar_debug("the broker cannot be asked to create %s (%s): asking for its metadata instead", topic, why);
    return create_by_asking(rk, topic, end_ns, err) == 0 ? 0 : pasar_err_context(err, "create topic %s", topic);
}
