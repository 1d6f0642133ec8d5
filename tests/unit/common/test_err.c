/* The error struct: first cause wins, context goes in front, errno survives. */
#include "scratch.h"

#include <errno.h>

#include "pasar/err.h"

static void test_err__first_cause_wins(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_int_equal(pasar_err_set(&err, PASAR_EDATA, "row %d is bad", 7), -1);
    assert_int_equal(pasar_err_set(&err, PASAR_EIO, "something later"), -1);
    assert_int_equal(err.code, PASAR_EDATA);
    assert_string_equal(err.msg, "row 7 is bad");
}

static void test_err__null_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(pasar_err_set(NULL, PASAR_EDATA, "x"), -1);
    assert_int_equal(pasar_err_errno(NULL, PASAR_EDATA, "x"), -1);
    assert_int_equal(pasar_err_nomem(NULL, "x"), -1);
    assert_int_equal(pasar_err_context(NULL, "x"), -1);
}

static void test_err__out_of_memory_is_so_whatever_the_step_was(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    errno = ENOMEM;
    assert_int_equal(pasar_err_errno(&err, PASAR_ECREATE, "create %s", "/x"), -1);
    assert_int_equal(err.code, PASAR_EOS);
    assert_string_equal(err.msg, "create /x: out of memory");
}

static void test_err__errno_is_told_and_kept(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    errno = ENOENT;
    assert_int_equal(pasar_err_errno(&err, PASAR_ENOINPUT, "open %s", "/x"), -1);
    assert_int_equal(errno, ENOENT);
    assert_string_equal(err.msg, "open /x: No such file or directory");
}

static void test_err__context_goes_in_front_and_keeps_the_code(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_int_equal(pasar_err_context(&err, "nothing to add to"), -1);
    assert_int_equal(err.code, PASAR_OK);
    (void)!pasar_err_set(&err, PASAR_EDATA, "inner");
    assert_int_equal(pasar_err_context(&err, "outer %d", 1), -1);
    assert_string_equal(err.msg, "outer 1: inner");
    assert_int_equal(err.code, PASAR_EDATA);
}

static void test_err__long_messages_are_cut_not_overrun(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    char text[2000];

    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    errno = EIO;
    (void)!pasar_err_errno(&err, PASAR_EIO, "%s", text);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    (void)!pasar_err_context(&err, "%s", text);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

static void test_err__clear_makes_it_ready_again(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    (void)!pasar_err_nomem(&err, "a thing");
    assert_int_equal(err.code, PASAR_EOS);
    assert_string_equal(err.msg, "out of memory for a thing");
    pasar_err_clear(&err);
    assert_int_equal(err.code, PASAR_OK);
    (void)!pasar_err_set(&err, PASAR_EUSAGE, "next");
    assert_string_equal(err.msg, "next");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err__first_cause_wins),
        cmocka_unit_test(test_err__null_is_allowed),
        cmocka_unit_test(test_err__errno_is_told_and_kept),
        cmocka_unit_test(test_err__out_of_memory_is_so_whatever_the_step_was),
        cmocka_unit_test(test_err__context_goes_in_front_and_keeps_the_code),
        cmocka_unit_test(test_err__long_messages_are_cut_not_overrun),
        cmocka_unit_test(test_err__clear_makes_it_ready_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
