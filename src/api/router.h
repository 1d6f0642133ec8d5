/* The route table: the one place that says which paths exist, what they take and who answers. /openapi.json is made
 * from it. */
#ifndef PASAR_API_ROUTER_H
#define PASAR_API_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/request.h"

typedef void (*route_handler_fn)(struct request *request, struct reply *reply);

struct route {
    const char *pattern; /* "/api/products/{id}": one {part} at most, which matches one non-empty segment */
    uint32_t methods;    /* METHOD_GET (HEAD comes with it) or METHOD_POST; OPTIONS is always answered */
    uint32_t accepted;   /* parameters, PARAM_BIT and PARAM_ALL_MODELS */
    uint32_t required;
    uint32_t default_limit; /* with PARAM_LIMIT; 0 = all */
    uint32_t max_limit;     /* 0 = --max-limit */
    bool needs_snapshot;    /* 503 without one */
    route_handler_fn handler;
    const char *summary; /* for /openapi.json */
    const char *schema;  /* name of the reply's schema there, or NULL */
};

extern const struct route routes[];
extern const size_t route_count;

enum router_result { ROUTER_FOUND, ROUTER_NO_PATH, ROUTER_BAD_PATH, ROUTER_NO_MEMORY };

/*
 * Finds the route of a path (as sent). *segment gets the decoded {part}. ROUTER_BAD_PATH: a %-escape is broken, or NUL
 * or invalid UTF-8 hides in it.
 */
enum router_result router_find(const struct route *table, size_t count, const char *path, size_t len,
                               const struct route **route, struct pasar_buf *segment);

/* "GET, HEAD, OPTIONS" */
const char *router_allow(const struct route *route);

enum method router_method(const char *name);

#endif
