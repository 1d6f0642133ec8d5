/* The value of --partitions: "all", or numbers and ranges like "0,2,5-7". */
#ifndef CONSUMER_PARTITIONLIST_H
#define CONSUMER_PARTITIONLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"

/* True when the text is such a list. */
bool partitionlist_is_valid(const char *text) PASAR_MUSTCHECK;

/* True when the (valid) list names the partition. */
bool partitionlist_has(const char *text, int32_t partition) PASAR_MUSTCHECK;

#endif
