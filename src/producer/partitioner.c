/* Which partition a record belongs to: a function of its key alone, the same on every run and in every program. */
#include "producer/partitioner.h"

#include <zlib.h>

static uint32_t little_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint32_t partitioner_murmur2(const void *key, size_t key_len)
{
    static const uint32_t multiplier = 0x5bd1e995;
    const unsigned char *bytes = key;
    uint32_t hash = UINT32_C(0x9747b28c) ^ (uint32_t)key_len;

    for (; key_len >= 4; key_len -= 4, bytes += 4) {
        uint32_t word = little_endian(bytes) * multiplier;

        word = (word ^ word >> 24) * multiplier;
        hash = hash * multiplier ^ word;
    }
    if (key_len > 0) {
        unsigned char rest[4] = {0};

        for (size_t i = 0; i < key_len; i++)
            rest[i] = bytes[i];
        hash = (hash ^ little_endian(rest)) * multiplier;
    }
    hash = (hash ^ hash >> 13) * multiplier;
    return hash ^ hash >> 15;
}

int32_t partitioner_of_key(enum partitioner partitioner, const void *key, size_t key_len, int32_t partition_count)
{
    uint32_t hash = partitioner == PARTITIONER_MURMUR2 ? partitioner_murmur2(key, key_len) & INT32_MAX
                                                       : (uint32_t)crc32_z(0, key, key_len);

    return (int32_t)(hash % (uint32_t)partition_count);
}
