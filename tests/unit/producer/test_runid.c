/* runid: names of runs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "producer/runid.h"

static const int64_t START_US = INT64_C(1767225599123456); /* 2025-12-31T23:59:59.123456Z */

static char path[64];

static void write_file(const char *text)
{
    FILE *file;

    snprintf(path, sizeof(path), "/tmp/runid test-%d.csv", (int)getpid());
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

static void make(char id[RUNID_MAX])
{
    struct pasar_err err = PASAR_ERR_INIT;
    char *files[] = {path};

    assert_int_equal(runid_make(id, files, 1, START_US, &err), 0);
}

static void test_runid__names_file_contents_and_time(void **state)
{
    char first[RUNID_MAX], again[RUNID_MAX], other[RUNID_MAX];

    (void)state;
    write_file("a,b\n1,2\n");
    make(first);
    make(again);
    write_file("a,b\n1,3\n");
    make(other);
    unlink(path);
    assert_true(runid_is_valid(first));
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    assert_non_null(strstr(first, "runid_test-"));
    assert_non_null(strstr(first, "-20251231T235959.123456Z"));
}

static void test_runid__a_missing_file_is_named(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    char *files[] = {"/nonexistent/x.csv"};
    char id[RUNID_MAX];

    (void)state;
    assert_int_equal(runid_make(id, files, 1, START_US, &err), -1);
    assert_int_equal(err.code, PASAR_ENOINPUT);
    assert_non_null(strstr(err.msg, "/nonexistent/x.csv"));
}

static void test_runid__long_names_still_fit(void **state)
{
    char *files[] = {"-", "/dev/null"};
    char id[RUNID_MAX];
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_int_equal(runid_make(id, files, 2, START_US, &err), 0);
    assert_true(runid_is_valid(id));
}

static void test_runid__valid_means_kafka_and_file_safe(void **state)
{
    char long_id[RUNID_MAX + 1];

    (void)state;
    memset(long_id, 'a', sizeof(long_id));
    long_id[RUNID_MAX] = '\0';
    assert_false(runid_is_valid(long_id));
    long_id[RUNID_MAX - 1] = '\0';
    assert_true(runid_is_valid(long_id));
    assert_true(runid_is_valid("A-z_0.9"));
    assert_false(runid_is_valid(""));
    assert_false(runid_is_valid("a b"));
    assert_false(runid_is_valid("a/b"));
    assert_false(runid_is_valid("\xc3\xa9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runid__names_file_contents_and_time),
        cmocka_unit_test(test_runid__a_missing_file_is_named),
        cmocka_unit_test(test_runid__long_names_still_fit),
        cmocka_unit_test(test_runid__valid_means_kafka_and_file_safe),
    };

    return cmocka_run_group_tests_name("runid", tests, NULL, NULL);
}
