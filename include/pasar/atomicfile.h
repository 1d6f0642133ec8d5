/*
 * Durable publish: a file appears under its final name whole and synced, or not at all.
 * temp in the same directory → write → fsync → close → rename → fsync(directory).
 */
#ifndef PASAR_ATOMICFILE_H
#define PASAR_ATOMICFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

/* The system calls it stands on, replaceable so that tests can fail call N (the fault seam). */
struct pasar_fsops {
    int (*openat)(int dirfd, const char *path, int flags, mode_t mode);
    ssize_t (*write)(int fd, const void *bytes, size_t len);
    int (*fsync)(int fd);
    int (*close)(int fd);
    int (*renameat2)(int olddir, const char *from, int newdir, const char *to, unsigned flags);
    int (*unlinkat)(int dirfd, const char *path, int flags);
};

extern const struct pasar_fsops pasar_fsops_posix;

/* Uses `ops` for all later calls of this module in the process (tests only; not thread-safe); NULL restores POSIX. */
void pasar_atomicfile_set_ops(const struct pasar_fsops *ops);

enum pasar_publish { PASAR_REPLACE, PASAR_NOREPLACE };

/* A file being written. Failure is sticky: after one, only abort (or commit, which then fails) makes sense. */
struct pasar_atomicfile;

/*
 * Creates `<dir>/.<name>.tmp` (truncating a leftover of a crash), to become <dir>/<name>. NULL with err on failure.
 * `dir` must exist. Free with commit or abort.
 */
struct pasar_atomicfile *pasar_atomicfile_open(const char *dir, const char *name,
                                               struct pasar_err *err) PASAR_MUSTCHECK;

/* Writes all of `bytes` (short writes and EINTR handled; buffered 64 KiB). 0 or -1 with err. */
int pasar_atomicfile_write(struct pasar_atomicfile *file, const void *bytes, size_t len,
                           struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Changes the name under which commit publishes; the temporary file keeps its own. For names that say what is inside,
 * which is known at the end only. 0, or -1 with err and the old name kept.
 */
int pasar_atomicfile_set_name(struct pasar_atomicfile *file, const char *name, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Publishes: flush, fsync, close, rename, fsync(directory), and frees `file` in every case. On failure the temporary
 * file is removed (never fsynced a second time) and -1 returned with the failed step in err. With PASAR_NOREPLACE an
 * existing target is an error. When only the last step (fsync of the directory) fails, the file is visible but may not
 * survive a power loss: -1 too; the caller re-reads the directory.
 */
int pasar_atomicfile_commit(struct pasar_atomicfile *file, enum pasar_publish how,
                            struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * The steps of commit, for files that are published together: sync (flush, fsync, close) may run in any thread; rename
 * gives the final name, which survives a power loss only once the directory is synced (pasar_atomicfile_sync_dir). Each
 * returns 0, or -1 with err; `file` lives on until abort, which leaves a renamed file where it is.
 */
int pasar_atomicfile_sync(struct pasar_atomicfile *file, struct pasar_err *err) PASAR_MUSTCHECK;
int pasar_atomicfile_rename(struct pasar_atomicfile *file, enum pasar_publish how,
                            struct pasar_err *err) PASAR_MUSTCHECK;

/* Makes the names in `dir` durable. 0, or -1 with err: then they may or may not be. */
int pasar_atomicfile_sync_dir(const char *dir, struct pasar_err *err) PASAR_MUSTCHECK;

/* Drops the temporary file and frees; NULL is fine. */
void pasar_atomicfile_abort(struct pasar_atomicfile *file);

/* The whole recipe for bytes in memory. */
int pasar_atomicfile_publish(const char *dir, const char *name, const void *bytes, size_t len, enum pasar_publish how,
                             struct pasar_err *err) PASAR_MUSTCHECK;

/* Renames directory dir/from to dir/to (which must not exist) and fsyncs both. */
int pasar_atomicfile_publish_dir(const char *dir, const char *from, const char *to,
                                 struct pasar_err *err) PASAR_MUSTCHECK;

/* Makes dir/link point to `target` by renaming a fresh symbolic link over it, and fsyncs dir. */
int pasar_atomicfile_symlink(const char *dir, const char *link, const char *target,
                             struct pasar_err *err) PASAR_MUSTCHECK;

/* mkdir -p with mode 0755 (minus umask); existing directories are fine, an existing file is an error. */
int pasar_atomicfile_mkdirs(const char *dir, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
