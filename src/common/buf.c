/* The growable byte buffer: growth, formatting, hand-over. */
#include "pasar/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void pasar_buf_fini(struct pasar_buf *buf)
{
    free(buf->data);
    *buf = (struct pasar_buf){0};
}

int pasar_buf_grow(struct pasar_buf *buf, size_t more)
{
    if (buf->failed)
        return -1;
    if (more > SIZE_MAX / 2 - buf->len)
        goto fail;
    size_t need = buf->len + more;
    size_t cap = buf->cap ? buf->cap : FIRST_CAPACITY;
    while (cap < need)
        cap *= 2;
    char *data = realloc(buf->data, cap);
    if (data == NULL)
        goto fail;
    buf->data = data;
    buf->cap = cap;
    return 0;
fail:
    buf->failed = true;
    return -1;
}

void pasar_buf_printf(struct pasar_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0 || pasar_buf_reserve(buf, (size_t)len + 1) != 0) {
        buf->failed = true;
        return;
    }
    va_start(args, fmt);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)len;
}

const char *pasar_buf_cstr(struct pasar_buf *buf)
{
    if (pasar_buf_reserve(buf, 1) != 0)
        return NULL;
    buf->data[buf->len] = '\0';
    return buf->data;
}

char *pasar_buf_steal(struct pasar_buf *buf, size_t *len)
{
    if (pasar_buf_cstr(buf) == NULL) {
        pasar_buf_fini(buf); /* nobody looks at it again */
        return NULL;
    }
    char *data = buf->data;
    if (len != NULL)
        *len = buf->len;
    *buf = (struct pasar_buf){0};
    return data;
}
