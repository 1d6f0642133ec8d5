/* Progress: silent when asked, one line on a terminal, log lines elsewhere. */
#include "scratch.h"

#include <pty.h>
#include <termios.h>

#include "pasar/clock.h"
#include "pasar/log.h"
#include "pasar/progress.h"

static void work(struct pasar_progress *p, uint64_t rows)
{
    for (uint64_t i = 1; i <= rows; i++)
        pasar_progress_update(p, i, i * 10, rows * 10);
}

static void quiet(void *ctx)
{
    struct pasar_progress p;
    (void)ctx;
    pasar_progress_start(&p, "rows sent", true);
    p.shown_ns -= INT64_C(60000000000);
    work(&p, 5000);
    pasar_progress_finish(&p);
}

static void test_progress__quiet_says_nothing(void **state)
{
    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_TEXT);
    char *text = scratch_capture(2, quiet, NULL);
    assert_string_equal(text, "");
    free(text);
}

static void to_a_file(void *ctx)
{
    struct pasar_progress p;
    (void)ctx;
    pasar_progress_start(&p, "rows sent", false);
    work(&p, 5000); /* too early for a line */
    p.shown_ns -= INT64_C(10000000000);
    p.started_ns -= INT64_C(10000000000);
    for (int i = 0; i < 1024; i++) /* within as many calls the clock is looked at */
        pasar_progress_update(&p, 1234567, 25, 100);
    pasar_progress_finish(&p);
}

static void test_progress__elsewhere_a_log_line_every_10_s(void **state)
{
    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_TEXT);
    char *text = scratch_capture(2, to_a_file, NULL);
    const char *line = strstr(text, "INFO rows sent: 1,234,567, 25.0 %, ");
    assert_non_null(line);
    assert_non_null(strstr(line, " rows/s, 30 s left\n"));
    assert_null(strchr(text, '\r'));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
}

static void idle_for_long(void *ctx)
{
    struct pasar_progress p;
    (void)ctx;
    pasar_progress_start(&p, "rows", false);
    for (int i = 0; i < 8; i++) { /* rows come at 0 and 20 s; nobody works in between and after */
        p.shown_ns -= INT64_C(10000000000);
        for (int j = 0; j < 1024; j++)
            pasar_progress_update(&p, i < 2 ? 10 : 2010, 0, 0);
    }
    pasar_progress_finish(&p);
}

static void test_progress__an_idle_program_logs_nothing(void **state)
{
    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_TEXT);
    char *text = scratch_capture(2, idle_for_long, NULL);
    const char *second = strstr(text, "INFO rows: 2,010, ");
    assert_non_null(strstr(text, "INFO rows: 10, "));
    assert_non_null(second);
    assert_memory_equal(second, "INFO rows: 2,010, 19", 19); /* per second of the last ten, or a little less */
    int lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(lines, 2);
    free(text);
}

static void test_progress__slow_callers_are_seen_too(void **state)
{
    struct pasar_progress p;

    (void)state;
    pasar_progress_start(&p, "rows", true);
    p.enabled = true;
    for (int i = 0; i < 100000; i++)
        pasar_progress_update(&p, 0, 0, 0);
    assert_int_equal(p.skip, 1024);
    p.looked_ns -= 200 * 1000000; /* now slow */
    for (int i = 0; i < 1024 && p.skip != 1; i++)
        pasar_progress_update(&p, 0, 0, 0);
    assert_int_equal(p.skip, 1);
}

static void test_progress__a_terminal_gets_one_updating_line(void **state)
{
    int master;
    char text[4000];
    size_t len = 0;
    ssize_t n;

    (void)state;
    pid_t child = forkpty(&master, NULL, NULL, NULL);
    assert_true(child >= 0);
    if (child == 0) {
        struct pasar_progress p;
        pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_TEXT);
        pasar_progress_start(&p, "rows", false);
        for (int i = 1; i <= 3; i++) {
            p.shown_ns -= 300 * 1000000;
            for (int j = 0; j < 1024 && p.shown_rows != (uint64_t)i; j++)
                pasar_progress_update(&p, (uint64_t)i, 0, 0);
        }
        pasar_info("a log line");
        pasar_progress_finish(&p);
        pasar_info("the end");
        _exit(0);
    }
    while (len < sizeof text - 1 && (n = read(master, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    waitpid(child, NULL, 0);
    close(master);
    assert_non_null(strstr(text, "\rrows: 1, "));
    assert_non_null(strstr(text, "\rrows: 3, "));
    const char *log = strstr(text, " a log line");
    assert_non_null(log);
    while (log > text && *log != '\r')
        log--;
    assert_memory_equal(log, "\r\033[K2", 5); /* the progress line is wiped first, then a time follows */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress__quiet_says_nothing),
        cmocka_unit_test(test_progress__elsewhere_a_log_line_every_10_s),
        cmocka_unit_test(test_progress__an_idle_program_logs_nothing),
        cmocka_unit_test(test_progress__slow_callers_are_seen_too),
        cmocka_unit_test(test_progress__a_terminal_gets_one_updating_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
