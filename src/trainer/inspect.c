/* --check and --predict. */
#include "trainer/inspect.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pasar/clean.h"
#include "pasar/clock.h"
#include "pasar/generation.h"
#include "pasar/hash.h"
#include "pasar/num.h"
#include "trainer/trainer.h"

enum { ROW_BYTES_MAX = 64 << 20 };

/* A point as far from two centroids as rounding can tell may be in either cluster. */
static const double tie = 1e-9;

/* ------------------------------------------------------------------ check */

/* `dir` is a directory of generations or a generation: splits it into the two. `*parent` is to be freed. */
static int locate(const char *dir, char **parent, char name[32], struct pasar_err *err)
{
    struct pasar_err not_current = PASAR_ERR_INIT;
    size_t len = strlen(dir);
    *parent = strdup(dir);
    if (!*parent)
        return pasar_err_nomem(err, "path");
    if (pasar_generation_current(dir, name, &not_current) == 0)
        return 0;
    while (len > 1 && dir[len - 1] == '/')
        len--;
    (*parent)[len] = '\0';
    char *slash = strrchr(*parent, '/');
    const char *base = slash ? slash + 1 : *parent;
    if (strlen(base) < 6 || strlen(base) > 31 || strspn(base, "0123456789") != strlen(base)) {
        *err = not_current;
        return -1;
    }
    snprintf(name, 32, "%s", base);
    if (!slash)
        snprintf(*parent, len + 1, ".");
    else if (slash == *parent)
        slash[1] = '\0';
    else
        *slash = '\0';
    return 0;
}

static int check_row(const struct pasar_generation *generation, const struct pasar_record *record,
                     const int cluster[PASAR_MODELS], uint64_t row, struct pasar_err *err)
{
    for (int m = 0; m < PASAR_MODELS; m++) {
        const struct pasar_model *model = &generation->models[m];
        double values[PASAR_FEATURES_MAX], nearest, own = 0;
        if (cluster[m] < 0)
            continue;
        for (size_t f = 0; f < model->feature_count; f++) {
            values[f] = record->number[model->feature[f]];
            double delta =
                pasar_model_z(model, f, values[f]) - model->centroids[(size_t)cluster[m] * model->feature_count + f];
            own += delta * delta;
        }
        size_t best = pasar_model_predict(model, values, &nearest);
        if (best != (size_t)cluster[m] && sqrt(own) > nearest * (1 + tie) + tie)
            return pasar_err_set(err, PASAR_EDATA,
                                 "products.csv: row %llu is in cluster %d of model %d, but nearest "
                                 "to cluster %zu",
                                 (unsigned long long)row, cluster[m], m + 1, best);
    }
    return 0;
}

static int check_products(const struct pasar_generation *generation, struct pasar_err *err)
{
    struct pasar_record record;
    int cluster[PASAR_MODELS];
    enum pasar_products_result got = PASAR_PRODUCTS_ERROR;
    struct pasar_products_reader *reader = pasar_products_reader_open(generation, err);
    if (!reader)
        return -1;
    for (uint64_t row = 1; (got = pasar_products_reader_next(reader, &record, cluster, err)) == PASAR_PRODUCTS_ROW;
         row++)
        if (check_row(generation, &record, cluster, row, err) != 0)
            break;
    pasar_products_reader_close(reader);
    return got == PASAR_PRODUCTS_END ? 0 : -1;
}

static void print_model(const struct pasar_model *model, FILE *out)
{
    fprintf(out, "model %d: %llu rows, k = %zu by", model->number, (unsigned long long)model->rows, model->k);
    for (size_t f = 0; f < model->feature_count; f++)
        fprintf(out, "%s %s%s", f > 0 ? "," : "", model->transform[f] == PASAR_TRANSFORM_LOG1P ? "log1p " : "",
                pasar_columns[model->feature[f]].name);
    char silhouette[32], davies_bouldin[32], calinski_harabasz[32];
    fprintf(out, "; inertia %.7g, silhouette %s, Davies-Bouldin %s, Calinski-Harabasz %s\n", model->inertia,
            trainer_figure(silhouette, model->silhouette, 4), trainer_figure(davies_bouldin, model->davies_bouldin, 4),
            trainer_figure(calinski_harabasz, model->calinski_harabasz, 2));
    for (size_t c = 0; c < model->k; c++) {
        const struct pasar_cluster *cluster = &model->clusters[c];
        fprintf(out, "  cluster %zu: %llu rows, %s", c, (unsigned long long)cluster->size, cluster->label);
        if (cluster->nearest_id)
            fprintf(out, "; in its middle: %s", cluster->nearest_id);
        fputc('\n', out);
    }
}

static int print_generation(const struct pasar_generation *generation, FILE *out, struct pasar_err *err)
{
    const struct pasar_manifest *manifest = &generation->manifest;
    char time[PASAR_CLOCK_TEXT_LEN + 1], hex[PASAR_SHA256_HEX + 1];
    if (trainer_models_sha256(generation->models, hex, err) != 0)
        return -1;
    pasar_clock_format(manifest->trained_at_us, time);
    fprintf(out, "generation %06llu is whole: trained at %s on %zu batches, %llu rows, seed %llu\n",
            (unsigned long long)manifest->generation, time, manifest->batch_count, (unsigned long long)manifest->rows,
            (unsigned long long)manifest->seed);
    for (size_t m = 0; m < PASAR_MODELS; m++)
        print_model(&generation->models[m], out);
    for (size_t i = 0; i < manifest->agreement_count; i++)
        fprintf(out, "models %d and %d: adjusted Rand index %.4f, %llu of %llu rows changed their cluster\n",
                pasar_model_pairs[i][0], pasar_model_pairs[i][1], manifest->agreement[i].adjusted_rand,
                (unsigned long long)manifest->agreement[i].changed_rows,
                (unsigned long long)manifest->agreement[i].rows);
    fprintf(out, "models' SHA-256 %s\n", hex);
    return 0;
}

int inspect_check(const char *dir, FILE *out, struct pasar_err *err)
{
    struct pasar_generation generation;
    char *parent = NULL, name[32];
    int result = -1;
    if (locate(dir, &parent, name, err) == 0 && pasar_generation_load(&generation, parent, name, err) == 0) {
        if (check_products(&generation, err) == 0)
            result = print_generation(&generation, out, err);
        else
            (void)pasar_err_context(err, "generation %s/%s", parent, name);
        pasar_generation_fini(&generation);
    }
    free(parent);
    return result;
}

/* ------------------------------------------------------------------ predict */

struct prediction {
    const struct pasar_generation *generation;
    const char *path; /* for messages */
    size_t field_count;
    size_t field[PASAR_COLUMNS]; /* where each feature stands */
    struct pasar_buf line;
};

static int map_header(struct prediction *p, const struct pasar_csv_row *header, struct pasar_err *err)
{
    p->field_count = header->field_count;
    for (int m = 0; m < PASAR_MODELS; m++) {
        const struct pasar_model *model = &p->generation->models[m];
        for (size_t f = 0; f < model->feature_count; f++) {
            const char *name = pasar_columns[model->feature[f]].name;
            size_t found = 0;
            for (size_t i = 0; i < header->field_count; i++) {
                const char *text = header->fields[i].data, *end = text + header->fields[i].len;
                while (text < end && (*text == ' ' || *text == '\t'))
                    text++;
                while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
                    end--;
                if ((size_t)(end - text) != strlen(name) || memcmp(text, name, strlen(name)) != 0)
                    continue;
                p->field[model->feature[f]] = i;
                found++;
            }
            if (found != 1)
                return pasar_err_set(err, PASAR_EDATA, "%s: the header must have a column %s, once", p->path, name);
        }
    }
    return 0;
}

/* The row as it stands in the file, without its line end. */
static void begin_line(struct prediction *p, const struct pasar_csv_row *row)
{
    size_t len = row->raw_len;
    while (len > 0 && (row->raw[len - 1] == '\n' || row->raw[len - 1] == '\r'))
        len--;
    pasar_buf_reset(&p->line);
    pasar_buf_add(&p->line, row->raw, len);
}

static int end_line(struct prediction *p, FILE *out, struct pasar_err *err)
{
    pasar_buf_addc(&p->line, '\n');
    if (p->line.failed)
        return pasar_err_nomem(err, "a row");
    if (fwrite(p->line.data, 1, p->line.len, out) != p->line.len)
        return pasar_err_errno(err, PASAR_EIO, "write to standard output");
    return 0;
}

static void add_prediction(struct prediction *p, const struct pasar_model *model, const struct pasar_csv_row *row)
{
    double values[PASAR_FEATURES_MAX], distance;
    char text[PASAR_NUM_DOUBLE_MAX];
    for (size_t f = 0; f < model->feature_count; f++) {
        const struct pasar_csv_field *field = &row->fields[p->field[model->feature[f]]];
        (void)pasar_clean_number(model->feature[f], field->data, field->len, &values[f]);
    }
    size_t cluster = pasar_model_predict(model, values, &distance);
    pasar_buf_printf(&p->line, ",%zu,", cluster);
    pasar_buf_add(&p->line, text, pasar_num_format_double(distance, text));
}

static int predict_row(struct prediction *p, const struct pasar_csv_row *row, FILE *out, struct pasar_err *err)
{
    bool is_header = p->field_count == 0;
    if (is_header && map_header(p, row, err) != 0)
        return -1;
    if (row->field_count != p->field_count)
        return pasar_err_set(err, PASAR_EDATA, "%s:%llu: %zu fields instead of %zu", p->path,
                             (unsigned long long)row->line, row->field_count, p->field_count);
    begin_line(p, row);
    for (int m = 0; m < PASAR_MODELS; m++) {
        if (is_header)
            pasar_buf_printf(&p->line, ",cluster_%d,distance_%d", m + 1, m + 1);
        else
            add_prediction(p, &p->generation->models[m], row);
    }
    return end_line(p, out, err);
}

static int predict_all(struct prediction *p, int fd, FILE *out, struct pasar_err *err)
{
    struct pasar_csv_reader *csv = pasar_csv_reader_new(pasar_csv_read_fd, &fd, ROW_BYTES_MAX);
    struct pasar_csv_row row;
    const char *reason = NULL;
    int result = -1;
    if (!csv)
        return pasar_err_nomem(err, "a CSV reader");
    for (;;) {
        enum pasar_csv_result got = pasar_csv_reader_next(csv, &row, &reason, err);
        if (got == PASAR_CSV_ROW && predict_row(p, &row, out, err) == 0)
            continue;
        if (got == PASAR_CSV_BAD)
            (void)pasar_err_set(err, PASAR_EDATA, "%s:%llu: %s", p->path, (unsigned long long)row.line, reason);
        else if (got == PASAR_CSV_ERROR)
            (void)pasar_err_context(err, "%s", p->path);
        else if (got == PASAR_CSV_END && p->field_count == 0)
            (void)pasar_err_set(err, PASAR_EDATA, "%s: empty; a header with the features' columns is needed", p->path);
        else if (got == PASAR_CSV_END)
            result = 0;
        break;
    }
    pasar_csv_reader_free(csv);
    return result;
}

int inspect_predict(const char *models_dir, const char *path, FILE *out, struct pasar_err *err)
{
    struct pasar_generation generation;
    char name[32];
    bool is_stdin = strcmp(path, "-") == 0;
    if (pasar_generation_current(models_dir, name, err) != 0 ||
        pasar_generation_load(&generation, models_dir, name, err) != 0)
        return -1;
    struct prediction p = {.generation = &generation, .path = is_stdin ? "(stdin)" : path};
    int result = -1, fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        (void)pasar_err_errno(err, PASAR_ENOINPUT, "open %s", path);
    else
        result = predict_all(&p, fd, out, err);
    if (fd >= 0 && !is_stdin)
        close(fd);
    pasar_buf_fini(&p.line);
    pasar_generation_fini(&generation);
    return result;
}
