/* The headers of a request that mean something here. */
#include "api/exchange_private.h"

#include <string.h>
#include <strings.h>

#include "pasar/num.h"

static bool is_json(const char *content_type)
{
    size_t n = strcspn(content_type, "; \t");
    return (n == 16 && strncasecmp(content_type, "application/json", 16) == 0) ||
           (n > 5 && strncasecmp(content_type + n - 5, "+json", 5) == 0);
}

const char *exchange_body_problem(const struct exchange *x)
{
    if (!x->content_type)
        return "Content-Type is missing; send Content-Type: application/json (curl: --json DATA)";
    if (!is_json(x->content_type))
        return "the body must be JSON: send Content-Type: application/json (curl: --json DATA in place of -d DATA)";
    return x->content_encoding ? "compressed bodies are not understood" : NULL;
}

static bool is_header(const char *key, size_t len, const char *name, size_t name_len)
{
    return len == name_len && strncasecmp(key, name, len) == 0;
}

/* A list may come in several headers, which mean what one of them with commas between would: RFC 9110 section 5.3. */
static const char *join(struct exchange *x, struct pasar_buf *joined, const char *before, const char *value)
{
    if (!before)
        return value;
    if (joined->len == 0)
        pasar_buf_adds(joined, before);
    pasar_buf_adds(joined, ", ");
    pasar_buf_adds(joined, value);
    const char *text = pasar_buf_cstr(joined);
    x->is_out_of_memory = x->is_out_of_memory || !text;
    return text;
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
        x->wishes.accept_encoding = join(x, &x->encodings, x->wishes.accept_encoding, value);
    else if (IS("If-None-Match"))
        x->wishes.if_none_match = join(x, &x->etags, x->wishes.if_none_match, value);
    else if (IS("Access-Control-Request-Method"))
        x->wishes.is_preflight = true;
    else if (IS("Origin"))
        x->wishes.has_origin = true;
    else if (IS("X-Request-Id") && value_len <= EXCHANGE_ID_MAX && guard_is_token(value, value_len))
        memcpy(x->id, value, value_len + 1);
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

void exchange_read_headers(struct exchange *x, struct MHD_Connection *connection)
{
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, read_header, x);
}
