/* A lock file in a directory, held with flock: the kernel lets go of it when its holder dies, however it dies. */
#ifndef PASAR_DIRLOCK_H
#define PASAR_DIRLOCK_H

#include "pasar/attrs.h"
#include "pasar/err.h"

/*
 * Takes <dir>/<name> exclusively without waiting. Returns the descriptor (close it with pasar_dirlock_release),
 * -1 with err code PASAR_EUNAVAILABLE when another process holds it (the message names its pid), or -1 with another
 * code on failure. The holder's pid is written into the file for people to read.
 */
int pasar_dirlock_take(const char *dir, const char *name, struct pasar_err *err) PASAR_MUSTCHECK;

/* Lets go; -1 is fine. The lock file stays (removing it would race with the next holder). */
void pasar_dirlock_release(int fd);

#endif
