/* Tells the group what is published. */
#include "consumer/commit.h"

#include <string.h>

#include "pasar/clock.h"
#include "pasar/log.h"

#define NS_PER_MS INT64_C(1000000)

enum { COMMIT_INTERVAL_MS = 250 };

/* What is published and not yet committed; NULL when there is nothing. */
static rd_kafka_topic_partition_list_t *uncommitted(struct assignment *a)
{
    rd_kafka_topic_partition_list_t *list = NULL;

    for (size_t i = 0; i < a->count; i++) {
        struct partition *p = &a->partitions[i];
        rd_kafka_topic_partition_t *element;

        if (p->published_next <= p->committed_next)
            continue;
        if (list == NULL)
            list = rd_kafka_topic_partition_list_new((int)a->count);
        element = rd_kafka_topic_partition_list_add(list, a->config->kafka.topic, p->id);
        element->offset = p->published_next;
        element->metadata = strdup(a->directory_id); /* freed with the list */
        element->metadata_size = element->metadata != NULL ? META_ID_LEN : 0;
        p->committed_next = p->published_next;
    }
    return list;
}

void commit_published(struct assignment *a, int64_t now_ns)
{
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t code;

    if (now_ns - a->committed_ns < COMMIT_INTERVAL_MS * NS_PER_MS)
        return;
    list = uncommitted(a);
    if (list == NULL)
        return;
    a->committed_ns = pasar_clock_mono_ns();
    code = rd_kafka_commit(a->rk, list, 1);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        pasar_debug("commit: %s", rd_kafka_err2str(code));
    rd_kafka_topic_partition_list_destroy(list);
}

static void on_final_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
                            void *opaque)
{
    (void)rk;
    (void)list;
    (void)opaque;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__NO_OFFSET)
        pasar_info("the last commit was refused (%s); the directory knows where to resume", rd_kafka_err2str(code));
}

void commit_finally(struct assignment *a, int timeout_ms)
{
    rd_kafka_topic_partition_list_t *list = uncommitted(a);
    rd_kafka_queue_t *queue;

    if (list == NULL)
        return;
    queue = rd_kafka_queue_new(a->rk);
    if (rd_kafka_commit_queue(a->rk, list, queue, on_final_commit, NULL) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_queue_poll_callback(queue, timeout_ms);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(list);
}
