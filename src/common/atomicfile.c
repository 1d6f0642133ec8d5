/* Durable publish of one file: temp in the same directory, write, fsync, close, rename, fsync of the directory. */
#include "pasar/atomicfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomicfile_ops.h"

enum { BUFFER_BYTES = 64 * 1024 }; /* what is larger is written as it comes */

struct pasar_atomicfile {
    char *dir;
    char *name, *temp; /* both relative to dir */
    int dirfd, fd;
    bool failed, created;
    size_t buffered;
    char *buffer; /* BUFFER_BYTES; NULL until something small is written, and after the sync, since a synced file may
                     wait for its turn to be published */
};

/* Closes what is open, removes the temporary file, frees. */
static void discard(struct pasar_atomicfile *file)
{
    int saved = errno;

    if (file->fd >= 0)
        (void)pasar_fsops()->close(file->fd);
    if (file->created)
        (void)pasar_fsops()->unlinkat(file->dirfd, file->temp, 0);
    if (file->dirfd >= 0)
        (void)pasar_fsops()->close(file->dirfd);
    free(file->dir);
    free(file->name);
    free(file->temp);
    free(file->buffer);
    free(file);
    errno = saved;
}

/* A name that stays in its directory. */
static bool is_plain_name(const char *name)
{
    return name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

struct pasar_atomicfile *pasar_atomicfile_open(const char *dir, const char *name, struct pasar_err *err)
{
    if (!is_plain_name(name)) {
        pasar_err_set(err, PASAR_EBUG, "'%s' is no file name within %s", name, dir);
        return NULL;
    }
    struct pasar_atomicfile *file = malloc(sizeof *file);
    if (file == NULL) {
        pasar_err_nomem(err, "a file to be written");
        return NULL;
    }
    file->dirfd = file->fd = -1;
    file->failed = file->created = false;
    file->buffered = 0;
    file->dir = strdup(dir);
    file->name = strdup(name);
    file->buffer = NULL;
    if (asprintf(&file->temp, ".%s.tmp", name) < 0)
        file->temp = NULL;
    if (file->dir == NULL || file->name == NULL || file->temp == NULL) {
        pasar_err_nomem(err, "a file to be written");
        goto fail;
    }
    file->dirfd = pasar_fsops()->openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (file->dirfd < 0) {
        pasar_err_errno(err, PASAR_ECREATE, "open directory %s", dir);
        goto fail;
    }
    file->fd =
        pasar_fsops()->openat(file->dirfd, file->temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file->fd < 0) {
        pasar_err_errno(err, PASAR_ECREATE, "create %s/%s", dir, file->temp);
        goto fail;
    }
    file->created = true;
    return file;
fail:
    discard(file);
    return NULL;
}

int pasar_atomicfile_set_name(struct pasar_atomicfile *file, const char *name, struct pasar_err *err)
{
    if (!is_plain_name(name))
        return pasar_err_set(err, PASAR_EBUG, "'%s' is no file name within %s", name, file->dir);
    char *copy = strdup(name);
    if (copy == NULL)
        return pasar_err_nomem(err, "a file name");
    free(file->name);
    file->name = copy;
    return 0;
}

static int write_all(struct pasar_atomicfile *file, const char *bytes, size_t len, struct pasar_err *err)
{
    while (len > 0) {
        ssize_t n = pasar_fsops()->write(file->fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            file->failed = true;
            if (n == 0)
                errno = EIO;
            return pasar_err_errno(err, PASAR_EIO, "write %s/%s", file->dir, file->temp);
        }
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

static int flush(struct pasar_atomicfile *file, struct pasar_err *err)
{
    size_t len = file->buffered;
    file->buffered = 0;
    return write_all(file, file->buffer, len, err);
}

int pasar_atomicfile_write(struct pasar_atomicfile *file, const void *bytes, size_t len, struct pasar_err *err)
{
    if (file->failed)
        return pasar_err_set(err, PASAR_EIO, "%s/%s: an earlier write failed", file->dir, file->temp);
    if (len > BUFFER_BYTES - file->buffered) {
        if (flush(file, err) != 0)
            return -1;
        if (len >= BUFFER_BYTES)
            return write_all(file, bytes, len, err);
    }
    if (len == 0)
        return 0;
    if (file->buffer == NULL && (file->buffer = malloc(BUFFER_BYTES)) == NULL) {
        file->failed = true;
        return pasar_err_nomem(err, "a file to be written");
    }
    memcpy(file->buffer + file->buffered, bytes, len);
    file->buffered += len;
    return 0;
}

/* Reports that `step` failed on `subject` (errno says how); what was written is worthless from now on. */
static int fail(struct pasar_atomicfile *file, const char *step, const char *subject, enum pasar_code code,
                struct pasar_err *err)
{
    file->failed = true;
    return pasar_err_errno(err, code, "%s %s/%s", step, file->dir, subject);
}

int pasar_atomicfile_sync(struct pasar_atomicfile *file, struct pasar_err *err)
{
    if (file->failed)
        return pasar_err_set(err, PASAR_EIO, "%s/%s: an earlier write failed", file->dir, file->temp);
    if (flush(file, err) != 0)
        return -1;
    if (pasar_fsops()->fsync(file->fd) != 0)
        return fail(file, "fsync", file->temp, PASAR_EIO, err);
    int fd = file->fd;
    file->fd = -1; /* after a failed close the descriptor is gone too */
    if (pasar_fsops()->close(fd) != 0)
        return fail(file, "close", file->temp, PASAR_EIO, err);
    free(file->buffer);
    file->buffer = NULL;
    return 0;
}

int pasar_atomicfile_rename(struct pasar_atomicfile *file, enum pasar_publish how, struct pasar_err *err)
{
    if (file->failed || file->fd >= 0)
        return pasar_err_set(err, file->failed ? PASAR_EIO : PASAR_EBUG, "%s/%s: not synced, hence not published",
                             file->dir, file->temp);
    if (pasar_fsops_rename(file->dirfd, file->temp, file->name, how) != 0)
        return fail(file, "publish", file->name, errno == EEXIST ? PASAR_ECREATE : PASAR_EIO, err);
    file->created = false; /* the name is final now: never unlink it */
    return 0;
}

int pasar_atomicfile_commit(struct pasar_atomicfile *file, enum pasar_publish how, struct pasar_err *err)
{
    int rc = -1;

    if (pasar_atomicfile_sync(file, err) != 0 || pasar_atomicfile_rename(file, how, err) != 0)
        goto out;
    rc = pasar_fsops()->fsync(file->dirfd);
    if (rc != 0)
        (void)fail(file, "fsync the directory of", file->name, PASAR_EIO, err);
out:
    discard(file);
    return rc;
}

void pasar_atomicfile_abort(struct pasar_atomicfile *file)
{
    if (file != NULL)
        discard(file);
}

int pasar_atomicfile_publish(const char *dir, const char *name, const void *bytes, size_t len, enum pasar_publish how,
                             struct pasar_err *err)
{
    struct pasar_atomicfile *file = pasar_atomicfile_open(dir, name, err);
    if (file == NULL)
        return -1;
    if (pasar_atomicfile_write(file, bytes, len, err) != 0) {
        pasar_atomicfile_abort(file);
        return -1;
    }
    return pasar_atomicfile_commit(file, how, err);
}
