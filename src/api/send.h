/* From a reply to libmicrohttpd's response: headers, conditional requests, compression. */
#ifndef PASAR_API_SEND_H
#define PASAR_API_SEND_H

#include <microhttpd.h>
#include <stdbool.h>

#include "api/request.h"

/* What the request said about the form of its reply; pointers into libmicrohttpd's memory. */
struct send_wishes {
    const char *accept_encoding, *if_none_match;
    const char *request_id; /* the client's or ours; the exchange's memory */
    bool must_show_id;      /* else only a reply that is an error does: every header costs */
    bool is_preflight, has_origin;
};

/*
 * Makes the whole responses of a blob that most requests for it get (status 200, no header that depends on the
 * request), once instead of each time: with content_type, and for the home page's parts (`is_page`) or for answers of
 * `generation`. All of the blob must be made already. 0, or -1 with err when memory is short.
 */
int send_prepare(struct blob *blob, const char *content_type, bool is_page, const char *generation,
                 struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Makes the response of `reply`, or takes the prepared one, and queues it. Header text is made in request->header. The
 * final status and body bytes go to *status and *bytes. The bytes of reply->body (which may have been compressed) or of
 * its blob must stay until the request is completed.
 */
enum MHD_Result send_reply(struct MHD_Connection *connection, struct request *request, struct reply *reply,
                           const struct send_wishes *wishes, int *status, size_t *bytes);

#endif
