/* .meta.json: what a batch directory belongs to. Offsets of another cluster, topic or group mean nothing in it. */
#ifndef CONSUMER_META_H
#define CONSUMER_META_H

#include "pasar/attrs.h"
#include "pasar/err.h"

#define META_FILE ".meta.json"

enum {
    META_FORMAT = 1
}; /* raised when names or contents of the directory change; older ones are read or refused here */

struct meta {
    const char *cluster_id; /* "" when the broker tells none */
    const char *topic, *group;
};

enum { META_ID_LEN = 16 };

/*
 * Compares the directory's .meta.json with `meta`, writing it (durably, once) where there is none, and again where the
 * cluster was not known then and is now. `id` receives the random name that the directory was given: commits to the
 * group carry it, so that commits made for another directory can be told apart. `cluster_id` (may be NULL) receives the
 * cluster that the directory belongs to, "" while none is known; the caller frees it. 0; -1 with err: PASAR_EDATA
 * naming what differs, PASAR_ECREATE or PASAR_EIO when it cannot be written or read.
 */
int meta_claim(const char *dir, const struct meta *meta, char id[META_ID_LEN + 1], char **cluster_id,
               struct pasar_err *err) PASAR_MUSTCHECK;

#endif
