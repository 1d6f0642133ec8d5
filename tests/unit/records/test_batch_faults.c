/*
 * Publishing under failing system calls: call N fails, for N = 0, 1, 2 … until nothing fails any more. After each, and
 * after pasar_batch_list_recover, the directory is as it was or holds the whole batch. The same with a crash at call N:
 * from then on every call fails, as if the process were gone.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"
#include "pasar/atomicfile.h"
#include "pasar/batch.h"
#include "tempdir.h"

#define STEM "t+00000+00000000000000000010+00000000000000000012"

static int calls, fail_at;
static bool is_crash; /* everything after the failure fails too */
static int fail_errno;

static bool fails(void)
{
    int call = calls++;
    bool hit = is_crash ? call >= fail_at : call == fail_at;

    if (hit)
        errno = fail_errno;
    return hit;
}

static int bad_openat(int dirfd, const char *path, int flags, mode_t mode)
{
    return fails() ? -1 : pasar_fsops_posix.openat(dirfd, path, flags, mode);
}

static ssize_t bad_write(int fd, const void *bytes, size_t len)
{
    if (fails()) {
        if (len > 1) /* a full disk takes some first */
            (void)!pasar_fsops_posix.write(fd, bytes, len / 2);
        return -1;
    }
    return pasar_fsops_posix.write(fd, bytes, len);
}

static int bad_fsync(int fd)
{
    return fails() ? -1 : pasar_fsops_posix.fsync(fd);
}

static int bad_close(int fd)
{
    int rc = pasar_fsops_posix.close(fd); /* closed either way, as by Linux */
    return fails() ? -1 : rc;
}

static int bad_renameat2(int olddir, const char *from, int newdir, const char *to, unsigned flags)
{
    return fails() ? -1 : pasar_fsops_posix.renameat2(olddir, from, newdir, to, flags);
}

static int bad_unlinkat(int dirfd, const char *path, int flags)
{
    return fails() ? -1 : pasar_fsops_posix.unlinkat(dirfd, path, flags);
}

static const struct pasar_fsops bad_ops = {bad_openat, bad_write, bad_fsync, bad_close, bad_renameat2, bad_unlinkat};

/* Writes a batch of two rows and a reject (two messages in all when without); 0 or -1. */
static int write_batch(const char *dir, struct pasar_err *err)
{
    struct pasar_record record;
    struct gen gen;

    gen_init(&gen, 1);
    gen_record(&gen, &record);
    struct pasar_batch_writer *w = pasar_batch_writer_open(dir, "t", 0, 10, err);
    if (w == NULL)
        return -1;
    if (pasar_batch_writer_add(w, 10, &record, "run", 1, "a", 1, err) != 0 ||
        pasar_batch_writer_reject(w, 11, "run", 2, "k", 1, "v", 1, "bad", err) != 0 ||
        pasar_batch_writer_add(w, 12, &record, "run", 3, "b", 1, err) != 0) {
        pasar_batch_writer_abort(w);
        return -1;
    }
    return pasar_batch_writer_publish(w, err);
}

/* What a start does with the directory. */
static void recover(const char *dir)
{
    static const int32_t partition = 0;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_list list;

    assert_int_equal(pasar_batch_list_recover(&list, dir, "t", &partition, 1, &err), 0);
    pasar_batch_list_free(&list);
}

/* True when the whole batch is there; fails when it is neither whole nor gone. */
static bool check_directory(const char *dir, int n)
{
    static const struct pasar_batch_name name = {
        .topic = "t", .first_offset = 10, .last_offset = 12, .kind = PASAR_BATCH_ROWS};
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_sidecar sidecar;
    struct pasar_record record;

    recover(dir);
    char *list = tempdir_list(dir);
    bool is_whole = list[0] != '\0';
    if (is_whole && strcmp(list, STEM ".csv\n" STEM ".json\n" STEM ".rejects.jsonl\n") != 0)
        fail_msg("after failure of call %d the directory holds:\n%s", n, list);
    free(list);
    if (!is_whole)
        return false;
    assert_int_equal(pasar_batch_sidecar_read(&sidecar, dir, &name, &err), 0);
    assert_true(sidecar.rows == 2 && sidecar.rejects == 1);
    pasar_batch_sidecar_free(&sidecar);
    struct pasar_batch_reader *reader = pasar_batch_reader_open(dir, &name, &err);
    assert_non_null(reader);
    assert_int_equal(pasar_batch_reader_next(reader, &record, &err), PASAR_BATCH_ROW_READ);
    assert_int_equal(pasar_batch_reader_next(reader, &record, &err), PASAR_BATCH_ROW_READ);
    assert_int_equal(pasar_batch_reader_next(reader, &record, &err), PASAR_BATCH_DONE);
    pasar_batch_reader_close(reader);
    return true;
}

/* Fails call 0, 1, 2 … in turn. Returns how many there were. */
static int run_all(bool crash, int error)
{
    int n = 0, whole_after_failure = 0;

    for (;; n++) {
        struct pasar_err err = PASAR_ERR_INIT;
        char dir[TEMPDIR_MAX];

        tempdir_make(dir);
        calls = 0;
        fail_at = n;
        is_crash = crash;
        fail_errno = error;
        pasar_atomicfile_set_ops(&bad_ops);
        int rc = write_batch(dir, &err);
        bool was_hit = calls > n;
        pasar_atomicfile_set_ops(NULL);
        bool is_whole = check_directory(dir, n);
        assert_int_equal(rc == 0, err.code == PASAR_OK);
        if (rc == 0)
            assert_true(is_whole); /* what was reported published is there */
        else
            whole_after_failure += is_whole;
        if (rc != 0 && !is_whole) { /* and the range can be written again */
            pasar_err_clear(&err);
            assert_int_equal(write_batch(dir, &err), 0);
            assert_true(check_directory(dir, n));
        }
        tempdir_remove(dir);
        if (!was_hit)
            break;
    }
    assert_true(whole_after_failure >= 1); /* the directory's last fsync comes after the rename */
    return n;
}

static void test_batch_faults__each_failing_call_leaves_all_or_nothing(void **state)
{
    (void)state;
    /* Three files, each opened with its directory, written, synced, closed, renamed, its directory synced and closed.
     */
    assert_in_range(run_all(false, ENOSPC), 20, 60);
    assert_in_range(run_all(false, EIO), 20, 60);
}

static void test_batch_faults__a_crash_at_each_call_leaves_all_or_nothing(void **state)
{
    (void)state;
    assert_in_range(run_all(true, EIO), 20, 60);
}

static void test_batch_faults__the_end_of_a_run_is_there_or_not(void **state)
{
    static const struct pasar_batch_name name = {
        .topic = "t", .first_offset = 5, .last_offset = 5, .kind = PASAR_BATCH_END};
    struct pasar_run_end end = {"run", 1, 2, 3, 4}, again;

    (void)state;
    for (int n = 0; n < 20; n++) {
        struct pasar_err err = PASAR_ERR_INIT;
        char dir[TEMPDIR_MAX];

        tempdir_make(dir);
        calls = 0;
        fail_at = n;
        is_crash = n % 2 == 0;
        fail_errno = EIO;
        pasar_atomicfile_set_ops(&bad_ops);
        int rc = pasar_batch_publish_end(dir, "t", 0, 5, &end, &err);
        pasar_atomicfile_set_ops(NULL);
        pasar_err_clear(&err);
        recover(dir);
        char *list = tempdir_list(dir);
        assert_true(list[0] == '\0' || pasar_batch_read_end(dir, &name, &again, &err) == 0);
        assert_true(rc != 0 || list[0] != '\0');
        free(list);
        tempdir_remove(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_faults__each_failing_call_leaves_all_or_nothing),
        cmocka_unit_test(test_batch_faults__a_crash_at_each_call_leaves_all_or_nothing),
        cmocka_unit_test(test_batch_faults__the_end_of_a_run_is_there_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
