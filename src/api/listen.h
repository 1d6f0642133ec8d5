/* The listening socket: ours, so that a taken port can be named, and port 0 works; and room for what it accepts. */
#ifndef PASAR_API_LISTEN_H
#define PASAR_API_LISTEN_H

#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

/* Listens on host:port (a name, IPv4 or IPv6 address). The descriptor, or -1 with err; the port in *bound. */
int listen_open(const char *host, int64_t port, uint16_t *bound, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Raises the limit of open files so far that `wanted` connections leave `beside` descriptors for everything else. How
 * many connections that allows: fewer (with a warning) when the hard limit does not let it.
 */
unsigned listen_room(int64_t wanted, int64_t beside);

#endif
