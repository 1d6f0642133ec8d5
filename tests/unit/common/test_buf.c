/* The byte buffer: growth, sticky failure, hand-over. */
#include "scratch.h"

#include "pasar/buf.h"

static void test_buf__grows_and_keeps_the_bytes(void **state)
{
    struct pasar_buf buf = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        pasar_buf_addc(&buf, (char)('a' + i % 26));
    pasar_buf_adds(&buf, "END");
    pasar_buf_add(&buf, NULL, 0);
    assert_false(buf.failed);
    assert_int_equal(buf.len, 100003);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(buf.data[i], 'a' + i % 26);
    assert_string_equal(pasar_buf_cstr(&buf) + 100000, "END");
    assert_int_equal(buf.len, 100003);
    pasar_buf_fini(&buf);
}

static void test_buf__printf_appends_any_length(void **state)
{
    struct pasar_buf buf = {0};

    (void)state;
    pasar_buf_printf(&buf, "%s-%d", "x", 5);
    pasar_buf_printf(&buf, "%1000d", 7);
    assert_int_equal(buf.len, 1003);
    assert_memory_equal(buf.data, "x-5   ", 6);
    assert_int_equal(buf.data[1002], '7');
    pasar_buf_fini(&buf);
}

static void test_buf__failure_sticks_until_reset(void **state)
{
    struct pasar_buf buf = {0};

    (void)state;
    pasar_buf_adds(&buf, "abc");
    assert_int_equal(pasar_buf_reserve(&buf, SIZE_MAX), -1);
    assert_true(buf.failed);
    pasar_buf_adds(&buf, "def");
    pasar_buf_printf(&buf, "%d", 1);
    assert_int_equal(buf.len, 3);
    assert_null(pasar_buf_cstr(&buf));
    assert_null(pasar_buf_steal(&buf, NULL));
    assert_null(buf.data); /* its bytes are nobody's: freed */
    assert_false(buf.failed);
    pasar_buf_adds(&buf, "ok");
    assert_string_equal(pasar_buf_cstr(&buf), "ok");
    pasar_buf_fini(&buf);
}

static void test_buf__steal_hands_the_bytes_over(void **state)
{
    struct pasar_buf buf = {0};
    size_t len;

    (void)state;
    pasar_buf_add(&buf, "a\0b", 3);
    char *bytes = pasar_buf_steal(&buf, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "a\0b\0", 4);
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    free(bytes);
    bytes = pasar_buf_steal(&buf, &len); /* also of an empty one */
    assert_int_equal(len, 0);
    assert_string_equal(bytes, "");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__grows_and_keeps_the_bytes),
        cmocka_unit_test(test_buf__printf_appends_any_length),
        cmocka_unit_test(test_buf__failure_sticks_until_reset),
        cmocka_unit_test(test_buf__steal_hands_the_bytes_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
