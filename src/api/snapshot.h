/*
 * The API's world: one loaded generation with everything answers are made of. Immutable once loaded; handlers only
 * read. Which snapshot is current, and who still uses an older one, is the store's business.
 */
#ifndef PASAR_API_SNAPSHOT_H
#define PASAR_API_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "api/blob.h"
#include "api/catalog.h"
#include "api/fit.h"
#include "api/textindex.h"
#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/generation.h"

enum snapshot_fit { FIT_PRICE_RATING, FIT_RATING_COUNT, FIT_DISCOUNT, FITS };

struct snapshot {
    char name[32];   /* directory: "000007" */
    char number[24]; /* "7", for X-Pasar-Generation */
    int64_t loaded_at_us;
    double load_seconds;
    struct pasar_generation generation;
    struct catalog catalog;
    struct textindex index;
    struct fit fits[FITS];
    struct blob categories[PASAR_MODELS][2]; /* [model - 1][counts] */
    struct blob categories_all[2];           /* model=all */
    struct blob models_all, model_one[PASAR_MODELS], clusters[PASAR_MODELS], clusters_all;
};

/*
 * Loads and checks generation `name` of models_dir and builds all indexes. NULL with err (PASAR_EDATA when the
 * generation is broken, naming file and reason).
 */
struct snapshot *snapshot_load(const char *models_dir, const char *name, struct pasar_err *err) PASAR_MUSTCHECK;
void snapshot_free(struct snapshot *snapshot); /* NULL is fine */

/* ------------------------------------------------------------------ which one is current */

enum { SNAPSHOT_SLOTS = 16 };

/*
 * The current snapshot behind a counted index. Readers acquire and release with one atomic addition each and never
 * wait; only the reloading thread publishes and frees. A slot's counter outlives the snapshot in it, so that a reader
 * that comes too late sees the index changed, takes its count back, and tries again without having touched the
 * snapshot.
 */
struct snapshot_store {
    _Atomic int current; /* slot, -1 = none yet */
    struct snapshot_slot {
        _Atomic uint32_t readers;
        struct snapshot *snapshot;
    } slots[SNAPSHOT_SLOTS];
};

void snapshot_store_init(struct snapshot_store *store);

/* The current snapshot and its slot (for release), or NULL when there is none yet. Any thread. */
const struct snapshot *snapshot_acquire(struct snapshot_store *store, int *slot);
void snapshot_release(struct snapshot_store *store, int slot); /* -1 is fine */

/*
 * Makes `snapshot` current (taken). Frees older ones nobody uses any more. 0, or -1 with err when all slots are still
 * in use (the snapshot is freed then). One thread only.
 */
int snapshot_publish(struct snapshot_store *store, struct snapshot *snapshot, struct pasar_err *err) PASAR_MUSTCHECK;

/* Frees retired snapshots without readers. The thread that publishes. */
void snapshot_collect(struct snapshot_store *store);

/* Frees all; no readers may be left. */
void snapshot_store_fini(struct snapshot_store *store);

#endif
