/* products.csv of a generation, row by row; its own position, so that several readers share the descriptor. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "generation_private.h"
#include "pasar/num.h"

enum { RECORD_BYTES_MAX = 64 * 1024 * 1024 };

struct pasar_products_reader {
    const struct pasar_generation *generation;
    struct pasar_csv_reader *csv;
    struct pasar_record_map map;
    size_t cluster_field[PASAR_MODELS];
    off_t position;
    uint64_t rows;
    uint64_t sizes[PASAR_MODELS][PASAR_CLUSTERS_MAX];
    bool has_sources;
    size_t source_field;
    uint64_t source; /* of the last row */
    uint8_t *seen;   /* a bit for each source row that has come */
};

static ssize_t read_at(void *ctx, void *bytes, size_t len)
{
    struct pasar_products_reader *r = ctx;
    ssize_t n;

    do {
        n = pread(r->generation->products_fd, bytes, len, r->position);
    } while (n < 0 && errno == EINTR);
    if (n > 0)
        r->position += n;
    return n;
}

/* Where column `name` stands; how often it does. */
static size_t find_column(const struct pasar_csv_row *header, const char *name, size_t *field)
{
    size_t len = strlen(name), found = 0;

    for (size_t i = 0; i < header->field_count; i++) {
        if (header->fields[i].len == len && memcmp(header->fields[i].data, name, len) == 0) {
            *field = i;
            found++;
        }
    }
    return found;
}

/* Where cluster_1 … cluster_3 stand. */
static int map_clusters(struct pasar_products_reader *r, const struct pasar_csv_row *header, struct pasar_err *err)
{
    for (int m = 0; m < PASAR_MODELS; m++) {
        char name[16];
        snprintf(name, sizeof name, "cluster_%d", m + 1);
        if (find_column(header, name, &r->cluster_field[m]) != 1)
            return pasar_err_set(err, PASAR_EDATA, "header: %s must stand in it once", name);
    }
    return 0;
}

/* Where source_row stands, if it does: then all rows of all batches are there, and each once. */
static int map_sources(struct pasar_products_reader *r, const struct pasar_csv_row *header, struct pasar_err *err)
{
    const struct pasar_manifest *manifest = &r->generation->manifest;
    size_t found = find_column(header, PASAR_GENERATION_SOURCE, &r->source_field);

    if (found == 0)
        return 0;
    if (found > 1)
        return pasar_err_set(err, PASAR_EDATA, "header: %s must stand in it once", PASAR_GENERATION_SOURCE);
    if (!pasar_manifest_batches_add_up(manifest))
        return pasar_err_set(err, PASAR_EDATA, "has a %s, but the manifest's batches do not have its %llu rows",
                             PASAR_GENERATION_SOURCE, (unsigned long long)manifest->rows);
    if (manifest->rows > manifest->files[PASAR_MODELS].bytes) /* so that no number decides what memory is taken */
        return pasar_err_set(err, PASAR_EDATA, "is too small for %llu rows", (unsigned long long)manifest->rows);
    r->has_sources = true;
    r->seen = calloc(manifest->rows / 8 + 1, 1);
    return r->seen != NULL ? 0 : pasar_err_nomem(err, "a reader of products.csv");
}

static int read_header(struct pasar_products_reader *r, struct pasar_err *err)
{
    struct pasar_csv_row row;
    const char *reason = NULL;

    switch (pasar_csv_reader_next(r->csv, &row, &reason, err)) {
    case PASAR_CSV_ROW:
        break;
    case PASAR_CSV_BAD:
        return pasar_err_set(err, PASAR_EDATA, "header: %s", reason);
    case PASAR_CSV_END:
        return pasar_err_set(err, PASAR_EDATA, "empty");
    case PASAR_CSV_ERROR:
        return -1;
    }
    if (pasar_record_map_header(&r->map, &row, err) != 0 || map_clusters(r, &row, err) != 0)
        return -1;
    return map_sources(r, &row, err);
}

struct pasar_products_reader *pasar_products_reader_open(const struct pasar_generation *generation,
                                                         struct pasar_err *err)
{
    struct pasar_products_reader *r = calloc(1, sizeof *r);

    if (r != NULL) {
        r->generation = generation;
        r->source = PASAR_SOURCE_UNKNOWN;
        r->csv = pasar_csv_reader_new(read_at, r, RECORD_BYTES_MAX);
    }
    if (r == NULL || r->csv == NULL) {
        pasar_err_nomem(err, "a reader of products.csv");
        goto fail;
    }
    if (read_header(r, err) != 0) {
        pasar_err_context(err, "products.csv");
        goto fail;
    }
    return r;
fail:
    pasar_products_reader_close(r);
    return NULL;
}

static int read_clusters(struct pasar_products_reader *r, const struct pasar_csv_row *row, int cluster[PASAR_MODELS],
                         struct pasar_err *err)
{
    for (int m = 0; m < PASAR_MODELS; m++) {
        const struct pasar_model *model = &r->generation->models[m];
        const struct pasar_csv_field *field = &row->fields[r->cluster_field[m]];
        uint64_t id;

        cluster[m] = -1;
        if (r->rows > model->rows) {
            if (field->len != 0)
                return pasar_err_set(err, PASAR_EDATA, "cluster_%d must be empty past its model's rows", m + 1);
            continue;
        }
        if (pasar_num_u64(field->data, field->len, &id) != 0 || id >= model->k)
            return pasar_err_set(err, PASAR_EDATA, "cluster_%d must be 0 to %zu", m + 1, model->k - 1);
        cluster[m] = (int)id;
        r->sizes[m][id]++;
    }
    return 0;
}

static int read_source(struct pasar_products_reader *r, const struct pasar_csv_row *row, struct pasar_err *err)
{
    uint64_t number;

    if (!r->has_sources)
        return 0;
    const struct pasar_csv_field *field = &row->fields[r->source_field];
    if (pasar_num_u64(field->data, field->len, &number) != 0 || number == 0 || number > r->generation->manifest.rows)
        return pasar_err_set(err, PASAR_EDATA, "%s must be 1 to %llu", PASAR_GENERATION_SOURCE,
                             (unsigned long long)r->generation->manifest.rows);
    r->source = number - 1;
    if (r->seen[r->source / 8] >> r->source % 8 & 1)
        return pasar_err_set(err, PASAR_EDATA, "%s %llu comes twice", PASAR_GENERATION_SOURCE,
                             (unsigned long long)number);
    r->seen[r->source / 8] |= (uint8_t)(1u << r->source % 8);
    return 0;
}

/* At the end: as many rows, in as many clusters of those sizes, as were trained on. */
static int check_totals(const struct pasar_products_reader *r, struct pasar_err *err)
{
    if (r->rows != r->generation->manifest.rows)
        return pasar_err_set(err, PASAR_EDATA, "has %llu rows, the manifest says %llu", (unsigned long long)r->rows,
                             (unsigned long long)r->generation->manifest.rows);
    for (int m = 0; m < PASAR_MODELS; m++)
        for (size_t c = 0; c < r->generation->models[m].k; c++)
            if (r->sizes[m][c] != r->generation->models[m].clusters[c].size)
                return pasar_err_set(err, PASAR_EDATA, "cluster %zu of model %d has another size than the model says",
                                     c, m + 1);
    return 0;
}

enum pasar_products_result pasar_products_reader_next(struct pasar_products_reader *r, struct pasar_record *record,
                                                      int cluster[PASAR_MODELS], struct pasar_err *err)
{
    struct pasar_csv_row row = {0};
    const char *reason = NULL;

    switch (pasar_csv_reader_next(r->csv, &row, &reason, err)) {
    case PASAR_CSV_ROW:
        r->rows++;
        if (row.field_count != r->map.field_count) {
            pasar_err_set(err, PASAR_EDATA, "%zu fields instead of %zu", row.field_count, r->map.field_count);
            break;
        }
        if (r->rows <= r->generation->manifest.rows && pasar_record_from_csv(record, &r->map, &row, err) == 0 &&
            read_clusters(r, &row, cluster, err) == 0 && read_source(r, &row, err) == 0)
            return PASAR_PRODUCTS_ROW;
        pasar_err_set(err, PASAR_EDATA, "more rows than the manifest says");
        break;
    case PASAR_CSV_BAD:
        pasar_err_set(err, PASAR_EDATA, "%s", reason);
        break;
    case PASAR_CSV_END:
        if (check_totals(r, err) == 0)
            return PASAR_PRODUCTS_END;
        pasar_err_context(err, "products.csv");
        return PASAR_PRODUCTS_ERROR;
    case PASAR_CSV_ERROR:
        break;
    }
    pasar_err_context(err, "products.csv:%llu", (unsigned long long)row.line);
    return PASAR_PRODUCTS_ERROR;
}

uint64_t pasar_products_reader_source(const struct pasar_products_reader *r)
{
    return r->source;
}

void pasar_products_reader_close(struct pasar_products_reader *r)
{
    if (r == NULL)
        return;
    free(r->seen);
    pasar_csv_reader_free(r->csv);
    free(r);
}
