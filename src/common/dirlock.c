/* Lock files held with flock(2). */
#include "pasar/dirlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The pid that the holder wrote, as text; "?" when there is none. */
static void read_holder(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);
    size_t len = 0;

    while (n > 0 && len < (size_t)n && text[len] >= '0' && text[len] <= '9')
        len++;
    if (len == 0)
        text[len++] = '?';
    text[len] = '\0';
}

int pasar_dirlock_take(const char *dir, const char *name, struct pasar_err *err)
{
    char text[24];
    char *path;

    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return pasar_err_nomem(err, "a file name");
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        pasar_err_errno(err, PASAR_ECREATE, "open the lock file %s", path);
        goto out;
    }
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno == EWOULDBLOCK) {
            read_holder(fd, text, sizeof text);
            pasar_err_set(err, PASAR_EUNAVAILABLE, "%s is in use: %s is held by process %s", dir, path, text);
        } else {
            pasar_err_errno(err, PASAR_ECREATE, "lock %s", path);
        }
        close(fd);
        fd = -1;
        goto out;
    }
    /* For people only: the lock is the kernel's, and stands when this fails (a full disk). */
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        errno = 0;
out:
    free(path);
    return fd;
}

void pasar_dirlock_release(int fd)
{
    if (fd >= 0)
        close(fd);
}
