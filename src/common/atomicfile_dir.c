/* Durable publish of directories and symbolic links. */
#include "pasar/atomicfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomicfile_ops.h"

static int open_dir(int at, const char *path)
{
    return pasar_fsops()->openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

int pasar_atomicfile_sync_dir(const char *dir, struct pasar_err *err)
{
    int rc, fd = open_dir(AT_FDCWD, dir);

    if (fd < 0)
        return pasar_err_errno(err, PASAR_ECREATE, "open directory %s", dir);
    rc = pasar_fsops()->fsync(fd);
    if (rc != 0)
        pasar_err_errno(err, PASAR_EIO, "fsync the directory %s", dir);
    (void)pasar_fsops()->close(fd);
    return rc;
}

int pasar_atomicfile_publish_dir(const char *dir, const char *from, const char *to, struct pasar_err *err)
{
    const struct pasar_fsops *ops = pasar_fsops();
    const char *step = "open";
    int rc = -1, fromfd = -1, dirfd = open_dir(AT_FDCWD, dir);

    if (dirfd < 0)
        return pasar_err_errno(err, PASAR_ECREATE, "open directory %s", dir);
    fromfd = open_dir(dirfd, from);
    if (fromfd < 0)
        goto out;
    step = "fsync";
    if (ops->fsync(fromfd) != 0)
        goto out;
    step = "rename";
    if (ops->renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE) != 0) {
        /* Without RENAME_NOREPLACE a rename replaces an empty directory at most. */
        if ((errno != EINVAL && errno != ENOSYS) || ops->renameat2(dirfd, from, dirfd, to, 0) != 0)
            goto out;
    }
    step = "fsync the parent of";
    if (ops->fsync(dirfd) != 0)
        goto out;
    rc = 0;
out:
    if (rc != 0)
        pasar_err_errno(err, PASAR_EIO, "%s %s/%s (to become %s)", step, dir, from, to);
    if (fromfd >= 0)
        (void)ops->close(fromfd);
    (void)ops->close(dirfd);
    return rc;
}

int pasar_atomicfile_symlink(const char *dir, const char *link, const char *target, struct pasar_err *err)
{
    const struct pasar_fsops *ops = pasar_fsops();
    const char *step = "create";
    char *temp = NULL;
    bool created = false;
    int rc = -1, dirfd = -1;

    if (asprintf(&temp, ".%s.tmp", link) < 0)
        return pasar_err_nomem(err, "a file name");
    dirfd = open_dir(AT_FDCWD, dir);
    if (dirfd < 0) {
        pasar_err_errno(err, PASAR_ECREATE, "open directory %s", dir);
        goto out;
    }
    (void)ops->unlinkat(dirfd, temp, 0); /* a crash's leftover */
    if (symlinkat(target, dirfd, temp) != 0)
        goto fail;
    created = true;
    step = "rename to";
    if (ops->renameat2(dirfd, temp, dirfd, link, 0) != 0)
        goto fail;
    created = false;
    step = "fsync the directory of";
    if (ops->fsync(dirfd) != 0)
        goto fail;
    rc = 0;
    goto out;
fail:
    pasar_err_errno(err, PASAR_EIO, "%s the link %s/%s", step, dir, link);
out:
    if (created)
        (void)ops->unlinkat(dirfd, temp, 0);
    if (dirfd >= 0)
        (void)ops->close(dirfd);
    free(temp);
    return rc;
}

/* A new directory's entry is durable only once its parent is synced. */
static int sync_parent(const char *path)
{
    char *parent = strdup(path);
    if (parent == NULL)
        return -1;
    char *slash = strrchr(parent, '/');
    if (slash != NULL)
        slash[slash == parent] = '\0';
    int fd = open_dir(AT_FDCWD, slash != NULL ? parent : ".");
    free(parent);
    if (fd < 0)
        return -1;
    int rc = pasar_fsops()->fsync(fd), saved = errno;
    (void)pasar_fsops()->close(fd);
    errno = saved;
    return rc;
}

/* One level; an existing directory is fine. 0, or -1 with errno. */
static int make_dir(const char *path)
{
    struct stat st;

    if (mkdir(path, 0755) == 0)
        return sync_parent(path);
    int saved = errno; /* EEXIST, but on a read-only filesystem EROFS may come first */
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return 0;
        saved = ENOTDIR;
    }
    errno = saved;
    return -1;
}

int pasar_atomicfile_mkdirs(const char *dir, struct pasar_err *err)
{
    size_t len = strlen(dir);
    char *path = strdup(dir);

    if (path == NULL)
        return pasar_err_nomem(err, "a directory name");
    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    int rc = len == 0 ? (errno = ENOENT, -1) : 0;
    for (size_t i = 1; rc == 0 && i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        char c = path[i];
        path[i] = '\0';
        rc = make_dir(path);
        if (rc == 0)
            path[i] = c;
    }
    if (rc != 0)
        pasar_err_errno(err, PASAR_ECREATE, "create directory %s", path);
    free(path);
    return rc;
}
