/* What the files of the generation share. Private to src/common. */
#ifndef PASAR_GENERATION_PRIVATE_H
#define PASAR_GENERATION_PRIVATE_H

#include <jansson.h>

#include "pasar/generation.h"

enum {
    PASAR_GENERATION_NAME_MAX = 32,
    PASAR_GENERATION_JSON_FLAGS = JSON_INDENT(2) | JSON_REAL_PRECISION(17), /* 17 digits read back identically */
};

#define PASAR_GENERATION_CURRENT  "current"
#define PASAR_GENERATION_LOCK     ".lock"
#define PASAR_GENERATION_NEW      ".new-" /* a generation being written */
#define PASAR_GENERATION_OLD      ".old-" /* one being removed */
#define PASAR_GENERATION_MANIFEST "manifest.json"

/* Largest files that a reader takes. A batch has some 300 bytes in the manifest: room for 10 million of them. */
#define PASAR_GENERATION_MODEL_BYTES_MAX    (INT64_C(64) << 20)
#define PASAR_GENERATION_MANIFEST_BYTES_MAX (INT64_C(4) << 30)

extern const char *const pasar_generation_files[PASAR_MODELS + 1]; /* as in struct pasar_manifest */

/* ------------------------------------------------------------------ directories */

void pasar_generation_name_format(uint64_t number, char name[PASAR_GENERATION_NAME_MAX]);

/* True and *number filled when `name` is a generation's (six digits or more). */
bool pasar_generation_name_parse(const char *name, uint64_t *number);

/* The highest generation of the directory, 0 when there is none. */
int pasar_generation_highest(const char *models_dir, uint64_t *number, struct pasar_err *err) PASAR_MUSTCHECK;

/* Removes what a crash left: hidden directories of writers and of pruning, half-made links. The lock must be held. */
int pasar_generation_clean(const char *models_dir, struct pasar_err *err) PASAR_MUSTCHECK;

/* Removes directory <models_dir>/<name> and the files in it. */
int pasar_generation_remove(const char *models_dir, const char *name, struct pasar_err *err) PASAR_MUSTCHECK;

/* Removes all but the newest `keep` generations and the current one. */
int pasar_generation_prune(const char *models_dir, int keep, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Whether the writer's hidden directory `hidden` could be loaded as generation `name`: all that pasar_generation_load
 * checks, except that of products.csv, whose checksum the writer has just taken, only the size counts.
 */
int pasar_generation_prove(const char *models_dir, const char *hidden, const char *name,
                           struct pasar_err *err) PASAR_MUSTCHECK;

/* The column of products.csv that tells where a row came from. */
#define PASAR_GENERATION_SOURCE "source_row"

/* ------------------------------------------------------------------ JSON */

/* manifest.json's text with its checksum; free(). NULL with err. */
char *pasar_manifest_to_json(const struct pasar_manifest *manifest, struct pasar_err *err) PASAR_MUSTCHECK;
int pasar_manifest_from_json(struct pasar_manifest *manifest, const char *json, size_t len,
                             struct pasar_err *err) PASAR_MUSTCHECK;

/* Whether the rows of the batches add up to the manifest's rows: only then do source rows have a meaning. */
bool pasar_manifest_batches_add_up(const struct pasar_manifest *manifest);

/* An object under construction: a failure (out of memory, text that is no UTF-8) sticks. */
struct pasar_json_out {
    json_t *object;
    bool failed;
};

void pasar_json_put(struct pasar_json_out *out, const char *key, json_t *value); /* takes `value` */
void pasar_json_put_u64(struct pasar_json_out *out, const char *key, uint64_t value);
void pasar_json_put_text(struct pasar_json_out *out, const char *key, const char *text);
void pasar_json_put_number(struct pasar_json_out *out, const char *key, double value); /* NaN is null */
json_t *pasar_json_number(double value);

/* Members of an object being read; errors are PASAR_EDATA, named `where` and the key. */
int pasar_json_u64(const json_t *object, const char *where, const char *key, uint64_t min, uint64_t max, uint64_t *out,
                   struct pasar_err *err) PASAR_MUSTCHECK;
int pasar_json_double(const json_t *object, const char *where, const char *key, bool null_allowed, double *out,
                      struct pasar_err *err) PASAR_MUSTCHECK;
/* Text of 1..max bytes, borrowed from the object; NULL with err. */
const char *pasar_json_text(const json_t *object, const char *where, const char *key, size_t max,
                            struct pasar_err *err);
/* An array or object of min..max entries; NULL with err. */
const json_t *pasar_json_array(const json_t *object, const char *where, const char *key, size_t min, size_t max,
                               struct pasar_err *err);
int pasar_json_sha256(const json_t *object, const char *where, const char *key, char hex[65],
                      struct pasar_err *err) PASAR_MUSTCHECK;

/* Members of a model that readers can do without: NULL when out of memory, `read` takes a missing one as not known. */
json_t *pasar_model_nearest_to_json(const struct pasar_cluster *cluster);
json_t *pasar_model_projection_to_json(const struct pasar_model *model);
json_t *pasar_model_k_trials_to_json(const struct pasar_model *model);
int pasar_model_read_nearest(struct pasar_cluster *cluster, const json_t *json, const char *where,
                             struct pasar_err *err) PASAR_MUSTCHECK;
int pasar_model_read_projection(struct pasar_model *model, const json_t *root, struct pasar_err *err) PASAR_MUSTCHECK;
int pasar_model_read_k_trials(struct pasar_model *model, const json_t *root, struct pasar_err *err) PASAR_MUSTCHECK;

/* "agreement" of the manifest, likewise. */
json_t *pasar_agreement_to_json(const struct pasar_manifest *manifest);
int pasar_agreement_read(struct pasar_manifest *manifest, const json_t *root, struct pasar_err *err) PASAR_MUSTCHECK;

/* The agreement against the models that it is about: rows, and a move per common id. */
int pasar_agreement_check(const struct pasar_manifest *manifest, const struct pasar_model models[PASAR_MODELS],
                          struct pasar_err *err) PASAR_MUSTCHECK;

/* Parses one object of our format version; NULL with err. json_decref() it. */
json_t *pasar_json_load(const char *json, size_t len, struct pasar_err *err);

#endif
