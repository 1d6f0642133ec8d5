/* Reads a batch's rejects twin for --verify: run, row and the message's value of each line. */
#include "consumer/verify_rejects.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>
#include <openssl/evp.h>

/* Decodes base64 (RFC 4648, section 4) into a fresh buffer. 0, or -1. */
static int decode_base64(const char *text, size_t len, unsigned char **bytes, size_t *bytes_len)
{
    int decoded;

    *bytes_len = 0;
    *bytes = malloc(len / 4 * 3 + 1);
    if (*bytes == NULL || len % 4 != 0)
        return -1;
    if (len == 0)
        return 0;
    decoded = EVP_DecodeBlock(*bytes, (const unsigned char *)text, (int)len);
    if (decoded < 0)
        return -1;
    *bytes_len = (size_t)decoded - (text[len - 1] == '=') - (text[len - 2] == '='); /* the library counts the padding */
    return 0;
}

static int read_line(const char *line, size_t len, verify_reject_fn fn, void *opaque, struct pasar_err *err)
{
    json_error_t why;
    json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
    const char *run = json_string_value(json_object_get(root, "run"));
    const json_t *row = json_object_get(root, "row");
    const json_t *value = json_object_get(root, "value");
    struct verify_reject reject = {.run = run != NULL ? run : ""};
    unsigned char *bytes = NULL;
    int result;

    if (!json_is_object(root) || (value != NULL && !json_is_null(value) && !json_is_string(value)) ||
        decode_base64(json_is_string(value) ? json_string_value(value) : "",
                      json_is_string(value) ? json_string_length(value) : 0, &bytes, &reject.value_len) != 0) {
        result = pasar_err_set(err, PASAR_EDATA, "its rejects file has a line that is none of pasar-consumer's");
    } else {
        reject.row = (uint64_t)json_integer_value(row);
        reject.value = bytes;
        result = fn(opaque, &reject, err);
    }
    free(bytes);
    json_decref(root);
    return result;
}

/* "dir/name" of the batch's rejects file, to be freed; `name` gets the last part. NULL with err. */
static char *rejects_path(const char *dir, const struct pasar_batch_name *batch, char name[PASAR_BATCH_NAME_MAX],
                          struct pasar_err *err)
{
    struct pasar_batch_name twin = *batch;
    char *path = NULL;

    twin.kind = PASAR_BATCH_REJECTS;
    pasar_batch_name_format(&twin, name);
    if (asprintf(&path, "%s/%s", dir, name) >= 0)
        return path;
    pasar_err_nomem(err, "path");
    return NULL;
}

int verify_rejects_check_absent(const char *dir, const struct pasar_batch_name *batch, struct pasar_err *err)
{
    char name[PASAR_BATCH_NAME_MAX];
    char *path = rejects_path(dir, batch, name, err);
    struct stat st;
    bool is_absent = path != NULL && lstat(path, &st) != 0 && errno == ENOENT;

    free(path);
    if (path == NULL || is_absent)
        return path == NULL ? -1 : 0;
    return pasar_err_set(err, PASAR_EDATA, "a rejects file %s, but its sidecar knows of none", name);
}

int verify_rejects_read(const char *dir, const struct pasar_batch_name *batch, uint64_t expected, verify_reject_fn fn,
                        void *opaque, struct pasar_err *err)
{
    char name[PASAR_BATCH_NAME_MAX];
    char *path = rejects_path(dir, batch, name, err), *line = NULL;
    size_t cap = 0;
    uint64_t count = 0;
    ssize_t len;
    FILE *file = NULL;

    if (path == NULL)
        return -1;
    file = fopen(path, "re");
    if (file == NULL)
        pasar_err_errno(err, errno == ENOENT ? PASAR_EDATA : PASAR_ENOINPUT, "its rejects file %s", name);
    while (file != NULL && err->code == PASAR_OK && (len = getline(&line, &cap, file)) > 0) {
        count++;
        if (read_line(line, (size_t)len, fn, opaque, err) != 0)
            break;
    }
    if (file != NULL && ferror(file))
        pasar_err_set(err, PASAR_ENOINPUT, "read %s", path);
    if (err->code == PASAR_OK && count != expected)
        pasar_err_set(err, PASAR_EDATA, "%" PRIu64 " rejects, but its sidecar says %" PRIu64, count, expected);
    if (file != NULL)
        fclose(file);
    free(line);
    free(path);
    return err->code == PASAR_OK ? 0 : -1;
}
