#include "api/guard.h"

#include <string.h>
#include <strings.h>

static bool is_token(const char *text, size_t len)
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
    g->has_bad_name = g->has_bad_name || !is_token(name, name_len);
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

/* Length of the host without its port, 0 when it is no host. */
static size_t host_len(const char *host, size_t len)
{
    size_t end;
    if (len > 0 && host[0] == '[') {
        const char *bracket = memchr(host, ']', len);
        end = bracket ? (size_t)(bracket - host) + 1 : 0;
    } else {
        const char *colon = memchr(host, ':', len);
        end = colon ? (size_t)(colon - host) : len;
    }
    if (end == 0 || (end < len && host[end] != ':'))
        return 0;
    for (size_t i = end + 1; i < len; i++) {
        if (host[i] < '0' || host[i] > '9')
            return 0;
    }
    for (size_t i = 0; i < end; i++) {
        if (strchr(" \t/?#@,", host[i]) || (unsigned char)host[i] >= 0x7f)
            return 0;
    }
    return end;
}

static bool is_allowed(const struct guard_hosts *hosts, const char *host, size_t len)
{
    for (size_t i = 0; i < hosts->count; i++) {
        if (is_name(host, len, hosts->names[i]))
            return true;
    }
    return hosts->any;
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
    if (g->hosts == 0)
        return 0;
    size_t len = host_len(g->host, g->host_len);
    if (len == 0) {
        *why = "Host is not a host name with an optional port";
        return 400;
    }
    if (!is_allowed(hosts, g->host, len)) {
        *why = "this server does not answer for that host; --allow-host lets it";
        return 421;
    }
    return 0;
}
