/* The error struct: formatting, first cause wins. */
#include "pasar/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

PASAR_PRINTF(3, 0) static void fill(struct pasar_err *err, enum pasar_code code, const char *fmt, va_list args)
{
    err->code = code;
    vsnprintf(err->msg, sizeof err->msg, fmt, args);
}

int pasar_err_set(struct pasar_err *err, enum pasar_code code, const char *fmt, ...)
{
    if (err == NULL || err->code != PASAR_OK)
        return -1;
    int saved = errno;
    va_list args;
    va_start(args, fmt);
    fill(err, code, fmt, args);
    va_end(args);
    errno = saved;
    return -1;
}

int pasar_err_errno(struct pasar_err *err, enum pasar_code code, const char *fmt, ...)
{
    if (err == NULL || err->code != PASAR_OK)
        return -1;
    int saved = errno;
    va_list args;
    va_start(args, fmt);
    fill(err, saved == ENOMEM ? PASAR_EOS : code, fmt, args);
    va_end(args);
    size_t len = strlen(err->msg);
    snprintf(err->msg + len, sizeof err->msg - len, ": %s", saved == ENOMEM ? "out of memory" : strerror(saved));
    errno = saved;
    return -1;
}

int pasar_err_nomem(struct pasar_err *err, const char *what)
{
    return pasar_err_set(err, PASAR_EOS, "out of memory for %s", what);
}

int pasar_err_context(struct pasar_err *err, const char *fmt, ...)
{
    if (err == NULL || err->code == PASAR_OK)
        return -1;
    int saved = errno;
    char inner[sizeof err->msg];
    memcpy(inner, err->msg, sizeof inner);
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, args);
    va_end(args);
    size_t len = strlen(err->msg);
    snprintf(err->msg + len, sizeof err->msg - len, ": %s", inner);
    errno = saved;
    return -1;
}

void pasar_err_clear(struct pasar_err *err)
{
    err->code = PASAR_OK;
    err->msg[0] = '\0';
}
