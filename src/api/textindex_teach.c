/* What each document says about its category: to the evidence word by word, to the classifier as a text. */
#include "api/textindex_builder.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD_WORDS = 8,  /* of the head, for category evidence: what people type */
    LABEL_WORDS = 8, /* of a category's name */
    ASKED_WORDS = 4, /* of a short query */
    /* The classifier takes so much time as there are categories for each lesson. */
    LESSONS_MAX = 4096,
    LESSONS_TIMES_CATEGORIES = 1 << 19,
    CATEGORIES_MAX = 1024 /* it learns nothing of a catalogue that has more */
};

/* Category evidence: weights of the fields in term vectors, and in the counts of words. */
static const float vector_name = 0.6f, vector_head = 1, vector_category = 0.3f;
static const float named_name = 1, named_head = 2, named_category = 0.5f;

/* Adds name, head and category words. */
static void add_fields(struct textindex_builder *b, uint32_t doc, float in_name, float in_head, float in_category)
{
    const uint32_t *name = b->name_terms + b->name_first[doc];
    size_t count = (size_t)(b->name_first[doc + 1] - b->name_first[doc]), head = b->head_count[doc];
    textindex_add_list(b, name, count, in_name, in_name);
    textindex_add_list(b, name, head < HEAD_WORDS ? head : HEAD_WORDS, in_head, in_head);
    textindex_add_tokens(b, &b->category_tokens, 0, in_category);
}

/* What the document says about its category, word by word. */
static void teach_evidence(struct textindex_builder *b, uint32_t doc)
{
    struct textindex *x = b->index;
    struct evidence *e = &x->evidence;
    add_fields(b, doc, vector_name, vector_head, vector_category);
    for (uint32_t i = 0; i < b->touched_count; i++) {
        uint32_t term = b->touched[i];
        float tf = b->sums[term];
        b->sums[term] = 0;
        b->list_weights[i] = (tf > 1 ? 1 + logf(tf) : tf) * textindex_vector_weight(&x->terms[term]);
    }
    evidence_add_vector(e, b->touched, b->list_weights, b->touched_count);
    b->touched_count = 0;
    add_fields(b, doc, named_name, named_head, named_category);
    for (uint32_t i = 0; i < b->touched_count; i++) {
        evidence_add_named(e, b->touched[i], b->sums[b->touched[i]]);
        b->sums[b->touched[i]] = 0;
    }
    b->touched_count = 0;
    textindex_add_list(b, b->about_terms, b->about_count, 1, 0);
    for (uint32_t i = 0; i < b->touched_count; i++) {
        evidence_add_told(e, b->touched[i], b->sums[b->touched[i]]);
        b->sums[b->touched[i]] = 0;
    }
    b->touched_count = 0;
}

/* The terms that were added, with their weights in a text, which go to b->list_weights; returns how many. */
static size_t take_text(struct textindex_builder *b)
{
    uint32_t count = b->touched_count;
    for (uint32_t i = 0; i < count; i++) {
        float tf = b->sums[b->touched[i]];
        b->sums[b->touched[i]] = 0;
        b->list_weights[i] = (1 + logf(tf)) * textindex_text_weight(&b->index->terms[b->touched[i]]);
    }
    b->touched_count = 0;
    return count;
}

static void add_sample(struct textindex_builder *b, uint32_t category, const uint32_t *terms, size_t count)
{
    textindex_add_list(b, terms, count, 1, 0);
    count = take_text(b);
    classifier_add_sample(&b->index->classifier, category, b->touched, b->list_weights, count);
}

/* What the open document says of words, and how it might be asked for: by its name, by what stands before the first
 * comma, by a few words of that without the first, which is the brand. */
static void teach_classifier(struct textindex_builder *b, uint32_t doc)
{
    uint32_t category = b->index->docs[doc].category;
    const uint32_t *name = b->name_terms + b->name_first[doc];
    size_t count = (size_t)(b->name_first[doc + 1] - b->name_first[doc]), head = b->head_count[doc];
    textindex_add_list(b, name, count, 1, 0);
    textindex_add_tokens(b, &b->category_tokens, 0, 1);
    textindex_add_list(b, b->about_terms, b->about_count, 1, 0);
    size_t terms = take_text(b);
    classifier_add_text(&b->index->classifier, b->touched, b->list_weights, terms);
    add_sample(b, category, name, count);
    if (head < count)
        add_sample(b, category, name, head);
    if (head > 1)
        add_sample(b, category, name + 1, head - 1 < ASKED_WORDS ? head - 1 : ASKED_WORDS);
}

/* What the open category is called: the last level of its path. */
static void teach_label(struct textindex_builder *b, uint32_t category)
{
    const struct textindex *x = b->index;
    const struct tokens *words = &b->category_tokens;
    uint32_t terms[LABEL_WORDS];
    float weights[LABEL_WORDS];
    size_t count = b->leaf_words < LABEL_WORDS ? b->leaf_words : LABEL_WORDS;
    for (size_t i = 0; i < count; i++) { /* of a longer one, the last words */
        size_t at = words->count - count + i;
        terms[i] = (uint32_t)vocabulary_find_term(&x->vocabulary, tokens_text(words, at), words->list[at].len);
        weights[i] = x->terms[terms[i]].idf;
    }
    evidence_add_label(&b->index->evidence, category, terms, weights, count);
    if (b->lessons == 0)
        return;
    add_sample(b, category, terms, count);
    textindex_add_tokens(b, words, 0, 1);
    count = take_text(b);
    classifier_add_sample(&b->index->classifier, category, b->touched, b->list_weights, count);
}

/* How many products there are to learn from when no category may have more than `most`. */
static uint64_t count_lessons(const struct textindex *x, uint32_t most)
{
    uint64_t sum = 0;
    for (uint32_t c = 1; c < x->catalog->category_count; c++) {
        uint32_t count = x->category_start[c + 1] - x->category_start[c];
        sum += count < most ? count : most;
    }
    return sum;
}

/* Of how many products of a category the classifier learns; 0: of none. */
static uint32_t choose_lessons(const struct textindex *x)
{
    uint32_t categories = x->catalog->category_count;
    if (categories < 2 || categories > CATEGORIES_MAX)
        return 0;
    uint32_t max = LESSONS_TIMES_CATEGORIES / categories, most;
    max = max < LESSONS_MAX ? max : LESSONS_MAX;
    for (most = max; most > 1 && count_lessons(x, most) > max; most /= 2)
        ;
    return most;
}

/* Is the category's product number i of `count` among so many that are spread evenly? */
static bool is_lesson(uint32_t i, uint32_t count, uint32_t lessons)
{
    return count <= lessons || (uint64_t)(i + 1) * lessons / count > (uint64_t)i * lessons / count;
}

/* Bytes of a category's path without its last level. */
static size_t parent_len(const struct catalog_category *c)
{
    return c->path ? (size_t)(c->last - c->path) : 0;
}

/* Numbers the parents of categories, which are sorted: one that was met before is found by looking back, unless it was
 * spelt otherwise in between; then it counts as two. */
static int begin_evidence(struct textindex *x, struct pasar_err *err)
{
    const struct catalog_category *all = x->catalog->categories;
    uint32_t n = x->catalog->category_count, nodes = n, *parent = malloc(((size_t)n + 1) * sizeof *parent);
    for (uint32_t c = 0; parent && c < n; c++) {
        size_t len = parent_len(&all[c]);
        parent[c] = UINT32_MAX;
        for (uint32_t i = c; i-- > 0 && parent[c] == UINT32_MAX;) {
            if (parent_len(&all[i]) == len && (len == 0 || memcmp(all[i].path, all[c].path, len) == 0))
                parent[c] = parent[i];
            else if (len > 0 && (parent_len(&all[i]) < len || memcmp(all[i].path, all[c].path, len) != 0))
                break;
        }
        if (parent[c] == UINT32_MAX)
            parent[c] = nodes++;
    }
    if (!parent)
        return textindex_no_memory(err);
    return evidence_init(&x->evidence, x->term_count, x->vocabulary.term_count, parent, n, nodes, err);
}

static int begin_classifier(struct textindex_builder *b, struct pasar_err *err)
{
    const struct textindex *x = b->index;
    uint32_t categories = x->catalog->category_count;
    b->lessons = choose_lessons(x);
    return classifier_init(&b->index->classifier, x->vocabulary.term_count, b->lessons > 0 ? categories : 0, err);
}

int textindex_begin_teaching(struct textindex_builder *b, struct pasar_err *err)
{
    return begin_evidence(b->index, err) != 0 ? -1 : begin_classifier(b, err);
}

int textindex_teach(struct textindex_builder *b, uint32_t doc, struct pasar_err *err)
{
    struct textindex *x = b->index;
    uint32_t category = x->docs[doc].category, first = x->category_start[category],
             end = x->category_start[category + 1];
    if (category == CATALOG_NO_CATEGORY)
        return 0;
    teach_evidence(b, doc);
    if (is_lesson(doc - first, end - first, b->lessons))
        teach_classifier(b, doc);
    if (doc + 1 < end)
        return 0;
    teach_label(b, category);
    return evidence_close(&x->evidence, category, end - first, err);
}

int textindex_end_teaching(struct textindex_builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    return evidence_finish(&x->evidence, err) != 0 ? -1 : classifier_finish(&x->classifier, err);
}
