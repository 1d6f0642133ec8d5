/* The one error struct: owned by the caller, filled by the callee that knows most, first cause wins. */
#ifndef PASAR_ERR_H
#define PASAR_ERR_H

#include <stdarg.h>
#include <sysexits.h>

#include "pasar/attrs.h"

/*
 * What went wrong, as the status from sysexits.h that the program will end with: the callee that sees the cause is
 * the one that can tell "your file is bad" from "the disk is full".
 */
enum pasar_code {
    PASAR_OK = EX_OK,                    /* 0  nothing went wrong (yet) */
    PASAR_EUSAGE = EX_USAGE,             /* 64 command line, environment, configuration file */
    PASAR_EDATA = EX_DATAERR,            /* 65 input is there but bad */
    PASAR_ENOINPUT = EX_NOINPUT,         /* 66 input is missing or cannot be read */
    PASAR_EUNAVAILABLE = EX_UNAVAILABLE, /* 69 broker, port or peer cannot be reached */
    PASAR_EBUG = EX_SOFTWARE,            /* 70 an invariant of ours is broken */
    PASAR_EOS = EX_OSERR,                /* 71 out of memory, threads, descriptors */
    PASAR_ECREATE = EX_CANTCREAT,        /* 73 an output file or directory cannot be created */
    PASAR_EIO = EX_IOERR,                /* 74 reading or writing failed half way */
    PASAR_ETEMP = EX_TEMPFAIL,           /* 75 stopped before the work was complete; run again to go on */
};

struct pasar_err {
    enum pasar_code code; /* PASAR_OK = unset */
    char msg[500];        /* one line, no newline at the end */
};

#define PASAR_ERR_INIT                                                                                                 \
    {                                                                                                                  \
        PASAR_OK, ""                                                                                                   \
    }

/*
 * Records an error and returns -1, so that callers write `return pasar_err_set(err, ...)`. Does nothing to an `err`
 * that is set already (the first cause wins) or that is NULL. Keeps errno.
 */
int pasar_err_set(struct pasar_err *err, enum pasar_code code, const char *fmt, ...) PASAR_PRINTF(3, 4);

/* The same with ": <strerror(errno)>" added; ENOMEM is PASAR_EOS whatever the step was. */
int pasar_err_errno(struct pasar_err *err, enum pasar_code code, const char *fmt, ...) PASAR_PRINTF(3, 4);

/* Out of memory: code PASAR_EOS, names `what` could not be allocated. Returns -1. */
int pasar_err_nomem(struct pasar_err *err, const char *what);

/* Puts "context: " in front of the message of an error that is set; the code stays. Returns -1. */
int pasar_err_context(struct pasar_err *err, const char *fmt, ...) PASAR_PRINTF(2, 3);

/* Makes `err` ready for the next call. */
void pasar_err_clear(struct pasar_err *err);

#endif
