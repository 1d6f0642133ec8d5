/* A directory for one test, removed with everything in it. */
#ifndef RECORDS_TEMPDIR_H
#define RECORDS_TEMPDIR_H

#include <stddef.h>

enum { TEMPDIR_MAX = 64 };

void tempdir_make(char path[TEMPDIR_MAX]);
void tempdir_remove(const char *path);

/* Names in the directory, sorted, joined by '\n'. Free with free(). */
char *tempdir_list(const char *path);

/* Creates path/name with these bytes. */
void tempdir_write(const char *path, const char *name, const void *bytes, size_t len);

/* All of path/name with a NUL behind it. Free with free(). */
char *tempdir_read(const char *path, const char *name, size_t *len);

#endif
