/*
 * Publishes a generation for tests of the API without the rest of the pipeline:
 *   pasar-api-fixture MODELS synth ROWS SEED   made-up products; every tenth row repeats an earlier id
 *   pasar-api-fixture MODELS csv FILE          the rows of a product CSV, cleaned as the producer cleans them
 * The three models are simple (three centroids by price), but valid.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pasar/atomicfile.h"
#include "pasar/clean.h"
#include "pasar/csv.h"
#include "pasar/generation.h"
#include "pasar/num.h"

enum { FEATURES = 3, K = 3, MAX_RECORD = 1 << 20 };

struct rows {
    struct pasar_record *list;
    char **owned; /* one allocation of text per row */
    size_t count, cap;
};

static struct pasar_text copy(char **at, const char *text, size_t len)
{
    struct pasar_text t = {NULL, 0};
    if (len > 0) {
        t = (struct pasar_text){memcpy(*at, text, len), len};
        *at += len;
    }
    return t;
}

static int push(struct rows *rows, const struct pasar_record *record)
{
    if (rows->count == rows->cap) {
        rows->cap = rows->cap ? rows->cap * 2 : 1024;
        rows->list = realloc(rows->list, rows->cap * sizeof *rows->list);
        rows->owned = realloc(rows->owned, rows->cap * sizeof *rows->owned);
        if (!rows->list || !rows->owned)
            return -1;
    }
    size_t total = 1;
    for (int c = 0; c < PASAR_COLUMNS; c++)
        total += pasar_columns[c].is_number ? 0 : record->text[c].len;
    char *text = malloc(total), *at = text;
    if (!text)
        return -1;
    struct pasar_record *r = &rows->list[rows->count];
    *r = *record;
    for (int c = 0; c < PASAR_COLUMNS; c++) {
        if (!pasar_columns[c].is_number)
            r->text[c] = copy(&at, record->text[c].data, record->text[c].len);
    }
    r->timestamp_us = 1700000000000000 + (int64_t)rows->count;
    rows->owned[rows->count++] = text;
    return 0;
}

/* ------------------------------------------------------------------ made-up products */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void set_text(struct pasar_record *r, enum pasar_column column, const char *text)
{
    r->text[column] = (struct pasar_text){text, strlen(text)};
}

static int make_rows(struct rows *rows, size_t count, uint64_t seed)
{
    static const char *const brand[] = {"Acme", "Borealis", "Cintra", "Dundee", "Évora", "Fenwick", "Gaon", "Hikari"};
    static const char *const adjective[] = {"Braided",  "Compact", "Fast",  "Wireless",
                                            "Portable", "Digital", "Smart", "Heavy"};
    static const struct {
        const char *noun, *path;
    } kind[] = {
        {"USB Cable", "Computers&Accessories|Cables|USBCables"},
        {"HDMI Cable", "Electronics|HomeTheater,TV&Video|Cables|HDMICables"},
        {"Smart Watch", "Electronics|WearableTechnology|SmartWatches"},
        {"Mixer Grinder", "Home&Kitchen|KitchenAppliances|MixerGrinders"},
        {"Power Bank", "Electronics|Mobiles&Accessories|PowerBanks"},
        {"Notebook", "OfficeProducts|Paper|Notebooks"},
    };
    uint64_t state = seed * 2654435761u + 88172645463325252u;
    for (size_t i = 0; i < count; i++) {
        struct pasar_record r;
        char id[32], name[160], about[200], link[80];
        memset(&r, 0, sizeof r);
        size_t k = next_random(&state) % PASAR_ARRAY_LEN(kind);
        size_t number = i % 10 == 9 ? next_random(&state) % i : i;
        snprintf(id, sizeof id, "P%07zu", number);
        snprintf(name, sizeof name, "%s %s %s Model %c%u (%u \"Pack\" <b>)", brand[next_random(&state) % 8],
                 adjective[next_random(&state) % 8], kind[k].noun, (char)('A' + (int)(next_random(&state) % 26)),
                 (unsigned)(next_random(&state) % 900 + 100), (unsigned)(next_random(&state) % 4 + 1));
        snprintf(about, sizeof about, "A %s that lasts, row %zu|With %u months of warranty", kind[k].noun, i,
                 (unsigned)(next_random(&state) % 36));
        snprintf(link, sizeof link, "https://example.com/%s", id);
        set_text(&r, PASAR_COL_PRODUCT_ID, id);
        set_text(&r, PASAR_COL_PRODUCT_NAME, name);
        set_text(&r, PASAR_COL_CATEGORY, kind[k].path);
        set_text(&r, PASAR_COL_ABOUT_PRODUCT, about);
        set_text(&r, PASAR_COL_IMG_LINK, link);
        set_text(&r, PASAR_COL_PRODUCT_LINK, link);
        double price = floor(exp((double)(next_random(&state) % 1000) / 1000 * 7 + 3));
        r.number[PASAR_COL_DISCOUNTED_PRICE] = next_random(&state) % 50 == 0 ? NAN : price;
        r.number[PASAR_COL_ACTUAL_PRICE] = floor(price * 1.5);
        r.number[PASAR_COL_DISCOUNT_PERCENTAGE] = (double)(next_random(&state) % 90);
        r.number[PASAR_COL_RATING] = next_random(&state) % 40 == 0 ? NAN : (double)(next_random(&state) % 31 + 20) / 10;
        r.number[PASAR_COL_RATING_COUNT] = next_random(&state) % 60 == 0 ? NAN : (double)(next_random(&state) % 90000);
        if (push(rows, &r) != 0)
            return -1;
    }
    return 0;
}

static int read_csv(struct rows *rows, const char *path, struct pasar_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "%s", path);
    struct pasar_csv_reader *reader = pasar_csv_reader_new(pasar_csv_read_fd, &fd, MAX_RECORD);
    struct pasar_record_map map;
    struct pasar_clean_counts counts;
    struct pasar_csv_row row;
    const char *reason;
    enum pasar_csv_result result;
    int rc = -1;
    memset(&counts, 0, sizeof counts);
    if (!reader || pasar_csv_reader_next(reader, &row, &reason, err) != PASAR_CSV_ROW ||
        pasar_record_map_header(&map, &row, err) != 0)
        goto out;
    while ((result = pasar_csv_reader_next(reader, &row, &reason, err)) != PASAR_CSV_END) {
        struct pasar_record record;
        struct pasar_err bad = PASAR_ERR_INIT;
        if (result == PASAR_CSV_ERROR)
            goto out;
        if (result == PASAR_CSV_ROW && pasar_clean_row(&map, &row, &record, &counts, &bad) == 0 &&
            push(rows, &record) != 0)
            goto out;
    }
    rc = 0;
out:
    pasar_csv_reader_free(reader);
    close(fd);
    return rc;
}

/* ------------------------------------------------------------------ models */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void describe_feature(struct pasar_model *m, const struct rows *rows, size_t f, double *values)
{
    size_t n = 0;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < m->rows; i++) {
        double x = rows->list[i].number[m->feature[f]];
        if (isnan(x))
            m->missing[f]++;
        else
            sum += values[n++] = x;
    }
    m->impute[f] = m->mean[f] = n ? sum / (double)n : 0;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - m->mean[f]) * (values[i] - m->mean[f]);
    m->std[f] = squares > 0 ? sqrt(squares / (double)(m->rows > 1 ? m->rows - 1 : 1)) : 1;
    qsort(values, n, sizeof *values, by_value);
    for (size_t c = 0; c < K; c++) /* centroids: low, middle, high quantiles of each feature */
        m->centroids[c * FEATURES + f] = n ? (values[n * (2 * c + 1) / (2 * K)] - m->mean[f]) / m->std[f] : 0;
    for (size_t c = 0; c < K; c++)
        m->clusters[c].mean[f] = m->clusters[c].median[f] = n ? values[n * (2 * c + 1) / (2 * K)] : NAN;
}

static int make_model(struct pasar_model *m, int number, uint64_t count, const struct rows *rows)
{
    static const enum pasar_column features[FEATURES] = {PASAR_COL_DISCOUNTED_PRICE, PASAR_COL_RATING_COUNT,
                                                         PASAR_COL_RATING};
    static const char *const labels[K] = {"low <price>", "middle price", "high price"};
    memset(m, 0, sizeof *m);
    m->number = number;
    m->rows = m->distinct_rows = m->silhouette_sample = count;
    m->feature_count = FEATURES;
    m->k = K;
    m->centroids = calloc(K * FEATURES, sizeof *m->centroids);
    m->clusters = calloc(K, sizeof *m->clusters);
    double *values = malloc((count + 1) * sizeof *values);
    if (!m->centroids || !m->clusters || !values) {
        free(values);
        return -1;
    }
    for (size_t f = 0; f < FEATURES; f++) {
        m->feature[f] = features[f];
        describe_feature(m, rows, f, values);
    }
    free(values);
    for (size_t c = 0; c < K; c++)
        snprintf(m->clusters[c].label, sizeof m->clusters[c].label, "%s", labels[c]);
    m->inertia = (double)count;
    m->silhouette = 0.5;
    m->davies_bouldin = 0.7;
    m->calinski_harabasz = 100;
    m->iterations = 1;
    m->restarts = 1;
    snprintf(m->stop_reason, sizeof m->stop_reason, "converged");
    return 0;
}

static int cluster_of(const struct pasar_model *m, const struct pasar_record *r)
{
    double values[FEATURES], distance;
    for (size_t f = 0; f < FEATURES; f++)
        values[f] = r->number[m->feature[f]];
    return (int)pasar_model_predict(m, values, &distance);
}

static int publish(const char *dir, const struct rows *rows, struct pasar_err *err)
{
    struct pasar_model models[PASAR_MODELS];
    struct pasar_manifest manifest;
    uint64_t n = rows->count, t = (n + 2) / 3, counts[PASAR_MODELS] = {t, 2 * t < n ? 2 * t : n, n};
    memset(&manifest, 0, sizeof manifest);
    memset(models, 0, sizeof models);
    struct pasar_generation_writer *w = NULL;
    int rc = -1;
    for (int m = 0; m < PASAR_MODELS; m++) {
        if (make_model(&models[m], m + 1, counts[m], rows) != 0)
            goto out;
        manifest.model_rows[m] = counts[m];
    }
    if (pasar_atomicfile_mkdirs(dir, err) != 0 || !(w = pasar_generation_writer_open(dir, err)))
        goto out;
    for (size_t i = 0; i < n; i++) {
        int cluster[PASAR_MODELS];
        for (int m = 0; m < PASAR_MODELS; m++) {
            cluster[m] = i < counts[m] ? cluster_of(&models[m], &rows->list[i]) : -1;
            if (cluster[m] >= 0)
                models[m].clusters[cluster[m]].size++;
        }
        if (pasar_generation_writer_add_row(w, &rows->list[i], cluster, PASAR_SOURCE_UNKNOWN, err) != 0) {
            pasar_generation_writer_abort(w);
            goto out;
        }
    }
    manifest.rows = n;
    manifest.trained_at_us = 1700000000000000;
    rc = pasar_generation_writer_publish(w, models, &manifest, 3, err);
out:
    for (int m = 0; m < PASAR_MODELS; m++)
        pasar_model_fini(&models[m]);
    return rc;
}

int main(int argc, char **argv)
{
    struct rows rows = {0};
    struct pasar_err err = PASAR_ERR_INIT;
    uint64_t count = 0, seed = 0;
    int rc = -1;
    if (argc == 5 && strcmp(argv[2], "synth") == 0 && pasar_num_u64(argv[3], strlen(argv[3]), &count) == 0 &&
        pasar_num_u64(argv[4], strlen(argv[4]), &seed) == 0)
        rc = make_rows(&rows, (size_t)count, seed);
    else if (argc == 4 && strcmp(argv[2], "csv") == 0)
        rc = read_csv(&rows, argv[3], &err);
    else
        fprintf(stderr, "usage: pasar-api-fixture MODELS synth ROWS SEED | MODELS csv FILE\n");
    if (rc == 0)
        rc = publish(argv[1], &rows, &err);
    if (err.code != PASAR_OK)
        fprintf(stderr, "pasar-api-fixture: %s\n", err.msg);
    for (size_t i = 0; i < rows.count; i++)
        free(rows.owned[i]);
    free(rows.owned);
    free(rows.list);
    return rc == 0 ? 0 : 1;
}
