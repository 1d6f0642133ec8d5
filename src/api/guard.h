/*
 * What libmicrohttpd 0.9.75 lets through and we do not: ambiguous framing (RFC 9112 section 6.3), names that are no
 * tokens, control characters, a missing or foreign Host. Pure: headers in, verdict out.
 */
#ifndef PASAR_API_GUARD_H
#define PASAR_API_GUARD_H

#include <stdbool.h>
#include <stddef.h>

struct guard {
    int hosts, lengths, encodings; /* how many Host, Content-Length, Transfer-Encoding */
    bool has_bad_name, has_bad_value, is_chunked, has_bad_length;
    const char *host; /* borrowed */
    size_t host_len;
    const char *authority; /* borrowed; host of an address in absolute form (RFC 9112 section 3.2.2), else NULL */
    size_t authority_len;
};

/* True for one or more token characters (RFC 9110 section 5.6.2). */
bool guard_is_token(const char *text, size_t len);

/* Looks at one header. */
void guard_header(struct guard *guard, const char *name, size_t name_len, const char *value, size_t value_len);

/* Which hosts may be asked for; checks against DNS rebinding. */
struct guard_hosts {
    bool any;
    const char *const *names; /* without port, lower case or not; IPv6 in brackets or not */
    size_t count;
};

/*
 * The verdict over all headers: 0, or the status to refuse with (400, 421, 501, 505) and why. A refused request's
 * connection must be closed: what follows on it cannot be trusted.
 */
int guard_verdict(const struct guard *guard, const char *version, const struct guard_hosts *hosts, const char **why);

#endif
