#include "api/access_log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "pasar/log.h"
#include "pasar/num.h"

enum { METHOD_BYTES = 40, PATH_BYTES = 2000 };

int access_log_parse(const char *text, int64_t *every, struct pasar_err *err)
{
    *every = 0;
    if (!text || strcmp(text, "off") == 0)
        return 0;
    if (strcmp(text, "all") == 0)
        *every = 1;
    else if (pasar_num_i64(text, strlen(text), every) != 0 || *every < 1)
        return pasar_err_set(err, PASAR_EUSAGE,
                             "--access-log takes off, all or a number N (every Nth request), not '%s'", text);
    return 0;
}

/* What may stand in a line and in a JSON string as it is; everything else as %XX. Cut where `size` ends. */
static void clean(const char *text, char *out, size_t size)
{
    size_t at = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (at + 7 > size) {
            memcpy(out + at, "...", 3);
            at += 3;
            break;
        }
        if (c > ' ' && c < 0x7f && c != '"' && c != '\\')
            out[at++] = (char)c;
        else
            at += (size_t)snprintf(out + at, size - at, "%%%02X", c);
    }
    out[at] = '\0';
}

static void peer_name(const struct sockaddr *a, char text[INET6_ADDRSTRLEN])
{
    snprintf(text, INET6_ADDRSTRLEN, "-");
    if (a && a->sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, text, INET6_ADDRSTRLEN);
    else if (a && a->sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, text, INET6_ADDRSTRLEN);
}

void access_log_write(const struct access_entry *e)
{
    char peer[INET6_ADDRSTRLEN], method[METHOD_BYTES], path[PATH_BYTES], members[PATH_BYTES + 500];
    peer_name(e->peer, peer);
    clean(e->method, method, sizeof method);
    clean(e->path, path, sizeof path);
    if (pasar_log_format() == PASAR_LOG_TEXT) {
        pasar_info("%s %s %s %d %zu bytes %.3f ms %s", peer, method, path, e->status, e->bytes, e->seconds * 1e3,
                   e->id);
        return;
    }
    snprintf(members, sizeof members,
             "\"peer\":\"%s\",\"method\":\"%s\",\"path\":\"%s\",\"status\":%d,\"bytes\":%zu,\"ms\":%.3f,"
             "\"request_id\":\"%s\",\"generation\":%s",
             peer, method, path, e->status, e->bytes, e->seconds * 1e3, e->id, e->generation ? e->generation : "null");
    pasar_log_members(PASAR_LOG_INFO, members, "request");
}
