/* The name of a run: which files, which contents, when. It stands in every record's pasar.run header. */
#include "producer/runid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pasar/clock.h"
#include "pasar/hash.h"

enum { SAMPLE_BYTES = 64 * 1024, NAME_CHARS = 24 };

static bool is_id_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

bool runid_is_valid(const char *id)
{
    size_t len = strlen(id);

    for (size_t i = 0; i < len; i++)
        if (!is_id_char(id[i]))
            return false;
    return len > 0 && len < RUNID_MAX;
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

/* Folds a file's size and its ends into `hash`. */
static int add_file(uint64_t *hash, const char *path, struct pasar_err *err)
{
    char sample[SAMPLE_BYTES];
    uint64_t parts[4] = {*hash, 0, 0, 0};
    struct stat st;
    ssize_t head = 0, tail = 0;
    int fd;

    if (strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode))) {
        parts[1] = pasar_hash64(path, strlen(path));
        *hash = pasar_hash64(parts, sizeof(parts));
        return 0;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "open %s", path);
    if (fstat(fd, &st) != 0)
        goto failed;
    parts[1] = (uint64_t)st.st_size;
    head = read_at(fd, sample, sizeof(sample), 0);
    if (head < 0)
        goto failed;
    parts[2] = pasar_hash64(sample, (size_t)head);
    if (st.st_size > SAMPLE_BYTES) {
        tail = read_at(fd, sample, sizeof(sample), st.st_size - SAMPLE_BYTES);
        if (tail < 0)
            goto failed;
        parts[3] = pasar_hash64(sample, (size_t)tail);
    }
    *hash = pasar_hash64(parts, sizeof(parts));
    close(fd);
    return 0;

failed:
    pasar_err_errno(err, PASAR_ENOINPUT, "read %s", path);
    close(fd);
    return -1;
}

int runid_make(char id[RUNID_MAX], char *const *files, int file_count, int64_t start_us, struct pasar_err *err)
{
    const char *slash = strrchr(files[0], '/');
    const char *base = slash != NULL ? slash + 1 : files[0];
    char name[NAME_CHARS + 1], time[PASAR_CLOCK_TEXT_LEN + 1];
    uint64_t hash = 0;
    size_t len = 0, kept = 0;

    for (int i = 0; i < file_count; i++)
        if (add_file(&hash, files[i], err) != 0)
            return -1;
    for (; base[len] != '\0' && len < NAME_CHARS; len++)
        name[len] = is_id_char(base[len]) ? base[len] : '_';
    name[len] = '\0';
    pasar_clock_format(start_us, time);
    for (size_t i = 0; time[i] != '\0'; i++) /* 20260131T235959.123456Z: no colons, sorts by time */
        if (time[i] != '-' && time[i] != ':')
            time[kept++] = time[i];
    time[kept] = '\0';
    snprintf(id, RUNID_MAX, "%s-%016llx-%s", len > 0 ? name : "run", (unsigned long long)hash, time);
    return 0;
}
