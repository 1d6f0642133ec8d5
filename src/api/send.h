/* From a reply to libmicrohttpd's response: headers, conditional requests, compression. */
#ifndef PASAR_API_SEND_H
#define PASAR_API_SEND_H

#include <microhttpd.h>
#include <stdbool.h>

#include "api/request.h"

/* What the request said about the form of its reply; pointers into libmicrohttpd's memory. */
struct send_wishes {
    const char *accept_encoding, *if_none_match, *origin, *preflight_headers;
    bool is_preflight;
};

/*
 * Makes the response of `reply` (its body is taken) and queues it. The final status and body bytes in *status and
 * *bytes. A blob's bytes must stay until the request is completed.
 */
enum MHD_Result send_reply(struct MHD_Connection *connection, const struct request *request, struct reply *reply,
                           const struct send_wishes *wishes, int *status, size_t *bytes);

#endif
