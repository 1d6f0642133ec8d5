/* Which partition a record belongs to: a function of its key alone, the same on every run and in every program. */
#include "producer/partitioner.h"

#include <zlib.h>

int32_t partitioner_of_key(const void *key, size_t key_len, int32_t partition_count)
{
    return (int32_t)(crc32_z(0, key, key_len) % (uint32_t)partition_count);
}
