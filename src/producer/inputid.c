/* What the input is: files with the same bytes in the same order are the same input, whatever they are called. */
#include "producer/inputid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pasar/hash.h"
#include "pasar/stop.h"
#include "pasar/thread.h"

enum {
    BLOCK_BYTES = 64 * 1024,
    WINDOW_BLOCKS = 1024, /* hashed by two threads at a time */
};

static uint64_t mix(uint64_t hash, uint64_t more)
{
    uint64_t pair[2] = {hash, more};

    return pasar_hash64(pair, sizeof(pair));
}

/* A stretch of a file. Its blocks are taken by whoever comes; what is found does not depend on who that was. */
struct window {
    int fd;
    off_t start;
    _Atomic size_t next; /* block to take */
    struct {
        ssize_t len; /* less than BLOCK_BYTES: the file ends there; -1: errno says why it could not be read */
        int error;
        uint64_t hash;
    } blocks[WINDOW_BLOCKS];
};

/* Reads a whole block, less at the end of the file; the count, or -1 with errno. */
static ssize_t read_block(int fd, char *bytes, off_t at)
{
    size_t got = 0;

    while (got < BLOCK_BYTES) {
        ssize_t n = pread(fd, bytes + got, BLOCK_BYTES - got, at + (off_t)got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static void *hash_blocks(void *arg)
{
    struct window *window = arg;
    char bytes[BLOCK_BYTES];
    size_t i;

    while ((i = atomic_fetch_add(&window->next, 1)) < WINDOW_BLOCKS) {
        ssize_t len = read_block(window->fd, bytes, window->start + (off_t)i * BLOCK_BYTES);

        window->blocks[i].len = len;
        window->blocks[i].error = errno;
        if (len > 0)
            window->blocks[i].hash = pasar_hash64(bytes, (size_t)len);
        if (len < BLOCK_BYTES) /* nothing behind it */
            atomic_store(&window->next, WINDOW_BLOCKS);
    }
    return NULL;
}

/* Hashes the next stretch of a file. 1: there may be more, 0: the end, -1 with err. */
static int add_window(struct inputid *id, struct window *window, const char *path, struct pasar_err *err)
{
    pthread_t helper;
    bool has_helper;

    window->next = 0;
    has_helper = pasar_thread_start(&helper, hash_blocks, window) == 0;
    hash_blocks(window);
    if (has_helper)
        pthread_join(helper, NULL);
    for (size_t i = 0; i < WINDOW_BLOCKS; i++) {
        if (window->blocks[i].len < 0) {
            errno = window->blocks[i].error;
            return pasar_err_errno(err, PASAR_ENOINPUT, "read %s", path);
        }
        if (window->blocks[i].len > 0)
            id->hash = mix(id->hash, window->blocks[i].hash);
        if (window->blocks[i].len < BLOCK_BYTES)
            return 0;
    }
    window->start += (off_t)WINDOW_BLOCKS * BLOCK_BYTES;
    return 1;
}

static int add_contents(struct inputid *id, int fd, struct window *window, const char *path, struct pasar_err *err)
{
    struct stat st;
    int result;

    if (fstat(fd, &st) != 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "stat %s", path);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    id->bytes += (uint64_t)st.st_size;
    id->hash = mix(id->hash, (uint64_t)st.st_size);
    window->fd = fd;
    window->start = 0;
    while ((result = add_window(id, window, path, err)) > 0)
        if (pasar_stop_requested())
            return pasar_err_set(err, PASAR_ETEMP, "stopped while looking whether %s was sent before", path);
    return result;
}

static int add_file(struct inputid *id, struct window *window, const char *path, struct pasar_err *err)
{
    struct stat st;
    int fd, result;

    if (strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode))) {
        id->is_repeatable = false;
        id->hash = mix(id->hash, pasar_hash64(path, strlen(path)));
        return 0;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "open %s", path);
    result = add_contents(id, fd, window, path, err);
    close(fd);
    return result;
}

int inputid_of(struct inputid *id, char *const *files, int file_count, struct pasar_err *err)
{
    struct window *window = malloc(sizeof(*window));
    int result = 0;

    *id = (struct inputid){.is_repeatable = true};
    if (window == NULL)
        return pasar_err_nomem(err, "input");
    for (int i = 0; i < file_count && result == 0; i++)
        result = add_file(id, window, files[i], err);
    free(window);
    return result;
}
