/*
 * A request's life: begin (its address is known) → access, first call (headers are in: guard) → access again for each
 * piece of a body → answer → completed (reply sent or connection lost).
 */
#include "api/exchange.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/access_log.h"
#include "api/exchange_private.h"
#include "api/router.h"
#include "pasar/clock.h"
#include "pasar/mhd.h"

enum {
    URI_BYTES_MAX = 8192,
    REPLY_SECONDS = 60,           /* for a slow reader */
    SWALLOW_BYTES_MAX = 64 << 20, /* too large a body is read to its end up to here, or its sender never sees the 413 */
};

/* ------------------------------------------------------------------ beginning and end */

static struct deadline_conn *conn_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The absolute form, RFC 9112 section 3.2.2: the guard looks at its host. */
static void split_absolute(struct exchange *x)
{
    struct request *r = &x->request;
    size_t scheme = strncasecmp(r->path, "http://", 7) == 0 ? 7 : strncasecmp(r->path, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0)
        return;
    x->guard.authority = r->path + scheme;
    x->guard.authority_len = strcspn(x->guard.authority, "/?");
    r->path = x->guard.authority + x->guard.authority_len;
}

void *exchange_begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct exchanges *all = cls;
    struct deadline_conn *conn = conn_of(connection);
    size_t len = strlen(uri);
    struct exchange *x = exchange_new(all);
    if (!x)
        return NULL;
    if (conn) {
        exchange_free(conn->pending);
        conn->pending = x;
    }
    x->all = all;
    x->conn = conn;
    x->slot = -1;
    x->is_too_long = len > URI_BYTES_MAX;
    if (!x->is_too_long)
        pasar_buf_add(&x->uri, uri, len);
    pasar_mhd_hide_query(uri); /* it has been copied */
    deadline_request_begins(&all->deadline, conn);
    struct request *r = &x->request;
    r->path = pasar_buf_cstr(&x->uri);
    if (!r->path) { /* answered with 503 */
        x->is_out_of_memory = true;
        r->path = r->query = "";
        return x;
    }
    split_absolute(x);
    r->path_len = strcspn(r->path, "?");
    r->query = r->path[r->path_len] == '?' ? r->path + r->path_len + 1 : "";
    r->query_len = strlen(r->query);
    if (r->path_len == 0 && x->guard.authority) { /* http://host stands for http://host/ */
        r->path = "/";
        r->path_len = 1;
    }
    return x;
}

void exchange_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                        enum MHD_RequestTerminationCode why)
{
    struct exchanges *all = cls;
    struct exchange *x = *con_cls;
    (void)connection;
    (void)why;
    *con_cls = NULL;
    if (!x)
        return;
    if (x->conn)
        x->conn->pending = NULL;
    deadline_await_request(&all->deadline, x->conn);
    snapshot_release(&all->api->store, x->slot);
    if (x->seen)
        atomic_fetch_sub(&all->api->busy, 1);
    exchange_retire(x);
}

void exchange_connection_changed(void *cls, struct MHD_Connection *connection, void **socket_context,
                                 enum MHD_ConnectionNotificationCode what)
{
    struct exchanges *all = cls;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *socket_context = info ? deadline_add(&all->deadline, info->connect_fd) : NULL;
    } else {
        struct deadline_conn *conn = *socket_context;
        if (conn)
            exchange_free(conn->pending);
        deadline_remove(&all->deadline, conn);
        *socket_context = NULL;
    }
}

/* ------------------------------------------------------------------ answering */

/* An id of our own for a request that brought none: no two of a process are alike, nor of one and its next. */
static void make_id(struct exchange *x, uint64_t number)
{
    static const char hex[] = "0123456789abcdef";
    uint64_t id = x->all->first_id + number;
    for (int i = 0; i < 16; i++)
        x->id[i] = hex[id >> (60 - 4 * i) & 15];
    x->id[16] = '\0';
}

static void log_access(const struct exchange *x, struct MHD_Connection *connection, const char *method, double seconds)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    access_log_write(&(struct access_entry){
        .peer = info ? info->client_addr : NULL,
        .method = method,
        .path = x->uri.len > 0 ? x->uri.data : "-",
        .id = x->id,
        .generation = x->request.snapshot ? x->request.snapshot->number : NULL,
        .status = x->status,
        .bytes = x->bytes,
        .seconds = seconds,
    });
}

static enum MHD_Result finish(struct exchange *x, struct MHD_Connection *connection, struct reply *reply,
                              const char *method)
{
    struct exchanges *all = x->all;
    uint64_t number = atomic_fetch_add(&all->served, 1);
    x->wishes.must_show_id = x->id[0] || all->log_every > 0;
    if (!x->id[0])
        make_id(x, number);
    x->wishes.request_id = x->id;
    if (atomic_load_explicit(&all->api->stopping, memory_order_relaxed))
        reply->must_close = true;
    enum MHD_Result result = send_reply(connection, &x->request, reply, &x->wishes, &x->status, &x->bytes);
    x->reply_body = reply->body;
    reply->body = (struct pasar_buf){0};
    reply_fini(reply);
    x->is_answered = true;
    int64_t now = pasar_clock_mono_ns();
    deadline_replying(x->conn, now, REPLY_SECONDS);
    double seconds = (double)(now - x->started_ns) / 1e9;
    api_count(all->api, x->request.route, x->status, seconds);
    if (all->log_every > 0 && number % (uint64_t)all->log_every == 0)
        log_access(x, connection, method, seconds);
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

static enum MHD_Result answer(struct exchange *x, struct MHD_Connection *connection, const char *method)
{
    struct request *r = &x->request;
    struct reply reply;
    begin_reply(x, &reply);
    r->body = x->body.data;
    r->body_len = x->body.len;
    r->body_problem = exchange_body_problem(x);
    r->scratch = exchange_scratch(x->all);
    if (!r->scratch || x->body.failed || x->is_out_of_memory) {
        reply_no_memory(&reply);
    } else if (x->is_too_big) {
        reply_problem(&reply, 413, "the body is larger than %llu bytes",
                      (unsigned long long)x->all->api->config->max_body_bytes);
        reply.must_close = true;
    } else {
        api_answer(x->all->api, r, &reply, &x->slot);
    }
    return finish(x, connection, &reply, method);
}

/* ------------------------------------------------------------------ reading */

/*
 * The headers are in. Refuses, or lets the body come, if there is one: libmicrohttpd calls again in any case, and only
 * an answer given then keeps the connection open.
 */
static enum MHD_Result first_call(struct exchange *x, struct MHD_Connection *connection, const char *method,
                                  const char *version)
{
    struct exchanges *all = x->all;
    const char *why;
    x->seen = true;
    atomic_fetch_add(&all->api->busy, 1);
    x->request.method = router_method(method);
    exchange_read_headers(x, connection);
    if (x->is_too_long)
        return refuse(x, connection, method, 414, "the address is longer than 8192 bytes");
    int status = guard_verdict(&x->guard, version, &all->hosts, &why);
    if (status != 0)
        return refuse(x, connection, method, status, why);
    x->is_too_big = x->declared > all->api->config->max_body_bytes;
    if (x->is_too_big && (x->expects || x->declared > SWALLOW_BYTES_MAX)) {
        char text[80];
        snprintf(text, sizeof text, "the body is larger than %llu bytes",
                 (unsigned long long)all->api->config->max_body_bytes);
        return refuse(x, connection, method, 413, text);
    }
    return MHD_YES;
}

enum MHD_Result exchange_access(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
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
        if (x->body.len + *upload_len > x->all->api->config->max_body_bytes)
            x->is_too_big = true;
        if (!x->is_too_big && x->request.method == METHOD_POST)
            pasar_buf_add(&x->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    return x->is_answered ? MHD_YES : answer(x, connection, method);
}
