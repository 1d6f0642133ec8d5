/* What the input is: files with the same bytes in the same order are the same input, whatever they are called. */
#ifndef PRODUCER_INPUTID_H
#define PRODUCER_INPUTID_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

struct inputid {
    uint64_t hash;  /* of every file's size and contents, in order */
    uint64_t bytes; /* of all files */
    /* All are regular files, which can be read again from the start. A stream's contents are unknown before it is
     * read: it counts by its name. */
    bool is_repeatable;
};

/*
 * Reads all of each file (XXH3-64; what is read here is read from memory when the rows are read). 0, or -1 with err:
 * PASAR_ENOINPUT when a file cannot be read, PASAR_ETEMP after a stop.
 */
int inputid_of(struct inputid *id, char *const *files, int file_count, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
