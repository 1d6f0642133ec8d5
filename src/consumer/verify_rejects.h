/* Reads a batch's rejects twin for --verify: run, row and the message's value of each line. */
#ifndef CONSUMER_VERIFY_REJECTS_H
#define CONSUMER_VERIFY_REJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/batch.h"
#include "pasar/err.h"

struct verify_reject {
    const char *run; /* "" = foreign */
    uint64_t row;
    const void *value;
    size_t value_len;
};

/* 0, or -1 with err to stop reading. */
typedef int (*verify_reject_fn)(void *opaque, const struct verify_reject *reject, struct pasar_err *err);

/*
 * Calls `fn` for each reject of the batch. 0; -1 with err when the file is missing, a line is not what
 * pasar_batch_writer_reject writes, or there are not `expected` lines.
 */
int verify_rejects_read(const char *dir, const struct pasar_batch_name *batch, uint64_t expected, verify_reject_fn fn,
                        void *opaque, struct pasar_err *err) PASAR_MUSTCHECK;

/* 0 when the batch has no rejects file; -1 with err when there is one, or when that cannot be told. */
int verify_rejects_check_absent(const char *dir, const struct pasar_batch_name *batch,
                                struct pasar_err *err) PASAR_MUSTCHECK;

#endif
