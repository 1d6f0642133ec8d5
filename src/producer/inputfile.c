/* One input file as a stream of text. The first bytes are looked at before anything is handed out. */
#include "producer/inputfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

enum {
    PACKED_BYTES = 128 * 1024,
    GZIP_WINDOW = 15 + 16, /* zlib: the largest window, gzip format only */
    IDLE_MS = 100,
};

struct inputfile {
    int fd;
    bool is_stdin, is_regular, is_gzip;
    bool may_wait; /* a pipe, a terminal: reading it can take for ever */
    inputfile_idle_fn idle;
    void *idle_ctx;
    struct inputfile_stamp stamp;
    uint64_t offset;
    unsigned char *packed; /* bytes read and not yet handed out: gzip data, or the first bytes of a plain file */
    size_t packed_len, packed_pos;
    bool eof;
    z_stream zlib;
    bool in_member; /* between a gzip member's header and its trailer */
    struct pasar_err err;
};

const char *inputfile_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "(stdin)" : path;
}

/* Waits until there is something to read, or the end. 0, or -1 with the file's error. */
static int await_input(struct inputfile *file)
{
    struct pollfd fd = {.fd = file->fd, .events = POLLIN};

    while (file->may_wait && poll(&fd, 1, IDLE_MS) <= 0)
        if (file->idle != NULL && !file->idle(file->idle_ctx))
            return pasar_err_set(&file->err, PASAR_ETEMP, "stopped while waiting for input");
    return 0;
}

static struct inputfile_stamp stamp_of(const struct stat *st)
{
    return (struct inputfile_stamp){st->st_dev, st->st_ino, st->st_size, st->st_mtim};
}

/* At the end of a regular file, and past what was its end: is it still the file that was opened? */
static int check_unchanged(struct inputfile *file)
{
    struct inputfile_stamp now;
    struct stat st;

    if (fstat(file->fd, &st) != 0)
        return pasar_err_errno(&file->err, PASAR_ENOINPUT, "stat");
    now = stamp_of(&st);
    if (file->offset == (uint64_t)file->stamp.size && inputfile_same_stamp(&now, &file->stamp))
        return 0;
    return pasar_err_set(&file->err, PASAR_EDATA,
                         "it was changed while it was read (%lld bytes at the start, %lld now), so the run stays "
                         "without an end",
                         (long long)file->stamp.size, (long long)now.size);
}

/* Reads what there is: the count, 0 at the end, or -1 with errno or the file's error. */
static ssize_t read_some(struct inputfile *file, void *bytes, size_t len)
{
    ssize_t n;

    do {
        if (await_input(file) != 0) {
            errno = ECANCELED;
            return -1;
        }
        n = read(file->fd, bytes, len);
    } while (n < 0 && (errno == EINTR || errno == EAGAIN));
    if (n > 0)
        file->offset += (uint64_t)n;
    file->eof = n == 0;
    if (file->is_regular && n >= 0 && (n == 0 || file->offset > (uint64_t)file->stamp.size) &&
        check_unchanged(file) != 0) {
        errno = EIO;
        return -1;
    }
    return n;
}

/* Reads into `packed`, which is used up. 0 or -1 with errno. */
static int refill(struct inputfile *file)
{
    ssize_t n = read_some(file, file->packed, PACKED_BYTES);

    if (n < 0)
        return -1;
    file->packed_pos = 0;
    file->packed_len = (size_t)n;
    return 0;
}

/* Reads at least the four bytes that tell the formats apart, if there are as many. */
static int read_start(struct inputfile *file)
{
    while (!file->eof && file->packed_len < 4) {
        ssize_t n = read_some(file, file->packed + file->packed_len, PACKED_BYTES - file->packed_len);
        if (n < 0)
            return -1;
        file->packed_len += (size_t)n;
    }
    return 0;
}

static int find_format(struct inputfile *file, const char *name, struct pasar_err *err)
{
    const unsigned char *p = file->packed;
    size_t len = file->packed_len;

    if (len >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
        return pasar_err_set(err, PASAR_EDATA, "%s looks like UTF-16; convert it with: iconv -f UTF-16 -t UTF-8", name);
    file->is_gzip = len >= 2 && p[0] == 0x1f && p[1] == 0x8b;
    if (file->is_gzip && inflateInit2(&file->zlib, GZIP_WINDOW) != Z_OK) {
        file->is_gzip = false;
        return pasar_err_nomem(err, "unpacking gzip");
    }
    file->in_member = file->is_gzip;
    return 0;
}

struct inputfile *inputfile_open(const char *path, inputfile_idle_fn idle, void *idle_ctx, struct pasar_err *err)
{
    const char *name = inputfile_name(path);
    struct stat st;
    struct inputfile *file = calloc(1, sizeof *file);

    if (file == NULL || (file->packed = malloc(PACKED_BYTES)) == NULL) {
        free(file);
        pasar_err_nomem(err, "an input file");
        return NULL;
    }
    file->idle = idle;
    file->idle_ctx = idle_ctx;
    file->is_stdin = strcmp(path, "-") == 0;
    /* Non-blocking, so that a pipe's first writer is waited for in poll and not here. */
    file->fd = file->is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file->fd < 0) {
        pasar_err_errno(err, PASAR_ENOINPUT, "open %s", name);
        goto fail;
    }
    if (fstat(file->fd, &st) != 0) {
        pasar_err_errno(err, PASAR_ENOINPUT, "stat %s", name);
        goto fail;
    }
    if (S_ISDIR(st.st_mode)) {
        pasar_err_set(err, PASAR_ENOINPUT, "%s is a directory; name the CSV files in it", name);
        goto fail;
    }
    file->may_wait = !S_ISREG(st.st_mode);
    file->is_regular = S_ISREG(st.st_mode) && !file->is_stdin;
    if (file->is_regular)
        file->stamp = stamp_of(&st);
    if (S_ISREG(st.st_mode))
        (void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    if (read_start(file) != 0) {
        if (file->err.code != PASAR_OK)
            pasar_err_set(err, file->err.code, "%s: %s", name, file->err.msg);
        else
            pasar_err_errno(err, PASAR_ENOINPUT, "read %s", name);
        goto fail;
    }
    if (find_format(file, name, err) != 0)
        goto fail;
    return file;
fail:
    inputfile_free(file);
    return NULL;
}

void inputfile_free(struct inputfile *file)
{
    if (file == NULL)
        return;
    if (file->is_gzip)
        inflateEnd(&file->zlib);
    if (file->fd >= 0 && !file->is_stdin)
        close(file->fd);
    free(file->packed);
    free(file);
}

static ssize_t bad_gzip(struct inputfile *file, const char *why)
{
    pasar_err_set(&file->err, PASAR_EDATA, "damaged gzip data: %s", why);
    errno = EIO;
    return -1;
}

/* Unpacks; a gzip file may have several members, one after the other (RFC 1952, section 2.2). */
static ssize_t read_gzip(struct inputfile *file, void *bytes, size_t len)
{
    z_stream *zlib = &file->zlib;

    zlib->next_out = bytes;
    zlib->avail_out = (uInt)(len < 1u << 30 ? len : 1u << 30);
    const uInt room = zlib->avail_out;
    while (zlib->avail_out == room) {
        if (file->packed_pos == file->packed_len) {
            if (!file->eof && refill(file) != 0)
                return -1;
            if (file->eof)
                return file->in_member ? bad_gzip(file, "the file ends in the middle") : 0;
        }
        if (!file->in_member) {
            /* Zero bytes after the last member are padding, as for gzip(1). */
            if (file->packed[file->packed_pos] == 0) {
                file->packed_pos++;
                continue;
            }
            if (inflateReset(zlib) != Z_OK)
                return bad_gzip(file, "cannot go on");
            file->in_member = true;
        }
        zlib->next_in = file->packed + file->packed_pos;
        zlib->avail_in = (uInt)(file->packed_len - file->packed_pos);
        int rc = inflate(zlib, Z_NO_FLUSH);
        file->packed_pos = file->packed_len - zlib->avail_in;
        if (rc == Z_STREAM_END)
            file->in_member = false;
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            return bad_gzip(file, zlib->msg != NULL ? zlib->msg : "unknown error");
    }
    return (ssize_t)(room - zlib->avail_out);
}

ssize_t inputfile_read(void *ctx, void *bytes, size_t len)
{
    struct inputfile *file = ctx;

    if (file->is_gzip)
        return read_gzip(file, bytes, len);
    if (file->packed_pos < file->packed_len) {
        size_t count = file->packed_len - file->packed_pos;
        count = count < len ? count : len;
        memcpy(bytes, file->packed + file->packed_pos, count);
        file->packed_pos += count;
        return (ssize_t)count;
    }
    return file->eof ? 0 : read_some(file, bytes, len);
}

const struct pasar_err *inputfile_error(const struct inputfile *file)
{
    return &file->err;
}

uint64_t inputfile_offset(const struct inputfile *file)
{
    return file->offset;
}

bool inputfile_is_regular(const struct inputfile *file)
{
    return file->is_regular;
}

bool inputfile_is_gzip(const struct inputfile *file)
{
    return file->is_gzip;
}

uint64_t inputfile_size(const struct inputfile *file)
{
    return (uint64_t)file->stamp.size;
}

struct inputfile_stamp inputfile_stamp(const struct inputfile *file)
{
    return file->stamp;
}

bool inputfile_same_stamp(const struct inputfile_stamp *a, const struct inputfile_stamp *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->modified.tv_sec == b->modified.tv_sec &&
           a->modified.tv_nsec == b->modified.tv_nsec;
}
