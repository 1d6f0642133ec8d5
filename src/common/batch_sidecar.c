/* The sidecar of a batch: what is in the .csv, and which rows of which runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "pasar/hash.h"
#include "pasar/num.h"

#include "batch_private.h"

enum { SIDECAR_VERSION = 2 }; /* 1 had no rejects_sha256 */

void pasar_batch_sidecar_add_json(struct pasar_buf *buf, const struct pasar_batch_sidecar *sidecar)
{
    const struct pasar_batch_name *name = &sidecar->name;

    /* Topics, runs and digests are of characters that need no escape. */
    pasar_buf_printf(buf,
                     "{\"version\":%d,\"topic\":\"%s\",\"partition\":%" PRId32 ",\"first_offset\":%" PRId64
                     ",\"last_offset\":%" PRId64 ",\"rows\":%" PRIu64 ",\"rejects\":%" PRIu64 ",\"bytes\":%" PRIu64
                     ",\"sha256\":\"%s\",\"rejects_sha256\":\"%s\",\"runs\":[",
                     SIDECAR_VERSION, name->topic, name->partition, name->first_offset, name->last_offset,
                     sidecar->rows, sidecar->rejects, sidecar->bytes, sidecar->sha256, sidecar->rejects_sha256);
    for (size_t i = 0; i < sidecar->run_count; i++)
        pasar_buf_printf(buf, "%s{\"run\":\"%s\",\"rows\":%" PRIu64 ",\"digest\":\"%016" PRIx64 "\"}", i > 0 ? "," : "",
                         sidecar->runs[i].run, sidecar->runs[i].rows, sidecar->runs[i].digest);
    pasar_buf_adds(buf, "],\"row_ranges\":[");
    for (size_t i = 0; i < sidecar->range_count; i++) { /* as many as rows when several partitions share a run */
        pasar_buf_add(buf, i > 0 ? ",[" : "[", i > 0 ? 2 : 1);
        pasar_num_add_u64(buf, sidecar->ranges[i].run);
        pasar_buf_addc(buf, ',');
        pasar_num_add_u64(buf, sidecar->ranges[i].first);
        pasar_buf_addc(buf, ',');
        pasar_num_add_u64(buf, sidecar->ranges[i].count);
        pasar_buf_addc(buf, ']');
    }
    pasar_buf_adds(buf, "]}\n");
}

/* A member that is a whole number >= 0. */
static int take_count(json_t *value, uint64_t *count)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return -1;
    *count = (uint64_t)json_integer_value(value);
    return 0;
}

static int read_run(struct pasar_batch_run *run, json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "run"));
    const char *digest = json_string_value(json_object_get(object, "digest"));

    if (name == NULL || digest == NULL || (name[0] != '\0' && !pasar_run_is_valid(name, strlen(name))) ||
        take_count(json_object_get(object, "rows"), &run->rows) != 0 ||
        pasar_run_digest_parse(digest, &run->digest) != 0)
        return -1;
    memcpy(run->run, name, strlen(name) + 1);
    return 0;
}

static int read_runs(struct pasar_batch_sidecar *sidecar, json_t *runs, struct pasar_err *err)
{
    size_t count = json_array_size(runs);
    uint64_t rows = 0;

    if (!json_is_array(runs))
        return pasar_err_set(err, PASAR_EDATA, "runs: not an array");
    sidecar->runs = calloc(count + 1, sizeof *sidecar->runs);
    if (sidecar->runs == NULL)
        return pasar_err_nomem(err, "a sidecar");
    sidecar->run_count = count;
    for (size_t i = 0; i < count; i++) {
        if (read_run(&sidecar->runs[i], json_array_get(runs, i)) != 0)
            return pasar_err_set(err, PASAR_EDATA, "runs: entry %zu is damaged", i);
        if (__builtin_add_overflow(rows, sidecar->runs[i].rows, &rows))
            return pasar_err_set(err, PASAR_EDATA, "runs: too many rows");
    }
    if (rows != sidecar->rows)
        return pasar_err_set(err, PASAR_EDATA, "the runs have %" PRIu64 " rows, the batch %" PRIu64, rows,
                             sidecar->rows);
    return 0;
}

static int read_range(const struct pasar_batch_sidecar *sidecar, struct pasar_row_range *range, json_t *triple)
{
    uint64_t run, end;

    if (json_array_size(triple) != 3 || take_count(json_array_get(triple, 0), &run) != 0 ||
        take_count(json_array_get(triple, 1), &range->first) != 0 ||
        take_count(json_array_get(triple, 2), &range->count) != 0 || run >= sidecar->run_count || range->count == 0 ||
        __builtin_add_overflow(range->first, range->count, &end))
        return -1;
    range->run = (size_t)run;
    bool is_foreign = sidecar->runs[run].run[0] == '\0';
    return is_foreign == (range->first == 0) ? 0 : -1;
}

static int read_ranges(struct pasar_batch_sidecar *sidecar, json_t *ranges, struct pasar_err *err)
{
    size_t count = json_array_size(ranges);
    uint64_t *left = NULL; /* rows per run that no range has named yet */
    int rc = -1;

    if (!json_is_array(ranges))
        return pasar_err_set(err, PASAR_EDATA, "row_ranges: not an array");
    sidecar->ranges = calloc(count + 1, sizeof *sidecar->ranges);
    left = calloc(sidecar->run_count + 1, sizeof *left);
    if (sidecar->ranges == NULL || left == NULL) {
        pasar_err_nomem(err, "a sidecar");
        goto out;
    }
    sidecar->range_count = count;
    for (size_t i = 0; i < sidecar->run_count; i++)
        left[i] = sidecar->runs[i].rows;
    for (size_t i = 0; i < count; i++) {
        struct pasar_row_range *range = &sidecar->ranges[i];
        if (read_range(sidecar, range, json_array_get(ranges, i)) != 0 || range->count > left[range->run]) {
            pasar_err_set(err, PASAR_EDATA, "row_ranges: entry %zu is damaged", i);
            goto out;
        }
        left[range->run] -= range->count;
    }
    for (size_t i = 0; i < sidecar->run_count; i++) {
        if (left[i] != 0) {
            pasar_err_set(err, PASAR_EDATA, "row_ranges: rows of run '%s' are missing", sidecar->runs[i].run);
            goto out;
        }
    }
    rc = 0;
out:
    free(left);
    return rc;
}

static int take_sha256(char hex[65], const char *text, const char *member, struct pasar_err *err)
{
    if (strlen(text) != PASAR_SHA256_HEX || strspn(text, "0123456789abcdef") != PASAR_SHA256_HEX)
        return pasar_err_set(err, PASAR_EDATA, "%s: not 64 lower-case hex digits", member);
    memcpy(hex, text, PASAR_SHA256_HEX + 1);
    return 0;
}

/* The batch that the sidecar tells of becomes its name. */
static int take_name(struct pasar_batch_name *name, const char *topic, json_int_t partition, json_int_t first,
                     json_int_t last, struct pasar_err *err)
{
    if (strlen(topic) > PASAR_TOPIC_MAX || partition < 0 || partition > INT32_MAX || first < 0 || last < first)
        return pasar_err_set(err, PASAR_EDATA, "it tells of no possible batch");
    memcpy(name->topic, topic, strlen(topic) + 1);
    name->partition = (int32_t)partition;
    name->first_offset = first;
    name->last_offset = last;
    return 0;
}

static int read_root(struct pasar_batch_sidecar *sidecar, json_t *root, struct pasar_err *err)
{
    const char *topic, *sha256, *rejects_sha256 = "";
    json_int_t version, partition, first, last;

    if (json_unpack(root, "{s:I, s:s, s:I, s:I, s:I, s:s, s?s}", "version", &version, "topic", &topic, "partition",
                    &partition, "first_offset", &first, "last_offset", &last, "sha256", &sha256, "rejects_sha256",
                    &rejects_sha256) != 0 ||
        take_count(json_object_get(root, "rows"), &sidecar->rows) != 0 ||
        take_count(json_object_get(root, "rejects"), &sidecar->rejects) != 0 ||
        take_count(json_object_get(root, "bytes"), &sidecar->bytes) != 0)
        return pasar_err_set(err, PASAR_EDATA, "a member is missing or of the wrong type");
    if (version < 1 || version > SIDECAR_VERSION)
        return pasar_err_set(err, PASAR_EDATA, "version %lld; this program reads versions 1 to %d", (long long)version,
                             SIDECAR_VERSION);
    if (take_name(&sidecar->name, topic, partition, first, last, err) != 0 ||
        take_sha256(sidecar->sha256, sha256, "sha256", err) != 0)
        return -1;
    if (version > 1 && (rejects_sha256[0] != '\0') != (sidecar->rejects > 0))
        return pasar_err_set(err, PASAR_EDATA, "rejects_sha256 and rejects contradict each other");
    if (rejects_sha256[0] != '\0' && take_sha256(sidecar->rejects_sha256, rejects_sha256, "rejects_sha256", err) != 0)
        return -1;
    if (read_runs(sidecar, json_object_get(root, "runs"), err) != 0)
        return -1;
    return read_ranges(sidecar, json_object_get(root, "row_ranges"), err);
}

int pasar_batch_sidecar_read_any(struct pasar_batch_sidecar *sidecar, const char *dir,
                                 const struct pasar_batch_name *name, struct pasar_err *err)
{
    struct pasar_buf text = {0};
    char file[PASAR_BATCH_NAME_MAX];
    json_error_t why;
    json_t *root = NULL;
    int rc = -1;

    *sidecar = (struct pasar_batch_sidecar){.name = *name};
    sidecar->name.kind = PASAR_BATCH_SIDECAR;
    pasar_batch_name_format(&sidecar->name, file);
    if (pasar_batch_read_small(dir, file, &text, err) != 0)
        goto out;
    root = json_loadb(text.data != NULL ? text.data : "", text.len, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL) {
        pasar_err_set(err, PASAR_EDATA, "%s/%s: byte %d: %s", dir, file, why.position, why.text);
        goto out;
    }
    rc = read_root(sidecar, root, err);
    if (rc != 0)
        pasar_err_context(err, "%s/%s", dir, file);
out:
    sidecar->name.kind = name->kind;
    json_decref(root);
    pasar_buf_fini(&text);
    if (rc != 0)
        pasar_batch_sidecar_free(sidecar);
    return rc;
}

int pasar_batch_sidecar_read(struct pasar_batch_sidecar *sidecar, const char *dir, const struct pasar_batch_name *name,
                             struct pasar_err *err)
{
    const struct pasar_batch_name *told = &sidecar->name;
    struct pasar_batch_name own = *name;
    char file[PASAR_BATCH_NAME_MAX];

    if (pasar_batch_sidecar_read_any(sidecar, dir, name, err) != 0)
        return -1;
    if (strcmp(told->topic, name->topic) == 0 && told->partition == name->partition &&
        told->first_offset == name->first_offset && told->last_offset == name->last_offset)
        return 0;
    own.kind = PASAR_BATCH_SIDECAR;
    pasar_batch_name_format(&own, file);
    pasar_err_set(err, PASAR_EDATA,
                  "%s/%s: it tells of another batch: %s, partition %" PRId32 ", offsets %" PRId64 " to %" PRId64, dir,
                  file, told->topic, told->partition, told->first_offset, told->last_offset);
    pasar_batch_sidecar_free(sidecar);
    return -1;
}

void pasar_batch_sidecar_free(struct pasar_batch_sidecar *sidecar)
{
    free(sidecar->runs);
    free(sidecar->ranges);
    *sidecar = (struct pasar_batch_sidecar){0};
}
