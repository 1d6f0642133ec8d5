/*
 * decode: what a message is. The messages are real ones of librdkafka: a producer without a broker takes them, and
 * hands them back when it is told to give up.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "consumer/decode.h"

#define RECORD                                                                                                         \
    "{\"product_id\":\"P1\",\"product_name\":\"n\",\"category\":\"a|b\",\"discounted_price\":1,\"actual_price\":2,"    \
    "\"discount_percentage\":3,\"rating\":4,\"rating_count\":5,\"about_product\":\"a\",\"user_id\":\"u\","             \
    "\"user_name\":\"un\",\"review_id\":\"r\",\"review_title\":\"t\",\"review_content\":\"c\",\"img_link\":\"i\","     \
    "\"product_link\":\"p\",\"timestamp\":\"2026-01-01T00:00:00Z\"}"
#define END                                                                                                            \
    "{\"run\":\"r-1\",\"rows\":10,\"digest\":\"00000000000000ff\",\"partitions\":4,\"timestamp\":\"2026-01-01T00:00:"  \
    "00.000000Z\"}"

struct header {
    const char *name, *value; /* value NULL: null */
};

static struct decoded decoded;
static struct pasar_buf scratch;
static int decoded_count;

static void on_given_up(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    decode_message(&decoded, message, &scratch);
    decoded_count++;
}

/* Decodes a message of these parts (NULL: null). */
static enum decoded_kind decode(const char *key, const void *value, size_t len, const struct header *headers)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_headers_t *list = rd_kafka_headers_new(4);
    size_t key_len = key != NULL ? strlen(key) : 0;
    char text[512];
    rd_kafka_t *rk;

    rd_kafka_conf_set_dr_msg_cb(conf, on_given_up);
    assert_int_equal(rd_kafka_conf_set(conf, "message.max.bytes", "2000000", text, sizeof(text)), RD_KAFKA_CONF_OK);
    assert_int_equal(rd_kafka_conf_set(conf, "log_level", "0", text, sizeof(text)), RD_KAFKA_CONF_OK);
    rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    assert_non_null(rk);
    for (; headers != NULL && headers->name != NULL; headers++)
        assert_int_equal(rd_kafka_header_add(list, headers->name, -1, headers->value, -1), 0);
    assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                       RD_KAFKA_V_KEY((void *)key, key_len), RD_KAFKA_V_VALUE((void *)value, len),
                                       RD_KAFKA_V_HEADERS(list), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    decoded_count = 0;
    memset(&decoded, 0, sizeof(decoded));
    assert_int_equal(rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE), RD_KAFKA_RESP_ERR_NO_ERROR);
    while (decoded_count == 0)
        rd_kafka_poll(rk, 100);
    rd_kafka_destroy(rk);
    return decoded.kind;
}

static const struct header ours[] = {{"pasar.run", "r-1"}, {"pasar.row", "17"}, {NULL, NULL}};

static void test_decode__a_record_with_its_origin_is_a_row(void **state)
{
    static const struct header more[] = {{"trace", "x"},      {"empty", NULL},     {"pasar.run", "r-1"},
                                         {"pasar.row", "17"}, {"pasar.row.", "9"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(decode("k", RECORD, strlen(RECORD), ours), DECODED_ROW);
    assert_string_equal(decoded.run, "r-1");
    assert_int_equal(decoded.row, 17);
    assert_int_equal(decode("k", RECORD, strlen(RECORD), more),
                     DECODED_ROW); /* unknown headers are nobody's business */
    assert_string_equal(decoded.run, "r-1");
    assert_int_equal(decoded.row, 17);
}

static void test_decode__half_an_origin_is_none(void **state)
{
    static const struct header halves[][3] = {
        {{NULL, NULL}},
        {{"pasar.run", "r-1"}, {NULL, NULL}},
        {{"pasar.row", "17"}, {NULL, NULL}},
        {{"pasar.run", "r-1"}, {"pasar.row", "0"}, {NULL, NULL}},
        {{"pasar.run", "r-1"}, {"pasar.row", "-1"}, {NULL, NULL}},
        {{"pasar.run", "r-1"}, {"pasar.row", "1x"}, {NULL, NULL}},
        {{"pasar.run", "r-1"}, {"pasar.row", NULL}, {NULL, NULL}},
        {{"pasar.run", "r-1"}, {"pasar.row", "99999999999999999999"}, {NULL, NULL}},
        {{"pasar.run", ""}, {"pasar.row", "17"}, {NULL, NULL}},
        {{"pasar.run", "../r"}, {"pasar.row", "17"}, {NULL, NULL}},
        {{"pasar.run", "r\n"}, {"pasar.row", "17"}, {NULL, NULL}},
        {{"pasar.run", "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"},
         {"pasar.row", "17"},
         {NULL, NULL}},
    };

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(halves); i++) {
        assert_int_equal(decode("k", RECORD, strlen(RECORD), halves[i]), DECODED_ROW);
        assert_string_equal(decoded.run, "");
        assert_int_equal(decoded.row, 0);
    }
}

static void test_decode__what_is_no_record_is_a_reject_with_a_reason(void **state)
{
    size_t len = 1000000;
    char *big = malloc(len);

    (void)state;
    assert_int_equal(decode("k", NULL, 0, ours), DECODED_REJECT);
    assert_string_equal(decoded.reason.msg, "null value");
    assert_string_equal(decoded.run, "r-1"); /* a row of the run all the same */
    assert_int_equal(decode(NULL, "", 0, NULL), DECODED_REJECT);
    assert_int_equal(decode("k", "{\"a\":1}", 7, ours), DECODED_REJECT);
    assert_true(decoded.reason.msg[0] != '\0');
    assert_int_equal(decode("k", RECORD RECORD, 2 * strlen(RECORD), ours), DECODED_REJECT);
    assert_int_equal(decode("k", "\0\xff\xfe", 3, ours), DECODED_REJECT);
    assert_non_null(big);
    memset(big, '[', len);
    assert_int_equal(decode("k", big, len, ours), DECODED_REJECT);
    memset(big, 'x', len);
    assert_int_equal(decode("k", big, len, ours), DECODED_REJECT);
    free(big);
}

static void test_decode__a_control_record_has_neither_key_nor_value(void **state)
{
    static const struct header end[] = {{"pasar.end", END}, {NULL, NULL}};
    static const struct header bad[] = {{"pasar.end", "{}"}, {NULL, NULL}};
    static const struct header null[] = {{"pasar.end", NULL}, {NULL, NULL}};

    (void)state;
    assert_int_equal(decode(NULL, NULL, 0, end), DECODED_END);
    assert_string_equal(decoded.end.run, "r-1");
    assert_int_equal(decoded.end.rows, 10);
    assert_int_equal(decode(NULL, RECORD, strlen(RECORD), end), DECODED_REJECT);
    assert_string_equal(decoded.reason.msg, "a control record with a key or a value");
    assert_int_equal(decode("k", NULL, 0, end), DECODED_REJECT);
    assert_int_equal(decode(NULL, NULL, 0, bad), DECODED_REJECT);
    assert_memory_equal(decoded.reason.msg, "control record", 14);
    assert_int_equal(decode(NULL, NULL, 0, null), DECODED_REJECT);
}

static int free_scratch(void **state)
{
    (void)state;
    pasar_buf_fini(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode__a_record_with_its_origin_is_a_row),
        cmocka_unit_test(test_decode__half_an_origin_is_none),
        cmocka_unit_test(test_decode__what_is_no_record_is_a_reject_with_a_reason),
        cmocka_unit_test(test_decode__a_control_record_has_neither_key_nor_value),
    };

    return cmocka_run_group_tests_name("decode", tests, NULL, free_scratch);
}
