#include "api/blob.h"

#include <limits.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "pasar/hash.h"

/* Ready-made bodies are compressed once, so that even a few hundred bytes are worth it. */
enum { READY_GZIP_MIN = 512 };

void blob_etag(const char *data, size_t len, char etag[BLOB_ETAG_MAX])
{
    static const char hex[] = "0123456789abcdef";
    uint64_t hash = pasar_hash64(data, len);
    etag[0] = etag[17] = '"';
    etag[18] = '\0';
    for (int i = 0; i < 16; i++)
        etag[1 + i] = hex[hash >> (60 - 4 * i) & 15];
}

int blob_gzip(struct pasar_buf *out, const char *data, size_t len, int level)
{
    z_stream z;
    memset(&z, 0, sizeof z);
    if (len > UINT_MAX / 2 || deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return -1;
    size_t bound = deflateBound(&z, len);
    int rc = pasar_buf_reserve(out, bound);
    if (rc == 0) {
        z.next_in = (Bytef *)(uintptr_t)data;
        z.avail_in = (uInt)len;
        z.next_out = (Bytef *)out->data + out->len;
        z.avail_out = (uInt)bound;
        rc = deflate(&z, Z_FINISH) == Z_STREAM_END ? 0 : -1;
        out->len += z.total_out;
    }
    deflateEnd(&z);
    return rc;
}

int blob_borrow(struct blob *blob, const char *data, size_t len, struct pasar_err *err)
{
    struct pasar_buf packed = {0};
    memset(blob, 0, sizeof *blob);
    blob->data = data;
    blob->len = len;
    blob_etag(data, len, blob->etag);
    if (len < READY_GZIP_MIN)
        return 0;
    if (blob_gzip(&packed, data, len, 9) != 0) {
        pasar_buf_fini(&packed);
        return pasar_err_nomem(err, "compressed reply");
    }
    if (packed.len < len - len / 10)
        blob->gzip = pasar_buf_steal(&packed, &blob->gzip_len);
    pasar_buf_fini(&packed);
    return 0;
}

int blob_take(struct blob *blob, char *data, size_t len, struct pasar_err *err)
{
    if (!data)
        return pasar_err_nomem(err, "reply");
    int rc = blob_borrow(blob, data, len, err);
    blob->owned = data;
    return rc;
}

void blob_fini(struct blob *blob)
{
    for (int form = 0; form < BLOB_FORMS; form++) {
        if (blob->ready[form])
            MHD_destroy_response(blob->ready[form]);
    }
    free(blob->gzip);
    free(blob->owned);
    memset(blob, 0, sizeof *blob);
}

/* Is the weight of ";q=0.5" parameters more than 0? It is 1 without one. */
static bool is_wanted(const char *params, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        if (params[i] != ';')
            continue;
        i++;
        while (i < len && (params[i] == ' ' || params[i] == '\t'))
            i++;
        if (i + 1 < len && (params[i] | 32) == 'q' && params[i + 1] == '=') {
            for (size_t j = i + 2; j < len && params[j] != ';'; j++) {
                if (params[j] >= '1' && params[j] <= '9')
                    return true;
            }
            return false;
        }
    }
    return true;
}

bool blob_accepts_gzip(const char *header)
{
    int star = -1;
    if (!header)
        return false;
    for (const char *p = header; *p;) {
        p += strspn(p, " \t,");
        size_t item = strcspn(p, ","), name = strcspn(p, " \t;,");
        bool wanted = is_wanted(p + name, item - name);
        if ((name == 4 && strncasecmp(p, "gzip", 4) == 0) || (name == 6 && strncasecmp(p, "x-gzip", 6) == 0))
            return wanted;
        if (name == 1 && *p == '*')
            star = wanted;
        p += item;
    }
    return star == 1;
}

bool blob_matches(const char *header, const char *etag)
{
    size_t len = strlen(etag);
    if (!header)
        return false;
    for (const char *p = header; *p;) {
        p += strspn(p, " \t,");
        if (*p == '*' && strcspn(p, " \t,") == 1)
            return true;
        if (strncmp(p, "W/", 2) == 0)
            p += 2;
        if (strncmp(p, etag, len) == 0)
            return true;
        if (*p == '"') {
            p += 1 + strcspn(p + 1, "\"");
            p += *p == '"';
        } else {
            p += strcspn(p, ",");
        }
    }
    return false;
}
