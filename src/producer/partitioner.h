/* Which partition a record belongs to: a function of its key alone, the same on every run and in every program. */
#ifndef PRODUCER_PARTITIONER_H
#define PRODUCER_PARTITIONER_H

#include <stddef.h>
#include <stdint.h>

/* In the order of the choices of --partitioner. */
enum partitioner {
    PARTITIONER_CONSISTENT, /* CRC-32 (ISO-HDLC): librdkafka's `consistent` */
    PARTITIONER_MURMUR2     /* MurmurHash2 without its sign bit: what Java's producer does with a key */
};

/*
 * The hash of the key modulo `partition_count` (>= 1). Worked out here and not by the library, so that a row's
 * partition is known before it is sent.
 */
int32_t partitioner_of_key(enum partitioner partitioner, const void *key, size_t key_len, int32_t partition_count);

/* MurmurHash2 (Austin Appleby, 32 bits) with Kafka's seed 0x9747b28c. */
uint32_t partitioner_murmur2(const void *key, size_t key_len);

#endif
