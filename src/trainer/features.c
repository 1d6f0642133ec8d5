/* Columns, transforms, imputation, z-score. */
#include "trainer/features.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "pasar/hash.h"

static const char *const transform_names[] = {[PASAR_TRANSFORM_NONE] = "none", [PASAR_TRANSFORM_LOG1P] = "log1p"};

struct word {
    const char *at;
    size_t len;
};

static struct word trim(const char *from, const char *to)
{
    while (from < to && isspace((unsigned char)*from))
        from++;
    while (to > from && isspace((unsigned char)to[-1]))
        to--;
    return (struct word){from, (size_t)(to - from)};
}

/* The next comma-separated word of *list, false at the end. */
static bool next_word(const char **list, struct word *word)
{
    if (!*list)
        return false;
    const char *end = strchrnul(*list, ',');
    *word = trim(*list, end);
    *list = *end ? end + 1 : NULL;
    return true;
}

static int add_feature(struct feature_set *set, struct word word, struct pasar_err *err)
{
    int column = pasar_column_find(word.at, word.len);
    if (column < 0 || !pasar_columns[column].is_number)
        return pasar_err_set(err, PASAR_EUSAGE,
                             "--features: \"%.*s\" is no numeric column; choose among discounted_price, actual_price, "
                             "discount_percentage, rating, rating_count",
                             (int)word.len, word.at);
    for (size_t i = 0; i < set->count; i++)
        if (set->column[i] == (enum pasar_column)column)
            return pasar_err_set(err, PASAR_EUSAGE, "--features: \"%.*s\" stands twice", (int)word.len, word.at);
    if (set->count == PASAR_FEATURES_MAX)
        return pasar_err_set(err, PASAR_EUSAGE, "--features: more than %d features", PASAR_FEATURES_MAX);
    set->column[set->count] = (enum pasar_column)column;
    set->transform[set->count++] = PASAR_TRANSFORM_NONE;
    return 0;
}

static int add_transform(struct feature_set *set, struct word word, struct pasar_err *err)
{
    const char *colon = memchr(word.at, ':', word.len);
    if (!colon)
        return pasar_err_set(err, PASAR_EUSAGE,
                             "--transform: \"%.*s\" is not TRANSFORM:FEATURE, like log1p:rating_count", (int)word.len,
                             word.at);
    struct word name = trim(word.at, colon), feature = trim(colon + 1, word.at + word.len);
    size_t transform = 0, i = 0;
    while (transform < PASAR_ARRAY_LEN(transform_names) && (strlen(transform_names[transform]) != name.len ||
                                                            memcmp(transform_names[transform], name.at, name.len) != 0))
        transform++;
    if (transform == PASAR_ARRAY_LEN(transform_names))
        return pasar_err_set(err, PASAR_EUSAGE, "--transform: \"%.*s\" is no transform; choose log1p or none",
                             (int)name.len, name.at);
    int column = pasar_column_find(feature.at, feature.len);
    while (i < set->count && (int)set->column[i] != column)
        i++;
    if (i == set->count)
        return pasar_err_set(err, PASAR_EUSAGE, "--transform: \"%.*s\" is not one of the --features", (int)feature.len,
                             feature.at);
    set->transform[i] = (enum pasar_transform)transform;
    return 0;
}

int feature_set_parse(struct feature_set *set, const char *list, const char *transforms, struct pasar_err *err)
{
    struct word word;
    *set = (struct feature_set){0};
    while (next_word(&list, &word))
        if (add_feature(set, word, err) != 0)
            return -1;
    if (set->count == 0)
        return pasar_err_set(err, PASAR_EUSAGE, "--features: name at least one column");
    if (transforms && trim(transforms, transforms + strlen(transforms)).len == 0)
        transforms = NULL;
    while (next_word(&transforms, &word))
        if (add_transform(set, word, err) != 0)
            return -1;
    return 0;
}

static double transformed(enum pasar_transform transform, double value)
{
    return transform == PASAR_TRANSFORM_LOG1P ? log1p(value) : value;
}

/* Neumaier's compensated sum: the order of magnitude of the rows does not cost digits. */
struct sum {
    double value, rest;
};

static void sum_add(struct sum *sum, double x)
{
    double next = sum->value + x;
    sum->rest += fabs(sum->value) >= fabs(x) ? (sum->value - next) + x : (x - next) + sum->value;
    sum->value = next;
}

struct column_range {
    double min, max;
    size_t present;
};

static int range_of(struct column_range *range, enum pasar_transform transform, const double *values, size_t rows,
                    struct pool *pool, struct pasar_err *err)
{
    *range = (struct column_range){INFINITY, -INFINITY, 0};
    for (size_t row = 0; row < rows; row++) {
        if (pool_check_row(pool, row, err) != 0)
            return -1;
        double x = transformed(transform, values[row]);
        if (isnan(x))
            continue;
        range->present++;
        range->min = x < range->min ? x : range->min;
        range->max = x > range->max ? x : range->max;
    }
    return 0;
}

/* *sum = that of (x / unit - from) to the power of `power` (1 or 2) over the values that are there. */
static int sum_of(double *total, enum pasar_transform transform, const double *values, size_t rows, double unit,
                  double from, int power, struct pool *pool, struct pasar_err *err)
{
    struct sum sum = {0, 0};
    for (size_t row = 0; row < rows; row++) {
        if (pool_check_row(pool, row, err) != 0)
            return -1;
        if (isnan(values[row]))
            continue;
        double delta = transformed(transform, values[row]) / unit - from;
        sum_add(&sum, power == 2 ? delta * delta : delta);
    }
    *total = sum.value + sum.rest;
    return 0;
}

int feature_scale_measure(struct feature_scale *scale, const struct feature_set *set, double *const *values,
                          size_t rows, struct pool *pool, struct pasar_err *err)
{
    *scale = (struct feature_scale){0};
    for (size_t i = 0; i < set->count; i++) {
        enum pasar_transform transform = set->transform[i];
        struct column_range range;
        double sum, squares;
        if (range_of(&range, transform, values[i], rows, pool, err) != 0)
            return -1;
        scale->missing[i] = rows - range.present;
        scale->std[i] = 1;
        if (range.present == 0)
            continue;
        if (range.min == range.max) { /* not by the sums: their rounding would make a constant look like a signal */
            scale->impute[i] = scale->mean[i] = range.min;
            continue;
        }
        /* Squares of absurdly large values would overflow: count those in units of the largest. */
        double largest = fmax(fabs(range.min), fabs(range.max));
        double unit = largest > 1e100 ? largest : 1;
        if (sum_of(&sum, transform, values[i], rows, unit, 0, 1, pool, err) != 0)
            return -1;
        double mean = sum / (double)range.present;
        if (sum_of(&squares, transform, values[i], rows, unit, mean, 2, pool, err) != 0)
            return -1;
        /* Imputed rows lie on the mean: they leave it where it is and add nothing to the squares. */
        scale->impute[i] = scale->mean[i] = mean * unit;
        scale->std[i] = sqrt(squares / (double)(rows - 1)) * unit;
        if (!(scale->std[i] > 0)) /* values so close that their squares vanish */
            scale->std[i] = 1;
    }
    return 0;
}

static double imputed(const struct feature_set *set, const struct feature_scale *scale, double *const *values,
                      size_t row, size_t i)
{
    double x = values[i][row];
    return isnan(x) ? scale->impute[i] : transformed(set->transform[i], x);
}

void features_fill_rows(struct matrix *m, const struct feature_set *set, const struct feature_scale *scale,
                        double *const *values, size_t begin, size_t end)
{
    for (size_t row = begin; row < end; row++)
        for (size_t i = 0; i < set->count; i++)
            *matrix_at(m, row, i) = (imputed(set, scale, values, row, i) - scale->mean[i]) / scale->std[i];
}

void features_fill(struct matrix *m, const struct feature_set *set, const struct feature_scale *scale,
                   double *const *values)
{
    features_fill_rows(m, set, scale, values, 0, m->rows);
}

/* In-place quicksort in three parts (Dijkstra's flag), since hashes of duplicate points come in long runs. */
static void sort_hashes(uint64_t *hash, size_t count)
{
    while (count > 1) {
        uint64_t pivot = hash[count / 2];
        size_t less = 0, i = 0, more = count;
        while (i < more) {
            uint64_t at = hash[i];
            if (at < pivot) {
                hash[i++] = hash[less];
                hash[less++] = at;
            } else if (at > pivot) {
                hash[i] = hash[--more];
                hash[more] = at;
            } else {
                i++;
            }
        }
        /* The smaller part by recursion, so that the stack stays logarithmic. */
        if (less < count - more) {
            sort_hashes(hash, less);
            hash += more;
            count -= more;
        } else {
            sort_hashes(hash + more, count - more);
            count = less;
        }
    }
}

enum { HASH_ROWS = 1 << 16, BUCKETS = 256 };

struct distinct_pass {
    const struct feature_set *set;
    const struct feature_scale *scale;
    double *const *values;
    size_t rows;
    uint64_t *hash;
    size_t end[BUCKETS];     /* of each bucket, by the hashes' first byte */
    uint64_t found[BUCKETS]; /* different hashes in it */
};

static size_t bucket_of(uint64_t hash)
{
    return hash >> 56;
}

static void hash_block(void *ctx, size_t block, unsigned worker)
{
    (void)worker;
    struct distinct_pass *pass = ctx;
    size_t begin = block * HASH_ROWS, end = begin + HASH_ROWS < pass->rows ? begin + HASH_ROWS : pass->rows;
    for (size_t row = begin; row < end; row++) {
        double point[PASAR_FEATURES_MAX];
        for (size_t i = 0; i < pass->set->count; i++)
            point[i] = imputed(pass->set, pass->scale, pass->values, row, i) + 0.0; /* -0 and 0 are one point */
        pass->hash[row] = pasar_hash64(point, pass->set->count * sizeof *point);
    }
}

/* In place, each bucket's hashes side by side (the "American flag" sort of McIlroy, Bostic, McIlroy, 1993). */
static int fill_buckets(struct distinct_pass *pass, struct pool *pool, struct pasar_err *err)
{
    size_t next[BUCKETS], count[BUCKETS] = {0}, at = 0, steps = 0;
    for (size_t row = 0; row < pass->rows; row++)
        count[bucket_of(pass->hash[row])]++;
    for (size_t b = 0; b < BUCKETS; b++) {
        next[b] = at;
        pass->end[b] = at += count[b];
    }
    for (size_t b = 0; b < BUCKETS; b++)
        while (next[b] < pass->end[b]) {
            uint64_t hash = pass->hash[next[b]];
            size_t home = bucket_of(hash);
            pass->hash[next[b]] = pass->hash[next[home]];
            pass->hash[next[home]++] = hash;
            if (pool_check_row(pool, steps++, err) != 0)
                return -1;
        }
    return 0;
}

static void count_bucket(void *ctx, size_t bucket, unsigned worker)
{
    (void)worker;
    struct distinct_pass *pass = ctx;
    size_t begin = bucket > 0 ? pass->end[bucket - 1] : 0, count = pass->end[bucket] - begin;
    const uint64_t *hash = pass->hash + begin;
    sort_hashes(pass->hash + begin, count);
    pass->found[bucket] = count > 0;
    for (size_t i = 1; i < count; i++)
        pass->found[bucket] += hash[i] != hash[i - 1];
}

int features_distinct(uint64_t *distinct, const struct feature_set *set, const struct feature_scale *scale,
                      double *const *values, size_t rows, uint64_t *scratch, struct pool *pool, struct pasar_err *err)
{
    struct distinct_pass pass = {.set = set, .scale = scale, .values = values, .rows = rows, .hash = scratch};
    size_t blocks = (rows + HASH_ROWS - 1) / HASH_ROWS;
    if (pool_run(pool, blocks, false, hash_block, &pass, err) != 0 || fill_buckets(&pass, pool, err) != 0 ||
        pool_run(pool, BUCKETS, rows < HASH_ROWS, count_bucket, &pass, err) != 0)
        return -1;
    *distinct = 0;
    for (size_t b = 0; b < BUCKETS; b++)
        *distinct += pass.found[b];
    return 0;
}
