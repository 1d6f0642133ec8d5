/* Heap first, then a mapped file. */
#include "trainer/spill.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file without a name and with room for `bytes`, or -1. */
static int open_file(size_t bytes)
{
    const char *dir = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/pasar-trainer-XXXXXX", dir && *dir ? dir : "/var/tmp") < 0)
        return -1;
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    free(path);
    if (fd >= 0 && posix_fallocate(fd, 0, (off_t)bytes) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* From the heap into a file; false, and nothing has happened, when that cannot be. */
static bool move_to_file(struct spill *spill, size_t bytes)
{
    int fd = open_file(bytes);
    if (fd < 0)
        return false;
    void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) {
        close(fd);
        return false;
    }
    if (spill->bytes > 0)
        memcpy(data, spill->data, spill->bytes);
    free(spill->data);
    *spill = (struct spill){data, bytes, true, fd};
    return true;
}

static bool grow_file(struct spill *spill, size_t bytes)
{
    if (posix_fallocate(spill->fd, 0, (off_t)bytes) != 0)
        return false;
    void *data = mremap(spill->data, spill->bytes, bytes, MREMAP_MAYMOVE);
    if (data == MAP_FAILED)
        return false;
    spill->data = data;
    spill->bytes = bytes;
    return true;
}

static int grow_heap(struct spill *spill, size_t bytes, struct pasar_err *err)
{
    void *data = spill->is_mapped ? malloc(bytes) : realloc(spill->data, bytes);
    if (!data)
        return pasar_err_nomem(err, "rows");
    if (spill->is_mapped) { /* the file cannot grow: the disk is full */
        memcpy(data, spill->data, spill->bytes);
        spill_free(spill);
    }
    *spill = (struct spill){.data = data, .bytes = bytes};
    return 0;
}

int spill_grow(struct spill *spill, size_t bytes, struct pasar_err *err)
{
    if (bytes > PTRDIFF_MAX)
        return pasar_err_nomem(err, "rows");
    if (spill->is_mapped ? grow_file(spill, bytes) : bytes > SPILL_ABOVE && move_to_file(spill, bytes))
        return 0;
    return grow_heap(spill, bytes, err);
}

void spill_release(const struct spill *spill, size_t begin, size_t end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    begin = (begin + page - 1) / page * page;
    end = (end < spill->bytes ? end : spill->bytes) / page * page;
    if (spill->is_mapped && begin < end)
        (void)madvise((char *)spill->data + begin, end - begin, MADV_DONTNEED);
}

void spill_free(struct spill *spill)
{
    if (spill->is_mapped) {
        (void)munmap(spill->data, spill->bytes);
        close(spill->fd);
    } else {
        free(spill->data);
    }
    *spill = (struct spill){0};
}
