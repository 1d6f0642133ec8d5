/*
 * A ready-made reply body: bytes, their gzip form when that is worth it, the ETag, and (made by send_prepare) whole
 * responses that all threads share.
 */
#ifndef PASAR_API_BLOB_H
#define PASAR_API_BLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/err.h"

struct MHD_Response;

enum blob_form { BLOB_PLAIN, BLOB_GZIP, BLOB_FORMS };

enum { BLOB_ETAG_MAX = 24, BLOB_GZIP_MIN = 1400 }; /* below one packet, compressing each reply wins nothing */

struct blob {
    const char *data;
    size_t len;
    char *gzip; /* NULL when it would not be smaller; owned */
    size_t gzip_len;
    char etag[BLOB_ETAG_MAX];               /* quoted: "0123456789abcdef" */
    char *owned;                            /* data when this blob frees it, else NULL */
    struct MHD_Response *ready[BLOB_FORMS]; /* owned; NULL = not prepared */
};

/* Takes malloc'd `data` (also on failure), compresses it as far as zlib can. 0 or -1 with err. */
int blob_take(struct blob *blob, char *data, size_t len, struct pasar_err *err) PASAR_MUSTCHECK;

/* The same of bytes that live as long as the blob. */
int blob_borrow(struct blob *blob, const char *data, size_t len, struct pasar_err *err) PASAR_MUSTCHECK;

/* A response that is still being sent lives on, but its bytes do not: no request may use the blob any more. */
void blob_fini(struct blob *blob);

/* The strong ETag of some bytes: their 64-bit XXH3 in quotes. */
void blob_etag(const char *data, size_t len, char etag[BLOB_ETAG_MAX]);

/* Appends the gzip form (RFC 1952) at zlib level 1..9. 0, or -1 when memory ran out. */
int blob_gzip(struct pasar_buf *out, const char *data, size_t len, int level) PASAR_MUSTCHECK;

/*
 * True when an Accept-Encoding header lets gzip be used (RFC 9110 section 12.5.3): "gzip", "x-gzip" or "*" with a
 * weight above 0, and no "gzip;q=0". NULL (no header): false.
 */
bool blob_accepts_gzip(const char *accept_encoding);

/* True when an If-None-Match header lists this ETag, weakly compared (RFC 9110 section 13.1.2), or is "*". */
bool blob_matches(const char *if_none_match, const char *etag);

#endif
