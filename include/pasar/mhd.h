/* What libmicrohttpd has to be kept from, for both servers. */
#ifndef PASAR_MHD_H
#define PASAR_MHD_H

#include <stdint.h>
#include <string.h>

/*
 * libmicrohttpd cuts a query up in the connection's small memory, and where hundreds of pieces leave no room for
 * themselves it never answers. To be called in the callback of MHD_OPTION_URI_LOG_CALLBACK with its `uri`, which is the
 * library's own buffer, once nobody needs the query there any more: an empty one is left.
 */
static inline void pasar_mhd_hide_query(const char *uri)
{
    char *mark = strchr((char *)(uintptr_t)uri, '?');

    if (mark != NULL)
        mark[1] = '\0';
}

#endif
