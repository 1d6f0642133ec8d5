/* Ids, words and agreement. */
#include "trainer/labels.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/assignment.h"

static bool comes_before(const uint64_t *sizes, const double *centroids, size_t cols, size_t a, size_t b)
{
    if (sizes[a] != sizes[b])
        return sizes[a] > sizes[b];
    for (size_t j = 0; j < cols; j++)
        if (centroids[a * cols + j] != centroids[b * cols + j])
            return centroids[a * cols + j] < centroids[b * cols + j];
    return a < b;
}

void labels_order(size_t *id_of, const uint64_t *sizes, const double *centroids, size_t k, size_t cols)
{
    for (size_t c = 0; c < k; c++) {
        id_of[c] = 0;
        for (size_t other = 0; other < k; other++)
            id_of[c] += other != c && comes_before(sizes, centroids, cols, other, c);
    }
}

/* Feature j of centroid c in transformed real units, in standard deviations of `scale`. */
static double scaled(const struct pasar_model *model, const struct pasar_model *scale, size_t c, size_t j)
{
    return (model->centroids[c * model->feature_count + j] * model->std[j] + model->mean[j] - scale->mean[j]) /
           scale->std[j];
}

static double gap_squared(const struct pasar_model *a, size_t ca, const struct pasar_model *b, size_t cb,
                          const struct pasar_model *scale)
{
    double sum = 0;
    for (size_t j = 0; j < scale->feature_count; j++) {
        double delta = scaled(a, scale, ca, j) - scaled(b, scale, cb, j);
        sum += delta * delta;
    }
    return sum;
}

/* Ids from matches (SIZE_MAX = none): in the order of the matches, without gaps. */
static void rank_matches(size_t *id_of, const size_t *match, size_t k)
{
    for (size_t c = 0; c < k; c++) {
        id_of[c] = 0;
        for (size_t other = 0; other < k; other++)
            id_of[c] += match[other] < match[c] || (match[other] == match[c] && other < c);
    }
}

int labels_align(size_t *id_of, const struct pasar_model *model, const struct pasar_model *reference,
                 struct pasar_err *err)
{
    bool fewer = model->k <= reference->k;
    const struct pasar_model *rows = fewer ? model : reference, *cols = fewer ? reference : model;
    double *cost = malloc(rows->k * cols->k * sizeof *cost);
    size_t *column_of = malloc(rows->k * sizeof *column_of);
    size_t *match = malloc(model->k * sizeof *match);
    int result = -1;
    if (!cost || !column_of || !match) {
        pasar_err_nomem(err, "matching clusters");
        goto out;
    }
    for (size_t r = 0; r < rows->k; r++)
        for (size_t c = 0; c < cols->k; c++)
            cost[r * cols->k + c] = gap_squared(rows, r, cols, c, reference);
    if (assignment_solve(cost, rows->k, cols->k, column_of, err) != 0)
        goto out;
    for (size_t c = 0; c < model->k; c++)
        match[c] = SIZE_MAX;
    for (size_t r = 0; r < rows->k; r++) {
        if (fewer)
            match[r] = column_of[r];
        else
            match[column_of[r]] = r;
    }
    rank_matches(id_of, match, model->k);
    result = 0;
out:
    free(match);
    free(column_of);
    free(cost);
    return result;
}

double labels_move(const struct pasar_model *model, const struct pasar_model *reference, size_t c)
{
    return sqrt(gap_squared(model, c, reference, c, reference));
}

double labels_drift(const struct pasar_model *model, const struct pasar_model *reference)
{
    size_t k = model->k < reference->k ? model->k : reference->k;
    double sum = 0;
    for (size_t c = 0; c < k; c++)
        sum += gap_squared(model, c, reference, c, reference);
    return sqrt(sum / (double)(k * reference->feature_count));
}

static double pairs(double n)
{
    return n * (n - 1) / 2;
}

int labels_rand_index(double *index, const uint16_t *a, size_t ka, const uint16_t *b, size_t kb, size_t rows,
                      struct pasar_err *err)
{
    double *both = calloc(ka * kb + ka + kb, sizeof *both);
    if (!both)
        return pasar_err_nomem(err, "adjusted Rand index");
    double *in_a = both + ka * kb, *in_b = in_a + ka;
    for (size_t row = 0; row < rows; row++) {
        both[a[row] * kb + b[row]] += 1;
        in_a[a[row]] += 1;
        in_b[b[row]] += 1;
    }
    double together = 0, pairs_a = 0, pairs_b = 0;
    for (size_t i = 0; i < ka * kb; i++)
        together += pairs(both[i]);
    for (size_t i = 0; i < ka; i++)
        pairs_a += pairs(in_a[i]);
    for (size_t i = 0; i < kb; i++)
        pairs_b += pairs(in_b[i]);
    free(both);
    double expected = rows > 1 ? pairs_a * pairs_b / pairs((double)rows) : 0;
    double most = (pairs_a + pairs_b) / 2;
    *index = most == expected ? 1 : (together - expected) / (most - expected);
    return 0;
}

/* ------------------------------------------------------------------ words */

enum { LABEL_FEATURES = 3 };

static const struct {
    enum pasar_column column;
    const char *low, *middle, *high;   /* among all clusters */
    const char *less, *between, *more; /* among clusters that are alike otherwise */
} lexicon[] = {
    {PASAR_COL_DISCOUNTED_PRICE, "cheap", "mid-priced", "expensive", "cheaper", "medium-priced", "dearer"},
    {PASAR_COL_ACTUAL_PRICE, "low list price", "middling list price", "high list price", "lower list price",
     "medium list price", "higher list price"},
    {PASAR_COL_DISCOUNT_PERCENTAGE, "small discount", "middling discount", "big discount", "smaller discount",
     "medium discount", "bigger discount"},
    {PASAR_COL_RATING, "poorly rated", "fairly rated", "well rated", "lower rated", "medium rated", "better rated"},
    {PASAR_COL_RATING_COUNT, "fewer votes", "some votes", "many votes", "fewer votes", "medium votes", "more votes"},
};

struct span {
    double low, high; /* of the centroids, in standard deviations */
};

static struct span span_of(const struct pasar_model *model, size_t j)
{
    struct span span = {INFINITY, -INFINITY};
    for (size_t c = 0; c < model->k; c++) {
        double z = model->centroids[c * model->feature_count + j];
        span.low = fmin(span.low, z);
        span.high = fmax(span.high, z);
    }
    return span;
}

/* The features that tell the clusters apart: those with the widest spans, but always one if any has a span. */
static void find_telling(const struct pasar_model *model, const struct span *span, bool *tells)
{
    size_t count = 0;
    for (size_t pick = 0; pick < LABEL_FEATURES; pick++) {
        size_t widest = model->feature_count;
        for (size_t j = 0; j < model->feature_count; j++)
            if (!tells[j] &&
                (widest == model->feature_count || span[j].high - span[j].low > span[widest].high - span[widest].low))
                widest = j;
        if (widest == model->feature_count)
            break;
        double width = span[widest].high - span[widest].low;
        if (!(width > 0) || (count > 0 && width < 0.5))
            break;
        tells[widest] = true;
        count++;
    }
}

static const char *word_for(enum pasar_column column, double z, struct span span)
{
    double third = (span.high - span.low) / 3;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(lexicon); i++)
        if (lexicon[i].column == column)
            return z < span.low + third ? lexicon[i].low : z > span.high - third ? lexicon[i].high : lexicon[i].middle;
    return "unnamed";
}

static const char *comparison_for(enum pasar_column column, double z, struct span span)
{
    double third = (span.high - span.low) / 3;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(lexicon); i++)
        if (lexicon[i].column == column)
            return z < span.low + third    ? lexicon[i].less
                   : z > span.high - third ? lexicon[i].more
                                           : lexicon[i].between;
    return "unnamed";
}

static void describe(const struct pasar_model *model, size_t c, const struct span *span, const bool *tells, char *label)
{
    size_t len = 0;
    label[0] = '\0';
    for (size_t j = 0; j < model->feature_count; j++) {
        if (!tells[j])
            continue;
        double z = model->centroids[c * model->feature_count + j];
        int added = snprintf(label + len, PASAR_LABEL_MAX - len, "%s%s", len > 0 ? ", " : "",
                             word_for(model->feature[j], z, span[j]));
        len += (size_t)added; /* three phrases of the lexicon are far shorter than a label may be */
    }
    if (len == 0)
        snprintf(label, PASAR_LABEL_MAX, "all products");
}

/* "around ₹1,099", "around 4.1 stars": the median of the first feature as people write it. */
static void add_median(const struct pasar_model *model, size_t c, char *label)
{
    size_t len = strlen(label);
    double median = model->clusters[c].median[0];
    if (isnan(median))
        return;
    if (median >= 1000 && median < 1e9)
        median = round(median);
    const char *before = "", *after = "";
    switch (model->feature[0]) {
    case PASAR_COL_DISCOUNTED_PRICE:
    case PASAR_COL_ACTUAL_PRICE:
        before = "₹";
        break;
    case PASAR_COL_DISCOUNT_PERCENTAGE:
        after = " %";
        break;
    case PASAR_COL_RATING:
        after = " stars";
        break;
    case PASAR_COL_RATING_COUNT:
        after = " votes";
        break;
    default:
        break;
    }
    char number[32];
    if (median >= 1e6 && median < 1e9)
        snprintf(number, sizeof number, "%d,%03d,%03d", (int)median / 1000000, (int)median / 1000 % 1000,
                 (int)median % 1000);
    else if (median >= 1000 && median < 1e6)
        snprintf(number, sizeof number, "%d,%03d", (int)median / 1000, (int)median % 1000);
    else
        snprintf(number, sizeof number, "%.4g", median);
    snprintf(label + len, PASAR_LABEL_MAX - len, ", around %s%s%s", before, number, after);
}

static bool has_twin(const struct pasar_model *model, size_t c)
{
    for (size_t other = 0; other < model->k; other++)
        if (other != c && strcmp(model->clusters[other].label, model->clusters[c].label) == 0)
            return true;
    return false;
}

/* The span of feature j among the clusters that have the label `label`. */
static struct span span_among(const struct pasar_model *model, const char *label, size_t j)
{
    struct span span = {INFINITY, -INFINITY};
    for (size_t c = 0; c < model->k; c++) {
        double z = model->centroids[c * model->feature_count + j];
        if (strcmp(model->clusters[c].label, label) != 0)
            continue;
        span.low = fmin(span.low, z);
        span.high = fmax(span.high, z);
    }
    return span;
}

/* The feature without a word that parts the clusters of this label most; feature_count when none does. */
static size_t find_parting(const struct pasar_model *model, const char *label, const bool *tells, struct span *span)
{
    size_t found = model->feature_count;
    for (size_t j = 0; j < model->feature_count; j++) {
        struct span here = span_among(model, label, j);
        double width = here.high - here.low;
        if (tells[j] || !(width > 0) || (found < model->feature_count && width <= span->high - span->low))
            continue;
        found = j;
        *span = here;
    }
    return found;
}

/* Clusters with the same words say first what they differ in. */
static void compare_twins(struct pasar_model *model, const bool *tells)
{
    const char *words[PASAR_CLUSTERS_MAX];
    for (size_t c = 0; c < model->k; c++) { /* all before the first label changes */
        struct span span = {0, 0};
        size_t j =
            has_twin(model, c) ? find_parting(model, model->clusters[c].label, tells, &span) : model->feature_count;
        double z = j < model->feature_count ? model->centroids[c * model->feature_count + j] : 0;
        words[c] = j < model->feature_count ? comparison_for(model->feature[j], z, span) : NULL;
    }
    for (size_t c = 0; c < model->k; c++) {
        char *label = model->clusters[c].label;
        size_t len = strlen(label);
        if (words[c])
            snprintf(label + len, PASAR_LABEL_MAX - len, ", %s", words[c]);
    }
}

/* Gives every cluster that has a twin something more to say; all twins alike, so none looks like the original. */
static void tell_twins_apart(struct pasar_model *model, bool *twin,
                             void (*add)(const struct pasar_model *, size_t, char *))
{
    for (size_t c = 0; c < model->k; c++)
        twin[c] = has_twin(model, c);
    for (size_t c = 0; c < model->k; c++)
        if (twin[c])
            add(model, c, model->clusters[c].label);
}

static void add_number(const struct pasar_model *model, size_t c, char *label)
{
    (void)model;
    size_t len = strlen(label);
    snprintf(label + len, PASAR_LABEL_MAX - len, ", group %zu", c + 1);
}

void labels_name(struct pasar_model *model)
{
    struct span span[PASAR_FEATURES_MAX];
    bool tells[PASAR_FEATURES_MAX] = {false}, twin[PASAR_CLUSTERS_MAX];
    for (size_t j = 0; j < model->feature_count; j++)
        span[j] = span_of(model, j);
    if (model->k > 1)
        find_telling(model, span, tells);
    for (size_t c = 0; c < model->k; c++)
        describe(model, c, span, tells, model->clusters[c].label);
    compare_twins(model, tells);
    tell_twins_apart(model, twin, add_median);
    tell_twins_apart(model, twin, add_number);
}
