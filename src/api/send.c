#include "api/send.h"

#include <stdio.h>
#include <string.h>

#include "api/router.h"
#include "pasar/num.h"

enum {
    GZIP_LEVEL = 1,
    LINK_MAX = 3000
}; /* Link holds the address up to four times; the connection's memory is small */

static const char csp[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

/* A response under construction; sticky failure, as everywhere. */
struct out {
    struct MHD_Response *response;
    bool failed;
};

static void add(struct out *out, const char *name, const char *value)
{
    out->failed = out->failed || !value || MHD_add_response_header(out->response, name, value) != MHD_YES;
}

/* Header text must be one line of ASCII: the rest is percent-encoded. */
static void add_plain(struct pasar_buf *buf, const char *text, size_t len)
{
    for (size_t i = 0; i < len && i < 400; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= ' ' && c < 0x7f && c != '%')
            pasar_buf_addc(buf, (char)c);
        else
            pasar_buf_printf(buf, "%%%02X", c);
    }
}

static void add_list_headers(struct out *out, struct request *r, const struct reply *reply)
{
    struct pasar_buf *text = &r->header;
    pasar_buf_reset(text);
    pasar_num_add_u64(text, reply->total);
    add(out, "X-Total-Count", pasar_buf_cstr(text));
    pasar_buf_reset(text);
    reply_add_link(reply, text, r->path, r->path_len, r->query, r->query_len);
    if (text->failed || text->len <= LINK_MAX)
        add(out, MHD_HTTP_HEADER_LINK, pasar_buf_cstr(text));
}

static void add_cors(struct out *out, const struct reply *reply, const struct send_wishes *wishes)
{
    if (reply->status == 204 && wishes->is_preflight) {
        add(out, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, reply->allow);
        add(out, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, If-None-Match, Accept, X-Request-Id");
        add(out, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, "86400");
    } else if (wishes->has_origin) { /* of no use to others, and every header costs */
        add(out, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS,
            "X-Total-Count, Link, ETag, X-Request-Id, X-Pasar-Generation, X-Pasar-Relaxed");
    }
}

/* What all replies of a kind have, whatever the request says. */
static void add_common(struct out *out, bool has_body, const char *content_type, bool is_page, bool no_store,
                       const char *generation)
{
    if (has_body)
        add(out, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    add(out, MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(out, MHD_HTTP_HEADER_CACHE_CONTROL, no_store ? "no-store" : "no-cache");
    if (!is_page) {
        add(out, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        if (generation)
            add(out, "X-Pasar-Generation", generation);
    } else if (strncmp(content_type, "text/html", 9) == 0) { /* the document's policy covers its parts */
        add(out, "Content-Security-Policy", csp);
        add(out, "Referrer-Policy", "no-referrer");
    }
}

/* What depends on the request. */
static void add_own(struct out *out, struct request *r, const struct reply *reply, const struct send_wishes *wishes)
{
    if (!reply->is_page)
        add_cors(out, reply, wishes);
    if (wishes->must_show_id || reply->status >= 400)
        add(out, "X-Request-Id", wishes->request_id);
    if (reply->has_total)
        add_list_headers(out, r, reply);
    if (reply->relaxed.len > 0) {
        pasar_buf_reset(&r->header);
        add_plain(&r->header, reply->relaxed.data, reply->relaxed.len);
        add(out, "X-Pasar-Relaxed", pasar_buf_cstr(&r->header));
    }
    if (reply->allow)
        add(out, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (reply->retry_after_s > 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", reply->retry_after_s);
        add(out, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    if (reply->must_close)
        add(out, MHD_HTTP_HEADER_CONNECTION, "close");
}

struct body {
    const char *data;
    size_t len;
    bool is_gzip, may_gzip; /* may: a client that accepts it would get it */
};

static void choose_blob(const struct blob *blob, bool wants_gzip, struct body *body)
{
    body->may_gzip = blob->gzip != NULL;
    body->is_gzip = wants_gzip && blob->gzip;
    body->data = body->is_gzip ? blob->gzip : blob->data;
    body->len = body->is_gzip ? blob->gzip_len : blob->len;
}

/* The reply's own body, compressed when that is wanted and worth it. */
static void choose_own(struct reply *reply, bool wants_gzip, struct body *body)
{
    struct pasar_buf packed = {0};
    body->may_gzip = reply->body.len >= BLOB_GZIP_MIN;
    if (wants_gzip && body->may_gzip && blob_gzip(&packed, reply->body.data, reply->body.len, GZIP_LEVEL) == 0) {
        pasar_buf_fini(&reply->body);
        reply->body = packed;
        body->is_gzip = true;
    } else {
        pasar_buf_fini(&packed);
    }
    body->data = reply->body.data ? reply->body.data : "";
    body->len = reply->body.len;
}

/* The ETag of the representation that was chosen: that of the plain bytes, marked. */
static void make_etag(const char *plain, bool is_gzip, char etag[BLOB_ETAG_MAX + 4])
{
    memcpy(etag, plain, BLOB_ETAG_MAX);
    if (is_gzip)
        memcpy(etag + strlen(etag) - 1, "-gz\"", 5);
}

static void add_form(struct out *out, const struct body *body, bool has_body, bool is_page, const char *etag)
{
    if (body->is_gzip && has_body)
        add(out, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (body->may_gzip || (etag && !is_page)) /* what no cache keeps needs none */
        add(out, MHD_HTTP_HEADER_VARY,
            is_page          ? "Accept-Encoding"
            : body->may_gzip ? "Accept-Encoding, Origin"
                             : "Origin");
    if (etag)
        add(out, MHD_HTTP_HEADER_ETAG, etag);
}

static struct out begin_response(const struct body *body)
{
    return (struct out){
        MHD_create_response_from_buffer(body->len, (void *)(uintptr_t)body->data, MHD_RESPMEM_PERSISTENT), false};
}

/* ------------------------------------------------------------------ prepared */

int send_prepare(struct blob *blob, const char *content_type, bool is_page, const char *generation,
                 struct pasar_err *err)
{
    for (int form = BLOB_PLAIN; form <= (blob->gzip ? BLOB_GZIP : BLOB_PLAIN); form++) {
        struct body body;
        char etag[BLOB_ETAG_MAX + 4];
        choose_blob(blob, form == BLOB_GZIP, &body);
        make_etag(blob->etag, body.is_gzip, etag);
        struct out out = begin_response(&body);
        if (!out.response)
            return pasar_err_nomem(err, "prepared reply");
        blob->ready[form] = out.response;
        add_common(&out, true, content_type, is_page, false, generation);
        add_form(&out, &body, true, is_page, etag);
        if (out.failed)
            return pasar_err_nomem(err, "prepared reply");
    }
    return 0;
}

/* The prepared response, when add_own would add nothing to it; else NULL. */
static struct MHD_Response *prepared(const struct reply *reply, const struct send_wishes *wishes, bool is_gzip)
{
    bool is_own = reply->status != 200 || reply->no_store || reply->has_total || reply->relaxed.len > 0 ||
                  reply->allow || reply->retry_after_s > 0 || reply->must_close || wishes->must_show_id ||
                  (wishes->has_origin && !reply->is_page);
    return !reply->blob || is_own ? NULL : reply->blob->ready[is_gzip ? BLOB_GZIP : BLOB_PLAIN];
}

/* ------------------------------------------------------------------ sending */

enum MHD_Result send_reply(struct MHD_Connection *connection, struct request *r, struct reply *reply,
                           const struct send_wishes *wishes, int *status, size_t *bytes)
{
    struct body body = {.data = ""};
    char plain[BLOB_ETAG_MAX], etag[BLOB_ETAG_MAX + 4];
    bool wants_gzip = blob_accepts_gzip(wishes->accept_encoding);
    bool has_etag = reply->status == 200 && !reply->no_store && r->method != METHOD_POST;
    if (has_etag && !reply->blob)
        blob_etag(reply->body.data, reply->body.len, plain); /* before it may be compressed */
    if (reply->blob)
        choose_blob(reply->blob, wants_gzip, &body);
    else if (reply->status != 204)
        choose_own(reply, wants_gzip, &body); /* also for a 304, whose Content-Length libmicrohttpd cannot leave out */
    if (has_etag) {
        make_etag(reply->blob ? reply->blob->etag : plain, body.is_gzip, etag);
        if (blob_matches(wishes->if_none_match, etag))
            reply->status = 304; /* libmicrohttpd leaves the bytes out, and says how many they are */
    }
    *status = reply->status;
    *bytes = reply->status == 304 || r->method == METHOD_HEAD ? 0 : body.len;
    struct MHD_Response *ready = prepared(reply, wishes, body.is_gzip);
    if (ready)
        return MHD_queue_response(connection, MHD_HTTP_OK, ready); /* which counts its users itself */
    struct out out = begin_response(&body);
    if (!out.response)
        return MHD_NO;
    bool has_body = reply->status != 204 && reply->status != 304;
    add_common(&out, has_body, reply->content_type, reply->is_page, reply->no_store,
               r->snapshot ? r->snapshot->number : NULL);
    add_own(&out, r, reply, wishes);
    add_form(&out, &body, has_body, reply->is_page, has_etag ? etag : NULL);
    enum MHD_Result result = /* a reply that lacks a header for want of memory is none: the connection ends */
        out.failed ? MHD_NO : MHD_queue_response(connection, (unsigned)reply->status, out.response);
    MHD_destroy_response(out.response);
    return result;
}
