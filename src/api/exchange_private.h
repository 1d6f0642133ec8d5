/* A request under way: what the callbacks of exchange.c share with what reads its headers and what keeps its memory. */
#ifndef PASAR_API_EXCHANGE_PRIVATE_H
#define PASAR_API_EXCHANGE_PRIVATE_H

#include <microhttpd.h>

#include "api/exchange.h"
#include "api/guard.h"
#include "api/send.h"
#include "pasar/buf.h"

enum { EXCHANGE_ID_MAX = 64 }; /* bytes of an X-Request-Id */

struct exchange {
    struct request request;
    struct exchanges *all;
    struct deadline_conn *conn; /* NULL: memory was short */
    struct pasar_buf body, uri;
    struct pasar_buf reply_body;       /* being sent until the request is completed */
    struct pasar_buf encodings, etags; /* lists that came in several headers, joined */
    struct guard guard;
    struct send_wishes wishes;
    char id[EXCHANGE_ID_MAX + 1]; /* X-Request-Id; "" until it is known */
    const char *content_type, *content_encoding;
    uint64_t declared; /* Content-Length */
    int slot;
    int64_t started_ns;
    bool seen, is_out_of_memory, is_too_long, is_too_big, is_answered, expects;
    int status;
    size_t bytes;
};

/* ------------------------------------------------------------------ exchange_memory.c */

/* A fresh exchange, in memory that the thread has used before when there is such. NULL when memory is short. */
struct exchange *exchange_new(const struct exchanges *all);

/* Takes the exchange; its memory may serve the thread's next one. */
void exchange_retire(struct exchange *exchange);

/* Frees it (NULL is fine). */
void exchange_free(struct exchange *exchange);

/* The thread's room for searches, or NULL when memory is short. */
struct similar_scratch *exchange_scratch(const struct exchanges *all);

/* ------------------------------------------------------------------ exchange_headers.c */

/* Reads all headers: for the guard, the reply's form, and the body that may follow. */
void exchange_read_headers(struct exchange *exchange, struct MHD_Connection *connection);

/* Why the body of a POST cannot be taken (415), NULL when it can. Strict: a form of another site sends no JSON. */
const char *exchange_body_problem(const struct exchange *exchange);

#endif
