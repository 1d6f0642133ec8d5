#include "api/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/jsontext.h"
#include "api/params.h"
#include "pasar/log.h"
#include "pasar/num.h"

void reply_init(struct reply *reply)
{
    memset(reply, 0, sizeof *reply);
    reply->status = 200;
    reply->content_type = REPLY_JSON;
}

void reply_fini(struct reply *reply)
{
    pasar_buf_fini(&reply->body);
    pasar_buf_fini(&reply->relaxed);
}

const char *reply_reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 204:
        return "No Content";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 421:
        return "Misdirected Request";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Error";
    }
}

void reply_problem(struct reply *reply, int status, const char *fmt, ...)
{
    char detail[700];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof detail ? (size_t)n : sizeof detail - 1;
    struct pasar_buf *buf = &reply->body;
    pasar_buf_reset(buf);
    reply->blob = NULL;
    reply->has_total = false;
    reply->status = status;
    reply->content_type = REPLY_PROBLEM;
    reply->no_store = true;
    pasar_buf_printf(buf, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":", reply_reason(status),
                     status);
    jsontext_add_string(buf, detail, len);
    pasar_buf_adds(buf, ",\"error\":");
    jsontext_add_string(buf, detail, len);
    pasar_buf_addc(buf, '}');
    if (buf->failed)
        reply_no_memory(reply);
}

#define NO_MEMORY "the server is out of memory; try again"

void reply_no_memory(struct reply *reply)
{
    static const char text[] = "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"detail\":"
                               "\"" NO_MEMORY "\",\"error\":\"" NO_MEMORY "\"}";
    static const struct blob body = {.data = text, .len = sizeof text - 1};
    static struct pasar_log_limit limit = PASAR_LOG_LIMIT;
    pasar_log_limited(&limit, PASAR_LOG_ERROR, "out of memory while answering a request");
    pasar_buf_reset(&reply->body);
    pasar_buf_reset(&reply->relaxed);
    reply->blob = &body;
    reply->has_total = reply->is_page = false;
    reply->status = 503;
    reply->content_type = REPLY_PROBLEM;
    reply->no_store = true;
    reply->allow = NULL;
    reply->retry_after_s = 1;
}

void reply_suggest(struct reply *reply, const struct pasar_buf *array)
{
    if (array->failed) {
        reply_no_memory(reply);
        return;
    }
    if (array->len <= 2 || reply->body.len == 0)
        return;
    reply->body.len--; /* the closing brace */
    pasar_buf_adds(&reply->body, ",\"suggestions\":");
    pasar_buf_add(&reply->body, array->data, array->len);
    pasar_buf_addc(&reply->body, '}');
}

/* Copies what may stand in a URI reference; the rest is percent-encoded, so that no header can be broken out of. */
static void add_uri(struct pasar_buf *buf, const char *text, size_t len)
{
    static const char refused[256] = {[0 ... ' '] = 1, ['<'] = 1, ['>'] = 1, ['"'] = 1, ['\\'] = 1,         ['^'] = 1,
                                      ['`'] = 1,       ['{'] = 1, ['}'] = 1, ['|'] = 1, [0x7f ... 0xff] = 1};
    size_t plain = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (!refused[c])
            continue;
        pasar_buf_add(buf, text + plain, i - plain);
        pasar_buf_printf(buf, "%%%02X", c);
        plain = i + 1;
    }
    pasar_buf_add(buf, text + plain, len - plain);
}

static bool is_paging_name(const char *name, size_t len)
{
    return (len == 5 && memcmp(name, "limit", 5) == 0) || (len == 6 && memcmp(name, "offset", 6) == 0);
}

/* Is a pair of the query one that the links bring themselves? Names may be percent-encoded, though hardly any are. */
static bool is_paging(const char *pair, size_t len, bool *failed)
{
    const char *equals = memchr(pair, '=', len);
    size_t name_len = equals ? (size_t)(equals - pair) : len;
    if (!memchr(pair, '%', name_len))
        return is_paging_name(pair, name_len);
    struct pasar_buf name = {0};
    bool is = params_decode(&name, pair, name_len, true) == 0 && is_paging_name(name.data, name.len);
    *failed = *failed || name.failed;
    pasar_buf_fini(&name);
    return is;
}

/* One link; all of them begin with the `base_len` bytes at `base` in the same buffer. A limit of 0: none was given. */
static void add_one(struct pasar_buf *buf, size_t base, size_t base_len, uint64_t offset, uint64_t limit,
                    const char *rel)
{
    bool is_first = buf->len == base + base_len; /* its base is in place */
    if (!is_first && pasar_buf_reserve(buf, base_len + 3) == 0) {
        pasar_buf_add(buf, ", <", 3);
        pasar_buf_add(buf, buf->data + base, base_len);
    }
    if (limit > 0) {
        pasar_buf_adds(buf, "limit=");
        pasar_num_add_u64(buf, limit);
        pasar_buf_addc(buf, '&');
    }
    pasar_buf_adds(buf, "offset=");
    pasar_num_add_u64(buf, offset);
    pasar_buf_adds(buf, ">; rel=\"");
    pasar_buf_adds(buf, rel);
    pasar_buf_addc(buf, '"');
}

void reply_add_link(const struct reply *reply, struct pasar_buf *buf, const char *path, size_t path_len,
                    const char *query, size_t query_len)
{
    uint64_t offset = reply->offset, limit = reply->limit, total = reply->total;
    uint64_t page = limit ? limit : UINT32_MAX, last = total == 0 ? 0 : (total - 1) / page * page;
    size_t base = buf->len + 1, base_len;
    (void)pasar_buf_reserve(buf, 4 * (path_len + query_len + 50)); /* failure shows in buf->failed */
    pasar_buf_addc(buf, '<');
    add_uri(buf, path, path_len);
    pasar_buf_addc(buf, '?');
    for (const char *at = query, *end = query + query_len; at < end;) {
        const char *amp = memchr(at, '&', (size_t)(end - at)), *stop = amp ? amp : end;
        if (stop > at && !is_paging(at, (size_t)(stop - at), &buf->failed)) {
            add_uri(buf, at, (size_t)(stop - at));
            pasar_buf_addc(buf, '&');
        }
        at = stop + 1;
    }
    base_len = buf->failed ? 0 : buf->len - base;
    add_one(buf, base, base_len, 0, limit, "first");
    if (offset > 0) {
        uint64_t before = offset > page ? offset - page : 0;
        add_one(buf, base, base_len, before > last ? last : before, limit, "prev");
    }
    if (offset + page < total)
        add_one(buf, base, base_len, offset + page, limit, "next");
    add_one(buf, base, base_len, last, limit, "last");
}
