/* Base64 by OpenSSL, piece by piece. */
#include "pasar/base64.h"

#include <openssl/evp.h>

enum { CHUNK = 3 << 20 }; /* a multiple of 3, so that pieces join without padding; EVP_EncodeBlock takes an int */

void pasar_base64_add(struct pasar_buf *buf, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    while (len > 0) {
        size_t n = len < CHUNK ? len : CHUNK;

        if (pasar_buf_reserve(buf, (n + 2) / 3 * 4 + 1) != 0)
            return;
        buf->len += (size_t)EVP_EncodeBlock((unsigned char *)buf->data + buf->len, p, (int)n);
        p += n;
        len -= n;
    }
}
