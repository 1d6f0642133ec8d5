/* What the input is: files with the same bytes in the same order are the same input, whatever they are called. */
#include "producer/inputid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pasar/hash.h"

enum { BLOCK_BYTES = 64 * 1024, BLOCKS = INPUTID_WHOLE_BYTES / BLOCK_BYTES };

static uint64_t mix(uint64_t hash, uint64_t more)
{
    uint64_t pair[2] = {hash, more};

    return pasar_hash64(pair, sizeof(pair));
}

/* Reads up to `len` bytes at `offset`; the count, or -1 with errno. */
static ssize_t read_at(int fd, char *bytes, size_t len, off_t offset)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = pread(fd, bytes + got, len - got, offset + (off_t)got);

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

/* Where block `i` begins: all of a small file, one after the other, or spread so that the last one ends with the file.
 */
static off_t block_offset(off_t size, int i)
{
    if (size <= INPUTID_WHOLE_BYTES)
        return (off_t)i * BLOCK_BYTES;
    return (off_t)((double)(size - BLOCK_BYTES) * i / (BLOCKS - 1));
}

static int add_contents(struct inputid *id, int fd, char *block, const char *path, struct pasar_err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "stat %s", path);
    id->bytes += (uint64_t)st.st_size;
    id->hash = mix(id->hash, (uint64_t)st.st_size);
    for (int i = 0; i < BLOCKS; i++) {
        off_t offset = block_offset(st.st_size, i);
        ssize_t n = offset < st.st_size ? read_at(fd, block, BLOCK_BYTES, offset) : 0;

        if (n < 0)
            return pasar_err_errno(err, PASAR_ENOINPUT, "read %s", path);
        if (n == 0)
            break;
        id->hash = mix(id->hash, pasar_hash64(block, (size_t)n));
    }
    return 0;
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
