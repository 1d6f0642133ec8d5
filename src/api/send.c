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

static void add_list_headers(struct out *out, const struct request *r, const struct reply *reply)
{
    struct pasar_buf buf = {0};
    char total[24];
    snprintf(total, sizeof total, "%llu", (unsigned long long)reply->total);
    add(out, "X-Total-Count", total);
    reply_add_link(reply, &buf, r->path, r->path_len, r->query, r->query_len);
    const char *link = pasar_buf_cstr(&buf);
    if (!link || buf.len <= LINK_MAX)
        add(out, MHD_HTTP_HEADER_LINK, link);
    pasar_buf_fini(&buf);
}

static void add_cors(struct out *out, const struct reply *reply, const struct send_wishes *wishes)
{
    add(out, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    if (reply->status == 204 && wishes->is_preflight) {
        add(out, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, reply->allow);
        add(out, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, If-None-Match, Accept, X-Request-Id");
        add(out, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, "86400");
    } else if (wishes->has_origin) { /* of no use to others, and every header costs */
        add(out, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS,
            "X-Total-Count, Link, ETag, X-Request-Id, X-Pasar-Generation, X-Pasar-Relaxed");
    }
}

static void add_headers(struct out *out, const struct request *r, const struct reply *reply,
                        const struct send_wishes *wishes)
{
    if (reply->status != 204 && reply->status != 304)
        add(out, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
    add(out, MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(out, MHD_HTTP_HEADER_CACHE_CONTROL, reply->no_store ? "no-store" : "no-cache");
    if (!reply->is_page) {
        add_cors(out, reply, wishes);
    } else if (strncmp(reply->content_type, "text/html", 9) == 0) { /* the document's policy covers its parts */
        add(out, "Content-Security-Policy", csp);
        add(out, "Referrer-Policy", "no-referrer");
    }
    if (wishes->must_show_id || reply->status >= 400)
        add(out, "X-Request-Id", wishes->request_id);
    if (r->snapshot && !reply->is_page)
        add(out, "X-Pasar-Generation", r->snapshot->number);
    if (reply->has_total)
        add_list_headers(out, r, reply);
    if (reply->relaxed.len > 0) {
        struct pasar_buf text = {0};
        add_plain(&text, reply->relaxed.data, reply->relaxed.len);
        add(out, "X-Pasar-Relaxed", pasar_buf_cstr(&text));
        pasar_buf_fini(&text);
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

/* The ETag of the representation that was chosen. */
static void make_etag(const struct reply *reply, const struct body *body, const char *plain,
                      char etag[BLOB_ETAG_MAX + 4])
{
    memcpy(etag, reply->blob ? reply->blob->etag : plain, BLOB_ETAG_MAX);
    if (body->is_gzip)
        memcpy(etag + strlen(etag) - 1, "-gz\"", 5);
}

enum MHD_Result send_reply(struct MHD_Connection *connection, const struct request *r, struct reply *reply,
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
        choose_own(reply, wants_gzip, &body);
    if (has_etag) {
        make_etag(reply, &body, plain, etag);
        if (blob_matches(wishes->if_none_match, etag))
            reply->status = 304; /* libmicrohttpd leaves the bytes out, and says how many they are */
    }
    struct out out = {MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.data, MHD_RESPMEM_PERSISTENT),
                      false};
    *status = reply->status;
    *bytes = reply->status == 304 ? 0 : body.len;
    if (!out.response)
        return MHD_NO;
    add_headers(&out, r, reply, wishes);
    if (body.is_gzip && reply->status != 304)
        add(&out, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (body.may_gzip)
        add(&out, MHD_HTTP_HEADER_VARY, reply->is_page ? "Accept-Encoding" : "Accept-Encoding, Origin");
    if (has_etag)
        add(&out, MHD_HTTP_HEADER_ETAG, etag);
    enum MHD_Result result = /* a reply that lacks a header for want of memory is none: the connection ends */
        out.failed ? MHD_NO : MHD_queue_response(connection, (unsigned)reply->status, out.response);
    MHD_destroy_response(out.response);
    return result;
}
