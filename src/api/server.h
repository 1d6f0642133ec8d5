/* HTTP: libmicrohttpd around api_answer. */
#ifndef PASAR_API_SERVER_H
#define PASAR_API_SERVER_H

#include <stdint.h>

#include "api/api.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

struct server;

/* Binds, listens and serves. NULL with err (PASAR_EUNAVAILABLE names a taken address). */
struct server *server_start(struct api *api, struct pasar_err *err) PASAR_MUSTCHECK;

/* The port in use (the one the system chose when it was 0). */
uint16_t server_port(const struct server *server);

/* Stops accepting, lets requests under way finish for up to drain_ms, closes. NULL is fine. Returns requests served. */
uint64_t server_stop(struct server *server, int drain_ms);

#endif
