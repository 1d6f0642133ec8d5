/* The rejects file: one JSON line per row that was not sent, with all that is needed to find and mend it. */
#include "producer/rejects.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "pasar/base64.h"
#include "pasar/csv.h"

struct rejects {
    const char *path;
    FILE *file;
};

struct rejects *rejects_open(const char *path, struct pasar_err *err)
{
    struct rejects *rejects = calloc(1, sizeof(*rejects));

    if (rejects == NULL) {
        pasar_err_nomem(err, "rejects file");
        return NULL;
    }
    rejects->path = path;
    rejects->file = fopen(path, "we");
    if (rejects->file == NULL) {
        pasar_err_errno(err, PASAR_ECREATE, "--rejects: create %s", path);
        free(rejects);
        return NULL;
    }
    return rejects;
}

/* Base64 as a JSON string; NULL when out of memory. */
static json_t *base64(const char *bytes, size_t len)
{
    struct pasar_buf text = {0};
    json_t *string = NULL;

    pasar_base64_add(&text, bytes, len);
    if (!text.failed)
        string = json_stringn(text.data, text.len);
    pasar_buf_fini(&text);
    return string;
}

/* Sets `name` to text that may be anything: invalid UTF-8 is kept as base64 under <name>_base64. */
static int set_bytes(json_t *object, const char *name, const char *name_base64, const char *bytes, size_t len)
{
    if (len == 0 || pasar_csv_is_utf8(bytes, len))
        return json_object_set_new(object, name, json_stringn(len > 0 ? bytes : "", len));
    return json_object_set_new(object, name_base64, base64(bytes, len));
}

int rejects_add(struct rejects *rejects, const struct sink_reject *reject, struct pasar_err *err)
{
    json_t *object = json_object();
    bool made = set_bytes(object, "file", "file_base64", reject->file, strlen(reject->file)) == 0 &&
                json_object_set_new(object, "line", json_integer((json_int_t)reject->line)) == 0 &&
                json_object_set_new(object, "offset", json_integer((json_int_t)reject->offset)) == 0 &&
                json_object_set_new(object, "row", json_integer((json_int_t)reject->row)) == 0 &&
                json_object_set_new(object, "reason", json_string(reject->reason)) == 0 &&
                set_bytes(object, "raw", "raw_base64", reject->raw, reject->raw_len) == 0;
    int result = 0;

    if (!made)
        result = pasar_err_nomem(err, "rejected row");
    else if (json_dumpf(object, rejects->file, JSON_COMPACT) != 0 || putc('\n', rejects->file) == EOF)
        result = pasar_err_errno(err, PASAR_EIO, "--rejects: write %s", rejects->path);
    json_decref(object);
    return result;
}

int rejects_close(struct rejects *rejects, struct pasar_err *err)
{
    int result = 0;

    if (rejects == NULL)
        return 0;
    if (fflush(rejects->file) != 0 || (fsync(fileno(rejects->file)) != 0 && errno != EINVAL && errno != EROFS))
        result = pasar_err_errno(err, PASAR_EIO, "--rejects: write %s", rejects->path); /* EINVAL: a pipe or terminal */
    if (fclose(rejects->file) != 0 && result == 0)
        result = pasar_err_errno(err, PASAR_EIO, "--rejects: close %s", rejects->path);
    free(rejects);
    return result;
}
