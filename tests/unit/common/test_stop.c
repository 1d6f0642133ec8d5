/* Signals, each case in a process of its own: what one leaves behind must not touch the next. */
#include "scratch.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include "pasar/clock.h"
#include "pasar/stop.h"

/* Runs `fn` in a child with the handlers installed; its wait status. */
static int in_child(void (*fn)(void))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (pasar_stop_fd() != -1 || pasar_stop_install(NULL) != 0)
            _exit(99);
        fn();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            _exit(100 + __LINE__ % 100);                                                                               \
    } while (0)

static bool is_readable(void)
{
    struct pollfd fd = {.fd = pasar_stop_fd(), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void first_signal(void)
{
    CHECK(!pasar_stop_requested() && !is_readable());
    CHECK(!pasar_stop_wait(1));
    raise(SIGTERM);
    CHECK(pasar_stop_requested() && is_readable());
    int64_t start = pasar_clock_mono_ns();
    CHECK(pasar_stop_wait(60000));
    CHECK(pasar_clock_mono_ns() - start < INT64_C(10000000000));
    CHECK(is_readable());
}

static void test_stop__first_signal_asks_for_a_stop(void **state)
{
    (void)state;
    assert_int_equal(in_child(first_signal), 0);
}

static void two_terms(void)
{
    raise(SIGTERM);
    raise(SIGTERM);
    CHECK(false);
}

static void request_then_int(void)
{
    pasar_stop_request();
    CHECK(pasar_stop_requested() && is_readable());
    raise(SIGINT);
    CHECK(false);
}

static void test_stop__second_signal_ends_at_once(void **state)
{
    (void)state;
    int status = in_child(two_terms);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
    status = in_child(request_then_int);
    assert_int_equal(WEXITSTATUS(status), 128 + SIGINT);
}

static void hangup_stops(void)
{
    raise(SIGHUP);
    CHECK(pasar_stop_requested() && is_readable() && !pasar_stop_take_hangup());
}

static void test_stop__a_closed_terminal_stops_what_does_not_reload(void **state)
{
    (void)state;
    signal(SIGHUP, SIG_DFL);
    assert_int_equal(in_child(hangup_stops), 0);
}

static void hangup_is_ignored(void)
{
    raise(SIGHUP);
    CHECK(!pasar_stop_requested() && !is_readable());
}

static void test_stop__nohup_is_respected(void **state)
{
    (void)state;
    signal(SIGHUP, SIG_IGN);
    assert_int_equal(in_child(hangup_is_ignored), 0);
    signal(SIGHUP, SIG_DFL);
}

static void hangups(void)
{
    CHECK(pasar_stop_reload_on_hangup(NULL) == 0);
    CHECK(!pasar_stop_take_hangup());
    raise(SIGHUP);
    raise(SIGHUP);
    CHECK(is_readable() && !pasar_stop_requested());
    CHECK(!pasar_stop_wait(60000)); /* wakes up, but not for a stop */
    CHECK(pasar_stop_take_hangup() && is_readable());
    CHECK(pasar_stop_take_hangup() && !is_readable());
    CHECK(!pasar_stop_take_hangup());
    raise(SIGHUP);
    raise(SIGTERM);
    CHECK(pasar_stop_take_hangup());
    CHECK(is_readable() && pasar_stop_requested()); /* the stop still stands */
}

static void test_stop__hangups_are_taken_one_by_one(void **state)
{
    (void)state;
    assert_int_equal(in_child(hangups), 0);
}

static void pipes_and_limits(void)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    close(fds[0]);
    CHECK(write(fds[1], "x", 1) == -1); /* EPIPE instead of death */
    FILE *file = tmpfile();
    const struct rlimit small = {10, 10};
    CHECK(file != NULL && setrlimit(RLIMIT_FSIZE, &small) == 0);
    CHECK(write(fileno(file), "0123456789abcdef", 16) == 10);
    CHECK(write(fileno(file), "0123456789abcdef", 16) == -1); /* EFBIG */
}

static void test_stop__broken_pipes_and_file_limits_are_errors_not_deaths(void **state)
{
    (void)state;
    assert_int_equal(in_child(pipes_and_limits), 0);
}

static void wait_for_a_late_signal(void)
{
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        pasar_clock_sleep_ms(30);
        kill(parent, SIGINT);
        _exit(0);
    }
    int64_t start = pasar_clock_mono_ns();
    CHECK(pasar_stop_wait(30000));
    CHECK(pasar_clock_mono_ns() - start < INT64_C(20000000000));
}

static void test_stop__wait_ends_early_when_the_signal_comes(void **state)
{
    (void)state;
    assert_int_equal(in_child(wait_for_a_late_signal), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop__first_signal_asks_for_a_stop),
        cmocka_unit_test(test_stop__second_signal_ends_at_once),
        cmocka_unit_test(test_stop__a_closed_terminal_stops_what_does_not_reload),
        cmocka_unit_test(test_stop__nohup_is_respected),
        cmocka_unit_test(test_stop__hangups_are_taken_one_by_one),
        cmocka_unit_test(test_stop__broken_pipes_and_file_limits_are_errors_not_deaths),
        cmocka_unit_test(test_stop__wait_ends_early_when_the_signal_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
