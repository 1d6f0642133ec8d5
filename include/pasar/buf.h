/* A growable byte buffer with sticky failure: append without looking, check `failed` once at the end. */
#ifndef PASAR_BUF_H
#define PASAR_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "pasar/attrs.h"

/* {0} is a valid empty buffer. `data` may move on every append: keep offsets into it, never pointers. */
struct pasar_buf {
    char *data; /* NULL until the first append; not NUL-terminated unless pasar_buf_cstr was called */
    size_t len;
    size_t cap;
    bool failed; /* memory ran out; appends are no-ops until pasar_buf_reset */
};

/* Frees the bytes; the buffer is empty and usable again. */
void pasar_buf_fini(struct pasar_buf *buf);

/* Empties the buffer, keeps its memory, forgets a failure. */
static inline void pasar_buf_reset(struct pasar_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

/* Makes room for `more` bytes past len. Returns 0, or -1 (and sets `failed`) when memory runs out. */
int pasar_buf_grow(struct pasar_buf *buf, size_t more);

static inline int pasar_buf_reserve(struct pasar_buf *buf, size_t more)
{
    if (PASAR_LIKELY(!buf->failed && buf->cap - buf->len >= more))
        return 0;
    return pasar_buf_grow(buf, more);
}

static inline void pasar_buf_add(struct pasar_buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || PASAR_UNLIKELY(pasar_buf_reserve(buf, len) != 0))
        return;
    memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
}

static inline void pasar_buf_addc(struct pasar_buf *buf, char c)
{
    if (PASAR_UNLIKELY(pasar_buf_reserve(buf, 1) != 0))
        return;
    buf->data[buf->len++] = c;
}

/* Appends a NUL-terminated string, without its NUL. */
static inline void pasar_buf_adds(struct pasar_buf *buf, const char *s)
{
    pasar_buf_add(buf, s, strlen(s));
}

void pasar_buf_printf(struct pasar_buf *buf, const char *fmt, ...) PASAR_PRINTF(2, 3);

/* The contents as a C string (a NUL is written behind them, not counted in len), or NULL if the buffer has failed. */
const char *pasar_buf_cstr(struct pasar_buf *buf);

/* Hands the malloc'd bytes (NUL-terminated) to the caller and leaves the buffer empty, also when it has failed: NULL.
 */
char *pasar_buf_steal(struct pasar_buf *buf, size_t *len);

#endif
