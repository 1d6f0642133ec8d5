/* A message that is no valid record, as a line of the rejects file. */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

#include "batch_private.h"
#include "json_text.h"

enum { CHUNK = 3 << 20 }; /* a multiple of 3, so that pieces join without padding; EVP_EncodeBlock takes an int */

/* A JSON string in base64 (RFC 4648, section 4), or null. */
static void add_base64(struct pasar_buf *buf, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    if (p == NULL) {
        pasar_buf_adds(buf, "null");
        return;
    }
    pasar_buf_addc(buf, '"');
    while (len > 0) {
        size_t n = len < CHUNK ? len : CHUNK;
        if (pasar_buf_reserve(buf, (n + 2) / 3 * 4 + 1) != 0)
            return;
        buf->len += (size_t)EVP_EncodeBlock((unsigned char *)buf->data + buf->len, p, (int)n);
        p += n;
        len -= n;
    }
    pasar_buf_addc(buf, '"');
}

void pasar_batch_reject_add_json(struct pasar_buf *buf, const struct pasar_batch_name *batch, int64_t offset,
                                 const char *run, uint64_t row, const void *key, size_t key_len, const void *value,
                                 size_t value_len, const char *reason)
{
    pasar_buf_printf(buf,
                     "{\"topic\":\"%s\",\"partition\":%" PRId32 ",\"offset\":%" PRId64
                     ",\"run\":\"%s\",\"row\":%" PRIu64 ",\"reason\":",
                     batch->topic, batch->partition, offset, run, row);
    pasar_json_text_add_any(buf, reason, strlen(reason));
    pasar_buf_adds(buf, ",\"key\":");
    add_base64(buf, key, key_len);
    pasar_buf_adds(buf, ",\"value\":");
    add_base64(buf, value, value_len);
    pasar_buf_adds(buf, "}\n");
}
