#include "api/guard.h"

#include <string.h>
#include <strings.h>

bool guard_is_token(const char *text, size_t len)
{
    static const bool is_separator[128] = {
        ['('] = true, [')'] = true, ['<'] = true,  ['>'] = true, ['@'] = true, [','] = true,
        [';'] = true, [':'] = true, ['\\'] = true, ['"'] = true, ['/'] = true, ['['] = true,
        [']'] = true, ['?'] = true, ['='] = true,  ['{'] = true, ['}'] = true,
    };
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c >= 0x7f || is_separator[c])
            return false;
    }
    return len > 0;
}

static bool has_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_name(const char *name, size_t len, const char *want)
{
    return strlen(want) == len && strncasecmp(name, want, len) == 0;
}

void guard_header(struct guard *g, const char *name, size_t name_len, const char *value, size_t value_len)
{
    g->has_bad_name = g->has_bad_name || !guard_is_token(name, name_len);
    g->has_bad_value = g->has_bad_value || has_control(value, value_len);
    if (is_name(name, name_len, "Host")) {
        g->hosts++;
        g->host = value;
        g->host_len = value_len;
    } else if (is_name(name, name_len, "Content-Length")) {
        g->lengths++;
        for (size_t i = 0; i < value_len; i++)
            g->has_bad_length = g->has_bad_length || value[i] < '0' || value[i] > '9';
        g->has_bad_length = g->has_bad_length || value_len == 0;
    } else if (is_name(name, name_len, "Transfer-Encoding")) {
        g->encodings++;
        g->is_chunked = value_len == 7 && strncasecmp(value, "chunked", 7) == 0;
    }
}

static bool is_port(const char *text, size_t len)
{
    unsigned port = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || (port = port * 10 + (unsigned)(text[i] - '0')) > 65535)
            return false;
    }
    return true; /* also an empty one: RFC 3986 section 3.2.3 */
}

/* Length of the host without its port, 0 when it is no host. */
static size_t host_len(const char *host, size_t len)
{
    size_t end;
    if (len > 0 && host[0] == '[') {
        const char *bracket = memchr(host, ']', len);
        end = bracket ? (size_t)(bracket - host) + 1 : 0;
        for (size_t i = 1; i + 1 < end; i++) {
            if (!strchr("0123456789abcdefABCDEF:.", host[i]))
                return 0;
        }
    } else {
        const char *colon = memchr(host, ':', len);
        end = colon ? (size_t)(colon - host) : len;
    }
    if (end == 0 || (end < len && host[end] != ':'))
        return 0;
    if (end < len && !is_port(host + end + 1, len - end - 1))
        return 0;
    for (size_t i = 0; i < end; i++) {
        if (strchr(" \t/?#@,", host[i]) || (unsigned char)host[i] >= 0x7f)
            return 0;
    }
    return end;
}

static bool is_allowed(const struct guard_hosts *hosts, const char *host, size_t len)
{
    for (size_t i = 0; i < hosts->count; i++) {
        const char *name = hosts->names[i];
        if (is_name(host, len, name) || (host[0] == '[' && is_name(host + 1, len - 2, name)))
            return true;
    }
    return hosts->any;
}

/* The host asked for is one that we answer for: the address's, if it names one, and then Host means nothing (RFC 9112
 * section 3.2.2). */
static int host_verdict(const struct guard *g, const struct guard_hosts *hosts, const char **why)
{
    const char *host = g->authority ? g->authority : g->host;
    size_t whole = g->authority ? g->authority_len : g->host_len, len;
    if (!host)
        return 0; /* HTTP/1.0 */
    len = host_len(host, whole);
    if (len == 0) {
        *why = "Host is not a host name with an optional port";
        return 400;
    }
    if (!is_allowed(hosts, host, len)) {
        *why = "this server does not answer for that host; --allow-host lets it";
        return 421;
    }
    return 0;
}

int guard_verdict(const struct guard *g, const char *version, const struct guard_hosts *hosts, const char **why)
{
    bool is_11 = strcmp(version, "HTTP/1.1") == 0;
    if (!is_11 && strcmp(version, "HTTP/1.0") != 0) {
        *why = "only HTTP/1.1 and HTTP/1.0 are spoken here";
        return 505;
    }
    *why = NULL;
    if (g->has_bad_name)
        *why = "a header's name holds characters that none may hold";
    else if (g->has_bad_value)
        *why = "a header holds control characters";
    else if (g->lengths > 1)
        *why = "Content-Length is given more than once";
    else if (g->has_bad_length)
        *why = "Content-Length is not a number";
    else if (g->lengths > 0 && g->encodings > 0)
        *why = "Content-Length and Transfer-Encoding contradict each other";
    else if (g->encodings > 1)
        *why = "Transfer-Encoding is given more than once";
    else if (g->encodings > 0 && !is_11)
        *why = "HTTP/1.0 has no Transfer-Encoding";
    else if (g->hosts > 1)
        *why = "Host is given more than once";
    else if (g->hosts == 0 && is_11)
        *why = "Host is missing";
    if (*why)
        return 400;
    if (g->encodings > 0 && !g->is_chunked) {
        *why = "the only Transfer-Encoding understood is chunked";
        return 501;
    }
    return host_verdict(g, hosts, why);
}
