/* base64: RFC 4648's own examples, and pieces that join. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "pasar/base64.h"

static void test_base64__is_that_of_the_rfc(void **state)
{
    static const char *const examples[][2] = {{"", ""},
                                              {"f", "Zg=="},
                                              {"fo", "Zm8="},
                                              {"foo", "Zm9v"},
                                              {"foob", "Zm9vYg=="},
                                              {"fooba", "Zm9vYmE="},
                                              {"foobar", "Zm9vYmFy"},
                                              {"\xff\xef", "/+8="}};
    struct pasar_buf buf = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        pasar_buf_reset(&buf);
        pasar_buf_addc(&buf, '>');
        pasar_base64_add(&buf, examples[i][0], strlen(examples[i][0]));
        assert_string_equal(pasar_buf_cstr(&buf) + 1, examples[i][1]);
    }
    pasar_buf_fini(&buf);
}

static void test_base64__millions_of_bytes_are_one_text(void **state)
{
    static const size_t len = 7 * 1024 * 1024 + 1; /* more than two pieces */
    struct pasar_buf buf = {0};
    char *bytes = calloc(1, len);

    (void)state;
    assert_non_null(bytes);
    pasar_base64_add(&buf, bytes, len);
    assert_int_equal(buf.len, (len + 2) / 3 * 4);
    assert_int_equal(strspn(pasar_buf_cstr(&buf), "A"), buf.len - 1 - (len % 3 == 1));
    pasar_buf_fini(&buf);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64__is_that_of_the_rfc),
        cmocka_unit_test(test_base64__millions_of_bytes_are_one_text),
    };

    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
