/* The value of --partitions: "all", or numbers and ranges like "0,2,5-7". */
#include "consumer/partitionlist.h"

#include <stddef.h>
#include <string.h>

#include "pasar/num.h"

/* Reads "5" or "5-7" from the first `len` bytes. */
static bool read_range(const char *text, size_t len, int64_t *first, int64_t *last)
{
    const char *dash = memchr(text, '-', len);
    size_t head = dash != NULL ? (size_t)(dash - text) : len;

    if (pasar_num_i64(text, head, first) != 0 || *first < 0 || *first > INT32_MAX)
        return false;
    *last = *first;
    if (dash != NULL && pasar_num_i64(dash + 1, len - head - 1, last) != 0)
        return false;
    return *last >= *first && *last <= INT32_MAX;
}

bool partitionlist_is_valid(const char *text)
{
    int64_t first, last;

    if (strcmp(text, "all") == 0)
        return true;
    for (;; text++) {
        size_t len = strcspn(text, ",");

        if (!read_range(text, len, &first, &last))
            return false;
        text += len;
        if (*text == '\0')
            return true;
    }
}

bool partitionlist_has(const char *text, int32_t partition)
{
    int64_t first, last;

    if (strcmp(text, "all") == 0)
        return true;
    for (;; text++) {
        size_t len = strcspn(text, ",");

        if (read_range(text, len, &first, &last) && partition >= first && partition <= last)
            return true;
        text += len;
        if (*text == '\0')
            return false;
    }
}
