/* The small HTTP server of consumer and trainer: /metrics and /healthz, nothing else. */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pasar/metrics.h"
#include "pasar/mhd.h"

enum { CONNECTIONS_MAX = 32, TIMEOUT_S = 10, CONNECTION_BYTES = 16 * 1024, BACKLOG = 64 };

struct pasar_metrics_server {
    struct pasar_metrics *metrics;
    struct MHD_Daemon *daemon;
    uint16_t port;
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type, const char *text,
                             size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (status >= 400) /* whatever body comes along is not waited for */
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
    return reply(connection, status, "text/plain; charset=utf-8", text, strlen(text));
}

static enum MHD_Result reply_metrics(struct MHD_Connection *connection, struct pasar_metrics *metrics)
{
    struct pasar_buf buf = {0};

    pasar_metrics_render(metrics, &buf);
    enum MHD_Result queued =
        buf.failed ? reply_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n")
                   : reply(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", buf.data, buf.len);
    pasar_buf_fini(&buf);
    return queued;
}

static enum MHD_Result on_request(void *closure, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    static const char alive[] = "{\"status\":\"ok\"}";
    struct pasar_metrics_server *server = closure;

    (void)version;
    (void)upload;
    (void)upload_size;
    (void)state;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return reply_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    if (strcmp(url, "/metrics") == 0)
        return reply_metrics(connection, server->metrics);
    if (strcmp(url, "/healthz") == 0)
        return reply(connection, MHD_HTTP_OK, "application/json", alive, strlen(alive)); /* as pasar-api says it */
    return reply_text(connection, MHD_HTTP_NOT_FOUND, "there is /metrics and /healthz\n");
}

/* No query is of interest. */
static void *drop_query(void *closure, const char *uri, struct MHD_Connection *connection)
{
    (void)closure;
    (void)connection;
    pasar_mhd_hide_query(uri);
    return NULL;
}

/* The address as a sockaddr; its length, or 0 when it is none. "localhost" is 127.0.0.1. */
static socklen_t parse_address(const char *text, uint16_t port, struct sockaddr_storage *address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof *address);
    if (strcmp(text, "localhost") == 0)
        text = "127.0.0.1";
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return sizeof *v6;
    }
    return 0;
}

/* A listening socket of our own, because libmicrohttpd does not say why its own could not be had. -1 with err. */
static int listen_on(const char *bind_to, uint16_t port, uint16_t *bound_port, struct pasar_err *err)
{
    struct sockaddr_storage address;
    socklen_t len = parse_address(bind_to, port, &address);
    const int on = 1;

    if (len == 0)
        return pasar_err_set(err, PASAR_EUSAGE, "'%s' is no IP address to listen on", bind_to);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return pasar_err_errno(err, PASAR_EOS, "socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        pasar_err_errno(err, PASAR_EUNAVAILABLE, "listen on %s port %u", bind_to, (unsigned)port);
        close(fd);
        return -1;
    }
    *bound_port = ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                                     : ((struct sockaddr_in6 *)&address)->sin6_port);
    return fd;
}

struct pasar_metrics_server *pasar_metrics_server_start(struct pasar_metrics *metrics, const char *bind, uint16_t port,
                                                        struct pasar_err *err)
{
    struct pasar_metrics_server *server = calloc(1, sizeof *server);

    if (server == NULL) {
        pasar_err_nomem(err, "the metrics server");
        return NULL;
    }
    server->metrics = metrics;
    int fd = listen_on(bind, port, &server->port, err);
    if (fd < 0) {
        free(server);
        return NULL;
    }
    server->daemon =
        MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, server,
                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         (size_t)CONNECTION_BYTES, MHD_OPTION_URI_LOG_CALLBACK, drop_query, NULL, MHD_OPTION_END);
    if (server->daemon == NULL) {
        pasar_err_set(err, PASAR_EOS, "cannot start the metrics server on %s port %u", bind, (unsigned)server->port);
        close(fd);
        free(server);
        return NULL;
    }
    return server;
}

uint16_t pasar_metrics_server_port(const struct pasar_metrics_server *server)
{
    return server->port;
}

void pasar_metrics_server_stop(struct pasar_metrics_server *server)
{
    if (server == NULL)
        return;
    MHD_stop_daemon(server->daemon);
    free(server);
}
