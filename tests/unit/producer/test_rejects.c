/* rejects: one JSON line per rejected row. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <jansson.h>

#include "producer/rejects.h"

static void test_rejects__keeps_every_byte(void **state)
{
    const struct sink_reject text = {"a.csv", 3, 40, 2, "too few", "x,\"y\"\n", 6};
    const struct sink_reject bytes = {"a.csv", 4, 46, 3, "not UTF-8", "\xff\0z", 3};
    struct pasar_err err = PASAR_ERR_INIT;
    char path[64], line[512];
    struct rejects *rejects;
    json_t *root;
    FILE *file;

    (void)state;
    snprintf(path, sizeof(path), "/tmp/pasar-rejects-%d.jsonl", (int)getpid());
    rejects = rejects_open(path, &err);
    assert_non_null(rejects);
    assert_int_equal(rejects_add(rejects, &text, &err), 0);
    assert_int_equal(rejects_add(rejects, &bytes, &err), 0);
    assert_int_equal(rejects_close(rejects, &err), 0);

    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    root = json_loads(line, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(root, "raw")), "x,\"y\"\n");
    assert_int_equal(json_integer_value(json_object_get(root, "line")), 3);
    assert_int_equal(json_integer_value(json_object_get(root, "offset")), 40);
    assert_int_equal(json_integer_value(json_object_get(root, "row")), 2);
    assert_string_equal(json_string_value(json_object_get(root, "reason")), "too few");
    json_decref(root);
    assert_non_null(fgets(line, sizeof(line), file));
    root = json_loads(line, 0, NULL);
    assert_null(json_object_get(root, "raw"));
    assert_string_equal(json_string_value(json_object_get(root, "raw_base64")), "/wB6");
    json_decref(root);
    assert_null(fgets(line, sizeof(line), file));
    fclose(file);
    unlink(path);
}

static void test_rejects__a_full_disk_is_an_error(void **state)
{
    const struct sink_reject reject = {"a.csv", 3, 40, 2, "too few", "x", 1};
    struct pasar_err err = PASAR_ERR_INIT;
    struct rejects *rejects = rejects_open("/dev/full", &err);

    (void)state;
    assert_non_null(rejects);
    assert_int_equal(rejects_add(rejects, &reject, &err), 0); /* buffered */
    assert_int_equal(rejects_close(rejects, &err), -1);
    assert_int_equal(err.code, PASAR_EIO);
    assert_non_null(strstr(err.msg, "/dev/full"));
}

static void test_rejects__a_file_that_cannot_be_made_is_named(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_null(rejects_open("/nonexistent/r.jsonl", &err));
    assert_int_equal(err.code, PASAR_ECREATE);
    assert_non_null(strstr(err.msg, "/nonexistent/r.jsonl"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rejects__keeps_every_byte),
        cmocka_unit_test(test_rejects__a_full_disk_is_an_error),
        cmocka_unit_test(test_rejects__a_file_that_cannot_be_made_is_named),
    };

    return cmocka_run_group_tests_name("rejects", tests, NULL, NULL);
}
