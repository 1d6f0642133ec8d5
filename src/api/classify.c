/*
 * Softmax regression by stochastic gradient descent with a falling step (Bottou, "Stochastic Gradient Descent Tricks",
 * 2012). The vectors of all texts have length 1, so that long and short ones weigh the same.
 */
#include "api/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/jsontext.h"
#include "api/tokens.h"

enum {
    SAMPLE_MAX = 20000, /* products learnt from */
    STEPS_MAX = 200000, /* gradient steps in all */
    PASSES_MAX = 20,
    WEIGHTS_MAX = 24 << 20, /* floats of the matrix; rare words are left out to stay below */
    WORDS_MAX = 24,         /* of a name */
    CATEGORY_WORDS_MAX = 16,
    HEAD_WORDS = 8,      /* what people type stands among a name's first words, */
    TYPED_WORDS_MAX = 4, /* is short, and has no model numbers */
    TEXT_WORDS_MAX = 64,
    VIEWS = 3, /* texts learnt from per product and pass */
};

static const float step0 = 4.0f, bias_step = 0.1f, category_step = 2.0f; /* first steps; they fall to a ninth */

/* A product to learn from: the features of its name's words, in order. */
struct example {
    uint32_t class;
    uint8_t count, head; /* words; how many of them may have been typed, those stand first in `typed` */
    uint32_t words[WORDS_MAX];
    uint32_t typed[HEAD_WORDS];
};

struct trainer {
    struct classify *c;
    const struct catalog *catalog;
    const struct vocabulary *vocabulary;
    struct tokens tokens;
    struct pasar_buf text;
    struct example *examples;
    size_t count;
    uint32_t (*category_words)[CATEGORY_WORDS_MAX]; /* class → features + 1, closed by 0 */
    uint32_t *category_class;                       /* category id → class + 1 */
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

/* ------------------------------------------------------------------ the model */

struct feature {
    uint32_t index;
    float weight;
};

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
static void predict(const struct classify *c, const struct feature *list, size_t n, float *restrict p)
{
    float top = -INFINITY, sum = 0;
    memcpy(p, c->bias, c->stride * sizeof *p);
    for (size_t i = 0; i < n; i++) {
        const float *restrict row = c->weights + (size_t)list[i].index * c->stride;
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

bool classify_words(const struct classify *c, const struct classify_word *words, size_t count, float *p)
{
    struct feature list[TEXT_WORDS_MAX];
    size_t n = 0;
    if (c->class_count < 2)
        return false;
    for (size_t i = 0; i < count && n < TEXT_WORDS_MAX; i++) {
        uint32_t feature = c->term_feature[words[i].term];
        if (feature)
            list[n++] = (struct feature){feature - 1, words[i].weight};
    }
    if (n == 0)
        return false;
    normalise(list, n);
    predict(c, list, n, p);
    return true;
}

/* One gradient step on the text of these features. */
static void learn(struct trainer *t, const uint32_t *features, size_t n, uint32_t class, float step)
{
    struct classify *c = t->c;
    struct feature list[TEXT_WORDS_MAX];
    float *restrict p = t->p;
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        list[i] = (struct feature){features[i], 1};
    normalise(list, n);
    predict(c, list, n, p);
    p[class] -= 1; /* the gradient */
    for (uint32_t k = 0; k < c->class_count; k++)
        c->bias[k] -= bias_step * step * p[k];
    for (size_t i = 0; i < n; i++) {
        float *restrict row = c->weights + (size_t)list[i].index * c->stride;
        float weight = step * list[i].weight;
        for (uint32_t k = 0; k < c->class_count; k++)
            row[k] -= weight * p[k];
    }
}

/* ------------------------------------------------------------------ what is learnt from */

/* Feature + 1 of a word, made when there is room; 0 without one. */
static uint32_t feature_of(struct trainer *t, size_t token)
{
    struct classify *c = t->c;
    int64_t term = vocabulary_find_term(t->vocabulary, tokens_text(&t->tokens, token), t->tokens.list[token].len);
    if (term < 0)
        return 0;
    if (!c->term_feature[term] && c->feature_count < WEIGHTS_MAX / c->stride)
        c->term_feature[term] = ++c->feature_count;
    return c->term_feature[term];
}

/* Where the head of a name ends: people type what stands before the first comma, bracket, bar or dash of its own. */
static size_t head_length(const char *text, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        if (strchr(",(|[]{};:)", text[i]) || (text[i] == '-' && text[i - 1] == ' '))
            return i;
    }
    return len;
}

static void read_example(struct trainer *t, struct example *e, const struct catalog_product *p)
{
    const char *name = t->catalog->text.data + p->json + p->name;
    e->class = t->category_class[p->category] - 1;
    pasar_buf_reset(&t->text);
    if (name[0] == '"')
        jsontext_unescape(&t->text, name, p->name_len);
    tokens_split(&t->tokens, t->text.data, t->text.len, TOKENS_PLAIN);
    for (size_t i = 0; i < t->tokens.count && e->count < WORDS_MAX; i++) {
        uint32_t feature = feature_of(t, i);
        if (feature)
            e->words[e->count++] = feature - 1;
    }
    tokens_split(&t->tokens, t->text.data, head_length(t->text.data, t->text.len), TOKENS_PLAIN);
    for (size_t i = 0; i < t->tokens.count && e->head < HEAD_WORDS; i++) {
        uint32_t feature = feature_of(t, i);
        if (feature && !tokens_has_digit(tokens_text(&t->tokens, i), t->tokens.list[i].len))
            e->typed[e->head++] = feature - 1;
    }
}

static void read_category_words(struct trainer *t)
{
    for (uint32_t class = 0; class < t->c->class_count; class ++) {
        const char *path = t->catalog->categories[t->c->class_category[class]].path;
        size_t n = 0;
        tokens_split(&t->tokens, path, strlen(path), TOKENS_CAMEL);
        for (size_t i = t->tokens.count; i > 0 && n + 1 < CATEGORY_WORDS_MAX; i--) { /* the last level says most */
            uint32_t feature = feature_of(t, i - 1);
            if (feature)
                t->category_words[class][n++] = feature;
        }
    }
}

/* Gives classes to the categories of an even sample of the products, features to their words, and reads them all. */
static int collect(struct trainer *t, struct pasar_err *err)
{
    struct classify *c = t->c;
    const struct catalog *catalog = t->catalog;
    size_t n = catalog->count < SAMPLE_MAX ? catalog->count : SAMPLE_MAX;
    for (size_t i = 0; i < n; i++) {
        uint32_t category = catalog->products[(uint64_t)i * catalog->count / n].category;
        if (category != CATALOG_NO_CATEGORY && !t->category_class[category]) {
            c->class_category[c->class_count++] = category;
            t->category_class[category] = c->class_count;
        }
    }
    if (c->class_count < 2)
        return 0;
    c->stride = (c->class_count + 7) / 8 * 8;
    t->examples = calloc(n, sizeof *t->examples);
    t->category_words = calloc(c->class_count, sizeof *t->category_words);
    if (!t->examples || !t->category_words)
        return pasar_err_nomem(err, "category classifier");
    for (size_t i = 0; i < n; i++) {
        const struct catalog_product *p = &catalog->products[(uint64_t)i * catalog->count / n];
        if (p->category != CATALOG_NO_CATEGORY)
            read_example(t, &t->examples[t->count++], p);
    }
    read_category_words(t);
    c->weights = calloc((size_t)(c->feature_count + 1) * c->stride, sizeof *c->weights);
    c->bias = calloc(c->stride, sizeof *c->bias);
    t->p = calloc(c->stride, sizeof *t->p);
    return c->weights && c->bias && t->p ? 0 : pasar_err_nomem(err, "category classifier");
}

/* ------------------------------------------------------------------ training */

static void shuffle(struct trainer *t)
{
    for (size_t i = t->count; i > 1; i--) {
        size_t j = next_random(t) % i;
        struct example swap = t->examples[i - 1];
        t->examples[i - 1] = t->examples[j];
        t->examples[j] = swap;
    }
}

/* Some neighbouring words of the head, as if typed. */
static void learn_typed(struct trainer *t, const struct example *e, float step)
{
    size_t size = 1 + next_random(t) % TYPED_WORDS_MAX;
    size_t from = e->head > size ? next_random(t) % (e->head - size + 1) : 0;
    learn(t, e->typed + from, size < e->head - from ? size : e->head - from, e->class, step);
}

/* A few of the category's last words. */
static void learn_category(struct trainer *t, const struct example *e, float step)
{
    uint32_t features[CATEGORY_WORDS_MAX];
    size_t most = 1 + next_random(t) % 5, n = 0;
    for (size_t i = 0; i < most && t->category_words[e->class][i]; i++)
        features[n++] = t->category_words[e->class][i] - 1;
    learn(t, features, n, e->class, step);
}

static void train(struct trainer *t)
{
    size_t passes = STEPS_MAX / (VIEWS * t->count);
    passes = passes < 2 ? 2 : passes > PASSES_MAX ? PASSES_MAX : passes;
    for (size_t pass = 0; pass < passes; pass++) {
        float step = step0 / (1 + 8 * (float)pass / (float)passes);
        shuffle(t);
        for (size_t i = 0; i < t->count; i++) {
            const struct example *e = &t->examples[i];
            learn(t, e->words, e->count, e->class, step);
            learn_typed(t, e, step);
            learn_category(t, e, step * category_step);
        }
    }
}

int classify_train(struct classify *c, const struct catalog *catalog, const struct vocabulary *vocabulary,
                   struct pasar_err *err)
{
    struct trainer t = {.c = c, .catalog = catalog, .vocabulary = vocabulary, .random = 88172645463325252u};
    memset(c, 0, sizeof *c);
    c->term_count = vocabulary->term_count;
    c->class_category = calloc(catalog->category_count + 1, sizeof *c->class_category);
    c->term_feature = calloc(vocabulary->term_count + 1, sizeof *c->term_feature);
    t.category_class = calloc(catalog->category_count + 1, sizeof *t.category_class);
    int rc = c->class_category && c->term_feature && t.category_class ? collect(&t, err)
                                                                      : pasar_err_nomem(err, "category classifier");
    if (rc == 0 && c->class_count >= 2)
        train(&t);
    if (rc == 0 && (t.tokens.failed || t.text.failed))
        rc = pasar_err_nomem(err, "category classifier");
    tokens_fini(&t.tokens);
    pasar_buf_fini(&t.text);
    free(t.examples);
    free(t.category_words);
    free(t.category_class);
    free(t.p);
    return rc;
}

void classify_fini(struct classify *c)
{
    free(c->weights);
    free(c->bias);
    free(c->class_category);
    free(c->term_feature);
    memset(c, 0, sizeof *c);
}
