/*
 * A batch under construction: rows and rejects go to hidden files block by block (so that memory does not grow with the
 * batch), and the batch becomes visible in the order rejects, sidecar, CSV. The .csv is the commit point: a crash
 * before it leaves files that pasar_batch_clean removes, a crash after it leaves a whole batch. That holds for a power
 * loss too, because the contents of all files and the names of the twins are on the disk before the .csv gets its name.
 *
 * One thread may add rows while another writes the blocks that it took. Until the batch is sealed, the members of
 * struct csv_file belong to the thread that writes, all others to the one that adds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pasar/atomicfile.h"
#include "pasar/hash.h"

#include "atomicfile_ops.h"
#include "batch_private.h"

enum { BLOCK_BYTES = 240 * 1024 }; /* a row more usually fits in the 256 KiB that a buffer has by then */

struct csv_file {
    struct pasar_atomicfile *file;
    struct pasar_sha256 *sha256; /* NULL when sealed */
    uint64_t bytes;              /* written */
    struct pasar_err err;        /* the first failure */
};

struct pasar_batch_writer {
    char *dir;
    struct pasar_batch_name name; /* last_offset is that of the latest message; first - 1 while empty */
    struct csv_file csv;
    struct pasar_buf block;              /* of the CSV, to be written */
    struct pasar_atomicfile *rejects;    /* NULL until the first */
    struct pasar_atomicfile *sidecar;    /* NULL until sealed */
    struct pasar_sha256 *rejects_sha256; /* NULL without rejects, and when sealed */
    struct pasar_batch_ledger ledger;
    uint64_t row_count, reject_count, csv_bytes;
    struct pasar_buf line; /* of rejects; the sidecar */
    bool failed;
    bool has_twins;   /* visible twins of ours: to be removed unless the .csv follows */
    bool is_revealed; /* the .csv is visible */
};

/* The name that a file of this batch has when it is of this kind; `last` may not be known yet. */
static void file_name(const struct pasar_batch_writer *w, enum pasar_batch_kind kind, int64_t last,
                      char file[PASAR_BATCH_NAME_MAX])
{
    struct pasar_batch_name name = w->name;

    name.kind = kind;
    name.last_offset = last;
    pasar_batch_name_format(&name, file);
}

/* Opens a hidden file; until the last offset is known its name has the first in that place. */
static struct pasar_atomicfile *open_hidden(const struct pasar_batch_writer *w, enum pasar_batch_kind kind,
                                            struct pasar_err *err)
{
    char file[PASAR_BATCH_NAME_MAX];

    file_name(w, kind, w->name.first_offset, file);
    return pasar_atomicfile_open(w->dir, file, err);
}

static int fail(struct pasar_batch_writer *w)
{
    w->failed = true;
    return -1;
}

bool pasar_batch_writer_has_block(const struct pasar_batch_writer *w)
{
    return w->block.len >= BLOCK_BYTES;
}

void pasar_batch_writer_take_block(struct pasar_batch_writer *w, struct pasar_buf *block)
{
    struct pasar_buf full = w->block;

    w->block = *block;
    *block = full;
}

int pasar_batch_writer_write(struct pasar_batch_writer *w, const struct pasar_buf *block, struct pasar_err *err)
{
    struct csv_file *csv = &w->csv;

    if (csv->err.code == PASAR_OK && pasar_atomicfile_write(csv->file, block->data, block->len, &csv->err) == 0) {
        pasar_sha256_add(csv->sha256, block->data, block->len);
        csv->bytes += block->len;
        return 0;
    }
    *err = csv->err;
    return -1;
}

/* Writes what nobody took. */
static int write_block(struct pasar_batch_writer *w, struct pasar_err *err)
{
    if (pasar_batch_writer_write(w, &w->block, err) != 0)
        return -1;
    pasar_buf_reset(&w->block);
    return 0;
}

struct pasar_batch_writer *pasar_batch_writer_open(const char *dir, const char *topic, int32_t partition,
                                                   int64_t first_offset, struct pasar_err *err)
{
    if (pasar_batch_check_topic(topic, err) != 0)
        return NULL;
    if (partition < 0 || first_offset < 0) {
        pasar_err_set(err, PASAR_EBUG, "a batch of partition %d cannot begin at offset %lld", (int)partition,
                      (long long)first_offset);
        return NULL;
    }
    struct pasar_batch_writer *w = calloc(1, sizeof *w);
    if (w == NULL || (w->dir = strdup(dir)) == NULL || (w->csv.sha256 = pasar_sha256_new()) == NULL) {
        pasar_err_nomem(err, "a batch");
        goto fail;
    }
    memcpy(w->name.topic, topic, strlen(topic) + 1);
    w->name.partition = partition;
    w->name.first_offset = first_offset;
    w->name.last_offset = first_offset - 1;
    w->csv.file = open_hidden(w, PASAR_BATCH_ROWS, err);
    if (w->csv.file == NULL)
        goto fail;
    pasar_record_add_csv_header(&w->block);
    w->csv_bytes = w->block.len;
    if (w->block.failed) {
        pasar_err_nomem(err, "a batch");
        goto fail;
    }
    return w;
fail:
    pasar_batch_writer_abort(w);
    return NULL;
}

/* What must hold before a message is added. */
static int check_offset(struct pasar_batch_writer *w, int64_t offset, struct pasar_err *err)
{
    if (w->failed)
        return pasar_err_set(err, PASAR_EIO, "%s: an earlier write to this batch failed", w->dir);
    if (offset <= w->name.last_offset)
        return pasar_err_set(err, PASAR_EBUG, "%s: offset %lld after %lld in a batch", w->dir, (long long)offset,
                             (long long)w->name.last_offset);
    return 0;
}

/* A run id that could not stand in our files, or a row without a number, belongs to nobody's run. */
static bool is_of_run(const char *run, uint64_t row)
{
    return run != NULL && row > 0 && row <= INT64_MAX && pasar_run_is_valid(run, strlen(run));
}

int pasar_batch_writer_add(struct pasar_batch_writer *w, int64_t offset, const struct pasar_record *record,
                           const char *run, uint64_t row, const void *value, size_t value_len, struct pasar_err *err)
{
    if (check_offset(w, offset, err) != 0)
        return fail(w);
    if (!is_of_run(run, row)) {
        run = "";
        row = 0;
    }
    if (pasar_batch_writer_has_block(w) && write_block(w, err) != 0)
        return fail(w);
    size_t before = w->block.len;
    pasar_record_add_csv(&w->block, record);
    if (w->block.failed) {
        pasar_err_nomem(err, "a row of a batch");
        return fail(w);
    }
    if (pasar_batch_ledger_add(&w->ledger, run, row, pasar_hash_row(row, value, value_len), err) != 0)
        return fail(w);
    w->csv_bytes += w->block.len - before;
    w->row_count++;
    w->name.last_offset = offset;
    return 0;
}

int pasar_batch_writer_reject(struct pasar_batch_writer *w, int64_t offset, const char *run, uint64_t row,
                              const void *key, size_t key_len, const void *value, size_t value_len, const char *reason,
                              struct pasar_err *err)
{
    if (check_offset(w, offset, err) != 0)
        return fail(w);
    if (w->rejects == NULL && (w->rejects = open_hidden(w, PASAR_BATCH_REJECTS, err)) == NULL)
        return fail(w);
    if (w->rejects_sha256 == NULL && (w->rejects_sha256 = pasar_sha256_new()) == NULL) {
        pasar_err_nomem(err, "a batch");
        return fail(w);
    }
    bool is_ours = is_of_run(run, row);
    pasar_buf_reset(&w->line);
    pasar_batch_reject_add_json(&w->line, &w->name, offset, is_ours ? run : "", is_ours ? row : 0, key, key_len, value,
                                value_len, reason);
    if (w->line.failed) {
        pasar_err_nomem(err, "a rejected message");
        return fail(w);
    }
    if (pasar_atomicfile_write(w->rejects, w->line.data, w->line.len, err) != 0)
        return fail(w);
    pasar_sha256_add(w->rejects_sha256, w->line.data, w->line.len);
    w->reject_count++;
    w->name.last_offset = offset;
    return 0;
}

void pasar_batch_writer_stats(const struct pasar_batch_writer *w, struct pasar_batch_stats *stats)
{
    bool is_empty = w->row_count + w->reject_count == 0;

    *stats = (struct pasar_batch_stats){
        .rows = w->row_count,
        .rejects = w->reject_count,
        .bytes = w->csv_bytes,
        .first_offset = is_empty ? -1 : w->name.first_offset,
        .last_offset = is_empty ? -1 : w->name.last_offset,
    };
}

/* Whether dir/<final name of that kind> exists; true too when that cannot be told. */
static bool exists(const struct pasar_batch_writer *w, int dirfd, enum pasar_batch_kind kind)
{
    char file[PASAR_BATCH_NAME_MAX];

    file_name(w, kind, w->name.last_offset, file);
    return faccessat(dirfd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static int write_sidecar(struct pasar_batch_writer *w, struct pasar_err *err)
{
    struct pasar_batch_sidecar sidecar = {
        .name = w->name,
        .rows = w->row_count,
        .rejects = w->reject_count,
        .bytes = w->csv_bytes,
        .runs = w->ledger.runs,
        .run_count = w->ledger.run_count,
        .ranges = w->ledger.ranges,
        .range_count = w->ledger.range_count,
    };

    pasar_sha256_finish(w->csv.sha256, sidecar.sha256);
    w->csv.sha256 = NULL;
    if (w->rejects_sha256 != NULL)
        pasar_sha256_finish(w->rejects_sha256, sidecar.rejects_sha256);
    w->rejects_sha256 = NULL;
    pasar_buf_reset(&w->line);
    pasar_batch_sidecar_add_json(&w->line, &sidecar);
    if (w->line.failed)
        return pasar_err_nomem(err, "a sidecar");
    w->sidecar = open_hidden(w, PASAR_BATCH_SIDECAR, err);
    return w->sidecar == NULL ? -1 : pasar_atomicfile_write(w->sidecar, w->line.data, w->line.len, err);
}

int pasar_batch_writer_seal(struct pasar_batch_writer *w, struct pasar_err *err)
{
    if (w->failed)
        return pasar_err_set(err, PASAR_EIO, "%s: an earlier write to this batch failed", w->dir);
    if (w->row_count + w->reject_count == 0)
        return pasar_err_set(err, PASAR_EBUG, "%s: a batch without messages cannot be published", w->dir);
    if (w->csv.sha256 == NULL)
        return pasar_err_set(err, PASAR_EBUG, "%s: a batch can be sealed once", w->dir);
    if (write_block(w, err) != 0)
        return fail(w);
    if (w->csv.bytes != w->csv_bytes) {
        pasar_err_set(err, PASAR_EBUG, "%s: a block of a batch was taken and not written", w->dir);
        return fail(w);
    }
    if (write_sidecar(w, err) != 0 || pasar_atomicfile_sync(w->csv.file, err) != 0 ||
        pasar_atomicfile_sync(w->sidecar, err) != 0 ||
        (w->rejects != NULL && pasar_atomicfile_sync(w->rejects, err) != 0))
        return fail(w);
    return 0;
}

/* What is there already is another's: it must be neither replaced nor, after a failure, removed. */
static int check_absent(const struct pasar_batch_writer *w, struct pasar_err *err)
{
    static const enum pasar_batch_kind kinds[] = {PASAR_BATCH_ROWS, PASAR_BATCH_SIDECAR, PASAR_BATCH_REJECTS};
    int rc = 0, dirfd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dirfd < 0)
        return pasar_err_errno(err, PASAR_ECREATE, "open directory %s", w->dir);
    for (size_t i = 0; rc == 0 && i < PASAR_ARRAY_LEN(kinds); i++) {
        if (exists(w, dirfd, kinds[i])) {
            char file[PASAR_BATCH_NAME_MAX];
            file_name(w, kinds[i], w->name.last_offset, file);
            rc = pasar_err_set(err, PASAR_ECREATE, "%s/%s exists already", w->dir, file);
        }
    }
    close(dirfd);
    return rc;
}

/* Gives a sealed file its final name. */
static int reveal(const struct pasar_batch_writer *w, struct pasar_atomicfile *file, enum pasar_batch_kind kind,
                  struct pasar_err *err)
{
    char name[PASAR_BATCH_NAME_MAX];

    file_name(w, kind, w->name.last_offset, name);
    if (pasar_atomicfile_set_name(file, name, err) != 0)
        return -1;
    return pasar_atomicfile_rename(file, PASAR_NOREPLACE, err);
}

int pasar_batch_writer_reveal_twins(struct pasar_batch_writer *w, struct pasar_err *err)
{
    if (w->failed || w->sidecar == NULL)
        return pasar_err_set(err, w->failed ? PASAR_EIO : PASAR_EBUG, "%s: the batch is not sealed", w->dir);
    if (check_absent(w, err) != 0)
        return fail(w);
    w->has_twins = true;
    if ((w->rejects != NULL && reveal(w, w->rejects, PASAR_BATCH_REJECTS, err) != 0) ||
        reveal(w, w->sidecar, PASAR_BATCH_SIDECAR, err) != 0)
        return fail(w);
    return 0;
}

int pasar_batch_writer_reveal(struct pasar_batch_writer *w, struct pasar_err *err)
{
    if (w->failed || !w->has_twins)
        return pasar_err_set(err, w->failed ? PASAR_EIO : PASAR_EBUG, "%s: the batch has no sidecar yet", w->dir);
    if (reveal(w, w->csv.file, PASAR_BATCH_ROWS, err) != 0)
        return fail(w);
    w->is_revealed = true;
    return 0;
}

/* Takes the twins away again, unless the .csv became visible after all: then the batch is whole. */
static void remove_twins(const struct pasar_batch_writer *w)
{
    static const enum pasar_batch_kind twins[] = {PASAR_BATCH_SIDECAR, PASAR_BATCH_REJECTS};
    int dirfd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char file[PASAR_BATCH_NAME_MAX];

    if (dirfd < 0)
        return;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(twins) && !exists(w, dirfd, PASAR_BATCH_ROWS); i++) {
        file_name(w, twins[i], w->name.last_offset, file);
        (void)pasar_fsops()->unlinkat(dirfd, file, 0);
    }
    close(dirfd);
}

void pasar_batch_writer_abort(struct pasar_batch_writer *w)
{
    if (w == NULL)
        return;
    int saved = errno;
    char unused[PASAR_SHA256_HEX + 1];
    if (w->has_twins && !w->is_revealed)
        remove_twins(w);
    pasar_atomicfile_abort(w->csv.file);
    pasar_atomicfile_abort(w->sidecar);
    pasar_atomicfile_abort(w->rejects);
    if (w->csv.sha256 != NULL)
        pasar_sha256_finish(w->csv.sha256, unused);
    if (w->rejects_sha256 != NULL)
        pasar_sha256_finish(w->rejects_sha256, unused);
    pasar_batch_ledger_fini(&w->ledger);
    pasar_buf_fini(&w->block);
    pasar_buf_fini(&w->line);
    free(w->dir);
    free(w);
    errno = saved;
}

int pasar_batch_writer_publish(struct pasar_batch_writer *w, struct pasar_err *err)
{
    int rc = -1;

    if (pasar_batch_writer_seal(w, err) == 0 && pasar_batch_writer_reveal_twins(w, err) == 0 &&
        pasar_atomicfile_sync_dir(w->dir, err) == 0 && pasar_batch_writer_reveal(w, err) == 0)
        rc = pasar_atomicfile_sync_dir(w->dir, err);
    pasar_batch_writer_abort(w);
    return rc;
}
