/*
 * libmicrohttpd's callbacks. A request's life: begin (its address is known) → access, first call (headers are in:
 * guard) → access again for each piece of a body → answer → completed (reply sent or connection lost).
 */
#include "api/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/deadline.h"
#include "api/guard.h"
#include "api/httpd.h"
#include "api/listen.h"
#include "api/router.h"
#include "api/send.h"
#include "pasar/clock.h"
#include "pasar/log.h"
#include "pasar/num.h"

enum {
    URI_BYTES_MAX = 8192,
    REPLY_SECONDS = 60,           /* for a slow reader */
    KEPT_BYTES_MAX = 32 << 10,    /* of a buffer, from one request of a connection to its next */
    SWALLOW_BYTES_MAX = 64 << 20, /* too large a body is read to its end up to here, or its sender never sees the 413 */
};

struct server {
    struct api *api;
    struct MHD_Daemon *daemon;
    struct deadline deadline;
    struct guard_hosts hosts;
    const char **host_names;
    pthread_key_t scratch_key;
    bool has_key;
    uint16_t port;
    int64_t log_every; /* 0 = no access log */
    _Atomic uint64_t served;
};

/* One request under way. */
struct exchange {
    struct request request;
    struct server *server;
    struct deadline_conn *conn; /* NULL: memory was short */
    struct pasar_buf body, uri;
    struct pasar_buf reply_body; /* being sent until the request is completed */
    struct guard guard;
    struct send_wishes wishes;
    const char *content_type, *content_encoding;
    uint64_t declared; /* Content-Length */
    int slot;
    int64_t started_ns;
    bool seen, is_out_of_memory, is_too_long, is_too_big, is_answered, expects;
    int status;
    size_t bytes;
};

/* ------------------------------------------------------------------ scratch of a thread */

static void free_scratch(void *arg)
{
    similar_scratch_fini(arg);
    free(arg);
}

static struct similar_scratch *thread_scratch(struct server *server)
{
    struct similar_scratch *scratch = pthread_getspecific(server->scratch_key);
    if (!scratch) {
        scratch = calloc(1, sizeof *scratch);
        if (scratch && pthread_setspecific(server->scratch_key, scratch) != 0) {
            free(scratch);
            scratch = NULL;
        }
    }
    return scratch;
}

/* ------------------------------------------------------------------ beginning and end */

static void free_exchange(struct exchange *x)
{
    if (!x)
        return;
    pasar_buf_fini(&x->body);
    pasar_buf_fini(&x->uri);
    pasar_buf_fini(&x->reply_body);
    pasar_buf_fini(&x->request.segment);
    params_fini(&x->request.params);
    free(x);
}

static struct deadline_conn *conn_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* Empties a buffer whose memory the next request may use, unless it is too much to keep. */
static struct pasar_buf kept(struct pasar_buf *buf)
{
    if (buf->cap > KEPT_BYTES_MAX)
        pasar_buf_fini(buf);
    pasar_buf_reset(buf);
    return *buf;
}

/*
 * A fresh exchange, in the memory of the connection's last one when there is such: keep-alive requests then need no
 * large allocations. NULL when memory is short.
 */
static struct exchange *new_exchange(struct deadline_conn *conn)
{
    struct exchange *x = conn ? conn->idle : NULL;
    if (!x)
        return calloc(1, sizeof *x);
    conn->idle = NULL;
    struct pasar_buf body = x->body, uri = x->uri, reply_body = x->reply_body;
    struct pasar_buf segment = x->request.segment, scratch = x->request.params.scratch;
    memset(x, 0, sizeof *x);
    x->body = body;
    x->uri = uri;
    x->reply_body = reply_body;
    x->request.segment = segment;
    x->request.params.scratch = scratch;
    return x;
}

/* Leaves what it can to the connection's next request. */
static void retire_exchange(struct exchange *x)
{
    if (!x->conn || x->conn->idle) {
        free_exchange(x);
        return;
    }
    x->body = kept(&x->body);
    x->uri = kept(&x->uri);
    x->reply_body = kept(&x->reply_body);
    x->request.segment = kept(&x->request.segment);
    x->request.params.scratch = kept(&x->request.params.scratch);
    x->conn->idle = x;
}

static void *begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct server *server = cls;
    struct deadline_conn *conn = conn_of(connection);
    size_t len = strlen(uri);
    struct exchange *x = new_exchange(conn);
    if (!x)
        return NULL;
    if (conn) {
        free_exchange(conn->pending);
        conn->pending = x;
    }
    x->server = server;
    x->conn = conn;
    x->slot = -1;
    x->is_too_long = len > URI_BYTES_MAX;
    if (!x->is_too_long)
        pasar_buf_add(&x->uri, uri, len);
    struct request *r = &x->request;
    r->path = pasar_buf_cstr(&x->uri);
    if (!r->path) { /* answered with 503 */
        x->is_out_of_memory = true;
        r->path = r->query = "";
        return x;
    }
    if (strncasecmp(r->path, "http://", 7) == 0) /* absolute form: RFC 9112 section 3.2.2 */
        r->path += 7 + strcspn(r->path + 7, "/?");
    r->path_len = strcspn(r->path, "?");
    r->query = r->path[r->path_len] == '?' ? r->path + r->path_len + 1 : "";
    r->query_len = strlen(r->query);
    return x;
}

static void completed(void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode why)
{
    struct server *server = cls;
    struct exchange *x = *con_cls;
    (void)connection;
    (void)why;
    *con_cls = NULL;
    if (!x)
        return;
    if (x->conn)
        x->conn->pending = NULL;
    deadline_next_request(&server->deadline, x->conn);
    snapshot_release(&server->api->store, x->slot);
    if (x->seen)
        atomic_fetch_sub(&server->api->busy, 1);
    retire_exchange(x);
}

static void connection_changed(void *cls, struct MHD_Connection *connection, void **socket_context,
                               enum MHD_ConnectionNotificationCode what)
{
    struct server *server = cls;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *socket_context = info ? deadline_add(&server->deadline, info->connect_fd) : NULL;
    } else {
        struct deadline_conn *conn = *socket_context;
        if (conn) {
            free_exchange(conn->pending);
            free_exchange(conn->idle);
        }
        deadline_remove(&server->deadline, conn);
        *socket_context = NULL;
    }
}

/* ------------------------------------------------------------------ answering */

static void peer_name(struct MHD_Connection *connection, char text[INET6_ADDRSTRLEN])
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *a = info ? info->client_addr : NULL;
    snprintf(text, INET6_ADDRSTRLEN, "-");
    if (a && a->sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, text, INET6_ADDRSTRLEN);
    else if (a && a->sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, text, INET6_ADDRSTRLEN);
}

static enum MHD_Result finish(struct exchange *x, struct MHD_Connection *connection, struct reply *reply,
                              const char *method)
{
    struct server *server = x->server;
    if (atomic_load_explicit(&server->api->stopping, memory_order_relaxed))
        reply->must_close = true;
    enum MHD_Result result = send_reply(connection, &x->request, reply, &x->wishes, &x->status, &x->bytes);
    x->reply_body = reply->body;
    reply->body = (struct pasar_buf){0};
    reply_fini(reply);
    x->is_answered = true;
    int64_t now = pasar_clock_mono_ns();
    deadline_replying(x->conn, now, REPLY_SECONDS);
    double seconds = (double)(now - x->started_ns) / 1e9;
    api_count(server->api, x->request.route, x->status, seconds);
    uint64_t number = atomic_fetch_add(&server->served, 1);
    if (server->log_every > 0 && number % (uint64_t)server->log_every == 0) {
        char peer[INET6_ADDRSTRLEN];
        peer_name(connection, peer);
        pasar_info("%s %s %s %d %zu bytes %.3f ms", peer, method, x->uri.len > 0 ? x->uri.data : "-", x->status,
                   x->bytes, seconds * 1e3);
    }
    return result;
}

/* An empty reply, in the memory of the connection's last one. */
static void begin_reply(struct exchange *x, struct reply *reply)
{
    reply_init(reply);
    reply->body = x->reply_body;
    x->reply_body = (struct pasar_buf){0};
    x->started_ns = pasar_clock_mono_ns();
}

/* Refuses before the request was understood; the connection ends with it. */
static enum MHD_Result refuse(struct exchange *x, struct MHD_Connection *connection, const char *method, int status,
                              const char *why)
{
    struct reply reply;
    begin_reply(x, &reply);
    reply_problem(&reply, status, "%s", why);
    reply.must_close = true;
    return finish(x, connection, &reply, method);
}

static bool is_json(const char *content_type)
{
    size_t n = content_type ? strcspn(content_type, "; \t") : 0;
    return !content_type || (n == 16 && strncasecmp(content_type, "application/json", 16) == 0) ||
           (n > 5 && strncasecmp(content_type + n - 5, "+json", 5) == 0);
}

static enum MHD_Result answer(struct exchange *x, struct MHD_Connection *connection, const char *method)
{
    struct request *r = &x->request;
    struct reply reply;
    begin_reply(x, &reply);
    r->body = x->body.data;
    r->body_len = x->body.len;
    r->scratch = thread_scratch(x->server);
    if (!r->scratch || x->body.failed || x->is_out_of_memory) {
        reply_problem(&reply, 503, "the server is out of memory; try again");
    } else if (x->is_too_big) {
        reply_problem(&reply, 413, "the body is larger than %llu bytes",
                      (unsigned long long)x->server->api->config->max_body_bytes);
        reply.must_close = true;
    } else if (r->method == METHOD_POST && !is_json(x->content_type)) {
        reply_problem(&reply, 415, "the body must be JSON: send Content-Type: application/json");
    } else if (r->method == METHOD_POST && x->content_encoding) {
        reply_problem(&reply, 415, "compressed bodies are not understood");
    } else {
        api_answer(x->server->api, r, &reply, &x->slot);
    }
    return finish(x, connection, &reply, method);
}

/* ------------------------------------------------------------------ reading */

static bool is_header(const char *key, size_t len, const char *name, size_t name_len)
{
    return len == name_len && strncasecmp(key, name, len) == 0;
}

static enum MHD_Result read_header(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_len,
                                   const char *value, size_t value_len)
{
    struct exchange *x = cls;
    (void)kind;
    if (!value)
        value = "";
    guard_header(&x->guard, key, key_len, value, value_len);
#define IS(name) is_header(key, key_len, name, sizeof(name) - 1)
    if (IS("Accept-Encoding"))
        x->wishes.accept_encoding = value;
    else if (IS("If-None-Match"))
        x->wishes.if_none_match = value;
    else if (IS("Access-Control-Request-Method"))
        x->wishes.is_preflight = true;
    else if (IS("Origin"))
        x->wishes.has_origin = true;
    else if (IS("Content-Type"))
        x->content_type = value;
    else if (IS("Content-Encoding") && !is_header(value, value_len, "identity", 8))
        x->content_encoding = value;
    else if (IS("Expect"))
        x->expects = true;
    else if (IS("Content-Length") && pasar_num_u64(value, value_len, &x->declared) != 0)
        x->declared = UINT64_MAX;
#undef IS
    return MHD_YES;
}

/*
 * The headers are in. Refuses, or lets the body come, if there is one: libmicrohttpd calls again in any case, and only
 * an answer given then keeps the connection open.
 */
static enum MHD_Result first_call(struct exchange *x, struct MHD_Connection *connection, const char *method,
                                  const char *version)
{
    struct server *server = x->server;
    const char *why;
    x->seen = true;
    atomic_fetch_add(&server->api->busy, 1);
    x->request.method = router_method(method);
    if (x->is_too_long)
        return refuse(x, connection, method, 414, "the address is longer than 8192 bytes");
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, read_header, x);
    int status = guard_verdict(&x->guard, version, &server->hosts, &why);
    if (status != 0)
        return refuse(x, connection, method, status, why);
    x->is_too_big = x->declared > server->api->config->max_body_bytes;
    if (x->is_too_big && (x->expects || x->declared > SWALLOW_BYTES_MAX)) {
        char text[80];
        snprintf(text, sizeof text, "the body is larger than %llu bytes",
                 (unsigned long long)server->api->config->max_body_bytes);
        return refuse(x, connection, method, 413, text);
    }
    return MHD_YES;
}

static enum MHD_Result access_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                      const char *version, const char *upload, size_t *upload_len, void **con_cls)
{
    struct exchange *x = *con_cls;
    (void)cls;
    (void)url;
    if (!x)
        return MHD_NO; /* out of memory at the start */
    if (!x->seen)
        return first_call(x, connection, method, version);
    if (*upload_len > 0) {
        if (x->body.len + *upload_len > x->server->api->config->max_body_bytes)
            x->is_too_big = true;
        if (!x->is_too_big && x->request.method == METHOD_POST)
            pasar_buf_add(&x->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    return x->is_answered ? MHD_YES : answer(x, connection, method);
}

/* We decode addresses ourselves, strictly. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static PASAR_PRINTF(2, 0) void log_library(void *cls, const char *fmt, va_list args)
{
    char text[300];
    (void)cls;
    if (!pasar_log_is_enabled(PASAR_LOG_DEBUG))
        return;
    vsnprintf(text, sizeof text, fmt, args);
    text[strcspn(text, "\n")] = '\0';
    pasar_log(PASAR_LOG_DEBUG, "libmicrohttpd: %s", text);
}

/* ------------------------------------------------------------------ start and stop */

/* Hosts we answer for: what --allow-host says, else the local names, else (bound to every address) any. */
static int collect_hosts(struct server *server, struct pasar_err *err)
{
    const struct api_config *config = server->api->config;
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t n = 0;
    server->host_names = calloc(config->allow_hosts.count + 4, sizeof *server->host_names);
    if (!server->host_names)
        return pasar_err_nomem(err, "host names");
    bool everywhere = strcmp(config->bind, "0.0.0.0") == 0 || strcmp(config->bind, "::") == 0;
    server->hosts.any = everywhere && config->allow_hosts.count == 0;
    server->host_names[n++] = config->bind;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(local); i++)
        server->host_names[n++] = local[i];
    for (size_t i = 0; i < config->allow_hosts.count; i++) {
        server->host_names[n++] = config->allow_hosts.values[i];
        if (strcmp(config->allow_hosts.values[i], "*") == 0)
            server->hosts.any = true;
    }
    server->hosts.names = server->host_names;
    server->hosts.count = n;
    return 0;
}

static int parse_access_log(struct server *server, struct pasar_err *err)
{
    const char *text = server->api->config->access_log;
    if (!text || strcmp(text, "off") == 0)
        server->log_every = 0;
    else if (strcmp(text, "all") == 0)
        server->log_every = 1;
    else if (pasar_num_i64(text, strlen(text), &server->log_every) != 0 || server->log_every < 1)
        return pasar_err_set(err, PASAR_EUSAGE,
                             "--access-log takes off, all or a number N (every Nth request), not '%s'", text);
    return 0;
}

static struct MHD_Daemon *start_daemon(struct server *server, int fd)
{
    const struct api_config *config = server->api->config;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = (unsigned)(config->threads > 0 ? config->threads : processors > 0 ? processors : 2);
    return MHD_start_daemon(
        HTTPD_FLAGS, 0, NULL, NULL, access_request, server, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0u,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)config->max_connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)config->max_connections_per_ip, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(config->idle_timeout_s < 1 ? 1 : config->idle_timeout_s), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTPD_CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, HTTPD_STRICT_FOR_CLIENT,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_URI_LOG_CALLBACK, begin, server, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        connection_changed, server, MHD_OPTION_END);
}

struct server *server_start(struct api *api, struct pasar_err *err)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server) {
        pasar_err_nomem(err, "server");
        return NULL;
    }
    server->api = api;
    int fd = -1;
    if (parse_access_log(server, err) != 0 || collect_hosts(server, err) != 0)
        goto fail;
    if (pthread_key_create(&server->scratch_key, free_scratch) != 0) {
        pasar_err_set(err, PASAR_EOS, "cannot create a thread key");
        goto fail;
    }
    server->has_key = true;
    fd = listen_open(api->config->bind, api->config->port, &server->port, err);
    if (fd < 0 || deadline_start(&server->deadline, api->config->request_timeout_s, api->deadline_cuts,
                                 api->connections, err) != 0)
        goto fail;
    server->daemon = start_daemon(server, fd);
    if (!server->daemon) {
        pasar_err_set(err, PASAR_EOS, "libmicrohttpd does not start on %s port %d", api->config->bind,
                      (int)server->port);
        goto fail;
    }
    return server;
fail:
    if (fd >= 0)
        close(fd);
    deadline_stop(&server->deadline);
    if (server->has_key)
        pthread_key_delete(server->scratch_key);
    free(server->host_names);
    free(server);
    return NULL;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

uint64_t server_stop(struct server *server, int drain_ms)
{
    if (!server)
        return 0;
    atomic_store(&server->api->stopping, true);
    MHD_socket fd = MHD_quiesce_daemon(server->daemon);
    int64_t until = pasar_clock_mono_ns() + (int64_t)drain_ms * 1000000;
    while (atomic_load(&server->api->busy) > 0 && pasar_clock_mono_ns() < until)
        pasar_clock_sleep_ms(10);
    MHD_stop_daemon(server->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
    deadline_stop(&server->deadline);
    pthread_key_delete(server->scratch_key);
    uint64_t served = atomic_load(&server->served);
    free(server->host_names);
    free(server);
    return served;
}
