/* One input file as a stream of text: a path or standard input, plain or gzip. */
#ifndef PRODUCER_INPUTFILE_H
#define PRODUCER_INPUTFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

struct inputfile;

/* What is done about every 100 ms while a pipe or terminal has nothing to read. False ends the waiting. */
typedef bool (*inputfile_idle_fn)(void *ctx);

/*
 * Opens `path` ("-" = standard input). A pipe is waited for until its first bytes come; `idle` may be NULL. NULL with
 * err: PASAR_ENOINPUT, PASAR_EDATA for text that is UTF-16, PASAR_ETEMP when `idle` said no.
 */
struct inputfile *inputfile_open(const char *path, inputfile_idle_fn idle, void *idle_ctx,
                                 struct pasar_err *err) PASAR_MUSTCHECK;
void inputfile_free(struct inputfile *file);

/*
 * A pasar_csv_read_fn: ctx is the struct inputfile. After -1, inputfile_error says more than errno where it is set
 * (damaged gzip data; PASAR_ETEMP when `idle` said no). A regular file must stay what it was when it was opened until
 * its last byte was handed out: else this fails with PASAR_EDATA, before the end that would make a cut row a whole one.
 */
ssize_t inputfile_read(void *ctx, void *bytes, size_t len);
const struct pasar_err *inputfile_error(const struct inputfile *file);

/* Bytes read from the file itself, before unpacking. */
uint64_t inputfile_offset(const struct inputfile *file);

/* A regular file can be opened again later and has a size; false for pipes, terminals and standard input. */
bool inputfile_is_regular(const struct inputfile *file);
bool inputfile_is_gzip(const struct inputfile *file);
uint64_t inputfile_size(const struct inputfile *file);

/* What a regular file was when it was opened; all 0 for others. Files of the same stamp have the same bytes. */
struct inputfile_stamp {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec modified;
};

struct inputfile_stamp inputfile_stamp(const struct inputfile *file);
bool inputfile_same_stamp(const struct inputfile_stamp *a, const struct inputfile_stamp *b);

/* The name for messages: the path, or "(stdin)". */
const char *inputfile_name(const char *path);

#endif
