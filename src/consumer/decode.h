/* What a Kafka message is: a row, the end of a run, or neither (a reject, with the reason). */
#ifndef CONSUMER_DECODE_H
#define CONSUMER_DECODE_H

#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "pasar/buf.h"
#include "pasar/record.h"

enum decoded_kind { DECODED_ROW, DECODED_END, DECODED_REJECT };

struct decoded {
    enum decoded_kind kind;
    char run[sizeof(((struct pasar_run_end *)0)->run)]; /* "" when the message names none */
    uint64_t row;                                       /* 0 when it names none */
    struct pasar_record record;                         /* ROW: text points into the message or the scratch buffer */
    struct pasar_run_end end;                           /* END */
    struct pasar_err reason;                            /* REJECT: why */
};

/* Decodes a message without error code. The result lives as long as message and scratch are left alone. */
void decode_message(struct decoded *decoded, const rd_kafka_message_t *message, struct pasar_buf *scratch);

#endif
