/* The system calls of atomicfile*.c, replaceable by tests. Private to src/common. */
#ifndef PASAR_ATOMICFILE_OPS_H
#define PASAR_ATOMICFILE_OPS_H

#include "pasar/atomicfile.h"

/* The table in force. */
const struct pasar_fsops *pasar_fsops(void);

/*
 * Renames within a directory. Where the filesystem has no RENAME_NOREPLACE, a hard link does the same in two steps: it
 * never replaces, and a crash between the two leaves only the temporary name behind. 0, or -1 with errno.
 */
int pasar_fsops_rename(int dirfd, const char *from, const char *to, enum pasar_publish how);

#endif
