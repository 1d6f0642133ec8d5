/*
 * A model generation: the third contract. <models>/NNNNNN/ holds manifest.json, model_1.json … model_3.json and
 * products.csv (every row in arrival order, with its source row and its cluster in each model); <models>/current is a
 * symbolic link to the newest. The trainer writes, the API loads; both use this file.
 */
#ifndef PASAR_GENERATION_H
#define PASAR_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/record.h"

enum {
    PASAR_MODELS = 3,
    /*
     * Format version of model_N.json and manifest.json; a reader refuses others. It is raised only when readers would
     * break: a member goes away, changes its type or its meaning. New members leave it as it is: older readers pass
     * over them, newer ones take a missing one as not known.
     */
    PASAR_MODEL_FORMAT = 1,
    PASAR_FEATURES_MAX = 8,
    PASAR_CLUSTERS_MAX = 256,
    PASAR_LABEL_MAX = 120,
    PASAR_MODEL_TEXT_MAX = 4096, /* bytes of a category, a product id or name in a model; longer ones do not get in */
    PASAR_TOP_CATEGORIES = 5,
    PASAR_COMPONENTS = 2,
    PASAR_K_TRIALS_MAX = 16,
    PASAR_MODEL_PAIRS = 3, /* 1 and 2, 2 and 3, 1 and 3 */
};

enum pasar_transform { PASAR_TRANSFORM_NONE, PASAR_TRANSFORM_LOG1P };

struct pasar_category_count {
    char *category; /* full path A|B|C */
    uint64_t count;
};

struct pasar_cluster {
    uint64_t size;               /* rows */
    char label[PASAR_LABEL_MAX]; /* in words, unique within the model */
    /* real units, over rows that have the value; NaN if none has */
    double mean[PASAR_FEATURES_MAX], median[PASAR_FEATURES_MAX];
    struct pasar_category_count top[PASAR_TOP_CATEGORIES];
    size_t top_count;
    /* The product nearest to the centroid (of several the first row), its name (may be NULL) and its distance in z
     * space; nearest_id NULL: not known. Owned. */
    char *nearest_id, *nearest_name;
    double nearest_distance;
};

/*
 * The principal components of a model's points in z space (those of the correlation matrix), largest variance first;
 * in each, the weight that is largest in absolute value is positive. Weights and variances are rounded to 9 decimals.
 */
struct pasar_projection {
    size_t count; /* components: PASAR_COMPONENTS, or 1 with a single feature; 0: not known */
    double component[PASAR_COMPONENTS][PASAR_FEATURES_MAX]; /* unit vectors; a point's coordinate is their product */
    double variance[PASAR_COMPONENTS];
    double ratio[PASAR_COMPONENTS]; /* share of the whole variance; 0 when there is none */
};

/* What one k gave when k was searched. */
struct pasar_k_trial {
    size_t k;
    double inertia, silhouette; /* silhouette NaN where undefined */
};

/* One k-means model. Arrays over features have feature_count entries, over clusters k. */
struct pasar_model {
    int number;             /* 1..3 */
    uint64_t rows;          /* trained on the first `rows` rows in arrival order */
    uint64_t distinct_rows; /* distinct points after imputation */
    size_t feature_count;
    enum pasar_column feature[PASAR_FEATURES_MAX];
    enum pasar_transform transform[PASAR_FEATURES_MAX];
    double impute[PASAR_FEATURES_MAX]; /* stands for a missing value, after the transform, before scaling */
    uint64_t missing[PASAR_FEATURES_MAX];
    /* z = (transform(x) - mean) / std, std with n-1; 1 where constant */
    double mean[PASAR_FEATURES_MAX], std[PASAR_FEATURES_MAX];
    size_t k;
    double *centroids;                                             /* k x feature_count, row-major, z space; owned */
    struct pasar_cluster *clusters;                                /* k; owned */
    double inertia, silhouette, davies_bouldin, calinski_harabasz; /* NaN (null) where undefined, as for k = 1 */
    uint64_t silhouette_sample;                                    /* rows it was measured on; < rows means sampled */
    int iterations, restarts;
    char stop_reason[24]; /* "converged", "tol", "max_iter" */
    uint64_t seed;
    struct pasar_projection projection;
    struct pasar_k_trial k_trials[PASAR_K_TRIALS_MAX]; /* rising k; none when k was given */
    size_t k_trial_count;
};

void pasar_model_fini(struct pasar_model *model);

/*
 * Feature `f` of a point in z space: imputed when `value` is NaN, transformed (log1p of a negative value is that of
 * 0), scaled.
 */
double pasar_model_z(const struct pasar_model *model, size_t f, double value);

/* Coordinate `f` of centroid `cluster` in the feature's real units: z-scoring and transform undone. */
double pasar_model_centroid(const struct pasar_model *model, size_t cluster, size_t f);

/* Coordinate `component` of centroid `cluster` in the plane of the principal components. */
double pasar_model_project(const struct pasar_model *model, size_t cluster, size_t component);

/*
 * What must hold in every model: dimensions in range, numeric features without doubles, finite numbers, std > 0, sizes
 * that add up to rows, labels. 0, or -1 with err (PASAR_EDATA) naming the member. Writer and loader both ask it.
 */
int pasar_model_check(const struct pasar_model *model, struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * The cluster of a point given as raw values per feature (NaN = missing → imputed), and its Euclidean distance to that
 * centroid in z space; the lowest id wins ties.
 */
size_t pasar_model_predict(const struct pasar_model *model, const double *values, double *distance);

struct pasar_manifest_batch {
    char *file;
    uint64_t rows;
    char sha256[65];
};

/* How far a model and a later one agree, over the rows and the cluster ids that both have. */
struct pasar_agreement {
    double adjusted_rand;             /* Hubert, Arabie 1985: 1 = the same partition, about 0 = chance */
    uint64_t rows;                    /* of the earlier model */
    uint64_t changed_rows;            /* rows whose cluster id is another one in the later model */
    double moves[PASAR_CLUSTERS_MAX]; /* per id: distance between the centroids, in the later model's std units */
    size_t move_count;
};

extern const int pasar_model_pairs[PASAR_MODEL_PAIRS][2]; /* model numbers: {1, 2}, {2, 3}, {1, 3} */

/* How the models were trained; their features and transforms are in the models themselves. */
struct pasar_training {
    bool is_known;
    uint64_t k; /* clusters asked for; 0: chosen by the silhouette */
    bool random_init, warm_start;
    uint64_t n_init, max_iter;
    double tol;
};

struct pasar_manifest {
    uint64_t generation;
    int64_t trained_at_us;
    uint64_t rows;
    uint64_t model_rows[PASAR_MODELS];
    uint64_t seed;
    struct pasar_training training;
    struct pasar_manifest_batch *batches; /* what it was made of; owned */
    size_t batch_count;
    struct pasar_manifest_file {
        char name[32];
        uint64_t bytes;
        char sha256[65];
    } files[PASAR_MODELS + 1]; /* model_1.json … model_3.json, products.csv */
    struct pasar_agreement agreement[PASAR_MODEL_PAIRS];
    size_t agreement_count; /* PASAR_MODEL_PAIRS; 0: not known */
};

/*
 * manifest.json: {"format", "generation", "trained_at", "rows", "model_rows": […], "seed", "training": {"k": number or
 * "auto", "init", "n_init", "max_iter", "tol", "warm_start"} (left out when not known), "batches": [{"file", "rows",
 * "sha256", "partition", "first_offset", "last_offset"}] (the last three for people: the file's name tells them),
 * "agreement": [{"models": [1, 2], "rows", "changed_rows", "adjusted_rand", "centroid_moves": […]}] (left
 * out when not known), "files": [{"name", "bytes", "sha256"}], "sha256"}. The last one is the checksum of the manifest
 * itself, taken with its own 64 digits as zeros.
 */

/*
 * Where a row of products.csv came from: its number, counted from 0 through the manifest's batches one after the other.
 * products.csv has it as source_row, there counted from 1. A generation knows it of all its rows or (those of before
 * there was such a column) of none.
 */
#define PASAR_SOURCE_UNKNOWN UINT64_MAX

/* ------------------------------------------------------------------ writing (trainer) */

struct pasar_generation_writer;

/*
 * Takes the lock of `models_dir` (one trainer at a time), removes leftovers of a crash, opens a hidden directory.
 * `models_dir` is created when missing. NULL with err.
 */
struct pasar_generation_writer *pasar_generation_writer_open(const char *models_dir,
                                                             struct pasar_err *err) PASAR_MUSTCHECK;

/* Number that the generation will get: highest present + 1. */
uint64_t pasar_generation_writer_number(const struct pasar_generation_writer *w);

/*
 * Adds a row of products.csv, in arrival order: the record, its cluster in models 1..3, -1 past a model's rows, and its
 * source row (each once), or PASAR_SOURCE_UNKNOWN in every row.
 */
int pasar_generation_writer_add_row(struct pasar_generation_writer *w, const struct pasar_record *record,
                                    const int cluster[PASAR_MODELS], uint64_t source,
                                    struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Writes the three models and the manifest (its generation, files and checksums are filled in here; the caller fills
 * trained_at_us, rows, model_rows, seed and batches), fsyncs all, renames the directory to NNNNNN, swaps `current`,
 * prunes to the newest `keep` generations (at least 1, never the current one), frees `w` in every case. Models that do
 * not fit each other, the manifest or the rows added are refused (PASAR_EBUG) before anything is published, and so is
 * a directory that pasar_generation_load would refuse.
 */
int pasar_generation_writer_publish(struct pasar_generation_writer *w, const struct pasar_model models[PASAR_MODELS],
                                    struct pasar_manifest *manifest, int keep, struct pasar_err *err) PASAR_MUSTCHECK;

void pasar_generation_writer_abort(struct pasar_generation_writer *w);

/*
 * model_N.json, byte for byte the same for the same model; NaN is null. NULL with err when out of memory or when
 * pasar_model_check refuses. Free with free(). Members in this order: format, model, rows, distinct_rows,
 *   features: [{name, transform, impute, missing, mean, std}], k, centroids (z space),
 *   centroids_real (real units; for people, not read back),
 *   clusters: [{id, size, label, mean: {feature: value}, median: {…}, top_categories: [{category, count}],
 *     nearest: {product_id, product_name, distance} or null}],
 *   inertia, silhouette, silhouette_sample, davies_bouldin, calinski_harabasz, iterations, restarts, stop_reason, seed,
 *   principal_components: null or {components: [[a weight per feature], [...]], explained_variance: […],
 *     explained_variance_ratio: […], centroids: [[x, y] per cluster] (not read back)},
 *   k_trials: [{k, inertia, silhouette}].
 */
char *pasar_model_to_json(const struct pasar_model *model, struct pasar_err *err) PASAR_MUSTCHECK;

/* ------------------------------------------------------------------ loading (API, --check) */

struct pasar_generation {
    struct pasar_manifest manifest;
    struct pasar_model models[PASAR_MODELS];
    int products_fd; /* products.csv, open for reading, checked against the manifest; owned; -1: closed */
};

/* The name that `current` points to ("000007"), or -1 with err: PASAR_ENOINPUT when there is none yet. */
int pasar_generation_current(const char *models_dir, char name[32], struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Loads and validates generation `name`: opens the directory once, then everything inside it; sizes, checksums, format
 * version, dimensions, finiteness, std > 0, row counts, that all models belong together. Anything wrong: -1 with err
 * PASAR_EDATA naming file and reason. Free with pasar_generation_fini.
 */
int pasar_generation_load(struct pasar_generation *generation, const char *models_dir, const char *name,
                          struct pasar_err *err) PASAR_MUSTCHECK;
void pasar_generation_fini(struct pasar_generation *generation);

/* Closes products.csv once it has been read, so that a generation in use neither pins its disk space nor its mount. */
void pasar_generation_close_products(struct pasar_generation *generation);

int pasar_model_from_json(struct pasar_model *model, const char *json, size_t len,
                          struct pasar_err *err) PASAR_MUSTCHECK;

void pasar_manifest_fini(struct pasar_manifest *manifest);

/*
 * Reads products.csv of a loaded generation (which must outlive the reader) row by row; several readers do not disturb
 * each other. At the end it has checked that rows, clusters and their sizes are those of manifest and models, and that
 * each source row came once.
 */
struct pasar_products_reader;
struct pasar_products_reader *pasar_products_reader_open(const struct pasar_generation *generation,
                                                         struct pasar_err *err) PASAR_MUSTCHECK;
/* The next row; its text is valid until the next call. */
enum pasar_products_result { PASAR_PRODUCTS_ROW, PASAR_PRODUCTS_END, PASAR_PRODUCTS_ERROR };
enum pasar_products_result pasar_products_reader_next(struct pasar_products_reader *r, struct pasar_record *record,
                                                      int cluster[PASAR_MODELS], struct pasar_err *err) PASAR_MUSTCHECK;
/* The source row of the row that was read last, or PASAR_SOURCE_UNKNOWN. */
uint64_t pasar_products_reader_source(const struct pasar_products_reader *r);
void pasar_products_reader_close(struct pasar_products_reader *r);

#endif
