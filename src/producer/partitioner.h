/* Which partition a record belongs to: a function of its key alone, the same on every run and in every program. */
#ifndef PRODUCER_PARTITIONER_H
#define PRODUCER_PARTITIONER_H

#include <stddef.h>
#include <stdint.h>

/*
 * CRC-32 (ISO-HDLC) of the key modulo `partition_count` (>= 1): librdkafka's `consistent` partitioner. Worked out here
 * and not by the library, so that a row's partition is known before it is sent, also when resuming a run.
 */
int32_t partitioner_of_key(const void *key, size_t key_len, int32_t partition_count);

#endif
