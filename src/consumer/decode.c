/* What a Kafka message is: a row, the end of a run, or neither (a reject, with the reason). */
#include "consumer/decode.h"

#include <string.h>

#include "pasar/kafka.h"
#include "pasar/num.h"

/* Run and row number; a message of a foreign producer has none, and half of them counts as none. */
static void read_origin(struct decoded *decoded, const rd_kafka_message_t *message)
{
    const char *text;
    size_t len;

    decoded->run[0] = '\0';
    decoded->row = 0;
    if (!pasar_kafka_header(message, PASAR_HEADER_RUN, &text, &len) || !pasar_run_is_valid(text, len))
        return;
    memcpy(decoded->run, text, len);
    decoded->run[len] = '\0';
    if (!pasar_kafka_header(message, PASAR_HEADER_ROW, &text, &len) || pasar_num_u64(text, len, &decoded->row) != 0 ||
        decoded->row == 0) {
        decoded->row = 0;
        decoded->run[0] = '\0';
    }
}

static enum decoded_kind read_end(struct decoded *decoded, const rd_kafka_message_t *message, const char *json,
                                  size_t len)
{
    if (message->key_len > 0 || message->len > 0) {
        pasar_err_set(&decoded->reason, PASAR_EDATA, "a control record with a key or a value");
        return DECODED_REJECT;
    }
    if (pasar_run_end_from_json(&decoded->end, json, len, &decoded->reason) != 0) {
        pasar_err_context(&decoded->reason, "control record");
        return DECODED_REJECT;
    }
    return DECODED_END;
}

void decode_message(struct decoded *decoded, const rd_kafka_message_t *message, struct pasar_buf *scratch)
{
    const char *end;
    size_t end_len;

    pasar_err_clear(&decoded->reason);
    read_origin(decoded, message);
    if (pasar_kafka_header(message, PASAR_HEADER_END, &end, &end_len)) {
        decoded->kind = read_end(decoded, message, end, end_len);
        return;
    }
    if (message->payload == NULL) {
        pasar_err_set(&decoded->reason, PASAR_EDATA, "null value");
        decoded->kind = DECODED_REJECT;
        return;
    }
    decoded->kind =
        pasar_record_from_json(&decoded->record, message->payload, message->len, scratch, &decoded->reason) == 0
            ? DECODED_ROW
            : DECODED_REJECT;
}
