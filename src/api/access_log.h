/* One line a request: a sentence for people, members of their own in JSON logs. */
#ifndef PASAR_API_ACCESS_LOG_H
#define PASAR_API_ACCESS_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

struct access_entry {
    const struct sockaddr *peer;
    const char *method, *path; /* as they came in: not to be trusted */
    const char *id;            /* tokens only */
    const char *generation;    /* NULL = none is loaded */
    int status;
    size_t bytes; /* of the body */
    double seconds;
};

/* What --access-log says: *every is 0 for off (or NULL), 1 for all, N for every Nth. 0 or -1 with err. */
int access_log_parse(const char *text, int64_t *every, struct pasar_err *err) PASAR_MUSTCHECK;

void access_log_write(const struct access_entry *entry);

#endif
