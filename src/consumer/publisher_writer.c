/*
 * The writer takes the blocks of open batches to their hidden files, in the order in which they came, so that neither
 * the digest of what is written nor a disk that takes its time keeps the thread that polls.
 *
 * A block stays in the queue until it is done with. What is to happen to its batch behind it (submission, or an end) is
 * noted at the batch's last block, hence needs no memory, and waits for nobody.
 */
#include "consumer/publisher_private.h"

#include <stdlib.h>

enum { SPARE_BYTES_MAX = 512 * 1024 }; /* a block that a giant row has swollen is not kept */

/* The batch's last block that is not done with, or NULL. Called with the mutex. */
static struct publisher_block *last_block_of(const struct publisher *publisher, const struct pasar_batch_writer *writer)
{
    struct publisher_block *last = NULL;

    for (struct publisher_block *block = publisher->blocks; block != NULL; block = block->next)
        if (block->writer == writer)
            last = block;
    return last;
}

static struct publisher_block *take_spare(struct publisher *publisher)
{
    struct publisher_block *block;

    pthread_mutex_lock(&publisher->mutex);
    block = publisher->spares;
    if (block != NULL) {
        publisher->spares = block->next;
        publisher->spare_count--;
    }
    pthread_mutex_unlock(&publisher->mutex);
    return block != NULL ? block : calloc(1, sizeof(*block));
}

static void free_block(struct publisher_block *block)
{
    pasar_buf_fini(&block->bytes);
    free(block);
}

void publisher_write(struct publisher *publisher, struct pasar_batch_writer *writer)
{
    struct publisher_block *block = take_spare(publisher);
    struct pasar_err err = PASAR_ERR_INIT;

    if (block == NULL) { /* its rows are lost with it, and the batch with them */
        struct pasar_buf lost = {0};

        pasar_batch_writer_take_block(writer, &lost);
        pasar_buf_fini(&lost);
        (void)pasar_err_nomem(&err, "a block of a batch");
        pthread_mutex_lock(&publisher->mutex);
        publisher_fail(publisher, &err);
        pthread_mutex_unlock(&publisher->mutex);
        return;
    }
    pasar_batch_writer_take_block(writer, &block->bytes);
    block->writer = writer;
    block->item = NULL;
    block->is_dropped = false;
    block->next = NULL;
    pthread_mutex_lock(&publisher->mutex);
    *publisher->blocks_end = block;
    publisher->blocks_end = &block->next;
    publisher->block_count++;
    pthread_cond_signal(&publisher->blocks_came);
    pthread_mutex_unlock(&publisher->mutex);
}

void publisher_drop(struct publisher *publisher, struct pasar_batch_writer *writer)
{
    struct publisher_block *last;

    pthread_mutex_lock(&publisher->mutex);
    last = last_block_of(publisher, writer);
    if (last != NULL)
        last->is_dropped = true;
    pthread_mutex_unlock(&publisher->mutex);
    if (last == NULL)
        pasar_batch_writer_abort(writer);
}

bool publisher_defer(struct publisher *publisher, struct publisher_item *item)
{
    struct publisher_block *last = last_block_of(publisher, item->result.job.writer);

    if (last != NULL)
        last->item = item;
    return last != NULL;
}

/* Takes the first block out of the queue. Called with the mutex. */
static void retire(struct publisher *publisher, struct publisher_block *block)
{
    publisher->blocks = block->next;
    if (publisher->blocks == NULL)
        publisher->blocks_end = &publisher->blocks;
    publisher->block_count--;
    if (block->item != NULL) {
        block->item->stage = WAITING;
        pthread_cond_signal(&publisher->work);
        pthread_cond_signal(&publisher->sealed); /* after a failure it is dropped instead */
    }
    pthread_cond_broadcast(&publisher->progress);
    pasar_buf_reset(&block->bytes);
    if (publisher->spare_count == PUBLISHER_BLOCKS || block->bytes.cap > SPARE_BYTES_MAX) {
        free_block(block);
        return;
    }
    block->next = publisher->spares;
    publisher->spares = block;
    publisher->spare_count++;
}

/* Writes the first block, or not when that is of no use any more. Called with the mutex, and gives it away meanwhile.
 */
static void do_block(struct publisher *publisher, struct publisher_block *block)
{
    struct pasar_err err = PASAR_ERR_INIT;
    bool is_wanted = !publisher->failed && !publisher->closing && !block->is_dropped;

    pthread_mutex_unlock(&publisher->mutex);
    if (is_wanted)
        (void)!pasar_batch_writer_write(block->writer, &block->bytes, &err);
    pthread_mutex_lock(&publisher->mutex);
    if (err.code != PASAR_OK)
        publisher_fail(publisher, &err);
    if (block->is_dropped) {
        struct pasar_batch_writer *dropped = block->writer;

        block->writer = NULL; /* its address may be another's soon */
        pthread_mutex_unlock(&publisher->mutex);
        pasar_batch_writer_abort(dropped);
        pthread_mutex_lock(&publisher->mutex);
    }
    retire(publisher, block);
}

void *publisher_writer(void *arg)
{
    struct publisher *publisher = arg;

    pthread_mutex_lock(&publisher->mutex);
    for (;;) {
        if (publisher->blocks != NULL)
            do_block(publisher, publisher->blocks);
        else if (publisher->closing)
            break;
        else
            pthread_cond_wait(&publisher->blocks_came, &publisher->mutex);
    }
    pthread_mutex_unlock(&publisher->mutex);
    return NULL;
}

void publisher_free_spares(struct publisher *publisher)
{
    while (publisher->spares != NULL) {
        struct publisher_block *block = publisher->spares;

        publisher->spares = block->next;
        free_block(block);
    }
}
