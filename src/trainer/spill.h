/*
 * Memory for the columns of many rows that need not stay in memory: a mapping of a nameless temporary file, whose pages
 * can be given back to the kernel and come again when they are touched. Small ones are on the heap, and so are large
 * ones where no file can be had: only more memory is used then.
 */
#ifndef TRAINER_SPILL_H
#define TRAINER_SPILL_H

#include <stdbool.h>
#include <stddef.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

enum { SPILL_ABOVE = 1 << 20 }; /* bytes that stay on the heap */

/* {0} is a valid empty one. */
struct spill {
    void *data; /* moves when it is resized */
    size_t bytes;
    bool is_mapped; /* else on the heap */
    int fd;         /* of the file, when mapped */
};

/*
 * Grows to `bytes` (not less than before), keeping what is there. The file's space in $TMPDIR (default /var/tmp) is
 * taken at once, so that no write through the mapping can fail later. 0, or -1 with err; then it is as before.
 */
int spill_grow(struct spill *spill, size_t bytes, struct pasar_err *err) PASAR_MUSTCHECK;

/* Gives the whole pages within [begin, end) back; their content stays. Nothing happens on the heap. */
void spill_release(const struct spill *spill, size_t begin, size_t end);

void spill_free(struct spill *spill);

#endif
