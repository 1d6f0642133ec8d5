/* A message that is no valid record, as a line of the rejects file. */
#include <inttypes.h>
#include <string.h>

#include "batch_private.h"
#include "json_text.h"
#include "pasar/base64.h"

/* A JSON string in base64, or null. */
static void add_base64(struct pasar_buf *buf, const void *bytes, size_t len)
{
    if (bytes == NULL) {
        pasar_buf_adds(buf, "null");
        return;
    }
    pasar_buf_addc(buf, '"');
    pasar_base64_add(buf, bytes, len);
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
