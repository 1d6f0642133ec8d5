#include "api/similar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/contains.h"
#include "api/fold.h"
#include "api/jsontext.h"
#include "api/similar_words.h"

enum {
    VOTERS = 20,
    POSTINGS_MAX = 60000, /* work of one query; beyond, each list is read only as far as its share */
};

const struct similar_weights similar_weights_default = {
    .classifier = 1.0f, .vote = 0.6f, .cluster = 0.02f, .same_category = 1.0f, .prefix = 0.6f, .repair = 0.8f};

void similar_scratch_fini(struct similar_scratch *s)
{
    tokens_fini(&s->tokens);
    free(s->cells);
    free(s->touched);
    free(s->classes);
    free(s->vote);
    free(s->heap);
    pasar_buf_fini(&s->folded);
    memset(s, 0, sizeof *s);
}

static int reserve(struct similar_scratch *s, const struct textindex *x, size_t hits)
{
    uint32_t docs = x->catalog->count, categories = x->catalog->category_count;
    if (docs > s->doc_cap || !s->cells) {
        free(s->cells);
        free(s->touched);
        s->doc_cap = 0;
        s->cells = calloc(docs + 1, sizeof *s->cells);
        s->touched = malloc((docs + 1) * sizeof *s->touched);
        if (!s->cells || !s->touched) {
            free(s->cells);
            s->cells = NULL;
            return -1;
        }
        s->doc_cap = docs;
    }
    if (categories > s->category_cap || x->classify.stride > s->class_cap || !s->vote) {
        free(s->vote);
        free(s->classes);
        s->category_cap = s->class_cap = 0;
        s->vote = calloc(categories, sizeof *s->vote);
        s->classes = calloc(x->classify.stride + 1, sizeof *s->classes);
        if (!s->vote || !s->classes) {
            free(s->vote);
            s->vote = NULL;
            return -1;
        }
        s->category_cap = categories;
        s->class_cap = x->classify.stride;
    }
    if (hits > s->heap_cap) {
        free(s->heap);
        s->heap = malloc(hits * sizeof *s->heap);
        s->heap_cap = s->heap ? hits : 0;
        if (!s->heap)
            return -1;
    }
    return 0;
}

/* Adds the postings of every term of word `w` to the cells; a document counts once per word, by its best term. */
static void accumulate(const struct textindex *x, struct similar_scratch *s, size_t w, uint32_t share)
{
    struct similar_word *word = &s->words[w];
    uint32_t bit = 1u << w;
    for (size_t i = 1; i < word->count; i++) { /* best term first: few entries, insertion sort */
        for (size_t j = i; j > 0 && word->terms[j].weight > word->terms[j - 1].weight; j--) {
            uint32_t term = word->terms[j].term;
            float weight = word->terms[j].weight;
            word->terms[j] = word->terms[j - 1];
            word->terms[j - 1].term = term;
            word->terms[j - 1].weight = weight;
        }
    }
    for (size_t i = 0; i < word->count; i++) {
        const struct textindex_term *term = &x->terms[word->terms[i].term];
        float weight = word->terms[i].weight * x->scale;
        const uint32_t *docs = x->docs + term->first;
        const uint8_t *impacts = x->impacts + term->first;
        uint32_t n = term->count < share ? term->count : share;
        for (uint32_t j = 0; j < n; j++) {
            struct similar_cell *cell = &s->cells[docs[j]];
            if (cell->words & bit)
                continue;
            if (!cell->words)
                s->touched[s->touched_count++] = docs[j];
            cell->words |= bit;
            cell->score += weight * (float)impacts[j];
        }
    }
}

static void accumulate_all(const struct textindex *x, struct similar_scratch *s)
{
    uint64_t total = 0;
    size_t lists = 0;
    for (size_t w = 0; w < s->word_count; w++) {
        for (size_t i = 0; i < s->words[w].count; i++, lists++)
            total += x->terms[s->words[w].terms[i].term].count;
    }
    uint32_t share = total <= POSTINGS_MAX ? UINT32_MAX : (uint32_t)(POSTINGS_MAX / lists);
    for (size_t w = 0; w < s->word_count; w++)
        accumulate(x, s, w, share);
}

/* ------------------------------------------------------------------ evidence */

struct evidence {
    float text_scale;      /* 1 / best text score */
    const float *category; /* by category id */
    float cluster[256];
    uint32_t own_category;
    float own_weight;
};

/* The best VOTERS hits by text alone vote for their category and cluster, each with its share of the best score. */
static void vote(const struct textindex *x, struct similar_scratch *s, const struct similar_query *q,
                 const struct similar_weights *weights, struct evidence *e)
{
    struct {
        uint32_t doc;
        float score;
    } best[VOTERS];
    size_t n = 0;
    for (uint32_t i = 0; i < s->touched_count; i++) {
        uint32_t doc = s->touched[i];
        float score = s->cells[doc].score;
        if ((n == VOTERS && score <= best[n - 1].score) || !(x->info[doc].models >> (q->model - 1) & 1) ||
            (int64_t)doc == q->product)
            continue;
        size_t at = n < VOTERS ? n++ : n - 1;
        for (; at > 0 && best[at - 1].score < score; at--)
            best[at] = best[at - 1];
        best[at].doc = doc;
        best[at].score = score;
    }
    e->text_scale = n > 0 && best[0].score > 0 ? 1 / best[0].score : 1;
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += powf(best[i].score * e->text_scale, 3);
    for (size_t i = 0; i < n; i++) {
        float share = powf(best[i].score * e->text_scale, 3) / sum;
        s->vote[x->info[best[i].doc].category] += weights->vote * share;
        e->cluster[x->info[best[i].doc].cluster[q->model - 1]] += weights->cluster * share;
    }
}

static void ask_classifier(const struct textindex *x, struct similar_scratch *s, const struct similar_weights *weights)
{
    struct classify_word words[SIMILAR_WORDS_MAX * 2];
    size_t n = 0;
    for (size_t w = 0; w < s->word_count; w++) { /* the two likeliest readings of each word */
        const struct similar_word *word = &s->words[w];
        for (size_t i = 0; i < word->count && i < (word->is_exact ? 1 : 2); i++)
            words[n++] = (struct classify_word){word->terms[i].term, word->terms[i].weight};
    }
    if (!classify_words(&x->classify, words, n, s->classes))
        return;
    for (uint32_t c = 0; c < x->classify.class_count; c++)
        s->vote[x->classify.class_category[c]] += weights->classifier * s->classes[c];
}

/* ------------------------------------------------------------------ best first */

static bool is_better(const struct textindex *x, const struct similar_hit *a, const struct similar_hit *b)
{
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score;
    double va = x->catalog->products[a->product].number[CATALOG_RATING_COUNT];
    double vb = x->catalog->products[b->product].number[CATALOG_RATING_COUNT];
    if (va > vb || va < vb)
        return va > vb;
    return a->product < b->product;
}

/* heap[0] is the worst of the kept ones. */
static void sift_down(const struct textindex *x, struct similar_hit *heap, size_t n, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n)
            return;
        if (child + 1 < n && is_better(x, &heap[child], &heap[child + 1]))
            child++;
        if (!is_better(x, &heap[i], &heap[child]))
            return;
        struct similar_hit hit = heap[i];
        heap[i] = heap[child];
        heap[child] = hit;
        i = child;
    }
}

static void keep_best(const struct textindex *x, struct similar_hit *heap, size_t *n, size_t max,
                      struct similar_hit hit)
{
    if (*n == max) {
        if (max == 0 || !is_better(x, &hit, &heap[0]))
            return;
        heap[0] = hit;
        sift_down(x, heap, *n, 0);
        return;
    }
    size_t i = (*n)++;
    heap[i] = hit;
    while (i > 0 && is_better(x, &heap[(i - 1) / 2], &heap[i])) {
        struct similar_hit up = heap[(i - 1) / 2];
        heap[(i - 1) / 2] = heap[i];
        heap[i] = up;
        i = (i - 1) / 2;
    }
}

/* Turns the heap into a list, best first. */
static void sort_heap(const struct textindex *x, struct similar_hit *heap, size_t n)
{
    while (n > 1) {
        struct similar_hit worst = heap[0];
        heap[0] = heap[n - 1];
        heap[n - 1] = worst;
        sift_down(x, heap, --n, 0);
    }
}

static uint32_t rank_all(const struct textindex *x, struct similar_scratch *s, const struct similar_query *q,
                         const struct similar_weights *weights, const struct evidence *e, size_t want, size_t *kept)
{
    float most =
        1.001f * (1 + weights->classifier + weights->vote + weights->cluster + e->own_weight); /* below 1 always */
    uint32_t total = 0;
    *kept = 0;
    for (uint32_t i = 0; i < s->touched_count; i++) {
        uint32_t doc = s->touched[i];
        const struct textindex_doc *info = &x->info[doc];
        uint32_t words = s->cells[doc].words;
        if (!(info->models >> (q->model - 1) & 1) || (int64_t)doc == q->product ||
            (q->contains_only && !(words & CONTAINS_BIT)))
            continue;
        total++;
        bool is_own = e->own_weight > 0 && info->category == e->own_category;
        float score = s->cells[doc].score * e->text_scale + s->vote[info->category] +
                      e->cluster[info->cluster[q->model - 1]] + (is_own ? e->own_weight : 0);
        struct similar_hit hit = {
            .product = doc, .score = score / most, .words = words & ~CONTAINS_BIT, .contains = words & CONTAINS_BIT};
        if (hit.contains)
            hit.score += 1;
        hit.same_category = is_own || s->vote[info->category] > 0.3f * (weights->classifier + weights->vote);
        hit.same_cluster = e->cluster[info->cluster[q->model - 1]] > 0.5f * weights->cluster;
        keep_best(x, s->heap, kept, want, hit);
    }
    return total;
}

static void wipe(const struct textindex *x, struct similar_scratch *s)
{
    for (uint32_t i = 0; i < s->touched_count; i++)
        s->cells[s->touched[i]] = (struct similar_cell){0, 0};
    s->touched_count = 0;
    memset(s->vote, 0, x->catalog->category_count * sizeof *s->vote);
}

int similar_search(const struct textindex *x, const struct similar_query *q, struct similar_scratch *s,
                   const struct similar_hit **hits, size_t *count, uint32_t *total)
{
    const struct similar_weights *weights = q->weights ? q->weights : &similar_weights_default;
    const struct catalog_view *view = &x->catalog->views[q->model - 1];
    struct evidence e = {.text_scale = 1};
    size_t want = q->offset >= view->count ? 0 : q->limit;
    if (want > 0)
        want = (size_t)q->offset + q->limit < view->count ? (size_t)q->offset + q->limit : view->count;
    *count = *total = 0;
    if (reserve(s, x, want) != 0)
        return -1;
    struct pasar_buf text = {0};
    const char *name = q->name;
    size_t len = q->len;
    if (q->product >= 0) {
        const struct catalog_product *p = &x->catalog->products[q->product];
        const char *json = x->catalog->text.data + p->json + p->name;
        if (json[0] == '"')
            jsontext_unescape(&text, json, p->name_len);
        name = text.data;
        len = text.len;
        e.own_category = p->category;
        e.own_weight = p->category == CATALOG_NO_CATEGORY ? 0 : weights->same_category;
        e.cluster[x->info[q->product].cluster[q->model - 1]] = weights->cluster;
    }
    tokens_split(&s->tokens, name, len, TOKENS_PLAIN);
    similar_words_expand(x, weights, q->product < 0, s);
    accumulate_all(x, s);
    vote(x, s, q, weights, &e);
    ask_classifier(x, s, weights);
    if (q->product < 0)
        contains_mark(x, name, len, s);
    size_t kept;
    *total = rank_all(x, s, q, weights, &e, want, &kept);
    sort_heap(x, s->heap, kept);
    *hits = s->heap + (q->offset < kept ? q->offset : kept);
    *count = q->offset < kept ? kept - q->offset : 0;
    wipe(x, s);
    bool failed = text.failed || s->tokens.failed || s->folded.failed;
    pasar_buf_fini(&text);
    return failed ? -1 : 0;
}
