/* Products in the order of a key. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/order.h"
#include "pasar/attrs.h"
#include "support.h"

static double number_of(const void *ctx, uint32_t product)
{
    return ((const double *)ctx)[product];
}

static const char *text_of(const void *ctx, uint32_t product, size_t *len)
{
    const char *text = ((const char *const *)ctx)[product];
    *len = text ? strlen(text) : 0;
    return text;
}

static void expect_order(const struct order *order, const uint32_t *want, size_t n)
{
    assert_int_equal(order->count, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(order->list[i], want[i]);
}

static void test_order__ties_stand_in_arrival_order_and_unknown_ones_last(void **state)
{
    (void)state;
    static const double numbers[] = {3, NAN, -1, 3, 0, -0.0, NAN, 1e300};
    static const uint32_t by_number[] = {2, 4, 5 | ORDER_TIE, 0, 3 | ORDER_TIE, 7, 1, 6};
    static const char *const texts[] = {"abc d",     NULL,  "abc",      "abcdefgh", "",
                                        "abcdefghi", "abc", "\xc3\xa9", "abcdefgha"};
    static const uint32_t by_text[] = {4, 2, 6 | ORDER_TIE, 0, 3, 8, 5, 7, 1};
    struct order order;
    struct pasar_err err = PASAR_ERR_INIT;
    assert_int_equal(order_by_number(&order, NULL, PASAR_ARRAY_LEN(numbers), number_of, numbers, &err), 0);
    expect_order(&order, by_number, PASAR_ARRAY_LEN(by_number));
    order_fini(&order);
    assert_int_equal(order_by_text(&order, PASAR_ARRAY_LEN(texts), text_of, texts, &err), 0);
    expect_order(&order, by_text, PASAR_ARRAY_LEN(by_text));
    order_fini(&order);
}

/* Enough of them for the radix sort; long common beginnings for the texts. */
static void test_order__many_are_sorted_as_qsort_would(void **state)
{
    (void)state;
    enum { MANY = 40000 };
    uint64_t random = 5;
    double *numbers = malloc(MANY * sizeof *numbers);
    char(*space)[400] = malloc(MANY * sizeof *space);
    const char **texts = malloc(MANY * sizeof *texts);
    struct order order;
    struct pasar_err err = PASAR_ERR_INIT;
    for (int i = 0; i < MANY; i++) {
        numbers[i] = (double)(int32_t)support_random(&random) / (1 + support_random(&random) % 3);
        memset(space[i], 'x', 399);
        snprintf(space[i] + (i % 2 ? 20 : 300), 100, "%u", support_random(&random) % 5000);
        texts[i] = space[i];
    }
    assert_int_equal(order_by_number(&order, NULL, MANY, number_of, numbers, &err), 0);
    for (int i = 1; i < MANY; i++)
        assert_true(numbers[order.list[i - 1] & ~ORDER_TIE] <= numbers[order.list[i] & ~ORDER_TIE]);
    order_fini(&order);
    assert_int_equal(order_by_text(&order, MANY, text_of, texts, &err), 0);
    for (int i = 1; i < MANY; i++) {
        uint32_t a = order.list[i - 1] & ~ORDER_TIE, b = order.list[i] & ~ORDER_TIE;
        int compared = strcmp(texts[a], texts[b]);
        assert_true(compared < 0 || (compared == 0 && a < b));
        assert_int_equal(compared == 0, (order.list[i] & ORDER_TIE) != 0);
    }
    order_fini(&order);
    free(texts);
    free(space);
    free(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order__ties_stand_in_arrival_order_and_unknown_ones_last),
        cmocka_unit_test(test_order__many_are_sorted_as_qsort_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
