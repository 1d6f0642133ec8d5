/* One request as handlers see it: parsed, checked against its route, with the snapshot it is answered from. No HTTP
 * library. */
#ifndef PASAR_API_REQUEST_H
#define PASAR_API_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/params.h"
#include "api/reply.h"
#include "api/similar.h"
#include "api/snapshot.h"

enum method { METHOD_GET = 1, METHOD_HEAD = 2, METHOD_POST = 4, METHOD_OPTIONS = 8, METHOD_OTHER = 0 };

struct api;
struct route;

struct request {
    struct api *api;
    enum method method;
    const struct route *route;
    const char *path; /* as sent, still encoded */
    size_t path_len;
    const char *query; /* behind the '?', still encoded; "" without one */
    size_t query_len;
    struct pasar_buf segment; /* the decoded {part} of the route's pattern */
    struct params params;
    struct pasar_buf header; /* room for the text of a header that is being made */
    const char *body;        /* of a POST */
    size_t body_len;
    const char *body_problem;        /* why its type cannot be taken, NULL when it can */
    const struct snapshot *snapshot; /* NULL only for routes that work without one */
    struct similar_scratch *scratch; /* the thread's */
};

#endif
