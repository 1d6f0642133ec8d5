/* Reading small text files whole. */
#include "pasar/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_BYTES = 4096 };

int pasar_textfile_read(const char *path, struct pasar_buf *text, struct pasar_err *err)
{
    size_t start = text->len;
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "read %s", path);
    while (text->len - start <= PASAR_TEXTFILE_MAX && pasar_buf_reserve(text, READ_BYTES) == 0) {
        n = read(fd, text->data + text->len, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        text->len += (size_t)n;
    }
    int saved = errno;
    close(fd);
    errno = saved;
    if (text->failed)
        return pasar_err_nomem(err, path);
    if (n < 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "read %s", path);
    if (text->len - start > PASAR_TEXTFILE_MAX ||
        (text->len > start && memchr(text->data + start, '\0', text->len - start) != NULL))
        return pasar_err_set(err, PASAR_EUSAGE, "%s is no text of at most %d bytes", path, PASAR_TEXTFILE_MAX);
    return 0;
}

char *pasar_textfile_value(const char *path, struct pasar_err *err)
{
    struct pasar_buf text = {0};

    if (pasar_textfile_read(path, &text, err) != 0) {
        pasar_buf_fini(&text);
        return NULL;
    }
    if (text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    if (text.len > 0 && text.data[text.len - 1] == '\r')
        text.len--;
    char *value = pasar_buf_steal(&text, NULL);
    if (value == NULL)
        pasar_err_nomem(err, path);
    return value;
}
