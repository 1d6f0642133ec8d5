/*
 * pasar-mock-broker: librdkafka's mock Kafka cluster as a process of its own, so that the daemons can be run, killed
 * and starved against something that speaks Kafka, without a JVM. Nothing survives its end.
 *
 * What the mock cannot do by itself and is done here:
 * - fixed ports: it always binds port 0, so bind() is defined below and the shared library's call resolves to it;
 * - it drops the oldest data of a partition beyond 5 MiB or 100,000 batches without a word. Only the low watermark
 *   shows that, so it is read every second: a watermark above 0 is reported and ends the broker with status 74.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum {
    BROKERS_MAX = 16,
    TOPICS_MAX = 32,
    ERRORS_MAX = 1000,
    WATCH_MS = 1000,
    QUERY_TIMEOUT_MS = 2000,
    TAKEN_MAX = 256,
    TAKEN_SIZES = 32
};

enum on_drop { DROP_FAIL, DROP_WARN, DROP_IGNORE };

struct config {
    int port; /* of the first broker, the others follow; 0 = ephemeral */
    int brokers;
    int partitions; /* of each topic */
    const char *topics[TOPICS_MAX];
    int topic_count;
    enum on_drop on_drop;
    bool exit_on_eof;
};

struct cluster {
    rd_kafka_t *owner; /* the mock needs a client to live in */
    rd_kafka_mock_cluster_t *mock;
    rd_kafka_t *watcher; /* an ordinary client that reads watermarks; NULL with --on-drop ignore */
};

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
    va_list ap;

    fputs("pasar-mock-broker: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

/* State of the bind() below; brokers are created one after the other by one thread. 0 = leave bind() alone. */
static int bind_next_port;

/*
 * Gives librdkafka's "any port" sockets the next fixed one; everything else is bound as asked. A port that cannot be
 * had ends the process here: librdkafka 2.0.2 answers the failure with an assertion that names nothing.
 */
int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct sockaddr_in fixed;
    int one = 1;

    if (bind_next_port == 0 || addr->sa_family != AF_INET || len < sizeof(fixed))
        return (int)syscall(SYS_bind, fd, addr, len);
    memcpy(&fixed, addr, sizeof(fixed));
    if (fixed.sin_port != 0)
        return (int)syscall(SYS_bind, fd, addr, len);
    fixed.sin_port = htons((uint16_t)bind_next_port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (syscall(SYS_bind, fd, &fixed, sizeof(fixed)) != 0) {
        say("cannot listen on 127.0.0.1:%d: %s; choose another with --port", bind_next_port, strerror(errno));
        _exit(EX_UNAVAILABLE);
    }
    bind_next_port++;
    return 0;
}

static void usage(FILE *out)
{
    fputs("Usage: pasar-mock-broker [options]\n"
          "librdkafka's mock Kafka cluster as a process. Prints \"ready BOOTSTRAP\" when it answers.\n\n"
          "  --port N         port of the first broker, the next ones follow; 0 (default) = any\n"
          "  --brokers N      number of brokers (default 1)\n"
          "  --partitions N   partitions of each --topic (default 4)\n"
          "  --topic NAME     create a topic (may be repeated)\n"
          "  --on-drop WHAT   when a partition outgrows the mock's 5 MiB: fail (default), warn, ignore\n"
          "                   (ignore also sends no watermark requests of its own)\n"
          "  --exit-on-eof    end when stdin does\n"
          "  -h, --help       this text\n\n"
          "Commands on stdin, one a line, each answered by \"ok\" or \"error ...\":\n"
          "  down ID | up ID           stop, start listening (ID 0 = every broker)\n"
          "  rtt ID MS                 delay every reply\n"
          "  err API CODE [COUNT]      answer the next COUNT requests of an API with an error code\n"
          "  slow ID API MS            delay one reply of an API, the request itself is carried out\n"
          "  leader TOPIC PART ID      move a partition\n"
          "  coordinator GROUP ID      move a consumer group\n"
          "  topic NAME PARTITIONS     create a topic\n"
          "  watermarks                print TOPIC PARTITION LOW HIGH for every partition\n",
          out);
}

/* Strict decimal number in [min, max]; false when it is not. */
static bool parse_int(const char *text, long min, long max, int *value)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n < min || n > max)
        return false;
    *value = (int)n;
    return true;
}

static bool parse_on_drop(const char *text, enum on_drop *value)
{
    static const char *const names[] = {"fail", "warn", "ignore"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *value = (enum on_drop)i;
            return true;
        }
    }
    return false;
}

/* 0 = go on, -1 = done (--help), otherwise the exit status. */
static int parse_options(struct config *config, int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},    {"brokers", required_argument, NULL, 'b'},
        {"topic", required_argument, NULL, 't'},   {"partitions", required_argument, NULL, 'n'},
        {"on-drop", required_argument, NULL, 'd'}, {"exit-on-eof", no_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    bool ok = true;
    int c;

    while (ok && (c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {
        case 'p':
            ok = parse_int(optarg, 0, 65535 - BROKERS_MAX, &config->port);
            break;
        case 'b':
            ok = parse_int(optarg, 1, BROKERS_MAX, &config->brokers);
            break;
        case 'n':
            ok = parse_int(optarg, 1, 10000, &config->partitions);
            break;
        case 't':
            ok = config->topic_count < TOPICS_MAX;
            if (ok)
                config->topics[config->topic_count++] = optarg;
            break;
        case 'd':
            ok = parse_on_drop(optarg, &config->on_drop);
            break;
        case 'e':
            config->exit_on_eof = true;
            break;
        case 'h':
            usage(stdout);
            return -1;
        default:
            usage(stderr);
            return EX_USAGE;
        }
        if (!ok)
            say("bad value '%s' for an option; see --help", optarg);
    }
    if (ok && optind < argc) {
        say("unexpected argument '%s'; see --help", argv[optind]);
        ok = false;
    }
    return ok ? 0 : EX_USAGE;
}

static rd_kafka_t *client_new(const char *bootstrap)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char errstr[256];
    rd_kafka_t *client;

    rd_kafka_conf_set_log_cb(conf, NULL); /* brokers that go down are this program's everyday life */
    if (bootstrap != NULL && rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, errstr, sizeof(errstr)) != 0) {
        say("%s", errstr);
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof(errstr));
    if (client == NULL) {
        say("cannot create a client: %s", errstr);
        rd_kafka_conf_destroy(conf);
    }
    return client;
}

static void cluster_stop(struct cluster *cluster)
{
    if (cluster->watcher != NULL)
        rd_kafka_destroy(cluster->watcher);
    if (cluster->mock != NULL)
        rd_kafka_mock_cluster_destroy(cluster->mock);
    if (cluster->owner != NULL)
        rd_kafka_destroy(cluster->owner);
}

static void *volatile taken[TAKEN_MAX][TAKEN_SIZES]; /* never freed */

/*
 * The mock makes its cluster id of its own address, which an allocator without randomness (AddressSanitizer's) makes
 * the same in every process. Taking some memory first, more or less of it by process id, moves it.
 */
static void be_another_cluster(void)
{
    for (size_t i = 0; i < (size_t)getpid() % TAKEN_MAX; i++)
        for (size_t j = 0; j < TAKEN_SIZES; j++)
            taken[i][j] = malloc(256 + 128 * j);
}

/* Starts the brokers and topics. Returns 0 or an exit status, having said why. */
static int cluster_start(struct cluster *cluster, const struct config *config)
{
    cluster->owner = client_new(NULL);
    if (cluster->owner == NULL)
        return EX_OSERR;
    be_another_cluster();
    bind_next_port = config->port;
    cluster->mock = rd_kafka_mock_cluster_new(cluster->owner, config->brokers);
    bind_next_port = 0;
    if (cluster->mock == NULL) {
        say("cannot create a cluster of %d brokers", config->brokers);
        return EX_OSERR;
    }
    for (int i = 0; i < config->topic_count; i++) {
        rd_kafka_resp_err_t err =
            rd_kafka_mock_topic_create(cluster->mock, config->topics[i], config->partitions, config->brokers);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            say("cannot create topic %s: %s", config->topics[i], rd_kafka_err2str(err));
            return EX_USAGE;
        }
    }
    if (config->on_drop != DROP_IGNORE) {
        cluster->watcher = client_new(rd_kafka_mock_cluster_bootstraps(cluster->mock));
        if (cluster->watcher == NULL)
            return EX_OSERR;
    }
    return 0;
}

typedef void (*watermark_fn)(void *opaque, const char *topic, int partition, int64_t low, int64_t high);

/* Calls `fn` for each partition that answers; brokers that are down or slow are left out this time. */
static void each_watermark(rd_kafka_t *client, watermark_fn fn, void *opaque)
{
    const struct rd_kafka_metadata *metadata;
    int64_t low, high;

    if (rd_kafka_metadata(client, 1, NULL, &metadata, QUERY_TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    for (int t = 0; t < metadata->topic_cnt; t++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[t];
        for (int p = 0; p < topic->partition_cnt; p++) {
            int id = topic->partitions[p].id;
            if (rd_kafka_query_watermark_offsets(client, topic->topic, id, &low, &high, QUERY_TIMEOUT_MS) ==
                RD_KAFKA_RESP_ERR_NO_ERROR)
                fn(opaque, topic->topic, id, low, high);
        }
    }
    rd_kafka_metadata_destroy(metadata);
}

static void note_drop(void *opaque, const char *topic, int partition, int64_t low, int64_t high)
{
    int64_t *dropped = opaque;

    (void)high;
    if (low <= 0)
        return;
    say("DATA DROPPED: %s [%d] has lost its first %lld messages: the mock keeps 5 MiB or 100,000 batches a "
        "partition. Use more partitions, less data, or a real broker",
        topic, partition, (long long)low);
    *dropped += low;
}

static void print_watermark(void *opaque, const char *topic, int partition, int64_t low, int64_t high)
{
    (void)opaque;
    printf("%s %d %lld %lld\n", topic, partition, (long long)low, (long long)high);
}

/* Looks for dropped data. Returns true when the broker must end because of it. */
static bool watch(struct cluster *cluster, enum on_drop on_drop)
{
    int64_t dropped = 0;

    if (cluster->watcher == NULL)
        return false;
    each_watermark(cluster->watcher, note_drop, &dropped);
    return dropped > 0 && on_drop == DROP_FAIL;
}

static rd_kafka_resp_err_t set_listening(struct cluster *cluster, const struct config *config, int id, bool up)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

    for (int i = id == 0 ? 1 : id; err == RD_KAFKA_RESP_ERR_NO_ERROR && i <= (id == 0 ? config->brokers : id); i++)
        err = up ? rd_kafka_mock_broker_set_up(cluster->mock, i) : rd_kafka_mock_broker_set_down(cluster->mock, i);
    return err;
}

static void push_errors(struct cluster *cluster, int api, int code, int count)
{
    rd_kafka_resp_err_t errors[ERRORS_MAX];

    for (int i = 0; i < count; i++)
        errors[i] = (rd_kafka_resp_err_t)code;
    rd_kafka_mock_push_request_errors_array(cluster->mock, (int16_t)api, (size_t)count, errors);
}

/* Carries out one command line; false when it is not one. */
static bool run_command(struct cluster *cluster, const struct config *config, char *line, rd_kafka_resp_err_t *err)
{
    char *words[5] = {0}, *rest = line, *word;
    int count = 0, a, b, c;

    *err = RD_KAFKA_RESP_ERR_NO_ERROR;
    while ((word = strsep(&rest, " \t\r")) != NULL)
        if (*word != '\0' && count < 5)
            words[count++] = word;
    if (count == 0)
        return true;
    if (count == 1 && strcmp(words[0], "watermarks") == 0 && cluster->watcher != NULL) {
        each_watermark(cluster->watcher, print_watermark, NULL);
        return true;
    }
    if (count == 2 && (strcmp(words[0], "down") == 0 || strcmp(words[0], "up") == 0) &&
        parse_int(words[1], 0, BROKERS_MAX, &a)) {
        *err = set_listening(cluster, config, a, words[0][0] == 'u');
        return true;
    }
    if (count == 3 && strcmp(words[0], "rtt") == 0 && parse_int(words[1], 1, BROKERS_MAX, &a) &&
        parse_int(words[2], 0, INT_MAX, &b)) {
        *err = rd_kafka_mock_broker_set_rtt(cluster->mock, a, b);
        return true;
    }
    if (count == 3 && strcmp(words[0], "coordinator") == 0 && parse_int(words[2], 1, BROKERS_MAX, &a)) {
        *err = rd_kafka_mock_coordinator_set(cluster->mock, "group", words[1], a);
        return true;
    }
    if (count == 3 && strcmp(words[0], "topic") == 0 && parse_int(words[2], 1, 10000, &a)) {
        *err = rd_kafka_mock_topic_create(cluster->mock, words[1], a, config->brokers);
        return true;
    }
    if (count >= 3 && count <= 4 && strcmp(words[0], "err") == 0 && parse_int(words[1], 0, 100, &a) &&
        parse_int(words[2], -300, 1000, &b) && parse_int(count == 4 ? words[3] : "1", 1, ERRORS_MAX, &c)) {
        push_errors(cluster, a, b, c);
        return true;
    }
    if (count == 4 && strcmp(words[0], "slow") == 0 && parse_int(words[1], 1, BROKERS_MAX, &a) &&
        parse_int(words[2], 0, 100, &b) && parse_int(words[3], 0, INT_MAX, &c)) {
        *err = rd_kafka_mock_broker_push_request_error_rtts(cluster->mock, a, (int16_t)b, 1, RD_KAFKA_RESP_ERR_NO_ERROR,
                                                            c);
        return true;
    }
    if (count == 4 && strcmp(words[0], "leader") == 0 && parse_int(words[2], 0, INT_MAX, &a) &&
        parse_int(words[3], 1, BROKERS_MAX, &b)) {
        *err = rd_kafka_mock_partition_set_leader(cluster->mock, words[1], a, b);
        return true;
    }
    return false;
}

/* Reads what stdin has and runs each whole line. False at end of input. */
static bool read_commands(struct cluster *cluster, const struct config *config, char *buf, size_t size, size_t *used)
{
    ssize_t n = read(STDIN_FILENO, buf + *used, size - 1 - *used);
    rd_kafka_resp_err_t err;
    char *newline;

    if (n <= 0)
        return n < 0 && errno == EINTR;
    *used += (size_t)n;
    buf[*used] = '\0';
    while ((newline = strchr(buf, '\n')) != NULL) {
        *newline = '\0';
        if (!run_command(cluster, config, buf, &err))
            puts("error not a command");
        else if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            printf("error %s\n", rd_kafka_err2str(err));
        else
            puts("ok");
        *used -= (size_t)(newline + 1 - buf);
        memmove(buf, newline + 1, *used + 1);
    }
    if (*used == size - 1)
        *used = 0; /* an endless line is no command */
    return true;
}

/* Serves until a signal, the end of stdin (when asked for) or dropped data. Returns the exit status. */
static int serve(struct cluster *cluster, const struct config *config, int signals)
{
    struct pollfd fds[2] = {{.fd = signals, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    char line[512];
    size_t used = 0;

    for (;;) {
        int ready = poll(fds, 2, cluster->watcher != NULL ? WATCH_MS : -1);

        if (ready < 0 && errno != EINTR)
            return EX_OSERR;
        if (ready > 0 && fds[0].revents != 0)
            return watch(cluster, config->on_drop) ? EX_IOERR : EX_OK;
        if (ready > 0 && fds[1].revents != 0 && !read_commands(cluster, config, line, sizeof(line), &used)) {
            if (config->exit_on_eof)
                return watch(cluster, config->on_drop) ? EX_IOERR : EX_OK;
            fds[1].fd = -1;
        }
        if (ready == 0 && watch(cluster, config->on_drop))
            return EX_IOERR;
    }
}

int main(int argc, char **argv)
{
    struct config config = {.brokers = 1, .partitions = 4};
    struct cluster cluster = {0};
    sigset_t set;
    int status, signals;

    status = parse_options(&config, argc, argv);
    if (status != 0)
        return status < 0 ? EX_OK : status;
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (signals < 0) {
        say("signalfd: %s", strerror(errno));
        return EX_OSERR;
    }
    status = cluster_start(&cluster, &config);
    if (status == 0) {
        printf("ready %s\n", rd_kafka_mock_cluster_bootstraps(cluster.mock));
        status = serve(&cluster, &config, signals);
    }
    cluster_stop(&cluster);
    close(signals);
    return status;
}
