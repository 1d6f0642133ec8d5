/* What the input is: files with the same bytes in the same order are the same input, whatever they are called. */
#include "producer/inputid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pasar/hash.h"
#include "pasar/stop.h"

enum { BLOCK_BYTES = 64 * 1024 };

static uint64_t mix(uint64_t hash, uint64_t more)
{
    uint64_t pair[2] = {hash, more};

    return pasar_hash64(pair, sizeof(pair));
}

/* Reads a whole block, less at the end of the file; the count, or -1 with errno. */
static ssize_t read_block(int fd, char *block)
{
    size_t got = 0;

    while (got < BLOCK_BYTES) {
        ssize_t n = read(fd, block + got, BLOCK_BYTES - got);

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

static int add_contents(struct inputid *id, int fd, char *block, const char *path, struct pasar_err *err)
{
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) != 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "stat %s", path);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    id->bytes += (uint64_t)st.st_size;
    id->hash = mix(id->hash, (uint64_t)st.st_size);
    while ((n = read_block(fd, block)) > 0) {
        id->hash = mix(id->hash, pasar_hash64(block, (size_t)n));
        if (pasar_stop_requested())
            return pasar_err_set(err, PASAR_ETEMP, "stopped while looking whether %s was sent before", path);
    }
    return n == 0 ? 0 : pasar_err_errno(err, PASAR_ENOINPUT, "read %s", path);
}

static int add_file(struct inputid *id, char *block, const char *path, struct pasar_err *err)
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
    result = add_contents(id, fd, block, path, err);
    close(fd);
    return result;
}

int inputid_of(struct inputid *id, char *const *files, int file_count, struct pasar_err *err)
{
    char *block = malloc(BLOCK_BYTES);
    int result = 0;

    *id = (struct inputid){.is_repeatable = true};
    if (block == NULL)
        return pasar_err_nomem(err, "input");
    for (int i = 0; i < file_count && result == 0; i++)
        result = add_file(id, block, files[i], err);
    free(block);
    return result;
}
