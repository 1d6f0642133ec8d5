/*
 * A shim for LD_PRELOAD: makes system calls on the files of one directory fail now and then, as a disk that is full or
 * breaks would. The drills run pasar-consumer under it. Unlike libfiu it knows renameat2.
 *
 *   PASAR_FAULTS_DIR=/path   only files in there
 *   PASAR_FAULTS_RATE=0.01   share of the calls that fail
 *   PASAR_FAULTS_SEED=1
 *   PASAR_FAULTS_STALL=/path while this exists, fsync does not return
 *   PASAR_FAULTS_FLIP=/path  when this exists, it is removed and one bit of the next fetched batch of records changed,
 *                            in the byte whose number stands in the file
 *   PASAR_FAULTS_LOG=/path   gets one letter for each failure: o(pen) w(rite) s(ync) r(ename)
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static _Atomic uint64_t calls;

/* The library's own function of that name. */
static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    return found;
}

/* A number in 0..1 for each call, from seed and count (splitmix64, Steele et al. 2014). */
static double chance(void)
{
    const char *seed = getenv("PASAR_FAULTS_SEED");
    uint64_t x = (seed != NULL ? strtoull(seed, NULL, 10) : 0) + atomic_fetch_add(&calls, 1) * 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (double)((x ^ (x >> 31)) >> 11) / 9007199254740992.0;
}

static bool is_hit(char what)
{
    const char *rate = getenv("PASAR_FAULTS_RATE"), *log = getenv("PASAR_FAULTS_LOG");

    if (rate == NULL || chance() >= strtod(rate, NULL))
        return false;
    int (*real_open)(const char *, int, ...) = (int (*)(const char *, int, ...))next("open");
    int fd = log != NULL ? real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
    if (fd >= 0) {
        ssize_t (*real_write)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))next("write");
        (void)!real_write(fd, &what, 1);
        close(fd);
    }
    return true;
}

static bool is_inside(const char *path)
{
    const char *dir = getenv("PASAR_FAULTS_DIR");
    size_t len = dir != NULL ? strlen(dir) : 0;

    return len > 0 && strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool is_inside_fd(int fd)
{
    char link[64], path[PATH_MAX];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return false;
    path[n] = '\0';
    return is_inside(path);
}

int openat(int dirfd, const char *path, int flags, ...)
{
    int (*real)(int, const char *, int, ...) = (int (*)(int, const char *, int, ...))next("openat");
    va_list ap;

    va_start(ap, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    if ((flags & O_CREAT) != 0 && (path[0] == '/' ? is_inside(path) : dirfd >= 0 && is_inside_fd(dirfd)) &&
        is_hit('o')) {
        errno = ENOSPC;
        return -1;
    }
    return real(dirfd, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    ssize_t (*real)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))next("write");

    if (!is_inside_fd(fd) || !is_hit('w'))
        return real(fd, bytes, len);
    if (len > 1 && calls % 2 == 0) /* a full disk takes some first */
        return real(fd, bytes, len / 2);
    errno = calls % 3 == 0 ? EIO : ENOSPC;
    return -1;
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))next("fsync");
    const char *stall = getenv("PASAR_FAULTS_STALL");

    while (stall != NULL && is_inside_fd(fd) && access(stall, F_OK) == 0)
        usleep(20000);
    if (!is_inside_fd(fd) || !is_hit('s'))
        return real(fd);
    errno = EIO;
    return -1;
}

/* A batch of records (magic 2) that begins and ends in these bytes, or NULL. */
static unsigned char *find_records(unsigned char *bytes, size_t len)
{
    enum { HEADER = 61, LENGTH = 8, MAGIC = 16 };

    for (size_t i = 0; i + HEADER < len; i++) {
        const unsigned char *p = bytes + i;
        size_t rest =
            (size_t)p[LENGTH] << 24 | (size_t)p[LENGTH + 1] << 16 | (size_t)p[LENGTH + 2] << 8 | p[LENGTH + 3];

        if (p[MAGIC] == 2 && memcmp(p, "\0\0\0\0\0", 5) == 0 && rest > 4 * HEADER && i + LENGTH + 4 + rest <= len)
            return bytes + i;
    }
    return NULL;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t (*real)(int, struct msghdr *, int) = (ssize_t(*)(int, struct msghdr *, int))next("recvmsg");
    const char *flip = getenv("PASAR_FAULTS_FLIP");
    ssize_t len = real(fd, message, flags);
    unsigned char *records = NULL;
    unsigned at;

    if (flip == NULL || len <= 0)
        return len;
    FILE *order = fopen(flip, "r");
    if (order == NULL)
        return len;
    if ((size_t)len <= message->msg_iov[0].iov_len)
        records = find_records(message->msg_iov[0].iov_base, (size_t)len);
    if (records != NULL && fscanf(order, "%u", &at) == 1 && at < 200 && unlink(flip) == 0)
        records[at] ^= 0x10;
    fclose(order);
    return len;
}

int renameat2(int olddir, const char *from, int newdir, const char *to, unsigned flags)
{
    int (*real)(int, const char *, int, const char *, unsigned) =
        (int (*)(int, const char *, int, const char *, unsigned))next("renameat2");

    if (!is_inside_fd(newdir) || !is_hit('r'))
        return real(olddir, from, newdir, to, flags);
    errno = EIO;
    return -1;
}
