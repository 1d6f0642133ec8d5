/* The listening socket: ours, so that a taken port can be named, and port 0 works. */
#ifndef PASAR_API_LISTEN_H
#define PASAR_API_LISTEN_H

#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

/* Listens on host:port (a name, IPv4 or IPv6 address). The descriptor, or -1 with err; the port in *bound. */
int listen_open(const char *host, int64_t port, uint16_t *bound, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
