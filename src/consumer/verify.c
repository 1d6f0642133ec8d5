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
static bool next_origin(struct cursor *cursor, const char **run, uint64_t *row)
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
    *run = sidecar->runs[range->run].run;
    *row = (*run)[0] != '\0' ? range->first + cursor->used : 0;
    cursor->used++;
    return true;
}

static int book(struct verify *v, const char *run, uint64_t row, const void *value, size_t len, bool is_reject,
                struct pasar_err *err)
{
    struct ledger_run *account;

    if (run[0] == '\0') {
        v->ledger.foreign++;
        return 0;
    }
    account = ledger_open(&v->ledger, run);
    if (account == NULL)
        return pasar_err_nomem(err, "ledger");
    if (ledger_add_row(account, row, pasar_hash_row(row, value, len), is_reject) != 0)
        return row >= 1 && row <= ROWSET_MAX_ROW
                   ? pasar_err_nomem(err, "row numbers")
                   : pasar_err_set(err, PASAR_EDATA, "impossible row number %" PRIu64 " of run %s", row, run);
    return 0;
}

static int read_rows(struct verify *v, const struct pasar_batch_name *name, const struct pasar_batch_sidecar *sidecar,
                     struct pasar_err *err)
{
    struct pasar_batch_reader *reader = pasar_batch_reader_open(v->dir, name, err);
    struct cursor cursor = {.sidecar = sidecar};
    enum pasar_batch_result result = PASAR_BATCH_FAILED;
    struct pasar_record record;
    uint64_t rows = 0, row;
    const char *run;

    if (reader == NULL)
        return -1;
    while ((result = pasar_batch_reader_next(reader, &record, err)) == PASAR_BATCH_ROW_READ) {
        rows++;
        if (!next_origin(&cursor, &run, &row))
            break;
        pasar_buf_reset(&v->json);
        pasar_record_add_json(&v->json, &record);
        if (v->json.failed)
            pasar_err_nomem(err, "a row");
        if (err->code != PASAR_OK || book(v, run, row, v->json.data, v->json.len, false, err) != 0)
            break;
    }
    pasar_batch_reader_close(reader);
    if (err->code == PASAR_OK && (result != PASAR_BATCH_DONE || rows != sidecar->rows))
        pasar_err_set(err, PASAR_EDATA, "%" PRIu64 " rows, but its sidecar says %" PRIu64, rows, sidecar->rows);
    return err->code == PASAR_OK ? 0 : -1;
}

static int check_sha256(const struct verify *v, const char *file, const struct pasar_batch_sidecar *sidecar,
                        struct pasar_err *err)
{
    char hex[PASAR_SHA256_HEX + 1];
    char *path = NULL;
    int result;

    if (asprintf(&path, "%s/%s", v->dir, file) < 0)
        return pasar_err_nomem(err, "path");
    result = pasar_sha256_file(path, hex, err);
    free(path);
    if (result == 0 && strcmp(hex, sidecar->sha256) != 0)
        result = pasar_err_set(err, PASAR_EDATA, "its SHA-256 is not the one in its sidecar: the file was changed");
    return result;
}

static int on_reject(void *opaque, const struct verify_reject *reject, struct pasar_err *err)
{
    return book(opaque, reject->run, reject->row, reject->value, reject->value_len, true, err);
}

/* A batch: rows are booked even when the file is damaged, so that the account shows what can still be read. */
static void verify_batch(struct verify *v, const struct pasar_batch_name *name)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_sidecar sidecar;
    char file[PASAR_BATCH_NAME_MAX];

    pasar_batch_name_format(name, file);
    v->files++;
    if (pasar_batch_sidecar_read(&sidecar, v->dir, name, &err) != 0) {
        report_damage(v, file, &err);
        return;
    }
    if (check_sha256(v, file, &sidecar, &err) != 0)
        report_damage(v, file, &err);
    if (read_rows(v, name, &sidecar, &err) != 0)
        report_damage(v, file, &err);
    if (sidecar.rejects > 0 && verify_rejects_read(v->dir, name, sidecar.rejects, on_reject, v, &err) != 0)
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

/* Offsets between two ranges hold no messages after transactions and compaction only; elsewhere a file is gone. */
static uint64_t report_gaps(const struct verify *v, const struct pasar_batch_list *list)
{
    uint64_t gaps = 0;

    for (size_t i = 1; i < list->count; i++) {
        const struct pasar_batch_name *before = &list->names[i - 1], *name = &list->names[i];

        if (strcmp(before->topic, name->topic) != 0 || before->partition != name->partition ||
            name->first_offset == before->last_offset + 1)
            continue;
        gaps++;
        fprintf(v->out, "gap: %s [%" PRId32 "]: no file holds offsets %" PRId64 " to %" PRId64 "\n", name->topic,
                name->partition, before->last_offset + 1, name->first_offset - 1);
    }
    return gaps;
}

static int conclude(struct verify *v, uint64_t gaps, struct pasar_err *err)
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
        return pasar_err_set(err, PASAR_EDATA, "%" PRIu64 " of %" PRIu64 " files are damaged", v->damaged, v->files);
    return 0;
}

int verify_run(const char *dir, FILE *out, struct pasar_err *err)
{
    struct verify v = {.dir = dir, .out = out};
    struct pasar_batch_list list;
    struct stat st;
    int result;

    if (stat(dir, &st) != 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "%s", dir);
    if (pasar_batch_list_read(&list, dir, err) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        if (list.names[i].kind == PASAR_BATCH_END)
            verify_end(&v, &list.names[i]);
        else
            verify_batch(&v, &list.names[i]);
    }
    result = conclude(&v, report_gaps(&v, &list), err);
    if (fflush(out) != 0 && result == 0)
        result = pasar_err_errno(err, PASAR_EIO, "write the result");
    pasar_batch_list_free(&list);
    ledger_fini(&v.ledger);
    pasar_buf_fini(&v.json);
    return result;
}
