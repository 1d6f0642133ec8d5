/* partitioner: the same partition for a key, always, and the one that librdkafka would choose. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <librdkafka/rdkafka.h>

#include "producer/partitioner.h"

static void test_partitioner__agrees_with_librdkafka_consistent(void **state)
{
    char key[32];

    (void)state;
    for (int i = 0; i < 2000; i++) {
        int len = snprintf(key, sizeof(key), "B0%dX%x", i * 7919, i);

        for (int32_t count = 1; count <= 12; count++)
            assert_int_equal(partitioner_of_key(PARTITIONER_CONSISTENT, key, (size_t)len, count),
                             rd_kafka_msg_partitioner_consistent(NULL, key, (size_t)len, count, NULL, NULL));
    }
}

static void test_partitioner__is_a_known_function(void **state)
{
    (void)state;
    assert_int_equal(partitioner_of_key(PARTITIONER_CONSISTENT, "123456789", 9, INT32_MAX),
                     0xcbf43926 % INT32_MAX); /* CRC-32's check value */
    assert_int_equal(partitioner_of_key(PARTITIONER_CONSISTENT, "", 0, 5), 0);
}

/* The vectors of Kafka's own UtilsTest. */
static void test_partitioner__murmur2_is_javas(void **state)
{
    static const struct {
        const char *key;
        int32_t hash;
    } known[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_int_equal((int32_t)partitioner_murmur2(known[i].key, strlen(known[i].key)), known[i].hash);
}

static void test_partitioner__agrees_with_librdkafka_murmur2(void **state)
{
    char key[32] = "";

    (void)state;
    for (int len = 0; len < 32; len++) {
        for (int i = 0; i < len; i++)
            key[i] = (char)(len * 31 + i * 131); /* bytes of both signs, every length modulo 4 */
        for (int32_t count = 1; count <= 12; count++)
            assert_int_equal(partitioner_of_key(PARTITIONER_MURMUR2, key, (size_t)len, count),
                             rd_kafka_msg_partitioner_murmur2(NULL, key, (size_t)len, count, NULL, NULL));
    }
}

static void test_partitioner__spreads_keys(void **state)
{
    int counts[4] = {0};
    char key[32];

    (void)state;
    for (int i = 0; i < 4000; i++) {
        int len = snprintf(key, sizeof(key), "product-%d", i);

        counts[partitioner_of_key(PARTITIONER_CONSISTENT, key, (size_t)len, 4)]++;
    }
    for (int p = 0; p < 4; p++)
        assert_in_range(counts[p], 800, 1200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitioner__agrees_with_librdkafka_consistent),
        cmocka_unit_test(test_partitioner__is_a_known_function),
        cmocka_unit_test(test_partitioner__murmur2_is_javas),
        cmocka_unit_test(test_partitioner__agrees_with_librdkafka_murmur2),
        cmocka_unit_test(test_partitioner__spreads_keys),
    };

    return cmocka_run_group_tests_name("partitioner", tests, NULL, NULL);
}
