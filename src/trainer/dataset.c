/* Loads the batch files, puts the rows into arrival order. */
#include "trainer/dataset.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/checksums.h"

struct loader {
    struct dataset *ds;
    const char *dir;
    const struct feature_set *set;
    dataset_progress_fn progress;
    void *ctx;
    struct checksums *checksums;
    int64_t *timestamp; /* per row, in file order */
    size_t capacity;    /* rows that the columns have room for */
};

static int grow_column(void **column, size_t capacity, size_t size, struct pasar_err *err)
{
    void *grown = realloc(*column, capacity * size);
    if (!grown)
        return pasar_err_nomem(err, "rows");
    *column = grown;
    return 0;
}

static int reserve_row(struct loader *l, struct pasar_err *err)
{
    struct dataset *ds = l->ds;
    if (ds->rows < l->capacity)
        return 0;
    if (ds->rows >= UINT32_MAX)
        return pasar_err_set(err, PASAR_EDATA, "more than %u rows in %s", UINT32_MAX, l->dir);
    /* By a quarter: pages that are never written cost nothing, and realloc of large blocks moves no bytes. */
    size_t capacity = l->capacity + l->capacity / 4 + 4096;
    for (size_t i = 0; i < ds->feature_count; i++) {
        if (spill_grow(&ds->column[i], capacity * sizeof(double), err) != 0)
            return -1;
        ds->values[i] = ds->column[i].data;
    }
    void *timestamp = l->timestamp;
    if (grow_column(&timestamp, capacity, sizeof *l->timestamp, err) != 0)
        return -1;
    l->timestamp = timestamp;
    l->capacity = capacity;
    return 0;
}

static int go_on(const struct loader *l, struct pasar_err *err)
{
    if (l->progress && l->progress(l->ctx, l->ds->rows) != 0)
        return pasar_err_set(err, PASAR_ETEMP, "stopped while reading the batches; nothing was published");
    return 0;
}

static int add_row(struct loader *l, const struct pasar_record *record, struct pasar_err *err)
{
    struct dataset *ds = l->ds;
    if (reserve_row(l, err) != 0)
        return -1;
    for (size_t i = 0; i < ds->feature_count; i++)
        ds->values[i][ds->rows] = record->number[l->set->column[i]];
    l->timestamp[ds->rows++] = record->timestamp_us;
    return go_on(l, err);
}

/* The file's checksum; that and its rows must be what its sidecar tells (batches made by hand have none). */
static int take_checksum(struct loader *l, size_t number, struct dataset_file *file, struct pasar_err *err)
{
    char text[PASAR_BATCH_NAME_MAX];
    struct pasar_err missing = PASAR_ERR_INIT;
    struct pasar_batch_sidecar sidecar;
    int result = 0;
    pasar_batch_name_format(&file->name, text);
    if (checksums_get(l->checksums, number, file->sha256, err) != 0)
        return -1;
    if (pasar_batch_sidecar_read(&sidecar, l->dir, &file->name, &missing) == 0) {
        if (strcmp(sidecar.sha256, file->sha256) != 0)
            result =
                pasar_err_set(err, PASAR_EDATA,
                              "%s/%s: its checksum is not the one in its sidecar; restore the file or consume it again",
                              l->dir, text);
        else if (sidecar.rows != file->rows)
            result = pasar_err_set(err, PASAR_EDATA, "%s/%s: has %u rows, its sidecar says %llu", l->dir, text,
                                   file->rows, (unsigned long long)sidecar.rows);
        pasar_batch_sidecar_free(&sidecar);
    } else if (missing.code == PASAR_ENOINPUT) {
        l->ds->unchecked++;
    } else {
        *err = missing;
        result = -1;
    }
    return result;
}

static int load_file(struct loader *l, const struct pasar_batch_name *name, size_t number, struct pasar_err *err)
{
    struct dataset *ds = l->ds;
    struct pasar_record record;
    enum pasar_batch_result got = PASAR_BATCH_FAILED;
    size_t first = ds->rows;
    struct pasar_batch_reader *reader = pasar_batch_reader_open(l->dir, name, err);
    if (!reader)
        return -1;
    while ((got = pasar_batch_reader_next(reader, &record, err)) == PASAR_BATCH_ROW_READ)
        if (add_row(l, &record, err) != 0)
            break;
    pasar_batch_reader_close(reader);
    if (got != PASAR_BATCH_DONE)
        return -1;
    /* A file that was cut to its header has no rows, but a checksum all the same. */
    struct dataset_file file = {.name = *name, .first_row = (uint32_t)first, .rows = (uint32_t)(ds->rows - first)};
    if (take_checksum(l, number, &file, err) != 0)
        return -1;
    if (file.rows > 0)
        ds->files[ds->file_count++] = file;
    return 0;
}

static bool is_sorted(const int64_t *timestamp, size_t rows)
{
    for (size_t row = 1; row < rows; row++)
        if (timestamp[row] < timestamp[row - 1])
            return false;
    return true;
}

/* Bottom-up merge sort of `order` by timestamp: stable, so that ties stay in file order. `other` has the same length.
 */
static int sort_by_time(const struct loader *l, uint32_t *order, uint32_t *other, size_t rows, struct pasar_err *err)
{
    const int64_t *timestamp = l->timestamp;
    uint32_t *from = order, *to = other;
    for (size_t width = 1; width < rows; width *= 2) {
        for (size_t begin = 0; begin < rows; begin += 2 * width) {
            size_t middle = begin + width < rows ? begin + width : rows;
            size_t end = middle + width < rows ? middle + width : rows;
            size_t a = begin, b = middle;
            for (size_t at = begin; at < end; at++) {
                if ((at & 0xffff) == 0 && go_on(l, err) != 0)
                    return -1;
                to[at] = a < middle && (b >= end || timestamp[from[a]] <= timestamp[from[b]]) ? from[a++] : from[b++];
            }
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != order)
        memcpy(order, from, rows * sizeof *order);
    return 0;
}

/* Sets ds->source and reorders the columns. */
static int put_in_order(struct loader *l, struct pasar_err *err)
{
    struct dataset *ds = l->ds;
    bool sorted = is_sorted(l->timestamp, ds->rows);
    ds->source = malloc(ds->rows * sizeof *ds->source);
    if (!ds->source)
        return pasar_err_nomem(err, "row order");
    for (size_t row = 0; row < ds->rows; row++)
        ds->source[row] = (uint32_t)row;
    if (sorted)
        return 0;
    uint32_t *other = malloc(ds->rows * sizeof *other);
    if (!other)
        return pasar_err_nomem(err, "row order");
    int result = sort_by_time(l, ds->source, other, ds->rows, err);
    free(other);
    if (result != 0)
        return -1;
    free(l->timestamp);
    l->timestamp = NULL;
    double *column = malloc(ds->rows * sizeof *column);
    if (!column)
        return pasar_err_nomem(err, "row order");
    for (size_t i = 0; i < ds->feature_count; i++) {
        if (go_on(l, err) != 0) {
            free(column);
            return -1;
        }
        for (size_t row = 0; row < ds->rows; row++)
            column[row] = ds->values[i][ds->source[row]];
        memcpy(ds->values[i], column, ds->rows * sizeof *column);
    }
    free(column);
    return 0;
}

/* Partition before topic: what the contract calls arrival order knows no topics. */
static int by_partition(const void *a, const void *b)
{
    const struct pasar_batch_name *x = a, *y = b;
    if (x->partition != y->partition)
        return x->partition < y->partition ? -1 : 1;
    int topic = strcmp(x->topic, y->topic);
    if (topic != 0)
        return topic;
    return x->first_offset < y->first_offset ? -1 : x->first_offset > y->first_offset;
}

static int load_all(struct loader *l, struct pasar_batch_name *names, size_t count, struct pasar_err *err)
{
    struct dataset *ds = l->ds;
    ds->files = calloc(count, sizeof *ds->files);
    if (!ds->files)
        return pasar_err_nomem(err, "batch list");
    qsort(names, count, sizeof *names, by_partition);
    l->checksums = checksums_new(l->dir, names, count, err);
    if (!l->checksums)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (load_file(l, &names[i], i, err) != 0)
            return -1;
    if (ds->rows == 0)
        return pasar_err_set(err, PASAR_EDATA, "the %zu batch files in %s hold no rows", count, l->dir);
    return put_in_order(l, err);
}

int dataset_load(struct dataset *ds, const char *dir, const struct pasar_batch_list *list,
                 const struct feature_set *set, dataset_progress_fn progress, void *ctx, struct pasar_err *err)
{
    struct loader l = {.ds = ds, .dir = dir, .set = set, .progress = progress, .ctx = ctx};
    size_t count = 0;
    int result;
    *ds = (struct dataset){.feature_count = set->count};
    struct pasar_batch_name *names = malloc((list->count + 1) * sizeof *names);
    if (!names)
        return pasar_err_nomem(err, "batch list");
    for (size_t i = 0; i < list->count; i++)
        if (list->names[i].kind == PASAR_BATCH_ROWS)
            names[count++] = list->names[i];
    if (count == 0)
        result = pasar_err_set(err, PASAR_ENOINPUT, "no batch files in %s; pasar-consumer --output writes them", dir);
    else
        result = load_all(&l, names, count, err);
    checksums_free(l.checksums);
    free(l.timestamp);
    free(names);
    return result;
}

void dataset_release(const struct dataset *ds, size_t begin, size_t end)
{
    for (size_t i = 0; i < ds->feature_count; i++)
        spill_release(&ds->column[i], begin * sizeof(double), end * sizeof(double));
}

void dataset_fini(struct dataset *ds)
{
    for (size_t i = 0; i < PASAR_FEATURES_MAX; i++)
        if (ds->column[i].data)
            spill_free(&ds->column[i]);
        else
            free(ds->values[i]); /* filled by hand */
    free(ds->source);
    free(ds->files);
    *ds = (struct dataset){0};
}
