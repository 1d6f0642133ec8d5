/* The journal of a run as text and as a file. */
#include "producer/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "pasar/atomicfile.h"
#include "pasar/clock.h"
#include "pasar/csv.h"
#include "pasar/hash.h"
#include "pasar/record.h"

enum { FORMAT = 1, CHECK_CHARS = 16, FILE_BYTES_MAX = 256 << 20 };

void journal_fini(struct journal *journal)
{
    free(journal->topic);
    free(journal->cluster);
    free(journal->file);
    free(journal->settings);
    free(journal->refused.ranges);
    checkpoint_fini(&journal->checkpoint);
    *journal = (struct journal){0};
}

int journal_refuse(struct journal_refused *refused, uint64_t row, struct pasar_err *err)
{
    if (refused->count > 0 && refused->ranges[refused->count - 1].last + 1 == row) {
        refused->ranges[refused->count - 1].last = row;
        return 0;
    }
    if (refused->count == refused->cap) {
        size_t cap = refused->cap > 0 ? refused->cap * 2 : 16;
        struct journal_range *ranges = reallocarray(refused->ranges, cap, sizeof(*ranges));

        if (ranges == NULL)
            return pasar_err_nomem(err, "refused rows");
        refused->ranges = ranges;
        refused->cap = cap;
    }
    refused->ranges[refused->count++] = (struct journal_range){row, row};
    return 0;
}

void journal_forget_refused(struct journal_refused *refused, uint64_t row)
{
    while (refused->count > 0 && refused->ranges[refused->count - 1].first > row)
        refused->count--;
    if (refused->count > 0 && refused->ranges[refused->count - 1].last > row)
        refused->ranges[refused->count - 1].last = row;
}

bool journal_is_refused(const struct journal_refused *refused, uint64_t row)
{
    size_t low = 0, high = refused->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (refused->ranges[middle].last < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < refused->count && refused->ranges[low].first <= row;
}

/* ------------------------------------------------------------------ writing */

static json_t *time_json(int64_t us)
{
    char text[PASAR_CLOCK_TEXT_LEN + 1];

    if (us == 0)
        return json_null();
    pasar_clock_format(us, text);
    return json_string(text);
}

static json_t *hex_json(uint64_t value)
{
    return json_sprintf("%016" PRIx64, value);
}

/* Text for people, which may be no UTF-8: a file's name is whatever bytes its directory holds. */
static json_t *name_json(const char *name)
{
    struct pasar_buf clean = {0};
    json_t *string = NULL;

    pasar_csv_add_utf8(&clean, name, strlen(name));
    if (!clean.failed)
        string = json_stringn(clean.len > 0 ? clean.data : "", clean.len);
    pasar_buf_fini(&clean);
    return string;
}

static json_t *partitions_json(const struct checkpoint *checkpoint)
{
    json_t *array = json_array();

    for (int32_t p = 0; p < checkpoint->partition_count; p++)
        json_array_append_new(array, json_pack("[I,I]", (json_int_t)checkpoint->partitions[p].next_offset,
                                               (json_int_t)checkpoint->partitions[p].last_row));
    return array;
}

static json_t *refused_json(const struct journal_refused *refused)
{
    json_t *array = json_array();

    for (size_t i = 0; i < refused->count; i++)
        json_array_append_new(
            array, json_pack("[I,I]", (json_int_t)refused->ranges[i].first, (json_int_t)refused->ranges[i].last));
    return array;
}

static json_t *journal_json(const struct journal *journal)
{
    const struct checkpoint_counts *counts = &journal->checkpoint.counts;

    return json_pack(
        "{s:i, s:s, s:s, s:s, s:o, s:o, s:I, s:s, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:[i,I]}", "format",
        FORMAT, "run", journal->run, "topic", journal->topic, "cluster", journal->cluster, "file",
        name_json(journal->file), "input", hex_json(journal->input_hash), "bytes", (json_int_t)journal->input_bytes,
        "settings", journal->settings, "started", time_json(journal->started_us), "finished",
        time_json(journal->finished_us), "row", (json_int_t)counts->row, "stored", (json_int_t)counts->stored,
        "rejected", (json_int_t)counts->rejected, "digest", hex_json(counts->digest), "timestamp",
        time_json(counts->timestamp_us), "partitions", partitions_json(&journal->checkpoint), "refused",
        refused_json(&journal->refused), "end", (int)journal->end_partition, (json_int_t)journal->end_offset);
}

int journal_encode(struct pasar_buf *text, const struct journal *journal, struct pasar_err *err)
{
    json_t *root = journal_json(journal);
    char *line = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;

    pasar_buf_reset(text);
    if (line != NULL)
        pasar_buf_printf(text, "%s\n%016" PRIx64 "\n", line, pasar_hash64(line, strlen(line)));
    json_decref(root);
    if (line == NULL || text->failed)
        pasar_err_nomem(err, "journal");
    free(line);
    return text->len > 0 && !text->failed ? 0 : -1;
}

int journal_write(const char *dir, const char *name, const struct journal *journal, struct pasar_err *err)
{
    struct pasar_buf text = {0};
    int result = journal_encode(&text, journal, err);

    if (result == 0)
        result = pasar_atomicfile_publish(dir, name, text.data, text.len, PASAR_REPLACE, err);
    pasar_buf_fini(&text);
    return result;
}

/* ------------------------------------------------------------------ reading */

static int read_time(json_t *value, int64_t *us)
{
    *us = 0;
    if (json_is_null(value))
        return 0;
    return json_is_string(value) ? pasar_clock_parse(json_string_value(value), json_string_length(value), us) : -1;
}

/* Reads [[a,b],…]; each number must be >= 0. */
static int read_pair(json_t *pair, uint64_t *a, uint64_t *b)
{
    json_int_t first, second;

    if (json_unpack(pair, "[I,I!]", &first, &second) != 0 || first < 0 || second < 0)
        return -1;
    *a = (uint64_t)first;
    *b = (uint64_t)second;
    return 0;
}

static int read_partitions(struct checkpoint *checkpoint, json_t *array, struct pasar_err *err)
{
    size_t count = json_array_size(array);
    uint64_t next;

    if (!json_is_array(array) || count > INT32_MAX)
        return pasar_err_set(err, PASAR_EDATA, "partitions");
    if (checkpoint_init(checkpoint, (int32_t)count, err) != 0)
        return -1;
    for (size_t p = 0; p < count; p++) {
        if (read_pair(json_array_get(array, p), &next, &checkpoint->partitions[p].last_row) != 0)
            return pasar_err_set(err, PASAR_EDATA, "partitions");
        checkpoint->partitions[p].next_offset = (int64_t)next;
    }
    return 0;
}

static int read_refused(struct journal_refused *refused, json_t *array, struct pasar_err *err)
{
    size_t count = json_array_size(array);

    if (!json_is_array(array))
        return pasar_err_set(err, PASAR_EDATA, "refused");
    refused->ranges = calloc(count + 1, sizeof(*refused->ranges));
    if (refused->ranges == NULL)
        return pasar_err_nomem(err, "journal");
    refused->cap = count + 1;
    for (; refused->count < count; refused->count++) {
        struct journal_range *range = &refused->ranges[refused->count];

        if (read_pair(json_array_get(array, refused->count), &range->first, &range->last) != 0 ||
            range->first > range->last || (refused->count > 0 && range->first <= range[-1].last))
            return pasar_err_set(err, PASAR_EDATA, "refused");
    }
    return 0;
}

static int read_members(struct journal *journal, json_t *root, struct pasar_err *err)
{
    struct checkpoint_counts counts = {0};
    const char *run, *topic, *cluster, *file, *input, *settings, *digest;
    json_t *started, *finished, *timestamp, *partitions, *refused;
    json_int_t bytes, row, stored, rejected, end_offset;
    int format = 0, end_partition;

    if (json_unpack(root, "{s:i}", "format", &format) != 0 || format != FORMAT)
        return pasar_err_set(err, PASAR_EDATA, "format %d, this version reads format %d only", format, FORMAT);
    if (json_unpack(root, "{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:[i,I!]}",
                    "run", &run, "topic", &topic, "cluster", &cluster, "file", &file, "input", &input, "bytes", &bytes,
                    "settings", &settings, "started", &started, "finished", &finished, "row", &row, "stored", &stored,
                    "rejected", &rejected, "digest", &digest, "timestamp", &timestamp, "partitions", &partitions,
                    "refused", &refused, "end", &end_partition, &end_offset) != 0)
        return pasar_err_set(err, PASAR_EDATA, "a member is missing or of the wrong type");
    if (!runid_is_valid(run) || bytes < 0 || row < 0 || stored < 0 || rejected < 0 || row != stored + rejected ||
        read_time(started, &journal->started_us) != 0 || read_time(finished, &journal->finished_us) != 0 ||
        read_time(timestamp, &counts.timestamp_us) != 0 || pasar_run_digest_parse(digest, &counts.digest) != 0 ||
        pasar_run_digest_parse(input, &journal->input_hash) != 0)
        return pasar_err_set(err, PASAR_EDATA, "a value is out of range");
    snprintf(journal->run, sizeof(journal->run), "%s", run);
    journal->input_bytes = (uint64_t)bytes;
    journal->end_partition = end_partition;
    journal->end_offset = end_offset;
    journal->topic = strdup(topic);
    journal->cluster = strdup(cluster);
    journal->file = strdup(file);
    journal->settings = strdup(settings);
    if (journal->topic == NULL || journal->cluster == NULL || journal->file == NULL || journal->settings == NULL)
        return pasar_err_nomem(err, "journal");
    if (read_partitions(&journal->checkpoint, partitions, err) != 0)
        return -1;
    counts.row = (uint64_t)row;
    counts.stored = (uint64_t)stored;
    counts.rejected = (uint64_t)rejected;
    journal->checkpoint.counts = counts;
    return read_refused(&journal->refused, refused, err);
}

int journal_decode(struct journal *journal, const char *text, size_t len, struct pasar_err *err)
{
    const char *line_end = len > 0 ? memchr(text, '\n', len) : NULL;
    size_t line_len = line_end != NULL ? (size_t)(line_end - text) : 0;
    char check[CHECK_CHARS + 2];
    json_t *root;
    int result;

    if (line_end == NULL || len != line_len + 1 + CHECK_CHARS + 1)
        return pasar_err_set(err, PASAR_EDATA, "it is cut off or not a journal");
    snprintf(check, sizeof(check), "%016" PRIx64 "\n", pasar_hash64(text, line_len));
    if (memcmp(check, line_end + 1, CHECK_CHARS + 1) != 0)
        return pasar_err_set(err, PASAR_EDATA, "its checksum is wrong");
    root = json_loadb(text, line_len, JSON_REJECT_DUPLICATES, NULL);
    result = root != NULL ? read_members(journal, root, err) : pasar_err_set(err, PASAR_EDATA, "it is no JSON object");
    json_decref(root);
    return result;
}

/* The file's bytes. 0, 1 when there is no such file, -1 with err. */
static int read_file(const char *path, struct pasar_buf *text, struct pasar_err *err)
{
    FILE *file = fopen(path, "re");
    size_t n = 1;
    int result = 0;

    if (file == NULL)
        return errno == ENOENT ? 1 : pasar_err_errno(err, PASAR_ENOINPUT, "open %s", path);
    while (n > 0 && text->len < FILE_BYTES_MAX && pasar_buf_reserve(text, 64 * 1024) == 0) {
        n = fread(text->data + text->len, 1, 64 * 1024, file);
        text->len += n;
    }
    if (ferror(file))
        result = pasar_err_errno(err, PASAR_EIO, "read %s", path);
    else if (text->failed)
        result = pasar_err_nomem(err, "journal");
    fclose(file);
    return result;
}

int journal_read(const char *dir, const char *name, struct journal *journal, bool *found, struct pasar_err *err)
{
    struct pasar_buf text = {0};
    char *path = NULL;
    int result;

    *found = false;
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return pasar_err_nomem(err, "journal");
    result = read_file(path, &text, err);
    if (result == 0) {
        *found = true;
        result = journal_decode(journal, text.data != NULL ? text.data : "", text.len, err);
        if (result != 0)
            pasar_err_context(err, "journal %s: damaged, so it is not known what was sent (--abandon sends everything)",
                              path);
    }
    pasar_buf_fini(&text);
    free(path);
    return result < 0 ? -1 : 0;
}
