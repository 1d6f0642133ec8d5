/* Small text files that people write: a configuration, a secret. */
#ifndef PASAR_TEXTFILE_H
#define PASAR_TEXTFILE_H

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/err.h"

enum { PASAR_TEXTFILE_MAX = 1024 * 1024 }; /* bytes */

/*
 * Appends the file to `text`. -1 with err: PASAR_ENOINPUT when it cannot be read, PASAR_EUSAGE when it is no text (a
 * NUL byte) or longer than PASAR_TEXTFILE_MAX.
 */
int pasar_textfile_read(const char *path, struct pasar_buf *text, struct pasar_err *err) PASAR_MUSTCHECK;

/* The file as a value: a string without the line end behind it, for the caller to free. NULL with err as above. */
char *pasar_textfile_value(const char *path, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
