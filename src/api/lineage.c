#include "api/lineage.h"

#include <string.h>

#include "api/jsontext.h"
#include "api/point.h"
#include "pasar/batch.h"

/* One topic partition's share of a generation. */
struct source {
    struct pasar_batch_name name; /* first_offset and last_offset over all its files */
    uint64_t rows, files;
};

static void add_place(struct pasar_buf *buf, const struct pasar_batch_name *name)
{
    pasar_buf_adds(buf, "\"topic\":");
    jsontext_add_string(buf, name->topic, strlen(name->topic));
    pasar_buf_printf(buf, ",\"partition\":%d,\"first_offset\":%lld,\"last_offset\":%lld", (int)name->partition,
                     (long long)name->first_offset, (long long)name->last_offset);
}

static void add_source(struct pasar_buf *buf, const struct source *source, bool first)
{
    pasar_buf_adds(buf, first ? "{" : ",{");
    add_place(buf, &source->name);
    pasar_buf_printf(buf, ",\"files\":%llu,\"rows\":%llu}", (unsigned long long)source->files,
                     (unsigned long long)source->rows);
}

/* The manifest lists the files by partition, topic and offset, so a partition's files follow each other. */
void lineage_add_sources(struct pasar_buf *buf, const struct pasar_manifest *manifest)
{
    struct source source = {0};
    size_t written = 0;
    pasar_buf_addc(buf, '[');
    for (size_t i = 0; i < manifest->batch_count; i++) {
        struct pasar_batch_name name;
        if (!pasar_batch_name_parse(manifest->batches[i].file, &name))
            continue;
        bool same =
            source.files > 0 && name.partition == source.name.partition && strcmp(name.topic, source.name.topic) == 0;
        if (!same) {
            if (source.files > 0)
                add_source(buf, &source, written++ == 0);
            source = (struct source){.name = name};
        }
        source.name.last_offset = name.last_offset;
        source.rows += manifest->batches[i].rows;
        source.files++;
    }
    if (source.files > 0)
        add_source(buf, &source, written == 0);
    pasar_buf_addc(buf, ']');
}

/*
 * The offset of row `row` (from 0) of a batch, where it is certain: rows are in the order of their offsets, so that a
 * batch of as many rows as its name has offsets holds each of them, and no reject or gap.
 */
static void add_offset(struct pasar_buf *buf, const struct pasar_batch_name *name, uint64_t rows, uint64_t row)
{
    uint64_t range = (uint64_t)name->last_offset - (uint64_t)name->first_offset;
    if (rows - 1 == range)
        pasar_buf_printf(buf, ",\"offset\":%lld", (long long)name->first_offset + (long long)row);
    else
        pasar_buf_adds(buf, ",\"offset\":null");
}

static void write_batch(struct pasar_buf *buf, const struct pasar_manifest_batch *batch, uint64_t row)
{
    struct pasar_batch_name name;
    pasar_buf_adds(buf, "{\"file\":");
    jsontext_add_string(buf, batch->file, strlen(batch->file));
    if (pasar_batch_name_parse(batch->file, &name)) {
        pasar_buf_addc(buf, ',');
        add_place(buf, &name);
        add_offset(buf, &name, batch->rows, row);
    }
    pasar_buf_printf(buf, ",\"rows\":%llu,\"row\":%llu,\"sha256\":", (unsigned long long)batch->rows,
                     (unsigned long long)row + 1);
    jsontext_add_string(buf, batch->sha256, strlen(batch->sha256));
    pasar_buf_addc(buf, '}');
}

/* The file that holds source row `source`, or null. */
static void add_batch(struct pasar_buf *buf, const struct pasar_manifest *manifest, uint32_t source)
{
    uint64_t row = source; /* left to go */
    pasar_buf_adds(buf, ",\"batch\":");
    for (size_t i = 0; source != CATALOG_NO_SOURCE && i < manifest->batch_count; i++) {
        if (row < manifest->batches[i].rows) {
            write_batch(buf, &manifest->batches[i], row);
            return;
        }
        row -= manifest->batches[i].rows;
    }
    pasar_buf_adds(buf, "null");
}

void lineage_write(struct pasar_buf *buf, const struct snapshot *s, uint32_t product, int model)
{
    const struct catalog_product *p = &s->catalog.products[product];
    const struct pasar_model *m = &s->generation.models[model - 1];
    const struct pasar_manifest *manifest = &s->generation.manifest;
    int cluster = p->cluster[model - 1];
    double z[PASAR_FEATURES_MAX];
    pasar_buf_adds(buf, "{\"product_id\":");
    pasar_buf_add(buf, s->catalog.text.data + p->json + CATALOG_ID_OFFSET, p->id_len);
    pasar_buf_printf(buf, ",\"model\":%d,\"generation\":%llu,\"row\":%llu,\"rows\":%llu", model,
                     (unsigned long long)manifest->generation, (unsigned long long)p->row + 1,
                     (unsigned long long)m->rows);
    pasar_buf_adds(buf, ",\"sources\":");
    lineage_add_sources(buf, manifest);
    add_batch(buf, manifest, p->source);
    if (cluster < 0 || (size_t)cluster >= m->k) {
        pasar_buf_adds(buf, ",\"cluster\":null,\"label\":null,\"distance\":null}");
        return;
    }
    pasar_buf_printf(buf, ",\"cluster\":%d,\"label\":", cluster);
    jsontext_add_string(buf, m->clusters[cluster].label, strlen(m->clusters[cluster].label));
    pasar_buf_adds(buf, ",\"distance\":");
    point_place(m, p, z);
    jsontext_add_rounded(buf, point_distance(m, z, (size_t)cluster), 6);
    pasar_buf_addc(buf, '}');
}
