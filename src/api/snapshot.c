#include "api/snapshot.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/describe.h"
#include "api/send.h"
#include "pasar/clock.h"

static int load_catalog(struct snapshot *s, struct pasar_err *err)
{
    struct pasar_products_reader *reader = pasar_products_reader_open(&s->generation, err);
    struct pasar_record record;
    int cluster[PASAR_MODELS];
    enum pasar_products_result result;
    if (!reader)
        return -1;
    while ((result = pasar_products_reader_next(reader, &record, cluster, err)) == PASAR_PRODUCTS_ROW) {
        if (catalog_add(&s->catalog, &record, cluster, s->generation.manifest.model_rows,
                        pasar_products_reader_source(reader), err) != 0) {
            result = PASAR_PRODUCTS_ERROR;
            break;
        }
    }
    pasar_products_reader_close(reader);
    pasar_generation_close_products(&s->generation);
    if (result != PASAR_PRODUCTS_END)
        return -1;
    if (s->catalog.rows != s->generation.manifest.rows)
        return pasar_err_set(err, PASAR_EDATA, "%s/products.csv: %llu rows, the manifest says %llu", s->name,
                             (unsigned long long)s->catalog.rows, (unsigned long long)s->generation.manifest.rows);
    return catalog_finish(&s->catalog, err);
}

static int fit_all(struct snapshot *s, struct pasar_err *err)
{
    static const enum pasar_column columns[FITS][FIT_COLUMNS_MAX] = {
        [FIT_PRICE_RATING] = {PASAR_COL_DISCOUNTED_PRICE, PASAR_COL_RATING},
        [FIT_RATING_COUNT] = {PASAR_COL_RATING, PASAR_COL_RATING_COUNT},
        [FIT_DISCOUNT] = {PASAR_COL_DISCOUNT_PERCENTAGE, PASAR_COL_DISCOUNT_PERCENTAGE},
    };
    for (int f = 0; f < FITS; f++) {
        if (fit_catalog(&s->fits[f], &s->catalog, &s->catalog.views[PASAR_MODELS - 1], columns[f],
                        f == FIT_DISCOUNT ? 1 : 2, err) != 0)
            return -1;
    }
    return 0;
}

static int take_text(struct blob *blob, struct pasar_buf *buf, struct pasar_err *err)
{
    size_t len = 0;
    char *data = pasar_buf_steal(buf, &len);
    return blob_take(blob, data, len, err);
}

/* {"models":[{"model":1,"<member>":…},…]}, of the three models' own replies. */
static int join_models(struct blob *all, const char *member, const struct blob *const one[PASAR_MODELS],
                       struct pasar_err *err)
{
    struct pasar_buf buf = {0};
    pasar_buf_adds(&buf, "{\"models\":[");
    for (int m = 0; m < PASAR_MODELS; m++) {
        pasar_buf_printf(&buf, "%s{\"model\":%d,\"%s\":", m ? "," : "", m + 1, member);
        pasar_buf_add(&buf, one[m]->data, one[m]->len);
        pasar_buf_addc(&buf, '}');
    }
    pasar_buf_adds(&buf, "]}");
    return take_text(all, &buf, err);
}

static int write_all(struct snapshot *s, struct pasar_err *err)
{
    for (int counts = 0; counts < 2; counts++) {
        const struct blob *const trees[] = {&s->categories[0][counts], &s->categories[1][counts],
                                            &s->categories[2][counts]};
        if (join_models(&s->categories_all[counts], "categories", trees, err) != 0)
            return -1;
    }
    const struct blob *const clusters[] = {&s->clusters[0], &s->clusters[1], &s->clusters[2]};
    return join_models(&s->clusters_all, "clusters", clusters, err);
}

enum { BLOBS = 4 * PASAR_MODELS + 4 };

/* All ready-made replies. */
static void list_blobs(struct snapshot *s, struct blob *list[BLOBS])
{
    size_t n = 0;
    list[n++] = &s->models_all;
    list[n++] = &s->clusters_all;
    list[n++] = &s->categories_all[0];
    list[n++] = &s->categories_all[1];
    for (int m = 0; m < PASAR_MODELS; m++) {
        list[n++] = &s->model_one[m];
        list[n++] = &s->clusters[m];
        list[n++] = &s->categories[m][0];
        list[n++] = &s->categories[m][1];
    }
}

static int write_replies(struct snapshot *s, struct pasar_err *err)
{
    struct pasar_buf buf = {0};
    const struct pasar_generation *g = &s->generation;
    describe_models(&buf, g);
    if (take_text(&s->models_all, &buf, err) != 0)
        return -1;
    for (int m = 0; m < PASAR_MODELS; m++) {
        describe_model(&buf, g, m);
        if (take_text(&s->model_one[m], &buf, err) != 0)
            return -1;
        describe_clusters(&buf, &g->models[m]);
        if (take_text(&s->clusters[m], &buf, err) != 0)
            return -1;
        for (int counts = 0; counts < 2; counts++) {
            const struct catalog_view *view = &s->catalog.views[m];
            if (blob_borrow(&s->categories[m][counts], view->categories_json[counts], view->categories_json_len[counts],
                            err) != 0)
                return -1;
        }
    }
    return write_all(s, err);
}

static int prepare_replies(struct snapshot *s, struct pasar_err *err)
{
    struct blob *list[BLOBS];
    list_blobs(s, list);
    if (write_replies(s, err) != 0)
        return -1;
    for (size_t i = 0; i < BLOBS; i++) {
        if (send_prepare(list[i], REPLY_JSON, false, s->number, err) != 0)
            return -1;
    }
    return 0;
}

struct snapshot *snapshot_load(const char *models_dir, const char *name, struct pasar_err *err)
{
    int64_t started = pasar_clock_mono_ns();
    struct snapshot *s = calloc(1, sizeof *s);
    if (!s) {
        pasar_err_nomem(err, "snapshot");
        return NULL;
    }
    snprintf(s->name, sizeof s->name, "%s", name);
    s->generation.products_fd = -1;
    if (pasar_generation_load(&s->generation, models_dir, name, err) != 0) {
        free(s);
        return NULL;
    }
    snprintf(s->number, sizeof s->number, "%llu", (unsigned long long)s->generation.manifest.generation);
    int rc = catalog_init(&s->catalog, err);
    if (rc == 0)
        rc = load_catalog(s, err);
    if (rc == 0)
        rc = textindex_build(&s->index, &s->catalog, err);
    if (rc == 0)
        rc = fit_all(s, err);
    if (rc == 0)
        rc = prepare_replies(s, err);
    if (rc != 0) {
        snapshot_free(s);
        return NULL;
    }
    s->loaded_at_us = pasar_clock_wall_us();
    s->load_seconds = (double)(pasar_clock_mono_ns() - started) / 1e9;
    return s;
}

void snapshot_free(struct snapshot *s)
{
    if (!s)
        return;
    struct blob *list[BLOBS];
    list_blobs(s, list);
    for (size_t i = 0; i < BLOBS; i++)
        blob_fini(list[i]);
    textindex_fini(&s->index);
    catalog_fini(&s->catalog);
    pasar_generation_fini(&s->generation);
    free(s);
}

/* ------------------------------------------------------------------ store */

void snapshot_store_init(struct snapshot_store *store)
{
    memset(store, 0, sizeof *store);
    atomic_init(&store->current, -1);
}

const struct snapshot *snapshot_acquire(struct snapshot_store *store, int *slot)
{
    for (;;) {
        int at = atomic_load(&store->current);
        *slot = at;
        if (at < 0)
            return NULL;
        atomic_fetch_add(&store->slots[at].readers, 1);
        if (atomic_load(&store->current) == at) /* still current after we were counted: it cannot be freed now */
            return store->slots[at].snapshot;
        atomic_fetch_sub(&store->slots[at].readers, 1);
    }
}

void snapshot_release(struct snapshot_store *store, int slot)
{
    if (slot >= 0)
        atomic_fetch_sub(&store->slots[slot].readers, 1);
}

void snapshot_collect(struct snapshot_store *store)
{
    int current = atomic_load(&store->current);
    for (int i = 0; i < SNAPSHOT_SLOTS; i++) {
        struct snapshot_slot *slot = &store->slots[i];
        if (i != current && slot->snapshot && atomic_load(&slot->readers) == 0) {
            snapshot_free(slot->snapshot);
            slot->snapshot = NULL;
        }
    }
}

int snapshot_publish(struct snapshot_store *store, struct snapshot *snapshot, struct pasar_err *err)
{
    snapshot_collect(store);
    for (int i = 0; i < SNAPSHOT_SLOTS; i++) {
        if (i == atomic_load(&store->current) || store->slots[i].snapshot)
            continue;
        store->slots[i].snapshot = snapshot;
        atomic_store(&store->current, i);
        snapshot_collect(store);
        return 0;
    }
    snapshot_free(snapshot);
    return pasar_err_set(err, PASAR_EOS, "%d older generations are still in use by slow clients", SNAPSHOT_SLOTS);
}

void snapshot_store_fini(struct snapshot_store *store)
{
    atomic_store(&store->current, -1);
    for (int i = 0; i < SNAPSHOT_SLOTS; i++) {
        snapshot_free(store->slots[i].snapshot);
        store->slots[i].snapshot = NULL;
    }
}
