/* Merges the batch files by the order that the dataset has worked out. */
#include "trainer/arrival.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { STASH_BUCKETS = 4096 };

/* A row that was read before its turn; its text follows the struct. */
struct stashed {
    struct stashed *next;
    uint32_t row;
    size_t bytes;
    struct pasar_record record;
};

struct open_file {
    struct pasar_batch_reader *reader; /* NULL: slot is free */
    size_t file;
    uint32_t at;   /* number, within the file, of the row that the reader gives next */
    uint64_t used; /* when it last had its turn */
};

struct arrival {
    const struct dataset *ds;
    const char *dir;
    size_t next; /* arrival number */
    uint64_t clock;
    struct open_file open[ARRIVAL_OPEN_MAX];
    struct stashed *stash[STASH_BUCKETS];
    struct stashed *lent;   /* the record that the caller has; freed at the next call */
    struct open_file *last; /* or the reader that it belongs to */
    uint8_t *given;         /* one bit per row, as counted through the files: it has had its turn */
    size_t stash_bytes, stash_max;
};

struct arrival *arrival_new(const struct dataset *ds, const char *dir, size_t stash_bytes, struct pasar_err *err)
{
    struct arrival *a = calloc(1, sizeof *a);
    uint8_t *given = calloc(ds->rows / 8 + 1, 1);
    if (!a || !given) {
        pasar_err_nomem(err, "second pass over the batches");
        free(given);
        free(a);
        return NULL;
    }
    a->given = given;
    a->ds = ds;
    a->dir = dir;
    a->stash_max = stash_bytes;
    return a;
}

static void close_file(struct open_file *open)
{
    pasar_batch_reader_close(open->reader);
    *open = (struct open_file){0};
}

void arrival_free(struct arrival *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < ARRIVAL_OPEN_MAX; i++)
        if (a->open[i].reader)
            close_file(&a->open[i]);
    for (size_t i = 0; i < STASH_BUCKETS; i++)
        while (a->stash[i]) {
            struct stashed *row = a->stash[i];
            a->stash[i] = row->next;
            free(row);
        }
    free(a->lent);
    free(a->given);
    free(a);
}

static size_t text_bytes(const struct pasar_record *record)
{
    size_t bytes = 0;
    for (size_t i = 0; i < PASAR_COLUMNS; i++)
        if (!pasar_columns[i].is_number && record->text[i].data)
            bytes += record->text[i].len;
    return bytes;
}

/* Keeps a copy of the row if there is room; without, it will be read again when its turn comes. */
static int stash_put(struct arrival *a, uint32_t row, const struct pasar_record *record, struct pasar_err *err)
{
    size_t bytes = sizeof(struct stashed) + text_bytes(record);
    if (a->stash_bytes + bytes > a->stash_max)
        return 0;
    struct stashed *copy = malloc(bytes);
    if (!copy)
        return pasar_err_nomem(err, "rows out of order");
    struct stashed **bucket = &a->stash[row % STASH_BUCKETS];
    *copy = (struct stashed){.next = *bucket, .row = row, .bytes = bytes, .record = *record};
    char *text = (char *)(copy + 1);
    for (size_t i = 0; i < PASAR_COLUMNS; i++) {
        struct pasar_text *field = &copy->record.text[i];
        if (pasar_columns[i].is_number || !field->data)
            continue;
        memcpy(text, field->data, field->len);
        field->data = text;
        text += field->len;
    }
    *bucket = copy;
    a->stash_bytes += bytes;
    return 0;
}

static struct stashed *stash_take(struct arrival *a, uint32_t row)
{
    struct stashed **at = &a->stash[row % STASH_BUCKETS];
    while (*at && (*at)->row != row)
        at = &(*at)->next;
    struct stashed *found = *at;
    if (found) {
        *at = found->next;
        a->stash_bytes -= found->bytes;
    }
    return found;
}

static bool was_given(const struct arrival *a, uint32_t row)
{
    return a->given[row / 8] >> row % 8 & 1;
}

static bool is_stashed(const struct arrival *a, uint32_t row)
{
    const struct stashed *at = a->stash[row % STASH_BUCKETS];
    while (at && at->row != row)
        at = at->next;
    return at != NULL;
}

/* The file that holds a row, by binary search. */
static size_t file_of(const struct dataset *ds, uint32_t row)
{
    size_t low = 0, high = ds->file_count - 1;
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (ds->files[middle].first_row <= row)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* The slot where `file` is open, or else a free one, or else that of the reader that waited longest, closed. */
static struct open_file *slot_for(struct arrival *a, size_t file)
{
    struct open_file *best = &a->open[0];
    for (size_t i = 0; i < ARRIVAL_OPEN_MAX; i++) {
        struct open_file *slot = &a->open[i];
        if (slot->reader && slot->file == file)
            return slot;
        if (best->reader && (!slot->reader || slot->used < best->used))
            best = slot;
    }
    if (best->reader)
        close_file(best);
    return best;
}

static int shorter(const struct arrival *a, const struct dataset_file *file, struct pasar_err *err)
{
    char text[PASAR_BATCH_NAME_MAX];
    pasar_batch_name_format(&file->name, text);
    return pasar_err_set(err, PASAR_EDATA, "%s/%s has fewer rows than a moment ago", a->dir, text);
}

/* Reads row `at` of the file into *record; rows passed over that are still to come go to the stash. */
static int read_row(struct arrival *a, size_t file_number, uint32_t at, struct pasar_record *record,
                    struct pasar_err *err)
{
    const struct dataset_file *file = &a->ds->files[file_number];
    struct open_file *open = slot_for(a, file_number);
    bool again = open->reader && open->at > at; /* the row was passed over and found no room in the stash */
    if (again)
        close_file(open);
    if (!open->reader) {
        *open = (struct open_file){pasar_batch_reader_open(a->dir, &file->name, err), file_number, 0, 0};
        if (!open->reader)
            return -1;
    }
    open->used = ++a->clock;
    a->last = open;
    for (;;) {
        uint32_t row = open->at;
        switch (pasar_batch_reader_next(open->reader, record, err)) {
        case PASAR_BATCH_DONE:
            return shorter(a, file, err);
        case PASAR_BATCH_FAILED:
            return -1;
        case PASAR_BATCH_ROW_READ:
            break;
        }
        open->at++;
        if (row == at)
            return 0;
        uint32_t number = file->first_row + row;
        if (!was_given(a, number) && !is_stashed(a, number) && stash_put(a, number, record, err) != 0)
            return -1;
    }
}

enum arrival_result arrival_next(struct arrival *a, struct pasar_record *record, struct pasar_err *err)
{
    free(a->lent);
    a->lent = NULL;
    if (a->last && a->last->at == a->ds->files[a->last->file].rows)
        close_file(a->last); /* read to its end */
    a->last = NULL;
    if (a->next == a->ds->rows)
        return ARRIVAL_END;
    uint32_t row = a->ds->source[a->next++];
    a->given[row / 8] |= (uint8_t)(1u << row % 8);
    a->lent = stash_take(a, row);
    if (a->lent) {
        *record = a->lent->record;
        return ARRIVAL_ROW;
    }
    size_t file = file_of(a->ds, row);
    if (read_row(a, file, row - a->ds->files[file].first_row, record, err) != 0)
        return ARRIVAL_ERROR;
    return ARRIVAL_ROW;
}
