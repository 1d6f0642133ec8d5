/*
 * --verify: proves from the files alone that nothing was lost, doubled or changed on the way.
 *
 * The digest of a row is taken over the JSON that is made anew from its CSV line; since that JSON is canonical, it
 * equals the message's value byte for byte when nothing was changed. Row numbers come from the sidecar, whose own
 * correctness shows in the digests, because the number is part of each row's share.
 */
#include "consumer/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "consumer/ledger.h"
#include "consumer/verify_rejects.h"
#include "pasar/batch.h"
#include "pasar/hash.h"
#include "pasar/record.h"

struct verify {
    const char *dir;
    FILE *out;
    struct ledger ledger;
    struct pasar_buf json;
    uint64_t files, damaged;
    struct pasar_err no_verdict; /* out of memory: that says nothing about the files */
};

/* Where the row number of the next line of a batch comes from. */
struct cursor {
    const struct pasar_batch_sidecar *sidecar;
    size_t range;
    uint64_t used;
    uint64_t *digests; /* of the rows so far, by run of the sidecar */
};

static void report_damage(struct verify *v, const char *file, struct pasar_err *err)
{
    if (err->code == PASAR_EOS) {
        v->no_verdict = *err;
    } else {
        fprintf(v->out, "damaged: %s: %s\n", file, err->msg);
        v->damaged++;
    }
    pasar_err_clear(err);
}

/* The run and row number of the next line; false when the sidecar names fewer rows than the file has. */
static bool next_origin(struct cursor *cursor, size_t *run, uint64_t *row)
{
    const struct pasar_batch_sidecar *sidecar = cursor->sidecar;
    const struct pasar_row_range *range;

    while (cursor->range < sidecar->range_count && cursor->used == sidecar->ranges[cursor->range].count) {
        cursor->range++;
        cursor->used = 0;
    }
    if (cursor->range == sidecar->range_count)
        return false;
    range = &sidecar->ranges[cursor->range];
    *run = range->run;
    *row = sidecar->runs[range->run].run[0] != '\0' ? range->first + cursor->used : 0;
    cursor->used++;
    return true;
}

static int book(struct verify *v, const char *run, uint64_t row, uint64_t share, bool is_reject, struct pasar_err *err)
{
    struct ledger_run *account;

    if (run[0] == '\0') {
        v->ledger.foreign++;
        return 0;
    }
    account = ledger_open(&v->ledger, run);
    if (account == NULL)
        return pasar_err_nomem(err, "ledger");
    if (ledger_add_row(account, row, share, is_reject) != 0)
        return row >= 1 && row <= ROWSET_MAX_ROW
                   ? pasar_err_nomem(err, "row numbers")
                   : pasar_err_set(err, PASAR_EDATA, "impossible row number %" PRIu64 " of run %s", row, run);
    return 0;
}

/* Books one row of a batch. */
static int read_row(struct verify *v, struct cursor *cursor, const struct pasar_record *record, size_t run,
                    uint64_t row, struct pasar_err *err)
{
    uint64_t share;

    pasar_buf_reset(&v->json);
    pasar_record_add_json(&v->json, record);
    if (v->json.failed)
        return pasar_err_nomem(err, "a row");
    share = pasar_hash_row(row, v->json.data, v->json.len);
    cursor->digests[run] += share;
    return book(v, cursor->sidecar->runs[run].run, row, share, false, err);
}

/* Rows of a run have canonical JSON, so their digest can be told from the CSV; that of foreign ones cannot. */
static int check_digests(const struct cursor *cursor, struct pasar_err *err)
{
    for (size_t i = 0; i < cursor->sidecar->run_count; i++) {
        const struct pasar_batch_run *run = &cursor->sidecar->runs[i];

        if (run->run[0] != '\0' && run->digest != cursor->digests[i])
            return pasar_err_set(err, PASAR_EDATA, "its rows of run %s have not the digest in its sidecar", run->run);
    }
    return 0;
}

static int read_rows(struct verify *v, const struct pasar_batch_name *name, const struct pasar_batch_sidecar *sidecar,
                     struct pasar_err *err)
{
    struct pasar_batch_reader *reader = pasar_batch_reader_open(v->dir, name, err);
    struct cursor cursor = {.sidecar = sidecar, .digests = calloc(sidecar->run_count + 1, sizeof(uint64_t))};
    enum pasar_batch_result result = PASAR_BATCH_FAILED;
    struct pasar_record record;
    uint64_t rows = 0, row;
    size_t run;

    if (reader != NULL && cursor.digests == NULL)
        pasar_err_nomem(err, "digests");
    while (err->code == PASAR_OK && (result = pasar_batch_reader_next(reader, &record, err)) == PASAR_BATCH_ROW_READ) {
        rows++;
        if (!next_origin(&cursor, &run, &row) || read_row(v, &cursor, &record, run, row, err) != 0)
            break;
    }
    pasar_batch_reader_close(reader);
    if (err->code == PASAR_OK && (result != PASAR_BATCH_DONE || rows != sidecar->rows))
        pasar_err_set(err, PASAR_EDATA, "%" PRIu64 " rows, but its sidecar says %" PRIu64, rows, sidecar->rows);
    if (err->code == PASAR_OK)
        (void)!check_digests(&cursor, err);
    free(cursor.digests);
    return err->code == PASAR_OK ? 0 : -1;
}

/* Compares a file with what its sidecar says: the checksum, and the size unless it is NULL. */
static int check_file(const struct verify *v, const struct pasar_batch_name *name, enum pasar_batch_kind kind,
                      const char *sha256, const uint64_t *bytes, struct pasar_err *err)
{
    struct pasar_batch_name twin = *name;
    char file[PASAR_BATCH_NAME_MAX], hex[PASAR_SHA256_HEX + 1];
    char *path = NULL;
    struct stat st;
    int result;

    twin.kind = kind;
    pasar_batch_name_format(&twin, file);
    if (asprintf(&path, "%s/%s", v->dir, file) < 0)
        return pasar_err_nomem(err, "path");
    result = pasar_sha256_file(path, hex, err);
    if (result == 0 && strcmp(hex, sha256) != 0)
        result = pasar_err_set(err, PASAR_EDATA,
                               "the SHA-256 of %s is not the one in its sidecar: the file was changed", file);
    if (result == 0 && bytes != NULL && (stat(path, &st) != 0 || (uint64_t)st.st_size != *bytes))
        result = pasar_err_set(err, PASAR_EDATA, "its sidecar says %" PRIu64 " bytes, which it does not have", *bytes);
    free(path);
    return result;
}

static int on_reject(void *opaque, const struct verify_reject *reject, struct pasar_err *err)
{
    uint64_t share = pasar_hash_row(reject->row, reject->value, reject->value_len);

    return book(opaque, reject->run, reject->row, share, true, err);
}

static int check_rejects(struct verify *v, const struct pasar_batch_name *name,
                         const struct pasar_batch_sidecar *sidecar, struct pasar_err *err)
{
    if (sidecar->rejects == 0)
        return verify_rejects_check_absent(v->dir, name, err);
    if (sidecar->rejects_sha256[0] != '\0' &&
        check_file(v, name, PASAR_BATCH_REJECTS, sidecar->rejects_sha256, NULL, err) != 0) {
        struct pasar_err ignored = PASAR_ERR_INIT;

        (void)!verify_rejects_read(v->dir, name, sidecar->rejects, on_reject, v, &ignored);
        return -1;
    }
    return verify_rejects_read(v->dir, name, sidecar->rejects, on_reject, v, err);
}

/* A copied batch keeps its sidecar: its rows are booked all the same, so that the account names the doubled ones. */
static int check_sidecar(const struct pasar_batch_name *name, const struct pasar_batch_name *told,
                         struct pasar_err *err)
{
    if (strcmp(told->topic, name->topic) == 0 && told->partition == name->partition &&
        told->first_offset == name->first_offset && told->last_offset == name->last_offset)
        return 0;
    return pasar_err_set(err, PASAR_EDATA,
                         "its sidecar tells of another batch: %s, partition %" PRId32 ", offsets %" PRId64
                         " to %" PRId64,
                         told->topic, told->partition, told->first_offset, told->last_offset);
}

/* A batch: rows are booked even when the file is damaged, so that the account shows what can still be read. */
static void verify_batch(struct verify *v, const struct pasar_batch_name *name)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_sidecar sidecar;
    char file[PASAR_BATCH_NAME_MAX];

    pasar_batch_name_format(name, file);
    v->files++;
    if (pasar_batch_sidecar_read_any(&sidecar, v->dir, name, &err) != 0) {
        report_damage(v, file, &err);
        return;
    }
    if (check_sidecar(name, &sidecar.name, &err) != 0)
        report_damage(v, file, &err);
    if (check_file(v, name, PASAR_BATCH_ROWS, sidecar.sha256, &sidecar.bytes, &err) != 0)
        report_damage(v, file, &err);
    if (read_rows(v, name, &sidecar, &err) != 0)
        report_damage(v, file, &err);
    if (check_rejects(v, name, &sidecar, &err) != 0)
        report_damage(v, file, &err);
    pasar_batch_sidecar_free(&sidecar);
}

static void verify_end(struct verify *v, const struct pasar_batch_name *name)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_run_end end;
    struct ledger_run *account;
    char file[PASAR_BATCH_NAME_MAX];

    pasar_batch_name_format(name, file);
    v->files++;
    if (pasar_batch_read_end(v->dir, name, &end, &err) != 0) {
        report_damage(v, file, &err);
        return;
    }
    account = ledger_open(&v->ledger, end.run);
    if (account == NULL || ledger_add_end(account, name->partition, &end) != 0) {
        pasar_err_nomem(&err, "ledger");
        report_damage(v, file, &err);
    }
}

/*
 * Looks at the ranges of each partition: offsets in two files are damage; offsets in none hold no messages after
 * transactions and compaction, or before the beginning of an old topic; elsewhere a file is gone. Returns the gaps.
 */
static uint64_t check_ranges(struct verify *v, const struct pasar_batch_list *list)
{
    const struct pasar_batch_name *reach = NULL; /* the range of this partition that goes farthest */
    uint64_t gaps = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct pasar_batch_name *name = &list->names[i];
        struct pasar_err err = PASAR_ERR_INIT;
        char file[PASAR_BATCH_NAME_MAX], other[PASAR_BATCH_NAME_MAX];
        int64_t next;

        if (reach != NULL && (strcmp(reach->topic, name->topic) != 0 || reach->partition != name->partition))
            reach = NULL;
        next = reach != NULL ? reach->last_offset + 1 : 0;
        if (name->first_offset > next) {
            gaps++;
            fprintf(v->out, "gap: %s [%" PRId32 "]: no file holds offsets %" PRId64 " to %" PRId64 "\n", name->topic,
                    name->partition, next, name->first_offset - 1);
        } else if (name->first_offset < next) {
            pasar_batch_name_format(name, file);
            pasar_batch_name_format(reach, other);
            pasar_err_set(&err, PASAR_EDATA, "its offsets overlap those of %s", other);
            report_damage(v, file, &err);
        }
        if (name->last_offset >= next)
            reach = name;
    }
    return gaps;
}

static int conclude(struct verify *v, uint64_t gaps, bool allow_gaps, struct pasar_err *err)
{
    size_t whole = 0;

    for (size_t i = 0; i < v->ledger.count; i++) {
        struct pasar_buf line = {0};
        const char *text;

        if (ledger_judge(&v->ledger.runs[i], &line))
            whole++;
        text = pasar_buf_cstr(&line);
        if (text != NULL)
            fprintf(v->out, "%s\n", text);
        else
            pasar_err_nomem(&v->no_verdict, "the result");
        pasar_buf_fini(&line);
    }
    fprintf(v->out,
            "%zu of %zu runs whole; files %" PRIu64 ", damaged %" PRIu64 ", gaps %" PRIu64 ", foreign messages %" PRIu64
            "\n",
            whole, v->ledger.count, v->files, v->damaged, gaps, v->ledger.foreign);
    if (v->no_verdict.code != PASAR_OK)
        return pasar_err_set(err, v->no_verdict.code, "no verdict: %s", v->no_verdict.msg);
    if (v->ledger.count == 0)
        return pasar_err_set(err, PASAR_EDATA, "%s holds no run", v->dir);
    if (whole < v->ledger.count)
        return pasar_err_set(err, PASAR_EDATA, "%zu of %zu runs are not whole", v->ledger.count - whole,
                             v->ledger.count);
    if (v->damaged > 0)
        return pasar_err_set(err, PASAR_EDATA, "damage found %" PRIu64 " times in %" PRIu64 " files", v->damaged,
                             v->files);
    if (gaps > 0 && !allow_gaps)
        return pasar_err_set(err, PASAR_EDATA,
                             "%" PRIu64 " gaps: files were taken away. If not (offsets without messages come from "
                             "transactions, compaction and expiry, too), use --allow-gaps",
                             gaps);
    return 0;
}

int verify_run(const char *dir, bool allow_gaps, FILE *out, struct pasar_err *err)
{
    struct verify v = {.dir = dir, .out = out};
    struct pasar_batch_list list;
    struct stat st;
    uint64_t gaps;
    int result;

    if (stat(dir, &st) != 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "%s", dir);
    if (pasar_batch_list_read_all(&list, dir, err) != 0)
        return -1;
    gaps = check_ranges(&v, &list);
    for (size_t i = 0; i < list.count; i++) {
        if (list.names[i].kind == PASAR_BATCH_END)
            verify_end(&v, &list.names[i]);
        else
            verify_batch(&v, &list.names[i]);
    }
    result = conclude(&v, gaps, allow_gaps, err);
    if (fflush(out) != 0 && result == 0)
        result = pasar_err_errno(err, PASAR_EIO, "write the result");
    pasar_batch_list_free(&list);
    ledger_fini(&v.ledger);
    pasar_buf_fini(&v.json);
    return result;
}
