/* The rows of one batch file. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pasar/batch.h"

enum { MAX_ROW_BYTES = 1 << 28 }; /* far beyond any Kafka message; memory is taken only as rows need it */

struct pasar_batch_reader {
    int fd;
    struct pasar_csv_reader *csv;
    struct pasar_record_map map;
    char file[PASAR_BATCH_NAME_MAX];
    char *dir;
};

/* Puts "dir/file:line: " in front of the message in `why` and gives it to `err`. */
static void explain(const struct pasar_batch_reader *r, uint64_t line, const struct pasar_err *why,
                    struct pasar_err *err)
{
    pasar_err_set(err, why->code, "%s/%s:%" PRIu64 ": %s", r->dir, r->file, line, why->msg);
}

/* The next record of the file, good or not: ROW_READ fills *row. */
static enum pasar_batch_result next_row(struct pasar_batch_reader *r, struct pasar_csv_row *row, struct pasar_err *err)
{
    struct pasar_err why = PASAR_ERR_INIT;
    const char *reason;

    switch (pasar_csv_reader_next(r->csv, row, &reason, &why)) {
    case PASAR_CSV_ROW:
        return PASAR_BATCH_ROW_READ;
    case PASAR_CSV_END:
        return PASAR_BATCH_DONE;
    case PASAR_CSV_BAD:
        pasar_err_set(&why, PASAR_EDATA, "%s", reason);
        explain(r, row->line, &why, err);
        break;
    case PASAR_CSV_ERROR:
        pasar_err_set(err, why.code, "%s/%s: %s", r->dir, r->file, why.msg);
        break;
    }
    return PASAR_BATCH_FAILED;
}

static int read_header(struct pasar_batch_reader *r, struct pasar_err *err)
{
    struct pasar_err why = PASAR_ERR_INIT;
    struct pasar_csv_row row;

    switch (next_row(r, &row, err)) {
    case PASAR_BATCH_ROW_READ:
        break;
    case PASAR_BATCH_DONE:
        return pasar_err_set(err, PASAR_EDATA, "%s/%s is empty; it must begin with the header", r->dir, r->file);
    case PASAR_BATCH_FAILED:
        return -1;
    }
    if (pasar_record_map_header(&r->map, &row, &why) == 0 && r->map.timestamp < 0)
        pasar_err_set(&why, PASAR_EDATA, "missing column: timestamp");
    if (why.code == PASAR_OK)
        return 0;
    explain(r, row.line, &why, err);
    return -1;
}

struct pasar_batch_reader *pasar_batch_reader_open(const char *dir, const struct pasar_batch_name *name,
                                                   struct pasar_err *err)
{
    struct pasar_batch_name csv = *name;
    struct pasar_batch_reader *r = calloc(1, sizeof *r);
    int dirfd = -1;

    if (r == NULL || (r->dir = strdup(dir)) == NULL) {
        free(r);
        pasar_err_nomem(err, "a batch");
        return NULL;
    }
    r->fd = -1;
    csv.kind = PASAR_BATCH_ROWS;
    pasar_batch_name_format(&csv, r->file);
    dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd >= 0)
        r->fd = openat(dirfd, r->file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (r->fd < 0) {
        pasar_err_errno(err, PASAR_ENOINPUT, "open %s/%s", dir, r->file);
        goto fail;
    }
    close(dirfd);
    dirfd = -1;
    (void)posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    r->csv = pasar_csv_reader_new(pasar_csv_read_fd, &r->fd, MAX_ROW_BYTES);
    if (r->csv == NULL) {
        pasar_err_nomem(err, "a batch");
        goto fail;
    }
    if (read_header(r, err) != 0)
        goto fail;
    return r;
fail:
    if (dirfd >= 0)
        close(dirfd);
    pasar_batch_reader_close(r);
    return NULL;
}

enum pasar_batch_result pasar_batch_reader_next(struct pasar_batch_reader *r, struct pasar_record *record,
                                                struct pasar_err *err)
{
    struct pasar_err why = PASAR_ERR_INIT;
    struct pasar_csv_row row;
    enum pasar_batch_result result = next_row(r, &row, err);

    if (result != PASAR_BATCH_ROW_READ)
        return result;
    if (pasar_record_from_csv(record, &r->map, &row, &why) == 0)
        return PASAR_BATCH_ROW_READ;
    explain(r, row.line, &why, err);
    return PASAR_BATCH_FAILED;
}

void pasar_batch_reader_close(struct pasar_batch_reader *r)
{
    if (r == NULL)
        return;
    pasar_csv_reader_free(r->csv);
    if (r->fd >= 0)
        close(r->fd);
    free(r->dir);
    free(r);
}
