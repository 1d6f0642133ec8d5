/* The rejects file: one JSON line per row that was not sent, with all that is needed to find and mend it. */
#ifndef PRODUCER_REJECTS_H
#define PRODUCER_REJECTS_H

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "producer/sink.h"

struct rejects;

/* Creates (or empties) the file. NULL with err (PASAR_ECREATE). `path` is kept by reference. */
struct rejects *rejects_open(const char *path, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * {"file":…,"line":…,"offset":…,"row":…,"reason":…,"raw":…}; bytes that are not UTF-8 stand as "raw_base64" instead. 0,
 * or -1 with err (PASAR_EIO).
 */
int rejects_add(struct rejects *rejects, const struct sink_reject *reject, struct pasar_err *err) PASAR_MUSTCHECK;

/* Flushes, syncs, closes and frees. 0, or -1 with err. NULL is fine. */
int rejects_close(struct rejects *rejects, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
