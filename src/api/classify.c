/*
 * Training: softmax regression by stochastic gradient descent with a falling step (Bottou, "Stochastic Gradient Descent
 * Tricks", 2012). A training text is the list of a name's words; each pass sees every sampled product twice: its whole
 * name, and a window of two to four of its first words. Text vectors have length 1, so that long and short texts weigh
 * the same.
 */
#include "api/classify.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "api/fold.h"
#include "api/jsontext.h"
#include "api/tokens.h"

enum {
    SAMPLE_MAX = 20000,     /* products learnt from */
    STEPS_MAX = 120000,     /* gradient steps in all */
    WEIGHTS_MAX = 24 << 20, /* floats of the matrix; features are dropped to stay below */
    WORDS_MAX = 24,         /* of a text */
    FEATURES_PER_TEXT = 160,
    GRAM = 4, /* letters of a word part */
};

#ifdef PASAR_TUNE
static float gram_weight, step0, decay;
static int passes_max, head_words;
__attribute__((constructor)) static void init(void)
{
#define TUNE(n, d) (getenv(n) ? (float)atof(getenv(n)) : d)
    gram_weight = TUNE("G_W", 0.5f);
    step0 = TUNE("G_S", 3.0f);
    decay = TUNE("G_D", 0);
    passes_max = (int)TUNE("G_P", 16);
    head_words = (int)TUNE("G_H", 8);
}
#define PASSES_MAX passes_max
#define HEAD_WORDS (size_t) head_words
#else
static const float gram_weight = 0;
static const float step0 = 4.0f;
static const float decay = 0;
#define PASSES_MAX 20
#define HEAD_WORDS (size_t)8
#endif

struct feature {
    uint32_t index;
    float weight;
};

struct trainer {
    struct classify *c;
    const struct catalog *catalog;
    const struct vocabulary *vocabulary;
    struct tokens tokens;
    struct pasar_buf text;
    struct feature features[FEATURES_PER_TEXT];
    float *p;
    uint64_t random;
};

static uint32_t next_random(struct trainer *t)
{
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return (uint32_t)(t->random >> 32);
}

/* ------------------------------------------------------------------ features */

/* Feature of a word part; `add` makes a new one while there is room. Returns feature + 1, or 0. */
static uint32_t gram_feature(struct classify *c, const char *text, size_t len, bool add, uint32_t max)
{
    uint64_t hash = XXH3_64bits(text, len);
    uint32_t key = (uint32_t)(hash >> 32) | 1;
    for (uint64_t at = hash;; at++) {
        struct classify_gram *slot = &c->grams[at & c->gram_mask];
        if (slot->key == key)
            return slot->feature;
        if (slot->key == 0) {
            if (!add || c->gram_count * 2 > c->gram_mask || c->feature_count >= max)
                return 0;
            c->gram_count++;
            slot->key = key;
            return slot->feature = ++c->feature_count;
        }
    }
}

static size_t add_feature(struct feature *list, size_t n, uint32_t feature, float weight)
{
    if (feature == 0 || n == FEATURES_PER_TEXT)
        return n;
    list[n].index = feature - 1;
    list[n].weight = weight;
    return n + 1;
}

/* A word's own feature and those of its parts: "cable" → ^cab, cabl, able, ble$. */
static size_t word_features(const struct classify *c, const struct classify_word *word, struct feature *list, size_t n)
{
    char padded[TOKEN_MAX_BYTES + 2];
    if (word->term < c->term_count)
        n = add_feature(list, n, c->term_feature[word->term], word->weight);
    if (gram_weight <= 0 || word->len < 3 || word->len > TOKEN_MAX_BYTES || tokens_has_digit(word->text, word->len))
        return n;
    padded[0] = '^';
    memcpy(padded + 1, word->text, word->len);
    padded[word->len + 1] = '$';
    size_t parts = word->len + 2 - GRAM + 1;
    float weight = word->weight * gram_weight / sqrtf((float)parts);
    for (size_t i = 0; i < parts; i++)
        n = add_feature(list, n, gram_feature((struct classify *)c, padded + i, GRAM, false, 0), weight);
    return n;
}

static void normalise(struct feature *list, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += list[i].weight * list[i].weight;
    float scale = sum > 0 ? 1 / sqrtf(sum) : 0;
    for (size_t i = 0; i < n; i++)
        list[i].weight *= scale;
}

/* Class probabilities. */
static void predict(const struct classify *c, const struct feature *list, size_t n, float *p)
{
    float top = -INFINITY, sum = 0;
    memcpy(p, c->bias, c->stride * sizeof *p);
    for (size_t i = 0; i < n; i++) {
        const float *row = c->weights + (size_t)list[i].index * c->stride;
        float weight = list[i].weight;
        for (uint32_t k = 0; k < c->stride; k++)
            p[k] += weight * row[k];
    }
    for (uint32_t k = 0; k < c->class_count; k++)
        top = p[k] > top ? p[k] : top;
    for (uint32_t k = 0; k < c->class_count; k++)
        sum += p[k] = p[k] - top < -20 ? 0 : expf(p[k] - top);
    for (uint32_t k = 0; k < c->class_count; k++)
        p[k] /= sum;
}

int classify_words(const struct classify *c, const struct classify_word *words, size_t count, float *p)
{
    struct feature list[FEATURES_PER_TEXT];
    size_t n = 0;
    if (c->class_count < 2)
        return 0;
    for (size_t i = 0; i < count; i++)
        n = word_features(c, &words[i], list, n);
    if (n == 0)
        return 0;
    normalise(list, n);
    predict(c, list, n, p);
    return 1;
}

/* ------------------------------------------------------------------ training */

/* Words of a product's name. */
static size_t read_name(struct trainer *t, uint32_t product, struct classify_word words[WORDS_MAX])
{
    const struct catalog_product *p = &t->catalog->products[product];
    const char *name = t->catalog->text.data + p->json + p->name;
    pasar_buf_reset(&t->text);
    if (name[0] == '"')
        jsontext_unescape(&t->text, name, p->name_len);
    tokens_split(&t->tokens, t->text.data, t->text.len, TOKENS_PLAIN);
    size_t n = t->tokens.count < WORDS_MAX ? t->tokens.count : WORDS_MAX;
    for (size_t i = 0; i < n; i++) {
        words[i].text = tokens_text(&t->tokens, i);
        words[i].len = t->tokens.list[i].len;
        int64_t term = vocabulary_find_term(t->vocabulary, words[i].text, words[i].len);
        words[i].term = term < 0 ? CLASSIFY_NO_TERM : (uint32_t)term;
        words[i].weight = 1;
    }
    return n;
}

static void learn(struct trainer *t, const struct classify_word *words, size_t count, uint32_t class, float step)
{
    struct classify *c = t->c;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n = word_features(c, &words[i], t->features, n);
    if (n == 0)
        return;
    normalise(t->features, n);
    predict(c, t->features, n, t->p);
    t->p[class] -= 1; /* the gradient */
    for (uint32_t k = 0; k < c->class_count; k++)
        c->bias[k] -= 0.1f * step * t->p[k];
    for (size_t i = 0; i < n; i++) {
        float *row = c->weights + (size_t)t->features[i].index * c->stride;
        float weight = step * t->features[i].weight;
        for (uint32_t k = 0; k < c->class_count; k++)
            row[k] -= weight * t->p[k] + step * decay * row[k];
    }
}

/* Gives classes to the categories that have products, and features to words and word parts, the sampled products'
 * first. */
static int collect(struct trainer *t, const uint32_t *sample, size_t n, struct pasar_err *err)
{
    struct classify *c = t->c;
    struct classify_word words[WORDS_MAX];
    char padded[TOKEN_MAX_BYTES + 2];
    for (size_t i = 0; i < n; i++) {
        uint32_t category = t->catalog->products[sample[i]].category;
        if (category != CATALOG_NO_CATEGORY && !c->category_class[category]) {
            c->class_category[c->class_count++] = category;
            c->category_class[category] = c->class_count;
        }
    }
    if (c->class_count < 2)
        return 0;
    c->stride = (c->class_count + 7) / 8 * 8;
    uint32_t max = WEIGHTS_MAX / c->stride;
    for (size_t i = 0; i < n; i++) {
        size_t count = read_name(t, sample[i], words);
        for (size_t w = 0; w < count; w++) {
            if (words[w].term != CLASSIFY_NO_TERM && !c->term_feature[words[w].term] && c->feature_count < max)
                c->term_feature[words[w].term] = ++c->feature_count;
            if (words[w].len < 3 || tokens_has_digit(words[w].text, words[w].len))
                continue;
            padded[0] = '^';
            memcpy(padded + 1, words[w].text, words[w].len);
            padded[words[w].len + 1] = '$';
            for (size_t g = 0; g + GRAM <= words[w].len + 2; g++)
                (void)gram_feature(c, padded + g, GRAM, true, max);
        }
    }
    c->weights = calloc((size_t)(c->feature_count + 1) * c->stride, sizeof *c->weights);
    c->bias = calloc(c->stride, sizeof *c->bias);
    t->p = calloc(c->stride, sizeof *t->p);
    return c->weights && c->bias && t->p ? 0 : pasar_err_nomem(err, "category classifier");
}

static void train(struct trainer *t, uint32_t *sample, size_t n)
{
    struct classify_word words[WORDS_MAX];
    size_t passes = STEPS_MAX / (2 * n) < (size_t)PASSES_MAX ? STEPS_MAX / (2 * n) : PASSES_MAX;
    if (passes < 2)
        passes = 2;
    for (size_t pass = 0; pass < passes; pass++) {
        float step = step0 / (1 + 8 * (float)pass / (float)passes);
        for (size_t i = n; i > 1; i--) { /* another order each time */
            size_t j = next_random(t) % i;
            uint32_t swap = sample[i - 1];
            sample[i - 1] = sample[j];
            sample[j] = swap;
        }
        for (size_t i = 0; i < n; i++) {
            uint32_t class = t->c->category_class[t->catalog->products[sample[i]].category];
            size_t count = class ? read_name(t, sample[i], words) : 0;
            if (count == 0)
                continue;
            learn(t, words, count, class - 1, step);
            size_t head = count < HEAD_WORDS ? count : HEAD_WORDS;
            size_t size = 2 + next_random(t) % 3, from = head > size ? next_random(t) % (head - size + 1) : 0;
            learn(t, words + from, size < head - from ? size : head - from, class - 1, step);
        }
    }
}

int classify_train(struct classify *c, const struct catalog *catalog, const struct vocabulary *vocabulary,
                   struct pasar_err *err)
{
    struct trainer *t = calloc(1, sizeof *t);
    size_t n = catalog->count < SAMPLE_MAX ? catalog->count : SAMPLE_MAX;
    uint32_t *sample = malloc((n + 1) * sizeof *sample);
    int rc = -1;
    memset(c, 0, sizeof *c);
    c->term_count = vocabulary->term_count;
    c->gram_mask = (1u << 17) - 1;
    c->category_class = calloc(catalog->category_count + 1, sizeof *c->category_class);
    c->class_category = calloc(catalog->category_count + 1, sizeof *c->class_category);
    c->term_feature = calloc(vocabulary->term_count + 1, sizeof *c->term_feature);
    c->grams = calloc(c->gram_mask + 1, sizeof *c->grams);
    if (!t || !sample || !c->category_class || !c->class_category || !c->term_feature || !c->grams) {
        pasar_err_nomem(err, "category classifier");
        goto out;
    }
    *t = (struct trainer){.c = c, .catalog = catalog, .vocabulary = vocabulary, .random = 88172645463325252u};
    for (size_t i = 0; i < n; i++)
        sample[i] = (uint32_t)((uint64_t)i * catalog->count / n);
    rc = collect(t, sample, n, err);
    if (rc == 0 && c->class_count >= 2)
        train(t, sample, n);
out:
    if (t) {
        tokens_fini(&t->tokens);
        pasar_buf_fini(&t->text);
        free(t->p);
    }
    free(t);
    free(sample);
    return rc;
}

void classify_fini(struct classify *c)
{
    free(c->weights);
    free(c->bias);
    free(c->class_category);
    free(c->category_class);
    free(c->term_feature);
    free(c->grams);
    memset(c, 0, sizeof *c);
}
