/* The end of a run as a file of its own, and the reading of small files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pasar/atomicfile.h"

#include "batch_private.h"

enum { READ_BYTES = 64 * 1024, SMALL_MAX = 1 << 30 };

int pasar_batch_read_small(const char *dir, const char *file, struct pasar_buf *buf, struct pasar_err *err)
{
    int rc = -1, fd = -1, dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    pasar_buf_reset(buf);
    if (dirfd < 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "open directory %s", dir);
    fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        pasar_err_errno(err, PASAR_ENOINPUT, "open %s/%s", dir, file);
        goto out;
    }
    for (;;) {
        if (pasar_buf_reserve(buf, READ_BYTES) != 0) {
            pasar_err_nomem(err, "a sidecar");
            goto out;
        }
        ssize_t n = read(fd, buf->data + buf->len, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            pasar_err_errno(err, PASAR_EIO, "read %s/%s", dir, file);
            goto out;
        }
        if (n == 0)
            break;
        buf->len += (size_t)n;
        if (buf->len > SMALL_MAX) {
            pasar_err_set(err, PASAR_EDATA, "%s/%s: longer than anything written here", dir, file);
            goto out;
        }
    }
    rc = 0;
out:
    if (fd >= 0)
        close(fd);
    close(dirfd);
    return rc;
}

/* The name of the range of one offset. */
static int end_name(struct pasar_batch_name *name, const char *topic, int32_t partition, int64_t offset,
                    struct pasar_err *err)
{
    if (pasar_batch_check_topic(topic, err) != 0)
        return -1;
    *name = (struct pasar_batch_name){
        .partition = partition, .first_offset = offset, .last_offset = offset, .kind = PASAR_BATCH_END};
    memcpy(name->topic, topic, strlen(topic) + 1);
    return 0;
}

int pasar_batch_publish_end(const char *dir, const char *topic, int32_t partition, int64_t offset,
                            const struct pasar_run_end *end, struct pasar_err *err)
{
    struct pasar_batch_name name;
    struct pasar_buf json = {0};
    char file[PASAR_BATCH_NAME_MAX];
    int rc = -1;

    if (end_name(&name, topic, partition, offset, err) != 0)
        return -1;
    pasar_batch_name_format(&name, file);
    pasar_run_end_add_json(&json, end);
    pasar_buf_addc(&json, '\n');
    if (json.failed)
        pasar_err_nomem(err, "the end of a run");
    else
        rc = pasar_atomicfile_publish(dir, file, json.data, json.len, PASAR_NOREPLACE, err);
    pasar_buf_fini(&json);
    return rc;
}

int pasar_batch_read_end(const char *dir, const struct pasar_batch_name *name, struct pasar_run_end *end,
                         struct pasar_err *err)
{
    struct pasar_batch_name end_file = *name;
    struct pasar_buf text = {0};
    char file[PASAR_BATCH_NAME_MAX];
    int rc = -1;

    end_file.kind = PASAR_BATCH_END;
    pasar_batch_name_format(&end_file, file);
    if (pasar_batch_read_small(dir, file, &text, err) == 0) {
        rc = pasar_run_end_from_json(end, text.data != NULL ? text.data : "", text.len, err);
        if (rc != 0)
            pasar_err_context(err, "%s/%s", dir, file);
    }
    pasar_buf_fini(&text);
    return rc;
}
