/* What a handler answers, before HTTP: status, body, and what its headers are made of. */
#ifndef PASAR_API_REPLY_H
#define PASAR_API_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/blob.h"
#include "pasar/attrs.h"
#include "pasar/buf.h"

#define REPLY_JSON    "application/json; charset=utf-8"
#define REPLY_PROBLEM "application/problem+json; charset=utf-8"
#define REPLY_TEXT    "text/plain; charset=utf-8"

struct reply {
    int status;
    const char *content_type;
    struct pasar_buf body;   /* the body, unless … */
    const struct blob *blob; /* … it is a ready-made one that outlives the request */
    bool has_total;          /* X-Total-Count and Link, of the list's page below */
    uint64_t total, offset;
    uint64_t limit;           /* 0: none was given, all is one page */
    struct pasar_buf relaxed; /* X-Pasar-Relaxed, in words; empty = none */
    const char *allow;        /* Allow of a 405 */
    int retry_after_s;        /* 0 = none */
    bool is_page;             /* part of the home page: CSP instead of JSON's headers */
    bool must_close;          /* end the connection after this reply */
    bool no_store;            /* changes from call to call: no ETag */
};

void reply_init(struct reply *reply);
void reply_fini(struct reply *reply);

/* The reason phrase of a status that this API sends. */
const char *reply_reason(int status);

/*
 * Makes the reply an RFC 9457 problem: type, title, status, detail and (the same text) error. What was in the body is
 * dropped.
 */
void reply_problem(struct reply *reply, int status, const char *fmt, ...) PASAR_PRINTF(3, 4);

/* Makes the reply a 503: memory ran out. Needs none itself; also what reply_problem falls back to. */
void reply_no_memory(struct reply *reply);

/* Adds a member `suggestions` to a problem: ready JSON text of an array. Nothing when it is empty. */
void reply_suggest(struct reply *reply, const struct pasar_buf *array);

/*
 * Appends the Link header (RFC 8288: first, prev, next, last) of a page of a list. `path` and `query` are the request's
 * own, still encoded; limit and offset in query are replaced.
 */
void reply_add_link(const struct reply *reply, struct pasar_buf *buf, const char *path, size_t path_len,
                    const char *query, size_t query_len);

#endif
