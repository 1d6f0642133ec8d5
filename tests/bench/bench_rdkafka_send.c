/*
 * The yardstick for the producer: bare librdkafka sending values that lie prepared in memory, one message per line of
 * a file of JSON objects, keyed by product_id, without headers, uncopied. The clock runs from rd_kafka_new until the
 * last message is acknowledged; reading the file is not counted. Prints {"rows":…,"bytes":…,"seconds":…}.
 *
 * With --partitions N it creates the topic first (and only that, without a FILE): topics of both sides come from here.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

enum { ADMIN_TIMEOUT_MS = 20000, FLUSH_STEP_MS = 100, POLL_EVERY = 256 };

struct line {
    size_t start, len; /* the value, without its line end */
    size_t key, key_len;
};

struct lines {
    char *bytes;
    struct line *items;
    size_t count;
};

struct reports {
    uint64_t ok, failed;
};

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int usage(void)
{
    fputs("Usage: bench_rdkafka_send -b BROKERS -t TOPIC [-X key=value]... [--partitions N] [FILE]\n", stderr);
    return EX_USAGE;
}

/* The whole file, NUL-terminated; NULL with a message. */
static char *read_whole(const char *path, size_t *len)
{
    struct stat st;
    char *bytes = NULL;
    size_t used = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0 || (bytes = malloc((size_t)st.st_size + 1)) == NULL) {
        perror(path);
    } else {
        while (used < (size_t)st.st_size) {
            ssize_t n = read(fd, bytes + used, (size_t)st.st_size - used);
            if (n <= 0)
                break;
            used += (size_t)n;
        }
        bytes[used] = '\0';
        *len = used;
    }
    if (fd >= 0)
        close(fd);
    return bytes;
}

/* The product_id, which stands first in the object; without it the message has no key. */
static void find_key(const char *bytes, struct line *line)
{
    static const char member[] = "{\"product_id\":\"";
    size_t skip = sizeof(member) - 1;
    const char *end;

    line->key = line->key_len = 0;
    if (line->len <= skip || memcmp(bytes + line->start, member, skip) != 0)
        return;
    line->key = line->start + skip;
    end = memchr(bytes + line->key, '"', line->len - skip);
    if (end != NULL)
        line->key_len = (size_t)(end - (bytes + line->key));
}

static int load_lines(struct lines *lines, const char *path)
{
    size_t len = 0, count = 0, at = 0;

    lines->bytes = read_whole(path, &len);
    if (lines->bytes == NULL)
        return -1;
    for (size_t i = 0; i < len; i++)
        count += lines->bytes[i] == '\n';
    lines->items = calloc(count + 1, sizeof(*lines->items));
    if (lines->items == NULL)
        return -1;
    while (at < len) {
        const char *newline = memchr(lines->bytes + at, '\n', len - at);
        size_t end = newline != NULL ? (size_t)(newline - lines->bytes) : len;
        struct line *line = &lines->items[lines->count];

        line->start = at;
        line->len = end - at;
        find_key(lines->bytes, line);
        lines->count += line->len > 0;
        at = end + 1;
    }
    return 0;
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct reports *reports = opaque;

    (void)rk;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        reports->ok++;
    } else if (reports->failed++ == 0) {
        fprintf(stderr, "bench_rdkafka_send: delivery failed: %s\n", rd_kafka_err2str(message->err));
    }
}

/* Creates the topic; one that exists is fine. */
static int create_topic(rd_kafka_t *rk, const char *topic, int partitions)
{
    char errstr[256];
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, partitions, -1, errstr, sizeof(errstr));
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_event_t *event = NULL;
    int status = -1;

    if (wanted == NULL) {
        fprintf(stderr, "bench_rdkafka_send: %s\n", errstr);
    } else {
        rd_kafka_CreateTopics(rk, &wanted, 1, NULL, queue);
        event = rd_kafka_queue_poll(queue, ADMIN_TIMEOUT_MS);
        if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            fprintf(stderr, "bench_rdkafka_send: create topic %s: %s\n", topic,
                    event == NULL ? "no answer" : rd_kafka_event_error_string(event));
        } else {
            size_t count = 0;
            const rd_kafka_topic_result_t **results =
                rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
            rd_kafka_resp_err_t err = count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__FAIL;

            status = err == RD_KAFKA_RESP_ERR_NO_ERROR || err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS ? 0 : -1;
            if (status != 0)
                fprintf(stderr, "bench_rdkafka_send: create topic %s: %s\n", topic, rd_kafka_err2str(err));
        }
        rd_kafka_NewTopic_destroy(wanted);
    }
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    return status;
}

/* Sends every line and waits for every report. */
static int send_lines(rd_kafka_t *rk, const char *topic, const struct lines *lines, const struct reports *reports)
{
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);

    for (size_t i = 0; rkt != NULL && i < lines->count; i++) {
        const struct line *line = &lines->items[i];

        while (rd_kafka_produce(rkt, RD_KAFKA_PARTITION_UA, 0, lines->bytes + line->start, line->len,
                                line->key_len > 0 ? lines->bytes + line->key : NULL, line->key_len, NULL) != 0) {
            if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
                fprintf(stderr, "bench_rdkafka_send: produce: %s\n", rd_kafka_err2str(rd_kafka_last_error()));
                rd_kafka_topic_destroy(rkt);
                return -1;
            }
            rd_kafka_poll(rk, FLUSH_STEP_MS);
        }
        if (i % POLL_EVERY == 0)
            rd_kafka_poll(rk, 0);
    }
    while (rkt != NULL && reports->ok + reports->failed < lines->count)
        rd_kafka_flush(rk, FLUSH_STEP_MS);
    if (rkt == NULL || reports->failed > 0)
        fprintf(stderr, "bench_rdkafka_send: %" PRIu64 " of %zu messages not sent\n", lines->count - reports->ok,
                lines->count);
    if (rkt != NULL)
        rd_kafka_topic_destroy(rkt);
    return rkt != NULL && reports->failed == 0 ? 0 : -1;
}

static int set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
    char errstr[256];

    if (rd_kafka_conf_set(conf, key, value, errstr, sizeof(errstr)) == RD_KAFKA_CONF_OK)
        return 0;
    fprintf(stderr, "bench_rdkafka_send: %s\n", errstr);
    return -1;
}

/* -X key=value; splits `text` in place. */
static int set_property(rd_kafka_conf_t *conf, char *text)
{
    char *equals = strchr(text, '=');

    if (equals == NULL) {
        fprintf(stderr, "bench_rdkafka_send: -X %s: key=value expected\n", text);
        return -1;
    }
    *equals = '\0';
    return set(conf, text, equals + 1);
}

static int run(rd_kafka_conf_t *conf, const char *topic, int partitions, const char *path)
{
    struct lines lines = {0};
    struct reports reports = {0};
    char errstr[256];
    rd_kafka_t *rk = NULL;
    uint64_t bytes = 0;
    double start;
    int status = EX_UNAVAILABLE;

    if (path != NULL && load_lines(&lines, path) != 0) {
        rd_kafka_conf_destroy(conf);
        free(lines.bytes);
        return EX_NOINPUT;
    }
    rd_kafka_conf_set_opaque(conf, &reports);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    start = now();
    rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof(errstr));
    if (rk == NULL) {
        fprintf(stderr, "bench_rdkafka_send: %s\n", errstr);
        rd_kafka_conf_destroy(conf);
        status = EX_USAGE;
    } else if (partitions > 0 && create_topic(rk, topic, partitions) != 0) {
        status = EX_UNAVAILABLE;
    } else if (path == NULL) {
        status = EX_OK;
    } else if (send_lines(rk, topic, &lines, &reports) == 0) {
        double seconds = now() - start;

        for (size_t i = 0; i < lines.count; i++)
            bytes += lines.items[i].len;
        printf("{\"rows\":%zu,\"bytes\":%" PRIu64 ",\"seconds\":%.6f}\n", lines.count, bytes, seconds);
        status = EX_OK;
    }
    if (rk != NULL)
        rd_kafka_destroy(rk);
    free(lines.items);
    free(lines.bytes);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"partitions", required_argument, NULL, 'p'}, {NULL, 0, NULL, 0}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *topic = NULL;
    bool brokers = false;
    long partitions = 0;
    int c, status;

    status = set(conf, "compression.codec", "lz4") | set(conf, "enable.idempotence", "true") | set(conf, "acks", "all");
    while (status == 0 && (c = getopt_long(argc, argv, "b:t:X:", options, NULL)) != -1) {
        switch (c) {
        case 'b':
            brokers = true;
            status = set(conf, "bootstrap.servers", optarg);
            break;
        case 't':
            topic = optarg;
            break;
        case 'X':
            status = set_property(conf, optarg);
            break;
        case 'p':
            partitions = strtol(optarg, NULL, 10);
            status = partitions > 0 && partitions <= 10000 ? 0 : -1;
            break;
        default:
            status = -1;
        }
    }
    if (status != 0 || topic == NULL || !brokers || argc - optind > 1 || (optind == argc && partitions == 0)) {
        rd_kafka_conf_destroy(conf);
        return usage();
    }
    return run(conf, topic, (int)partitions, optind < argc ? argv[optind] : NULL);
}
