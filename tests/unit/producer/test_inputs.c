/* inputs, pacer: which files, and how fast their rows go. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "producer/inputs.h"
#include "producer/pacer.h"

static char dir[] = "/tmp/pasar-inputs-XXXXXX";

static char *path_of(const char *name)
{
    static char paths[4][96];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(path_of(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
    static const char *const names[] = {"p1.csv", "p2.csv", "[x].csv"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(path_of(names[i]));
    return rmdir(dir);
}

static void test_inputs__patterns_become_files(void **state)
{
    struct inputs inputs;
    struct pasar_err err = PASAR_ERR_INIT;
    char pattern[96], odd[96], plain[] = "no such file";
    char *operands[] = {plain, pattern, odd};

    (void)state;
    write_file("p2.csv", "", 0);
    write_file("p1.csv", "", 0);
    write_file("[x].csv", "", 0);
    snprintf(pattern, sizeof(pattern), "%s", path_of("p?.csv"));
    snprintf(odd, sizeof(odd), "%s", path_of("[x].csv")); /* a file of that very name is that file */
    assert_int_equal(inputs_expand(&inputs, operands, 3, &err), 0);
    assert_int_equal(inputs.count, 4);
    assert_string_equal(inputs.files[0], plain); /* opened later, where its absence is reported */
    assert_string_equal(inputs.files[1], path_of("p1.csv"));
    assert_string_equal(inputs.files[2], path_of("p2.csv"));
    assert_string_equal(inputs.files[3], odd);
    inputs_fini(&inputs);
    snprintf(pattern, sizeof(pattern), "%s", path_of("q*.csv"));
    assert_int_equal(inputs_expand(&inputs, operands, 3, &err), -1);
    assert_int_equal(err.code, PASAR_ENOINPUT);
    assert_non_null(strstr(err.msg, pattern));
    inputs_fini(&inputs);
}

static void test_pacer__rate_is_an_average(void **state)
{
    struct pacer pacer;

    (void)state;
    pacer_init(&pacer, 1000, 0, 0, 1, 5000);
    assert_int_equal(pacer.due_ns, 5000);
    for (int i = 0; i < 50; i++)
        pacer_sent(&pacer, 5000);
    assert_int_equal(pacer.due_ns, 5000 + 50 * 1000000);
}

static void test_pacer__pauses_are_within_bounds_and_repeatable(void **state)
{
    struct pacer one, two, other;
    int64_t now_ns = 0, least = INT64_MAX, most = 0;
    int same = 0;

    (void)state;
    pacer_init(&one, 0, 0.010, 0.020, 7, 0);
    pacer_init(&two, 0, 0.010, 0.020, 7, 0);
    pacer_init(&other, 0, 0.010, 0.020, 8, 0);
    for (int i = 0; i < 1000; i++) {
        int64_t pause;

        pacer_sent(&one, now_ns);
        pacer_sent(&two, now_ns);
        pacer_sent(&other, now_ns);
        assert_int_equal(one.due_ns, two.due_ns);
        same += one.due_ns == other.due_ns;
        pause = one.due_ns - now_ns;
        least = pause < least ? pause : least;
        most = pause > most ? pause : most;
        now_ns = one.due_ns;
        two.due_ns = other.due_ns = now_ns;
    }
    assert_in_range(least, 10000000, 10500000);
    assert_in_range(most, 19500000, 20000000);
    assert_true(same < 5);
}

static void test_pacer__short_pauses_add_up(void **state)
{
    struct pacer pacer;

    (void)state;
    pacer_init(&pacer, 0, 0.0001, 0.0001, 1, 0);
    for (int i = 0; i < 10; i++)
        pacer_sent(&pacer, 0); /* no time passes: what cannot be waited for yet is due later */
    assert_int_equal(pacer.due_ns, 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs__patterns_become_files),
        cmocka_unit_test(test_pacer__rate_is_an_average),
        cmocka_unit_test(test_pacer__pauses_are_within_bounds_and_repeatable),
        cmocka_unit_test(test_pacer__short_pauses_add_up),
    };

    return cmocka_run_group_tests_name("inputs", tests, make_dir, remove_dir);
}
