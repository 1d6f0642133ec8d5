/* One owned partition: its lock, the next offset, the open batch. */
#include "consumer/partition.h"

#include <string.h>

int partition_take(struct partition *partition, const char *dir, const rd_kafka_message_t *message, const char *topic,
                   const struct decoded *decoded, int64_t now_ns, struct publisher *publisher, struct pasar_err *err)
{
    int status;

    if (partition->writer == NULL) {
        partition->writer = pasar_batch_writer_open(dir, topic, partition->id, message->offset, err);
        if (partition->writer == NULL)
            return -1;
        partition->messages = 0;
        partition->opened_ns = now_ns;
    }
    partition->messages++;
    partition->next_offset = message->offset + 1;
    if (decoded->kind == DECODED_ROW)
        status = pasar_batch_writer_add(partition->writer, message->offset, &decoded->record, decoded->run,
                                        decoded->row, message->payload, message->len, err);
    else
        status = pasar_batch_writer_reject(partition->writer, message->offset, decoded->run, decoded->row, message->key,
                                           message->key_len, message->payload, message->len, decoded->reason.msg, err);
    if (status == 0 && pasar_batch_writer_has_block(partition->writer))
        publisher_write(publisher, partition->writer);
    return status;
}

void partition_close(struct partition *partition, struct publisher *publisher)
{
    struct publisher_job job;

    if (partition->writer == NULL)
        return;
    memset(&job, 0, sizeof(job));
    job.partition = partition->id;
    job.next_offset = partition->next_offset;
    job.writer = partition->writer;
    pasar_batch_writer_stats(partition->writer, &job.stats);
    partition->writer = NULL;
    partition->messages = 0;
    publisher_submit(publisher, &job);
}

void partition_end(struct partition *partition, int64_t offset, const struct pasar_run_end *end,
                   struct publisher *publisher)
{
    struct publisher_job job;

    memset(&job, 0, sizeof(job));
    job.partition = partition->id;
    job.next_offset = partition->next_offset = offset + 1;
    job.end = *end;
    publisher_submit(publisher, &job);
}

uint64_t partition_drop(struct partition *partition, struct publisher *publisher)
{
    uint64_t dropped = partition->messages;

    if (partition->writer != NULL)
        publisher_drop(publisher, partition->writer);
    partition->writer = NULL;
    partition->messages = 0;
    return dropped;
}
