/* Log lines: one line whatever the text, valid JSON whatever the text, floods counted. */
#include "scratch.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>

#include "pasar/clock.h"
#include "pasar/log.h"

static const char nasty[] = "a\nb\tc\"d\\e\x01\x1b[31m\x7f"
                            "\xc2\x85"
                            "\xff\xc3\xa9\xed\xa0\x80\xe2\x82\xb9";

static void log_nasty(void *ctx)
{
    (void)ctx;
    pasar_warn("%s", nasty);
}

static void test_log__text_lines_name_time_program_level(void **state)
{
    int64_t us;

    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_TEXT);
    char *text = scratch_capture(2, log_nasty, NULL);
    assert_string_equal(text + 24,
                        " pasar-test WARN a\\nb\\tc\"d\\e\\u0001\\u001b[31m\\u007f\\u0085\\xff\xc3\xa9\\xed\\xa0\\x80"
                        "\xe2\x82\xb9\n");
    assert_int_equal(pasar_clock_parse(text, 24, &us), 0);
    free(text);
}

static void test_log__json_lines_are_one_json_object_each(void **state)
{
    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_JSON);
    char *text = scratch_capture(2, log_nasty, NULL);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(line);
    assert_int_equal(json_object_size(line), 4);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "warn");
    assert_string_equal(json_string_value(json_object_get(line, "program")), "pasar-test");
    assert_string_equal(json_string_value(json_object_get(line, "message")),
                        "a\nb\tc\"d\\e\x01\x1b[31m\x7f"
                        "\xc2\x85"
                        "\\xff\xc3\xa9\\xed\\xa0\\x80\xe2\x82\xb9");
    int64_t us;
    const char *time = json_string_value(json_object_get(line, "time"));
    assert_int_equal(pasar_clock_parse(time, strlen(time), &us), 0);
    json_decref(line);
    free(text);
}

static void log_members(void *ctx)
{
    char message[3500];
    memset(message, 'm', sizeof message - 1);
    message[sizeof message - 1] = '\0';
    pasar_log_members(PASAR_LOG_INFO, ctx, "%s", message);
}

static void test_log__members_stand_behind_the_message(void **state)
{
    static const int widths[] = {1, 80, 2980};
    char members[3100];

    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_JSON);
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) { /* the message gives way, never they */
        snprintf(members, sizeof members, "\"n\":7,\"x\":\"%0*d\"", widths[i], 0);
        char *text = scratch_capture(2, log_members, members);
        assert_true(strlen(text) <= 4096);
        json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(line);
        assert_int_equal(json_object_size(line), 6);
        assert_int_equal(json_integer_value(json_object_get(line, "n")), 7);
        assert_int_equal(json_string_length(json_object_get(line, "x")), widths[i]);
        json_decref(line);
        free(text);
    }
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_TEXT);
    char *text = scratch_capture(2, log_members, members);
    assert_null(strstr(text, "\"n\""));
    free(text);
}

static void log_long(void *ctx)
{
    char message[20000];
    memset(message, *(char *)ctx, sizeof message - 1);
    message[sizeof message - 1] = '\0';
    pasar_info("%s", message);
}

static void test_log__long_messages_are_cut_and_stay_whole_lines(void **state)
{
    static const char fill[] = {'x', '\x01', '"', '\xff'};

    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_JSON);
    for (size_t i = 0; i < sizeof fill; i++) {
        char *text = scratch_capture(2, log_long, (void *)(uintptr_t)&fill[i]);
        assert_true(strlen(text) <= 4096);
        json_t *line = json_loads(text, 0, NULL);
        assert_non_null(line);
        const char *message = json_string_value(json_object_get(line, "message"));
        assert_string_equal(message + strlen(message) - 3, "...");
        json_decref(line);
        free(text);
    }
}

static void log_all_levels(void *ctx)
{
    (void)ctx;
    pasar_error("e");
    pasar_warn("w");
    pasar_info("i");
    pasar_debug("d");
}

static int count_lines(const char *text)
{
    int count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void test_log__lower_levels_are_dropped(void **state)
{
    (void)state;
    for (int level = PASAR_LOG_ERROR; level <= PASAR_LOG_DEBUG; level++) {
        pasar_log_init("pasar-test", (enum pasar_log_level)level, PASAR_LOG_TEXT);
        char *text = scratch_capture(2, log_all_levels, NULL);
        assert_int_equal(count_lines(text), level + 1);
        free(text);
    }
}

static void test_log__errno_survives(void **state)
{
    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_TEXT);
    int saved = dup(2);
    close(2); /* even when writing fails */
    errno = ENOSPC;
    pasar_error("nobody reads this");
    int after = errno;
    dup2(saved, 2);
    close(saved);
    assert_int_equal(after, ENOSPC);
}

static void log_flood(void *ctx)
{
    struct pasar_log_limit *limit = ctx;
    for (int i = 0; i < 100; i++)
        pasar_log_limited(limit, PASAR_LOG_WARN, "flood %d", i);
    limit->started_ns -= limit->interval_ms * 1000000; /* the interval is over */
    pasar_log_limited(limit, PASAR_LOG_WARN, "next");
}

static void test_log__floods_are_counted(void **state)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;

    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_TEXT);
    char *text = scratch_capture(2, log_flood, &limit);
    assert_int_equal(count_lines(text), 5 + 1 + 1);
    assert_non_null(strstr(text, "flood 4\n"));
    assert_null(strstr(text, "flood 5\n"));
    assert_non_null(strstr(text, "suppressed 95 of 100 such messages in the last 10 s\n"));
    assert_non_null(strstr(text, "next\n"));
    free(text);
}

static void log_flood_to_the_end(void *ctx)
{
    for (int i = 0; i < 100; i++)
        pasar_log_limited(ctx, PASAR_LOG_WARN, "flood %d", i);
    pasar_log_flush();
    pasar_log_flush();
}

static void test_log__what_was_hidden_is_told_at_the_end(void **state)
{
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;

    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_TEXT);
    char *text = scratch_capture(2, log_flood_to_the_end, &limit);
    assert_int_equal(count_lines(text), 5 + 1);
    assert_non_null(strstr(text, "WARN suppressed 95 of 100 such messages in the last 0 s\n"));
    free(text);
}

static void *log_many(void *ctx)
{
    for (int i = 0; i < 500; i++)
        pasar_info("%s %0100d", (const char *)ctx, i);
    return NULL;
}

static void log_from_threads(void *ctx)
{
    pthread_t threads[4];
    (void)ctx;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, (void *)(uintptr_t) "thread"), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void test_log__lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_JSON);
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipe_fds[1], 2);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
        log_from_threads(NULL);
        _exit(0);
    }
    close(pipe_fds[1]);
    FILE *lines = fdopen(pipe_fds[0], "r");
    char line[5000];
    int count = 0;
    while (fgets(line, sizeof line, lines) != NULL) {
        json_t *object = json_loads(line, 0, NULL);
        assert_non_null(object);
        json_decref(object);
        count++;
    }
    fclose(lines);
    waitpid(child, NULL, 0);
    assert_int_equal(count, 2000);
}

static void log_over_progress(void *ctx)
{
    (void)ctx;
    pasar_log_set_line_open(true);
    pasar_info("first");
    pasar_info("second");
}

static void test_log__wipes_an_open_progress_line_once(void **state)
{
    (void)state;
    pasar_log_init("pasar-test", PASAR_LOG_INFO, PASAR_LOG_TEXT);
    char *text = scratch_capture(2, log_over_progress, NULL);
    assert_memory_equal(text, "\r\033[K", 4);
    assert_null(strchr(text + 4, '\r'));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log__text_lines_name_time_program_level),
        cmocka_unit_test(test_log__json_lines_are_one_json_object_each),
        cmocka_unit_test(test_log__members_stand_behind_the_message),
        cmocka_unit_test(test_log__long_messages_are_cut_and_stay_whole_lines),
        cmocka_unit_test(test_log__lower_levels_are_dropped),
        cmocka_unit_test(test_log__errno_survives),
        cmocka_unit_test(test_log__floods_are_counted),
        cmocka_unit_test(test_log__what_was_hidden_is_told_at_the_end),
        cmocka_unit_test(test_log__lines_of_threads_do_not_mix),
        cmocka_unit_test(test_log__wipes_an_open_progress_line_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
