/* The end of a run as JSON. */
#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "pasar/clock.h"
#include "pasar/record.h"

void pasar_run_end_add_json(struct pasar_buf *buf, const struct pasar_run_end *end)
{
    char timestamp[PASAR_CLOCK_TEXT_LEN + 1];

    pasar_clock_format(end->timestamp_us, timestamp);
    pasar_buf_printf(buf,
                     "{\"run\":\"%s\",\"rows\":%" PRIu64 ",\"digest\":\"%016" PRIx64 "\",\"partitions\":%" PRId32
                     ",\"timestamp\":\"%s\"}",
                     end->run, end->rows, end->digest, end->partition_count, timestamp);
}

bool pasar_run_is_valid(const char *run, size_t len)
{
    if (len == 0 || len >= sizeof((struct pasar_run_end *)NULL)->run)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = run[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
              c == '-'))
            return false;
    }
    return true;
}

int pasar_run_digest_parse(const char *hex, uint64_t *digest)
{
    uint64_t value = 0;

    if (strlen(hex) != 16)
        return -1;
    for (int i = 0; i < 16; i++) {
        char c = hex[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return -1;
        value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *digest = value;
    return 0;
}

static int fill_end(struct pasar_run_end *end, json_t *root, struct pasar_err *err)
{
    const char *run, *digest, *timestamp;
    json_int_t rows, partitions;

    if (json_unpack(root, "{s:s, s:I, s:s, s:I, s:s}", "run", &run, "rows", &rows, "digest", &digest, "partitions",
                    &partitions, "timestamp", &timestamp) != 0)
        return pasar_err_set(err, PASAR_EDATA, "a member is missing or of the wrong type");
    if (!pasar_run_is_valid(run, strlen(run)))
        return pasar_err_set(err, PASAR_EDATA, "run: not 1 to %zu of A-Z a-z 0-9 . _ -", sizeof end->run - 1);
    if (rows < 0 || partitions < 1 || partitions > INT32_MAX)
        return pasar_err_set(err, PASAR_EDATA, "rows or partitions out of range");
    if (pasar_run_digest_parse(digest, &end->digest) != 0)
        return pasar_err_set(err, PASAR_EDATA, "digest: not 16 lower-case hex digits");
    if (pasar_clock_parse(timestamp, strlen(timestamp), &end->timestamp_us) != 0)
        return pasar_err_set(err, PASAR_EDATA, "timestamp: not an RFC 3339 time in UTC");
    memcpy(end->run, run, strlen(run) + 1);
    end->rows = (uint64_t)rows;
    end->partition_count = (int32_t)partitions;
    return 0;
}

int pasar_run_end_from_json(struct pasar_run_end *end, const char *json, size_t len, struct pasar_err *err)
{
    json_error_t why;
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);
    int rc;

    if (root == NULL)
        rc = pasar_err_set(err, PASAR_EDATA, "end of run: byte %d: %s", why.position, why.text);
    else if ((rc = fill_end(end, root, err)) != 0)
        pasar_err_context(err, "end of run");
    json_decref(root);
    return rc;
}
