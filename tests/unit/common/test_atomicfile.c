/* Durable publish: every system call fails once, in every operation, and never does a reader see half a file. */
#include "scratch.h"

#include <errno.h>

#include "pasar/atomicfile.h"

/* ------------------------------------------------------------------ the fault seam */

static int calls, fail_at, fail_errno; /* the call number fail_at fails with fail_errno; -1 = none */
static bool fail_for_good;             /* all later ones too, but for close and unlink */
static bool short_writes;
static bool reached;

static bool fails(bool can_repeat)
{
    int call = calls++;
    bool failing = fail_at >= 0 && (call == fail_at || (fail_for_good && can_repeat && call > fail_at));
    if (failing) {
        reached = true;
        errno = fail_errno;
    }
    return failing;
}

static int f_openat(int dirfd, const char *path, int flags, mode_t mode)
{
    return fails(true) ? -1 : pasar_fsops_posix.openat(dirfd, path, flags, mode);
}
static ssize_t f_write(int fd, const void *bytes, size_t len)
{
    if (fails(true))
        return -1;
    return pasar_fsops_posix.write(fd, bytes, short_writes && len > 1 ? len / 2 : len);
}
static int f_fsync(int fd)
{
    return fails(true) ? -1 : pasar_fsops_posix.fsync(fd);
}
static int f_close(int fd)
{
    bool failing = fails(false);
    int rc = pasar_fsops_posix.close(fd); /* Linux: the descriptor is gone either way */
    if (failing)
        errno = fail_errno;
    return failing ? -1 : rc;
}
static int f_renameat2(int olddir, const char *from, int newdir, const char *to, unsigned flags)
{
    return fails(true) ? -1 : pasar_fsops_posix.renameat2(olddir, from, newdir, to, flags);
}
static int f_unlinkat(int dirfd, const char *path, int flags)
{
    return fails(false) ? -1 : pasar_fsops_posix.unlinkat(dirfd, path, flags);
}

static const struct pasar_fsops faulty = {f_openat, f_write, f_fsync, f_close, f_renameat2, f_unlinkat};

static void arm(int at, int with_errno, bool for_good)
{
    calls = 0;
    fail_at = at;
    fail_errno = with_errno;
    fail_for_good = for_good;
    reached = false;
    pasar_atomicfile_set_ops(&faulty);
}

static void disarm(void)
{
    pasar_atomicfile_set_ops(NULL);
    fail_at = -1;
}

static int teardown(void **state)
{
    (void)state;
    disarm();
    short_writes = false;
    return 0;
}

static int count_fds(void)
{
    return scratch_count("/proc/self/fd");
}

/* ------------------------------------------------------------------ without faults */

static void assert_content(const char *path, const char *expected)
{
    char *text = scratch_read(path, NULL);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void test_atomicfile__commit_publishes_and_abort_does_not(void **state)
{
    char *dir = scratch_new();
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    struct pasar_atomicfile *file = pasar_atomicfile_open(dir, "a.csv", &err);
    assert_non_null(file);
    assert_int_equal(pasar_atomicfile_write(file, "one,", 4, &err), 0);
    assert_int_equal(pasar_atomicfile_write(file, "two", 3, &err), 0);
    assert_int_equal(access(scratch_path(dir, "a.csv"), F_OK), -1);
    assert_int_equal(access(scratch_path(dir, ".a.csv.tmp"), F_OK), 0);
    assert_int_equal(pasar_atomicfile_commit(file, PASAR_NOREPLACE, &err), 0);
    assert_content(scratch_path(dir, "a.csv"), "one,two");
    assert_int_equal(scratch_count(dir), 1);

    file = pasar_atomicfile_open(dir, "b.csv", &err);
    assert_int_equal(pasar_atomicfile_write(file, "x", 1, &err), 0);
    pasar_atomicfile_abort(file);
    pasar_atomicfile_abort(NULL);
    assert_int_equal(scratch_count(dir), 1);
    scratch_remove(dir);
}

static void test_atomicfile__the_final_name_may_come_late(void **state)
{
    char *dir = scratch_new();
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    struct pasar_atomicfile *file = pasar_atomicfile_open(dir, "first", &err);
    assert_int_equal(pasar_atomicfile_write(file, "x", 1, &err), 0);
    assert_int_equal(pasar_atomicfile_set_name(file, "../escape", &err), -1);
    assert_int_equal(err.code, PASAR_EBUG);
    pasar_err_clear(&err);
    assert_int_equal(pasar_atomicfile_set_name(file, "first+last", &err), 0);
    assert_int_equal(pasar_atomicfile_commit(file, PASAR_NOREPLACE, &err), 0);
    assert_content(scratch_path(dir, "first+last"), "x");
    assert_int_equal(scratch_count(dir), 1);
    scratch_remove(dir);
}

static void test_atomicfile__noreplace_refuses_an_existing_target(void **state)
{
    char *dir = scratch_new();
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_int_equal(pasar_atomicfile_publish(dir, "a", "old", 3, PASAR_REPLACE, &err), 0);
    assert_int_equal(pasar_atomicfile_publish(dir, "a", "new", 3, PASAR_NOREPLACE, &err), -1);
    assert_int_equal(err.code, PASAR_ECREATE);
    assert_non_null(strstr(err.msg, "File exists"));
    assert_content(scratch_path(dir, "a"), "old");
    assert_int_equal(scratch_count(dir), 1);
    pasar_err_clear(&err);
    assert_int_equal(pasar_atomicfile_publish(dir, "a", "new", 3, PASAR_REPLACE, &err), 0);
    assert_content(scratch_path(dir, "a"), "new");
    scratch_remove(dir);
}

static int no_noreplace(int olddir, const char *from, int newdir, const char *to, unsigned flags)
{
    if (flags != 0) {
        errno = EINVAL;
        return -1;
    }
    return pasar_fsops_posix.renameat2(olddir, from, newdir, to, flags);
}

static void test_atomicfile__filesystems_without_noreplace_get_a_link(void **state)
{
    char *dir = scratch_new();
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_fsops ops = pasar_fsops_posix;

    (void)state;
    ops.renameat2 = no_noreplace;
    pasar_atomicfile_set_ops(&ops);
    assert_int_equal(pasar_atomicfile_publish(dir, "a", "old", 3, PASAR_NOREPLACE, &err), 0);
    assert_int_equal(pasar_atomicfile_publish(dir, "a", "new", 3, PASAR_NOREPLACE, &err), -1);
    assert_content(scratch_path(dir, "a"), "old");
    assert_int_equal(scratch_count(dir), 1);
    assert_int_equal(mkdir(scratch_path(dir, ".d"), 0755), 0);
    pasar_err_clear(&err);
    assert_int_equal(pasar_atomicfile_publish_dir(dir, ".d", "d", &err), 0);
    assert_int_equal(access(scratch_path(dir, "d"), F_OK), 0);
    scratch_remove(dir);
}

static void test_atomicfile__large_content_survives_short_writes(void **state)
{
    char *dir = scratch_new(), *bytes = malloc(700001);
    struct pasar_err err = PASAR_ERR_INIT;
    size_t len, done = 0;

    (void)state;
    for (size_t i = 0; i < 700000; i++)
        bytes[i] = (char)('a' + i * 31 % 26);
    bytes[700000] = '\0';
    arm(-1, 0, false);
    short_writes = true;
    struct pasar_atomicfile *file = pasar_atomicfile_open(dir, "a", &err);
    for (size_t step = 1; done < 700000; step = step * 3 + 1) {
        size_t n = step < 700000 - done ? step : 700000 - done;
        assert_int_equal(pasar_atomicfile_write(file, bytes + done, n, &err), 0);
        done += n;
    }
    assert_int_equal(pasar_atomicfile_commit(file, PASAR_NOREPLACE, &err), 0);
    char *text = scratch_read(scratch_path(dir, "a"), &len);
    assert_int_equal(len, 700000);
    assert_memory_equal(text, bytes, len);
    free(text);
    free(bytes);
    scratch_remove(dir);
}

static void test_atomicfile__a_crash_leftover_is_overwritten(void **state)
{
    char *dir = scratch_new();
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    scratch_write_text(scratch_path(dir, ".a.tmp"), "a very long leftover of a crash");
    assert_int_equal(pasar_atomicfile_publish(dir, "a", "new", 3, PASAR_NOREPLACE, &err), 0);
    assert_content(scratch_path(dir, "a"), "new");
    assert_int_equal(scratch_count(dir), 1);
    scratch_remove(dir);
}

static void test_atomicfile__names_stay_in_their_directory(void **state)
{
    static const char *const bad[] = {"", ".", "..", "../a", "a/b", "/a"};
    char *dir = scratch_new();

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++) {
        struct pasar_err err = PASAR_ERR_INIT;
        assert_null(pasar_atomicfile_open(dir, bad[i], &err));
        assert_int_equal(err.code, PASAR_EBUG);
    }
    struct pasar_err err = PASAR_ERR_INIT;
    assert_int_equal(symlink("/etc/passwd", scratch_path(dir, ".a.tmp")), 0);
    assert_null(pasar_atomicfile_open(dir, "a", &err)); /* never written through a link */
    assert_int_equal(err.code, PASAR_ECREATE);
    pasar_err_clear(&err);
    assert_null(pasar_atomicfile_open(scratch_path(dir, "missing"), "a", &err));
    assert_int_equal(err.code, PASAR_ECREATE);
    assert_non_null(strstr(err.msg, "missing"));
    scratch_remove(dir);
}

static void test_atomicfile__mkdirs_makes_all_levels(void **state)
{
    char *dir = scratch_new();
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_int_equal(pasar_atomicfile_mkdirs(scratch_path(dir, "a/b//c/"), &err), 0);
    assert_int_equal(pasar_atomicfile_mkdirs(scratch_path(dir, "a/b/c"), &err), 0);
    assert_int_equal(access(scratch_path(dir, "a/b/c"), F_OK), 0);
    assert_int_equal(pasar_atomicfile_mkdirs(".", &err), 0);
    assert_int_equal(pasar_atomicfile_mkdirs("/", &err), 0);
    scratch_write_text(scratch_path(dir, "file"), "x");
    assert_int_equal(pasar_atomicfile_mkdirs(scratch_path(dir, "file"), &err), -1);
    assert_int_equal(err.code, PASAR_ECREATE);
    pasar_err_clear(&err);
    assert_int_equal(pasar_atomicfile_mkdirs(scratch_path(dir, "file/x"), &err), -1);
    assert_non_null(strstr(err.msg, "file"));
    pasar_err_clear(&err);
    assert_int_equal(pasar_atomicfile_mkdirs("", &err), -1);
    scratch_remove(dir);
}

/* ------------------------------------------------------------------ call N fails */

typedef int (*operation_fn)(const char *dir, struct pasar_err *err);

static int replace_file(const char *dir, struct pasar_err *err)
{
    return pasar_atomicfile_publish(dir, "a", "new", 3, PASAR_REPLACE, err);
}
static int replace_in_pieces(const char *dir, struct pasar_err *err)
{
    static char piece[300 * 1024]; /* above the buffer: several writes */
    struct pasar_atomicfile *file = pasar_atomicfile_open(dir, "a", err);
    if (file == NULL)
        return -1;
    memset(piece, 'n', sizeof piece);
    for (int i = 0; i < 3; i++)
        (void)!pasar_atomicfile_write(file, i == 1 ? "middle" : piece, i == 1 ? 6 : sizeof piece, err);
    return pasar_atomicfile_commit(file, PASAR_REPLACE, err); /* a failed write stays failed */
}
static int swap_link(const char *dir, struct pasar_err *err)
{
    return pasar_atomicfile_symlink(dir, "link", "new", err);
}
static int new_directory(const char *dir, struct pasar_err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    (void)!mkdirat(fd, ".hidden", 0755);
    close(fd);
    return pasar_atomicfile_publish_dir(dir, ".hidden", "final", err);
}

/* Old or new, by what is under the final name; anything else fails the test. */
static bool file_is_new(const char *dir)
{
    size_t len;
    char *text = scratch_read(scratch_path(dir, "a"), &len);
    assert_non_null(text);
    bool is_old = strcmp(text, "old") == 0, is_new = strcmp(text, "new") == 0 || len == 2 * 300 * 1024 + 6;
    free(text);
    assert_true(is_old || is_new);
    return is_new;
}
static bool link_is_new(const char *dir)
{
    char target[16] = "";
    assert_true(readlink(scratch_path(dir, "link"), target, sizeof target - 1) == 3);
    assert_true(strcmp(target, "old") == 0 || strcmp(target, "new") == 0);
    return strcmp(target, "new") == 0;
}
static bool directory_is_new(const char *dir)
{
    return access(scratch_path(dir, "final"), F_OK) == 0;
}

/* Fails call 0, 1, 2… with each errno, once and for good, until the operation runs through untouched. */
static void fail_each_call(operation_fn operation, bool (*is_new)(const char *dir), bool leaves_temp)
{
    static const int errors[] = {EIO, ENOSPC, EDQUOT, EROFS};

    for (size_t e = 0; e < PASAR_ARRAY_LEN(errors); e++) {
        for (int for_good = 0; for_good < 2; for_good++) {
            for (int at = 0;; at++) {
                assert_true(at < 100);
                char *dir = scratch_new();
                struct pasar_err err = PASAR_ERR_INIT;
                scratch_write_text(scratch_path(dir, "a"), "old");
                assert_int_equal(symlink("old", scratch_path(dir, "link")), 0);
                int fds = count_fds();
                arm(at, errors[e], for_good != 0);
                int rc = operation(dir, &err);
                bool was_reached = reached;
                disarm();
                assert_int_equal(count_fds(), fds);
                bool is_now_new = is_new(dir);
                if (rc == 0) {
                    assert_true(is_now_new);
                    assert_int_equal(err.code, PASAR_OK);
                } else {
                    assert_int_not_equal(err.code, PASAR_OK);
                    assert_non_null(strstr(err.msg, dir));
                    assert_non_null(strstr(err.msg, strerror(errors[e])));
                }
                if (!leaves_temp)
                    assert_int_equal(scratch_count(dir), 2);
                scratch_remove(dir);
                if (!was_reached) {
                    assert_int_equal(rc, 0);
                    break;
                }
            }
        }
    }
}

static void test_atomicfile__replacing_a_file_gives_old_or_new(void **state)
{
    (void)state;
    fail_each_call(replace_file, file_is_new, false);
}

static void test_atomicfile__a_failed_write_sticks(void **state)
{
    (void)state;
    fail_each_call(replace_in_pieces, file_is_new, false);
}

static void test_atomicfile__swapping_a_link_gives_old_or_new(void **state)
{
    (void)state;
    fail_each_call(swap_link, link_is_new, false);
}

static void test_atomicfile__publishing_a_directory_is_whole_or_not_at_all(void **state)
{
    (void)state;
    fail_each_call(new_directory, directory_is_new, true);
}

static int real_fsyncs;
static int count_fsync(int fd)
{
    real_fsyncs++;
    return pasar_fsops_posix.fsync(fd);
}

static void test_atomicfile__syncs_file_and_directory_once_each(void **state)
{
    char *dir = scratch_new();
    struct pasar_fsops ops = pasar_fsops_posix;
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    ops.fsync = count_fsync;
    real_fsyncs = 0;
    pasar_atomicfile_set_ops(&ops);
    assert_int_equal(pasar_atomicfile_publish(dir, "a", "x", 1, PASAR_NOREPLACE, &err), 0);
    assert_int_equal(real_fsyncs, 2);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_atomicfile__commit_publishes_and_abort_does_not, teardown),
        cmocka_unit_test_teardown(test_atomicfile__the_final_name_may_come_late, teardown),
        cmocka_unit_test_teardown(test_atomicfile__noreplace_refuses_an_existing_target, teardown),
        cmocka_unit_test_teardown(test_atomicfile__filesystems_without_noreplace_get_a_link, teardown),
        cmocka_unit_test_teardown(test_atomicfile__large_content_survives_short_writes, teardown),
        cmocka_unit_test_teardown(test_atomicfile__a_crash_leftover_is_overwritten, teardown),
        cmocka_unit_test_teardown(test_atomicfile__names_stay_in_their_directory, teardown),
        cmocka_unit_test_teardown(test_atomicfile__mkdirs_makes_all_levels, teardown),
        cmocka_unit_test_teardown(test_atomicfile__replacing_a_file_gives_old_or_new, teardown),
        cmocka_unit_test_teardown(test_atomicfile__a_failed_write_sticks, teardown),
        cmocka_unit_test_teardown(test_atomicfile__swapping_a_link_gives_old_or_new, teardown),
        cmocka_unit_test_teardown(test_atomicfile__publishing_a_directory_is_whole_or_not_at_all, teardown),
        cmocka_unit_test_teardown(test_atomicfile__syncs_file_and_directory_once_each, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
