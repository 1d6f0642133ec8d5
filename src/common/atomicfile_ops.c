/* The system calls under atomicfile, and their replacement by tests. */
#include "atomicfile_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int posix_openat(int dirfd, const char *path, int flags, mode_t mode)
{
    return openat(dirfd, path, flags, mode);
}

static int posix_renameat2(int olddir, const char *from, int newdir, const char *to, unsigned flags)
{
    /* Plain renameat where it does: fault injectors and old kernels know it. */
    return flags == 0 ? renameat(olddir, from, newdir, to) : renameat2(olddir, from, newdir, to, flags);
}

const struct pasar_fsops pasar_fsops_posix = {
    .openat = posix_openat,
    .write = write,
    .fsync = fsync,
    .close = close,
    .renameat2 = posix_renameat2,
    .unlinkat = unlinkat,
};

static const struct pasar_fsops *current_ops = &pasar_fsops_posix;

void pasar_atomicfile_set_ops(const struct pasar_fsops *ops)
{
    current_ops = ops != NULL ? ops : &pasar_fsops_posix;
}

const struct pasar_fsops *pasar_fsops(void)
{
    return current_ops;
}

int pasar_fsops_rename(int dirfd, const char *from, const char *to, enum pasar_publish how)
{
    if (how == PASAR_REPLACE)
        return current_ops->renameat2(dirfd, from, dirfd, to, 0);
    if (current_ops->renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (linkat(dirfd, from, dirfd, to, 0) != 0)
        return -1;
    /* Published; should the old name not go away, the next crash recovery removes it. */
    (void)current_ops->unlinkat(dirfd, from, 0);
    return 0;
}
