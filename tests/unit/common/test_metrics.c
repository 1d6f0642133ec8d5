/* Metrics: the text format by a strict reader, sums under threads, the server over a socket. */
#include "scratch.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "pasar/metrics.h"

/* ------------------------------------------------------------------ a strict reader of format 0.0.4 */

static const char *skip_name(const char *c)
{
    if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || *c == ':'))
        return NULL;
    while ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || *c == ':' || (*c >= '0' && *c <= '9'))
        c++;
    return c;
}

/* {name="value",…}; NULL when it is not that. */
static const char *skip_labels(const char *c)
{
    if (*c != '{')
        return c;
    do {
        c = skip_name(c + 1);
        if (c == NULL || c[0] != '=' || c[1] != '"')
            return NULL;
        for (c += 2; *c != '"'; c++) {
            if (*c == '\\' && strchr("\\\"n", c[1]) == NULL)
                return NULL;
            c += *c == '\\';
            if (*c == '\0' || *c == '\n')
                return NULL;
        }
        c++;
    } while (*c == ',');
    return *c == '}' ? c + 1 : NULL;
}

static bool is_sample_of(const char *line, const char *name_end, const char *family, const char *type)
{
    size_t len = (size_t)(name_end - line), family_len = strlen(family);
    if (strncmp(line, family, family_len) != 0)
        return false;
    const char *suffix = line + family_len;
    if (len == family_len)
        return strcmp(type, "histogram") != 0;
    return strcmp(type, "histogram") == 0 && (strncmp(suffix, "_bucket{", 8) == 0 || strncmp(suffix, "_sum", 4) == 0 ||
                                              strncmp(suffix, "_count", 6) == 0);
}

/* Fails the test unless `text` is well-formed, each family declared once with its samples right behind it. */
static int check_exposition(const char *text)
{
    char family[100] = "", type[20] = "", seen[4000] = "\n", name[110];
    int samples = 0;

    assert_true(text[0] == '\0' || text[strlen(text) - 1] == '\n');
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            assert_int_equal(sscanf(line + 7, "%99s", family), 1);
            snprintf(name, sizeof name, "\n%s\n", family);
            assert_null(strstr(seen, name));
            strncat(seen, name + 1, sizeof seen - strlen(seen) - 1);
            type[0] = '\0';
            continue;
        }
        if (strncmp(line, "# TYPE ", 7) == 0) {
            assert_int_equal(sscanf(line + 7, "%109s %19s", name, type), 2);
            assert_string_equal(name, family);
            assert_true(strcmp(type, "counter") == 0 || strcmp(type, "gauge") == 0 || strcmp(type, "histogram") == 0);
            continue;
        }
        const char *name_end = skip_name(line), *c = name_end != NULL ? skip_labels(name_end) : NULL;
        if (c == NULL || *c != ' ' || type[0] == '\0' || !is_sample_of(line, name_end, family, type))
            fail_msg("bad sample: %.80s", line);
        char *end;
        strtod(c + 1, &end);
        assert_true(end > c + 1 && *end == '\n');
        samples++;
    }
    return samples;
}

static char *render(struct pasar_metrics *metrics)
{
    struct pasar_buf buf = {0};
    pasar_metrics_render(metrics, &buf);
    return pasar_buf_steal(&buf, NULL);
}

static void test_metrics__text_is_the_exposition_format(void **state)
{
    static const double bounds[] = {0.001, 0.1, 1};
    struct pasar_metrics *metrics = pasar_metrics_new();

    (void)state;
    struct pasar_metric *a = pasar_metrics_counter(metrics, "pasar_rows_total", "Rows\nread \\ kept", "code=\"200\"");
    struct pasar_metric *gauge = pasar_metrics_gauge(metrics, "pasar_lag", "Lag", NULL);
    struct pasar_metric *b = pasar_metrics_counter(metrics, "pasar_rows_total", "another help", "code=\"404\"");
    struct pasar_metric *h =
        pasar_metrics_histogram(metrics, "pasar_seconds", "Time", "route=\"/a\"", bounds, PASAR_ARRAY_LEN(bounds));
    struct pasar_metric *bare = pasar_metrics_histogram(metrics, "pasar_bare", "No bounds", NULL, NULL, 0);
    pasar_metric_add(a, 3);
    pasar_metric_add(a, UINT64_MAX / 2);
    pasar_metric_add(b, 1);
    pasar_metric_set(gauge, -0.5);
    pasar_metric_observe(h, 0.001); /* on the bound: inside */
    pasar_metric_observe(h, 0.05);
    pasar_metric_observe(h, 7);
    pasar_metric_observe(bare, 2);
    char *text = render(metrics);
    assert_string_equal(text, "# HELP pasar_rows_total Rows\\nread \\\\ kept\n"
                              "# TYPE pasar_rows_total counter\n"
                              "pasar_rows_total{code=\"200\"} 9223372036854775810\n"
                              "pasar_rows_total{code=\"404\"} 1\n"
                              "# HELP pasar_lag Lag\n"
                              "# TYPE pasar_lag gauge\n"
                              "pasar_lag -0.5\n"
                              "# HELP pasar_seconds Time\n"
                              "# TYPE pasar_seconds histogram\n"
                              "pasar_seconds_bucket{route=\"/a\",le=\"0.001\"} 1\n"
                              "pasar_seconds_bucket{route=\"/a\",le=\"0.1\"} 2\n"
                              "pasar_seconds_bucket{route=\"/a\",le=\"1\"} 2\n"
                              "pasar_seconds_bucket{route=\"/a\",le=\"+Inf\"} 3\n"
                              "pasar_seconds_sum{route=\"/a\"} 7.051\n"
                              "pasar_seconds_count{route=\"/a\"} 3\n"
                              "# HELP pasar_bare No bounds\n"
                              "# TYPE pasar_bare histogram\n"
                              "pasar_bare_bucket{le=\"+Inf\"} 1\n"
                              "pasar_bare_sum 2\n"
                              "pasar_bare_count 1\n");
    assert_int_equal(check_exposition(text), 12);
    assert_true(pasar_metric_value(b) == 1 && pasar_metric_value(gauge) == -0.5);
    free(text);
    pasar_metric_set(gauge, NAN);
    pasar_metric_observe(h, INFINITY);
    text = render(metrics);
    check_exposition(text);
    assert_non_null(strstr(text, "pasar_lag NaN\n"));
    assert_non_null(strstr(text, "pasar_seconds_sum{route=\"/a\"} +Inf\n"));
    free(text);
    pasar_metrics_free(metrics);
}

static void test_metrics__no_metric_is_no_harm(void **state)
{
    (void)state;
    pasar_metric_add(NULL, 1);
    pasar_metric_set(NULL, 1);
    pasar_metric_observe(NULL, 1);
    assert_true(pasar_metric_value(NULL) == 0);
    pasar_metrics_free(NULL);
    pasar_metrics_server_stop(NULL);
}

struct shared {
    struct pasar_metric *counter, *histogram;
};

static void *hammer(void *ctx)
{
    struct shared *shared = ctx;
    for (int i = 0; i < 50000; i++) {
        pasar_metric_add(shared->counter, 1);
        pasar_metric_observe(shared->histogram, i % 2);
    }
    return NULL;
}

static void test_metrics__threads_lose_nothing(void **state)
{
    static const double bounds[] = {0.5};
    struct pasar_metrics *metrics = pasar_metrics_new();
    struct shared shared = {pasar_metrics_counter(metrics, "c_total", "c", NULL),
                            pasar_metrics_histogram(metrics, "h", "h", NULL, bounds, 1)};
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, &shared), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    char *text = render(metrics);
    assert_non_null(strstr(text, "c_total 200000\n"));
    assert_non_null(strstr(text, "h_bucket{le=\"0.5\"} 100000\nh_bucket{le=\"+Inf\"} 200000\nh_sum 100000\n"));
    free(text);
    pasar_metrics_free(metrics);
}

/* Sends `request` to 127.0.0.1:port; the whole answer (free it). */
static char *ask(uint16_t port, const char *request)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    char *text = malloc(100000);
    size_t len = 0;
    ssize_t n;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    while ((n = recv(fd, text + len, 99999 - len, 0)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(fd);
    return text;
}

static void test_metrics__server_answers_scrapes_and_nothing_else(void **state)
{
    static const struct {
        const char *request, *status, *contains;
    } cases[] = {
        {"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200",
         "text/plain; version=0.0.4; charset=utf-8"},
        {"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200",
         "\r\n\r\n{\"status\":\"ok\"}"},
        {"HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200", "Content-Length"},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404", "/metrics"},
        {"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 405", "Allow: GET, HEAD"},
    };
    struct pasar_metrics *metrics = pasar_metrics_new();
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    pasar_metric_add(pasar_metrics_counter(metrics, "c_total", "c", NULL), 42);
    struct pasar_metrics_server *server = pasar_metrics_server_start(metrics, "127.0.0.1", 0, &err);
    assert_non_null(server);
    uint16_t port = pasar_metrics_server_port(server);
    assert_true(port > 0);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++) {
        char *answer = ask(port, cases[i].request);
        assert_memory_equal(answer, cases[i].status, strlen(cases[i].status));
        assert_non_null(strstr(answer, cases[i].contains));
        if (i == 0) {
            const char *body = strstr(answer, "\r\n\r\n") + 4;
            assert_int_equal(check_exposition(body), 1);
            assert_non_null(strstr(body, "c_total 42\n"));
        }
        free(answer);
    }
    char many[700] = "GET /healthz?";
    memset(many + strlen(many), '&', 600);
    strcat(many, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    char *answer = ask(port, many);
    assert_memory_equal(answer, "HTTP/1.1 200", 12);
    free(answer);
    char taken[40];
    assert_null(pasar_metrics_server_start(metrics, "localhost", port, &err));
    assert_int_equal(err.code, PASAR_EUNAVAILABLE);
    snprintf(taken, sizeof taken, "port %u: Address already in use", (unsigned)port);
    assert_non_null(strstr(err.msg, taken));
    pasar_err_clear(&err);
    assert_null(pasar_metrics_server_start(metrics, "not an address", 0, &err));
    assert_int_equal(err.code, PASAR_EUSAGE);
    pasar_metrics_server_stop(server);
    pasar_err_clear(&err);
    server = pasar_metrics_server_start(metrics, "127.0.0.1", port, &err); /* free again at once */
    assert_non_null(server);
    pasar_metrics_server_stop(server);
    pasar_metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics__text_is_the_exposition_format),
        cmocka_unit_test(test_metrics__no_metric_is_no_harm),
        cmocka_unit_test(test_metrics__threads_lose_nothing),
        cmocka_unit_test(test_metrics__server_answers_scrapes_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
