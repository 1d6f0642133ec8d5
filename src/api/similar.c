#include "api/similar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/contains.h"
#include "api/jsontext.h"
#include "api/similar_private.h"
#include "api/similar_rank.h"
#include "api/similar_words.h"

const struct similar_weights similar_weights_default = {.cosine = 3,
                                                        .label = 1,
                                                        .size = 0.25f,
                                                        .vote = 0.7f,
                                                        .whole = 4,
                                                        .meaning = 0.3f,
                                                        .spread = 0.8f,
                                                        .category = 4,
                                                        .cluster = 0.01f,
                                                        .same_category = 4,
                                                        .prefix = 0.5f,
                                                        .infix = 0.5f,
                                                        .joined = 0.8f};

/* Which words of the query a document has. */
static uint64_t words_of(const struct textindex *x, const struct similar_scratch *s, uint32_t doc)
{
    uint64_t words = 0;
    for (size_t g = 0; g < s->word_count; g++) {
        for (uint32_t k = 0; k < s->groups[g].count && !(words >> g & 1); k++) {
            if (textindex_find_posting(x, s->terms[s->groups[g].first + k].term, doc) >= 0)
                words |= (uint64_t)1 << g;
        }
    }
    return words;
}

static void fill_hit(const struct similar_search *f, const struct similar_ranked *ranked, bool contains,
                     struct similar_hit *hit)
{
    const struct similar_weights *weights = f->weights;
    const struct textindex_doc *info = &f->index->docs[ranked->doc];
    float most = 1.001f * (1 + weights->category + weights->cluster +
                           (f->own_category != CATALOG_NO_CATEGORY ? weights->same_category : 0));
    hit->product = info->product;
    hit->contains = contains;
    hit->score = fminf(similar_rank_score(ranked) / most, 0.9999f) + (contains ? 1 : 0);
    hit->words = words_of(f->index, f->s, ranked->doc);
    hit->same_category = info->category != CATALOG_NO_CATEGORY &&
                         (f->own_category != CATALOG_NO_CATEGORY
                              ? info->category == f->own_category
                              : info->category == f->likeliest || f->s->bonus[info->category] >= similar_open_bonus(f));
    hit->same_cluster = f->cluster[info->cluster[f->query->model - 1]] > 0.5f * weights->cluster;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Categories of few products may have taken the first places from the likeliest: finds that one's best product. */
static bool find_first(const struct similar_search *f, const struct similar_pass *pass, struct similar_ranked *first)
{
    struct similar_scratch *s = f->s;
    struct similar_pass alone = *pass;
    const float most = f->weights->category;
    float *bonus = &s->bonus[f->likeliest], given = *bonus;
    if (f->own_doc >= 0 || given >= most)
        return false;
    if (given < pass->open_bonus)
        alone.open_bonus = INFINITY; /* as before: only what has a word of the query */
    *bonus = 2 * most;
    size_t n = similar_rank_best(f->index, s, &alone, 1);
    *bonus = given;
    *first = s->heap[0];
    if (n == 0 || f->index->docs[first->doc].category != f->likeliest)
        return false;
    similar_rank_rescore(first, similar_rank_score(first) - most);
    return true;
}

/* The best `max` of a pass, in s->heap: a product of the likeliest category first, if there is one. */
static size_t rank_pass(const struct similar_search *f, struct similar_pass *pass, size_t max)
{
    struct similar_ranked first, *heap = f->s->heap;
    if (max == 0 || !find_first(f, pass, &first))
        return similar_rank_best(f->index, f->s, pass, max);
    pass->excluded = first.doc;
    size_t n = similar_rank_best(f->index, f->s, pass, max > 1 ? max - 1 : 1);
    memmove(heap + 1, heap, n * sizeof *heap);
    heap[0] = first;
    if (n > 0 && similar_rank_score(&heap[1]) > similar_rank_score(&heap[0]))
        similar_rank_rescore(&heap[0], similar_rank_score(&heap[1]));
    return n + 1 < max ? n + 1 : max;
}

/* The best `want`: names that contain the query, *containing of them, then the others. Returns how many there are, in
 * f->s->heap. */
static size_t rank(struct similar_search *f, const struct contains *contains, size_t want, size_t *containing)
{
    struct similar_scratch *s = f->s;
    struct similar_pass pass = {.bonus = s->bonus,
                                .open_bonus = similar_open_bonus(f),
                                .cluster_bonus = f->cluster,
                                .model = f->query->model,
                                .excluded = f->own_doc,
                                .exhaustive = f->query->exhaustive};
    *containing = 0;
    for (size_t i = 0; i < 256; i++)
        pass.cluster_bonus_max = f->cluster[i] > pass.cluster_bonus_max ? f->cluster[i] : pass.cluster_bonus_max;
    if (!contains->is_none) {
        pass.contains = contains;
        *containing = rank_pass(f, &pass, want);
        if (*containing == want || f->query->contains_only)
            return *containing;
        struct similar_ranked *kept = s->heap + s->heap_cap;
        memcpy(kept, s->heap, *containing * sizeof *kept);
        for (size_t i = 0; i < *containing; i++)
            s->known[i] = kept[i].doc;
        if (*containing > 1)
            qsort(s->known, *containing, sizeof *s->known, by_number);
    }
    if (f->query->contains_only)
        return 0;
    pass.contains = NULL;
    pass.known_count = *containing;
    size_t others =
        *containing > 0 ? similar_rank_best(f->index, s, &pass, want - *containing) : rank_pass(f, &pass, want);
    memmove(s->heap + *containing, s->heap, others * sizeof *s->heap);
    memcpy(s->heap, s->heap + s->heap_cap, *containing * sizeof *s->heap);
    return *containing + others;
}

/* The text to look for: the query's own, or the product's name. */
static void read_query(struct similar_search *f, const char **name, size_t *len)
{
    const struct catalog *catalog = f->index->catalog;
    struct pasar_buf *text = &f->s->name;
    *name = f->query->name;
    *len = f->query->len;
    f->own_doc = -1;
    if (f->query->product < 0)
        return;
    const struct catalog_product *p = &catalog->products[f->query->product];
    const char *json = catalog->text.data + p->json + p->name;
    f->own_doc = f->index->product_doc[f->query->product];
    if (json[0] == '"')
        jsontext_unescape(text, json, p->name_len);
    *name = text->data;
    *len = text->len;
}

int similar_search(const struct textindex *x, const struct similar_query *q, struct similar_scratch *s,
                   const struct similar_hit **hits, size_t *count, uint32_t *total)
{
    struct similar_search f = {
        .index = x, .query = q, .weights = q->weights ? q->weights : &similar_weights_default, .s = s};
    uint32_t most = x->catalog->views[q->model - 1].count;
    most = most < SIMILAR_TOTAL_MAX ? most : SIMILAR_TOTAL_MAX;
    size_t want = q->offset >= most ? 0 : (size_t)q->offset + q->limit < most ? (size_t)q->offset + q->limit : most;
    *count = *total = 0;
    if (most == 0)
        return 0;
    if (similar_reserve(s, x, want) != 0)
        return -1;
    const char *name;
    size_t len;
    struct contains contains = {.is_none = true};
    pasar_buf_reset(&s->name); /* what failed in an earlier search is forgotten */
    pasar_buf_reset(&s->folded);
    read_query(&f, &name, &len);
    tokens_split(&s->tokens, name, len, TOKENS_PLAIN);
    similar_words_expand(x, f.weights, q->product < 0, s);
    similar_rank_begin(x, s);
    similar_ask_evidence(&f);
    similar_vote(&f);
    similar_add_own(&f);
    if (q->product < 0)
        contains_prepare(&contains, x, name, len, s);
    size_t containing = 0, kept = want > 0 ? rank(&f, &contains, want, &containing) : 0;
    *total = similar_count(&f, &contains, containing, containing < want);
    for (size_t i = q->offset; i < kept; i++)
        fill_hit(&f, &s->heap[i], i < containing, &s->hits[(*count)++]);
    *hits = s->hits;
    similar_rank_end(s);
    return s->name.failed || s->tokens.failed || s->folded.failed ? -1 : 0;
}
