/* publisher: order within a partition, and nothing after a failure. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "consumer/publisher.h"
#include "pasar/atomicfile.h"
#include "pasar/hash.h"

struct fixture {
    char dir[64];
    struct publisher *publisher;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct pasar_err err = PASAR_ERR_INIT;

    strcpy(f->dir, "/tmp/pasar-publisher-XXXXXX");
    if (mkdtemp(f->dir) == NULL || (f->publisher = publisher_new(f->dir, "t", 3, &err)) == NULL)
        return -1;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    publisher_free(f->publisher);
    snprintf(command, sizeof(command), "rm -r %s", f->dir);
    if (system(command) != 0)
        return -1;
    free(f);
    return 0;
}

/* Submits a batch of one reject at `offset` (a reject needs no record). */
static void submit(struct fixture *f, int32_t partition, int64_t offset)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct publisher_job job = {.partition = partition, .next_offset = offset + 1};

    job.writer = pasar_batch_writer_open(f->dir, "t", partition, offset, &err);
    assert_non_null(job.writer);
    assert_int_equal(pasar_batch_writer_reject(job.writer, offset, "", 0, "k", 1, "v", 1, "bad", &err), 0);
    pasar_batch_writer_stats(job.writer, &job.stats);
    publisher_submit(f->publisher, &job);
}

/* Puts a file where the batch at `offset` would go. */
static void block(struct fixture *f, int32_t partition, int64_t offset)
{
    struct pasar_batch_name name = {"t", partition, offset, offset, PASAR_BATCH_ROWS};
    char text[PASAR_BATCH_NAME_MAX], path[PASAR_BATCH_NAME_MAX + 80];
    FILE *file;

    pasar_batch_name_format(&name, text);
    snprintf(path, sizeof(path), "%s/%s", f->dir, text);
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static void test_publisher__keeps_the_order_of_each_partition(void **state)
{
    struct fixture *f = *state;
    struct publisher_result result;
    int64_t next[5] = {0};
    int count = 0;

    for (int64_t offset = 0; offset < 20; offset++)
        for (int32_t partition = 0; partition < 5; partition++)
            submit(f, partition, offset);
    assert_true(publisher_wait_idle(f->publisher, 30000));
    while (publisher_take(f->publisher, &result)) {
        assert_int_equal(result.outcome, PUBLISHED);
        assert_int_equal(result.job.next_offset, ++next[result.job.partition]);
        assert_int_equal(result.job.stats.rejects, 1);
        count++;
    }
    assert_int_equal(count, 100);
}

static void test_publisher__publishes_ends(void **state)
{
    struct fixture *f = *state;
    struct publisher_job job = {.partition = 1, .next_offset = 8, .end = {.run = "r", .partition_count = 1}};
    struct publisher_result result;
    struct pasar_batch_list list;
    struct pasar_err err = PASAR_ERR_INIT;

    publisher_submit(f->publisher, &job);
    assert_true(publisher_wait_idle(f->publisher, 30000));
    assert_true(publisher_take(f->publisher, &result));
    assert_true(result.is_end);
    assert_int_equal(pasar_batch_list_read(&list, f->dir, &err), 0);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.names[0].kind, PASAR_BATCH_END);
    assert_int_equal(pasar_batch_list_next_offset(&list, "t", 1), 8);
    pasar_batch_list_free(&list);
}

static void test_publisher__after_a_failure_nothing_is_published_until_reset(void **state)
{
    struct fixture *f = *state;
    struct publisher_result result;
    struct pasar_batch_list list;
    struct pasar_err err = PASAR_ERR_INIT;
    int published = 0, failed = 0, dropped = 0;

    block(f, 0, 1);
    for (int64_t offset = 0; offset < 4; offset++)
        submit(f, 0, offset);
    assert_true(publisher_wait_idle(f->publisher, 30000));
    while (publisher_take(f->publisher, &result)) {
        published += result.outcome == PUBLISHED;
        failed += result.outcome == PUBLISH_FAILED;
        dropped += result.outcome == PUBLISH_DROPPED;
        assert_true((result.outcome == PUBLISH_FAILED) == (result.err.code != PASAR_OK));
    }
    assert_int_equal(published, 1);
    assert_int_equal(failed, 1);
    assert_int_equal(dropped, 2);
    assert_true(publisher_has_failed(f->publisher, &err));
    publisher_reset(f->publisher);
    submit(f, 0, 2);
    assert_true(publisher_wait_idle(f->publisher, 30000));
    assert_true(publisher_take(f->publisher, &result));
    assert_int_equal(result.outcome, PUBLISHED);
    assert_false(publisher_take(f->publisher, &result));
    assert_int_equal(pasar_batch_list_read(&list, f->dir, &err), 0);
    assert_int_equal(list.count, 3);
    pasar_batch_list_free(&list);
}

static void test_publisher__takes_more_jobs_than_it_has_room_for(void **state)
{
    struct fixture *f = *state;
    struct publisher_result result;
    int count = 0;

    for (int64_t offset = 0; offset < 10 * PUBLISHER_ROOM; offset++)
        submit(f, 0, offset);
    assert_true(publisher_wait_room(f->publisher, 10 * PUBLISHER_ROOM, 30000));
    assert_true(publisher_wait_idle(f->publisher, 30000));
    assert_true(publisher_has_room(f->publisher, 1));
    assert_false(publisher_has_room(f->publisher, 0));
    assert_false(publisher_wait_room(f->publisher, 0, 10));
    while (publisher_take(f->publisher, &result))
        assert_int_equal(result.job.next_offset, ++count);
    assert_int_equal(count, 10 * PUBLISHER_ROOM);
}

static _Atomic bool is_stalled, is_broken;
static _Atomic int syncs;

static int counting_fsync(int fd)
{
    while (is_stalled)
        usleep(1000);
    syncs++;
    if (!is_broken)
        return pasar_fsops_posix.fsync(fd);
    errno = EIO;
    return -1;
}

/* What was found at a start is no proof before it is durable; and a disk that hangs must not hang us. */
static void test_publisher__syncs_the_directory_without_hanging(void **state)
{
    struct fixture *f = *state;
    struct pasar_fsops ops = pasar_fsops_posix;
    struct pasar_err err = PASAR_ERR_INIT;

    ops.fsync = counting_fsync;
    pasar_atomicfile_set_ops(&ops);
    assert_int_equal(publisher_sync(f->publisher, 30000, &err), 0);
    assert_int_equal(syncs, 1);
    is_broken = true;
    assert_int_equal(publisher_sync(f->publisher, 30000, &err), -1);
    assert_int_equal(err.code, PASAR_EIO);
    pasar_err_clear(&err);
    is_broken = false;
    is_stalled = true;
    assert_int_equal(publisher_sync(f->publisher, 20, &err), -1);
    assert_int_equal(err.code, PASAR_ETEMP);
    pasar_err_clear(&err);
    is_stalled = false;
    assert_int_equal(publisher_sync(f->publisher, 30000, &err), 0); /* one that began after the call */
    assert_int_equal(syncs, 4);
    submit(f, 0, 0);
    assert_true(publisher_wait_idle(f->publisher, 30000));
    pasar_atomicfile_set_ops(NULL);
}

enum { BIG_ROWS = 1200, BIG_TEXT = 1000 }; /* five blocks and a rest */

/* Opens a batch of big rows as the consumer does: what it gathers goes to the publisher. */
static struct pasar_batch_writer *open_big(struct fixture *f, int32_t partition, int64_t first)
{
    static char text[BIG_TEXT];
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_record record;
    struct pasar_batch_writer *writer = pasar_batch_writer_open(f->dir, "t", partition, first, &err);

    assert_non_null(writer);
    memset(text, 'x', sizeof(text));
    memset(&record, 0, sizeof(record));
    record.text[PASAR_COL_PRODUCT_ID] = (struct pasar_text){text, sizeof(text)};
    for (int i = 0; i < BIG_ROWS; i++) {
        assert_int_equal(pasar_batch_writer_add(writer, first + i, &record, "run", 1 + (uint64_t)i, "v", 1, &err), 0);
        if (pasar_batch_writer_has_block(writer))
            publisher_write(f->publisher, writer);
    }
    return writer;
}

static void submit_big(struct fixture *f, int32_t partition, int64_t first)
{
    struct publisher_job job = {.partition = partition, .next_offset = first + BIG_ROWS};

    job.writer = open_big(f, partition, first);
    pasar_batch_writer_stats(job.writer, &job.stats);
    publisher_submit(f->publisher, &job);
}

/* What the directory's batches hold, after comparing each with the digest in its sidecar. */
static uint64_t count_rows(const struct fixture *f)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_list list;
    uint64_t rows = 0;

    assert_int_equal(pasar_batch_list_read(&list, f->dir, &err), 0);
    for (size_t i = 0; i < list.count; i++) {
        struct pasar_batch_sidecar sidecar;
        char name[PASAR_BATCH_NAME_MAX], path[PASAR_BATCH_NAME_MAX + sizeof(f->dir)], sha256[PASAR_SHA256_HEX + 1];

        pasar_batch_name_format(&list.names[i], name);
        snprintf(path, sizeof(path), "%s/%s", f->dir, name);
        assert_int_equal(pasar_sha256_file(path, sha256, &err), 0);
        assert_int_equal(pasar_batch_sidecar_read(&sidecar, f->dir, &list.names[i], &err), 0);
        assert_string_equal(sha256, sidecar.sha256);
        rows += sidecar.rows;
        pasar_batch_sidecar_free(&sidecar);
    }
    pasar_batch_list_free(&list);
    return rows;
}

static int count_files(const struct fixture *f)
{
    DIR *dir = opendir(f->dir);
    int count = 0;

    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

static void test_publisher__writes_blocks_of_open_batches_in_their_order(void **state)
{
    struct fixture *f = *state;
    struct publisher_result result;
    int count = 0;

    for (int64_t n = 0; n < 4; n++)
        for (int32_t partition = 0; partition < 3; partition++)
            submit_big(f, partition, n * BIG_ROWS);
    assert_true(publisher_wait_idle(f->publisher, 30000));
    while (publisher_take(f->publisher, &result)) {
        assert_int_equal(result.outcome, PUBLISHED);
        count++;
    }
    assert_int_equal(count, 12);
    assert_int_equal(count_rows(f), 12 * BIG_ROWS);
}

static _Atomic int failing_writes;

static ssize_t slow_write(int fd, const void *bytes, size_t len)
{
    while (is_stalled)
        usleep(1000);
    if (failing_writes == 0)
        return pasar_fsops_posix.write(fd, bytes, len);
    failing_writes--;
    errno = ENOSPC;
    return -1;
}

/* Dropped while its blocks wait for the disk: nobody waits, and nothing is left behind. */
static void test_publisher__drops_a_batch_behind_its_blocks(void **state)
{
    struct fixture *f = *state;
    struct pasar_fsops ops = pasar_fsops_posix;
    struct publisher_result result;

    ops.write = slow_write;
    pasar_atomicfile_set_ops(&ops);
    is_stalled = true;
    publisher_drop(f->publisher, open_big(f, 0, 0));
    publisher_drop(f->publisher, open_big(f, 1, 0));
    assert_false(publisher_wait_idle(f->publisher, 50));
    is_stalled = false;
    submit_big(f, 2, 0);
    assert_true(publisher_wait_idle(f->publisher, 30000));
    assert_true(publisher_take(f->publisher, &result));
    assert_int_equal(result.job.partition, 2);
    assert_int_equal(result.outcome, PUBLISHED);
    assert_int_equal(count_files(f), 2);
    pasar_atomicfile_set_ops(NULL);
}

static void test_publisher__a_block_that_cannot_be_written_is_a_failure(void **state)
{
    struct fixture *f = *state;
    struct pasar_fsops ops = pasar_fsops_posix;
    struct pasar_err err = PASAR_ERR_INIT;
    struct publisher_result result;
    int count = 0;

    ops.write = slow_write;
    pasar_atomicfile_set_ops(&ops);
    failing_writes = 1;
    submit_big(f, 0, 0);
    submit_big(f, 1, 0);
    assert_true(publisher_wait_idle(f->publisher, 30000));
    assert_true(publisher_has_failed(f->publisher, &err));
    assert_non_null(strstr(err.msg, "No space left on device"));
    while (publisher_take(f->publisher, &result)) {
        assert_int_equal(result.outcome, PUBLISH_DROPPED);
        count++;
    }
    assert_int_equal(count, 2);
    assert_int_equal(count_files(f), 0);
    publisher_reset(f->publisher);
    submit_big(f, 0, 0);
    assert_true(publisher_wait_idle(f->publisher, 30000));
    assert_false(publisher_has_failed(f->publisher, &err));
    assert_int_equal(count_rows(f), BIG_ROWS);
    pasar_atomicfile_set_ops(NULL);
}

/* However much is under way at the end, all of it goes: nothing hangs, and no hidden file stays. */
static void test_publisher__can_be_freed_with_blocks_under_way(void **state)
{
    struct fixture *f = *state;
    struct pasar_err err = PASAR_ERR_INIT;

    submit_big(f, 0, 0);
    submit_big(f, 1, 0);
    publisher_drop(f->publisher, open_big(f, 2, 0));
    publisher_free(f->publisher);
    assert_int_equal(count_files(f), 2 * count_rows(f) / BIG_ROWS);
    f->publisher = publisher_new(f->dir, "t", 3, &err);
    assert_non_null(f->publisher);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_publisher__keeps_the_order_of_each_partition),
        TEST(test_publisher__takes_more_jobs_than_it_has_room_for),
        TEST(test_publisher__publishes_ends),
        TEST(test_publisher__syncs_the_directory_without_hanging),
        TEST(test_publisher__writes_blocks_of_open_batches_in_their_order),
        TEST(test_publisher__drops_a_batch_behind_its_blocks),
        TEST(test_publisher__a_block_that_cannot_be_written_is_a_failure),
        TEST(test_publisher__can_be_freed_with_blocks_under_way),
        TEST(test_publisher__after_a_failure_nothing_is_published_until_reset),
    };

    return cmocka_run_group_tests_name("publisher", tests, NULL, NULL);
}
