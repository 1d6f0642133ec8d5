/* One holder per directory, and a dead one holds nothing. */
#include "scratch.h"

#include <signal.h>

#include "pasar/dirlock.h"

static void test_dirlock__second_taker_is_told_who_holds_it(void **state)
{
    char *dir = scratch_new(), pid[32];
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    int fd = pasar_dirlock_take(dir, ".lock", &err);
    assert_true(fd >= 0);
    assert_int_equal(pasar_dirlock_take(dir, ".lock", &err), -1);
    assert_int_equal(err.code, PASAR_EUNAVAILABLE);
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    assert_non_null(strstr(err.msg, pid));
    assert_non_null(strstr(err.msg, dir));
    pasar_err_clear(&err);
    int other = pasar_dirlock_take(dir, ".lock.2", &err); /* another name is another lock */
    assert_true(other >= 0);
    pasar_dirlock_release(other);
    pasar_dirlock_release(fd);
    fd = pasar_dirlock_take(dir, ".lock", &err);
    assert_true(fd >= 0);
    pasar_dirlock_release(fd);
    pasar_dirlock_release(-1);
    scratch_remove(dir);
}

static void test_dirlock__a_killed_holder_holds_nothing(void **state)
{
    char *dir = scratch_new(), byte;
    struct pasar_err err = PASAR_ERR_INIT;
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = pasar_dirlock_take(dir, ".lock", NULL);
        if (write(fds[1], fd >= 0 ? "y" : "n", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(fds[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(pasar_dirlock_take(dir, ".lock", &err), -1);
    assert_int_equal(err.code, PASAR_EUNAVAILABLE);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    pasar_err_clear(&err);
    int fd = pasar_dirlock_take(dir, ".lock", &err);
    assert_true(fd >= 0);
    pasar_dirlock_release(fd);
    close(fds[0]);
    close(fds[1]);
    scratch_remove(dir);
}

static void test_dirlock__other_failures_have_another_code(void **state)
{
    char *dir = scratch_new();
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_int_equal(pasar_dirlock_take(scratch_path(dir, "missing"), ".lock", &err), -1);
    assert_int_equal(err.code, PASAR_ECREATE);
    pasar_err_clear(&err);
    assert_int_equal(symlink("/dev/null", scratch_path(dir, ".lock")), 0);
    assert_int_equal(pasar_dirlock_take(dir, ".lock", &err), -1);
    assert_int_equal(err.code, PASAR_ECREATE);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dirlock__second_taker_is_told_who_holds_it),
        cmocka_unit_test(test_dirlock__a_killed_holder_holds_nothing),
        cmocka_unit_test(test_dirlock__other_failures_have_another_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
