/*
 * How pasar-api runs libmicrohttpd. Shared with the benchmark's bare server, which must be run the same way or its
 * figures are no yardstick.
 */
#ifndef PASAR_API_HTTPD_H
#define PASAR_API_HTTPD_H

#include <microhttpd.h>

enum {
    HTTPD_CONNECTION_MEMORY = 24 << 10, /* libmicrohttpd wipes all of it for each request: no larger than it must be */
    HTTPD_STRICT_FOR_CLIENT = 0,        /* what is refused is refused by our own guard */
    HTTPD_FLAGS = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG,
};

#endif
