/* The Kafka layer on librdkafka's own mock cluster, in this process. */
#include "scratch.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "pasar/clock.h"
#include "pasar/kafka.h"
#include "pasar/log.h"

/* A mock cluster and the client it hangs on. */
struct cluster {
    rd_kafka_t *owner;
    rd_kafka_mock_cluster_t *mock;
};

static int start_cluster(void **state)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);
    char errstr[200];

    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL); /* it has no brokers to speak to, and need not say so */
    pasar_log_init("test_kafka", PASAR_LOG_ERROR, PASAR_LOG_TEXT);
    cluster->owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof errstr);
    cluster->mock = rd_kafka_mock_cluster_new(cluster->owner, 1);
    *state = cluster;
    return cluster->mock != NULL ? 0 : -1;
}

static int stop_cluster(void **state)
{
    struct cluster *cluster = *state;

    rd_kafka_mock_cluster_destroy(cluster->mock);
    rd_kafka_destroy(cluster->owner);
    free(cluster);
    return 0;
}

static char *brokers_of(struct cluster *cluster)
{
    return (char *)(uintptr_t)rd_kafka_mock_cluster_bootstraps(cluster->mock);
}

static rd_kafka_t *client(rd_kafka_type_t type, char *brokers)
{
    const struct pasar_kafka_config config = {.brokers = brokers};
    struct pasar_err err = PASAR_ERR_INIT;
    rd_kafka_conf_t *conf = pasar_kafka_conf(&config, "test_kafka", NULL, NULL, &err);

    assert_non_null(conf);
    rd_kafka_t *rk = pasar_kafka_new(type, conf, &err);
    assert_non_null(rk);
    return rk;
}

static void assert_conf(const rd_kafka_conf_t *conf, const char *key, const char *expected)
{
    char value[400];
    size_t size = sizeof value;

    assert_int_equal(rd_kafka_conf_get(conf, key, value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, expected);
}

static const struct pasar_kafka_default defaults[] = {{"linger.ms", "20"}, {"compression.type", "lz4"}, {NULL, NULL}};
static const struct pasar_kafka_default forced[] = {
    {"enable.idempotence", "true"}, {"acks", "all"}, {"transactional.id", NULL}, {NULL, NULL}};

/* Up to four properties, all from `source`. */
static rd_kafka_conf_t *conf_from(const char *source, char **properties, size_t count, struct pasar_err *err)
{
    char *from = (char *)(uintptr_t)source, *sources[] = {from, from, from, from};
    struct pasar_kafka_config config = {.brokers = (char *)(uintptr_t) "a:1",
                                        .properties = {properties, sources, count}};

    memset(err, 0, sizeof *err);
    return pasar_kafka_conf(&config, "pasar-test", defaults, forced, err);
}

static rd_kafka_conf_t *conf_with(char **properties, size_t count, struct pasar_err *err)
{
    return conf_from("-X", properties, count, err);
}

static void test_kafka__properties_go_over_defaults_and_under_the_forced(void **state)
{
    char *dir = scratch_new(), from_file[300];
    char *properties[] = {(char *)(uintptr_t) "linger.ms=3", (char *)(uintptr_t) "enable.idempotence=true", from_file,
                          (char *)(uintptr_t) "request.required.acks=-1"}; /* all, in a number */
    struct pasar_err err;

    (void)state;
    scratch_write_text(scratch_path(dir, "pw"), "p=w d\r\n");
    snprintf(from_file, sizeof from_file, "sasl.password=@%s/pw", dir);
    rd_kafka_conf_t *conf = conf_with(properties, 4, &err);
    assert_non_null(conf);
    assert_conf(conf, "linger.ms", "3");
    assert_conf(conf, "compression.type", "lz4");
    assert_conf(conf, "enable.idempotence", "true");
    assert_conf(conf, "bootstrap.servers", "a:1");
    assert_conf(conf, "client.id", "pasar-test");
    assert_conf(conf, "sasl.password", "p=w d");
    rd_kafka_conf_destroy(conf);
    scratch_remove(dir);
}

static void test_kafka__bad_properties_are_named(void **state)
{
    static const struct {
        const char *property, *message;
        enum pasar_code code;
    } cases[] = {
        {"no.such.thing=1", "-X no.such.thing: No such configuration property", PASAR_EUSAGE},
        {"linger.ms=soon", "-X linger.ms: ", PASAR_EUSAGE},
        {"enable.idempotence=false", "-X enable.idempotence: must stay true", PASAR_EUSAGE},
        {"acks=1", "-X acks: must stay all", PASAR_EUSAGE},
        {"request.required.acks=1", "-X request.required.acks: must stay all", PASAR_EUSAGE},
        {"transactional.id=x", "-X transactional.id: must stay unset", PASAR_EUSAGE},
        {"novalue", "-X: needs KEY=VALUE", PASAR_EUSAGE},
        {"sasl.password=@/nowhere/pw", "-X sasl.password: read /nowhere/pw: No such file", PASAR_ENOINPUT},
    };

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++) {
        char *property = (char *)(uintptr_t)cases[i].property;
        struct pasar_err err;
        assert_null(conf_with(&property, 1, &err));
        assert_int_equal(err.code, cases[i].code);
        if (strncmp(err.msg, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s", err.msg);
    }
}

static void test_kafka__bad_properties_are_named_by_where_they_came_from(void **state)
{
    static const struct {
        const char *source, *property, *message;
    } cases[] = {
        {"PASAR_KAFKA_PORT", "port=9092", "PASAR_KAFKA_PORT: port: No such configuration property"},
        {"my.conf:3", "enable.idempotence=false", "my.conf:3: enable.idempotence: must stay true"},
        {"--property", "linger.ms=soon", "--property linger.ms: "},
        {"my.conf:4", "sasl.password=@/nowhere/pw", "my.conf:4: sasl.password: read /nowhere/pw: No such file"},
    };

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++) {
        char *property = (char *)(uintptr_t)cases[i].property;
        struct pasar_err err;
        assert_null(conf_from(cases[i].source, &property, 1, &err));
        if (strncmp(err.msg, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s", err.msg);
    }
}

static void test_kafka__a_client_that_cannot_be_is_an_error(void **state)
{
    char *property = (char *)(uintptr_t) "max.in.flight=6"; /* against idempotence: librdkafka refuses at creation */
    struct pasar_err err;

    (void)state;
    rd_kafka_conf_t *conf = conf_with(&property, 1, &err);
    assert_non_null(conf);
    assert_null(pasar_kafka_new(RD_KAFKA_PRODUCER, conf, &err));
    assert_int_equal(err.code, PASAR_EUSAGE);
}

static void test_kafka__partitions_are_counted(void **state)
{
    struct cluster *cluster = *state;
    struct pasar_err err = PASAR_ERR_INIT;

    assert_int_equal(rd_kafka_mock_topic_create(cluster->mock, "three", 3, 1), 0);
    rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, brokers_of(cluster));
    assert_int_equal(pasar_kafka_partition_count(consumer, "mock", "three", 10000, &err), 3);
    rd_kafka_destroy(consumer);
}

static void test_kafka__topics_are_created_where_the_broker_lacks_the_request(void **state)
{
    struct cluster *cluster = *state;
    struct pasar_err err = PASAR_ERR_INIT;
    rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, brokers_of(cluster));

    if (pasar_kafka_create_topic(producer, "made", 4, 10000, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(pasar_kafka_create_topic(producer, "made", 4, 10000, &err), 0);
    assert_int_equal(pasar_kafka_partition_count(producer, "mock", "made", 10000, &err), 4);
    rd_kafka_destroy(producer);
}

static void test_kafka__a_missing_broker_is_named_with_the_cause(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, (char *)(uintptr_t) "127.0.0.1:1");
    int64_t start = pasar_clock_mono_ns();

    (void)state;
    assert_int_equal(pasar_kafka_partition_count(producer, "127.0.0.1:1", "t", 500, &err), -1);
    assert_true(pasar_clock_mono_ns() - start < INT64_C(20000000000));
    assert_int_equal(err.code, PASAR_EUNAVAILABLE);
    assert_non_null(strstr(err.msg, "no answer from Kafka at 127.0.0.1:1 within 0.5 s"));
    assert_non_null(strstr(err.msg, "Connection refused"));
    pasar_err_clear(&err);
    assert_int_equal(pasar_kafka_create_topic(producer, "t", 1, 300, &err), -1);
    assert_int_equal(err.code, PASAR_EUNAVAILABLE);
    rd_kafka_destroy(producer);
}

static void test_kafka__topic_names_follow_the_broker(void **state)
{
    char name[300];

    (void)state;
    assert_true(pasar_kafka_is_topic_name("amazon_sales_topic"));
    assert_true(pasar_kafka_is_topic_name("A.b-9"));
    assert_false(pasar_kafka_is_topic_name(""));
    assert_false(pasar_kafka_is_topic_name("."));
    assert_false(pasar_kafka_is_topic_name(".."));
    assert_false(pasar_kafka_is_topic_name("a/b"));
    assert_false(pasar_kafka_is_topic_name("a+b"));
    assert_false(pasar_kafka_is_topic_name("a\n"));
    memset(name, 'x', sizeof name);
    name[250] = '\0';
    assert_false(pasar_kafka_is_topic_name(name));
    name[249] = '\0';
    assert_true(pasar_kafka_is_topic_name(name));
}

static void test_kafka__headers_are_found_by_name(void **state)
{
    struct cluster *cluster = *state;
    struct pasar_err err = PASAR_ERR_INIT;
    rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, brokers_of(cluster));
    const char *value;
    size_t len;

    assert_int_equal(rd_kafka_mock_topic_create(cluster->mock, "h", 1, 1), 0);
    assert_int_equal(rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("h"), RD_KAFKA_V_VALUE("v", 1),
                                       RD_KAFKA_V_HEADER("pasar.run", "r1", 2),
                                       RD_KAFKA_V_HEADER("pasar.null", NULL, 0), RD_KAFKA_V_END),
                     0);
    assert_int_equal(rd_kafka_flush(producer, 10000), 0);
    rd_kafka_destroy(producer);
    char *group = (char *)(uintptr_t) "group.id=g";
    char *source = (char *)(uintptr_t) "-X";
    const struct pasar_kafka_config config = {.brokers = brokers_of(cluster), .properties = {&group, &source, 1}};
    rd_kafka_conf_t *conf = pasar_kafka_conf(&config, "test_kafka", NULL, NULL, &err);
    assert_non_null(conf);
    rd_kafka_t *consumer = pasar_kafka_new(RD_KAFKA_CONSUMER, conf, &err);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "h", 0)->offset = 0;
    assert_int_equal(rd_kafka_assign(consumer, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 20000);
    assert_non_null(message);
    assert_int_equal(message->err, 0);
    assert_true(pasar_kafka_header(message, "pasar.run", &value, &len));
    assert_int_equal(len, 2);
    assert_memory_equal(value, "r1", 2);
    assert_true(pasar_kafka_header(message, "pasar.null", &value, &len));
    assert_int_equal(len, 0);
    assert_non_null(value);
    assert_false(pasar_kafka_header(message, "pasar.row", &value, &len));
    rd_kafka_message_destroy(message);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kafka__properties_go_over_defaults_and_under_the_forced),
        cmocka_unit_test(test_kafka__bad_properties_are_named),
        cmocka_unit_test(test_kafka__bad_properties_are_named_by_where_they_came_from),
        cmocka_unit_test(test_kafka__a_client_that_cannot_be_is_an_error),
        cmocka_unit_test(test_kafka__partitions_are_counted),
        cmocka_unit_test(test_kafka__topics_are_created_where_the_broker_lacks_the_request),
        cmocka_unit_test(test_kafka__a_missing_broker_is_named_with_the_cause),
        cmocka_unit_test(test_kafka__topic_names_follow_the_broker),
        cmocka_unit_test(test_kafka__headers_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
