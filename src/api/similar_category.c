/* Which categories are meant: what the words say, and what the best hits are of. */
#include "api/similar_private.h"

#include <math.h>
#include <string.h>

#include "api/similar_rank.h"

static const float voter_bonus = 2;      /* the most that a category can give while its votes are not counted */
static const float no_vote = 0.0005f;    /* what counts for the votes of a category that has none */
static const float sharpness = 0.4f;     /* of likely categories against unlikely ones */
static const float full_idf = 2;         /* words of less, as "for" and "with" are, say as much less of a category */
static const float pair_odds = 0.5f;     /* of what a word says: its words have spoken already */
static const float number_share = 0.25f; /* of what a word says: 1500 are watts of one, rupees of another */
static const float log_few = 1.6f;       /* of 5 products: a category of more fills what is seen at a glance */
static const float enough_words = 3;     /* for the classifier, which has learnt from names */
static const float negligible = -18;     /* its exponential is lost beside a score near 1 */

/* e^x for x from -80 to 0, about 6 digits of it: 2^n times the series of 2^f. In plain arithmetic, for the vector: a
 * query asks for two of each category. */
static inline float exp_negative(float x)
{
    float power = x * 1.44269504f, f;
    int32_t n = (int32_t)(power - 0.5f), bits = (n + 127) << 23;
    f = power - (float)n;
    float series = 1 + f * (0.69314718f + f * (0.24022651f + f * (0.05550411f + f * (0.00961813f + f * 0.00133336f))));
    memcpy(&f, &bits, sizeof f);
    return f * series;
}

/* s->bonus from s->likely: `most` for the likeliest category, less for others as they are less likely. */
static void give_bonus(const struct similar_search *f, float most)
{
    const uint32_t categories = f->index->catalog->category_count;
    const float *likely = f->s->likely;
    const float top = similar_rank_largest(likely, categories);
    float *restrict bonus = f->s->bonus;
    for (uint32_t c = 0; c < categories; c++) {
        float share = sharpness * (likely[c] - top), value = exp_negative(share > negligible ? share : negligible);
        bonus[c] = share > negligible ? most * value : 0; /* not where all are impossible: that is no number */
    }
}

/* Is the category's last word, which says what its products are, among the query's? */
static bool names_head(const struct similar_scratch *s, uint32_t head)
{
    for (size_t w = 0; w < s->word_count; w++) {
        if (s->words[w].count > 0 && s->words[w].terms[0].term == head)
            return true;
    }
    return false;
}

/* Adds to s->likely how much of each category's name was said, twice where its last word was. */
static void add_labels(const struct similar_search *f)
{
    const struct evidence *e = &f->index->evidence;
    struct similar_scratch *s = f->s;
    for (uint32_t c = 0; c < e->category_count; c++) {
        if (s->label[c] > 0)
            s->likely[c] += f->weights->label * s->label[c] * (names_head(s, e->head[c]) ? 2 : 1);
    }
}

/* What was asked of the evidence: the query vector's squared length, and how many words' worth; and of the classifier:
 * how many words' worth that it knows. */
struct asked {
    float square, words, known;
};

static bool is_number(const struct similar_scratch *s, const struct similar_word *word)
{
    const char *typed = s->tokens.bytes.data + word->start;
    for (uint32_t i = 0; i < word->len; i++) {
        if (typed[i] < '0' || typed[i] > '9')
            return false;
    }
    return true;
}

/* In a word that was taken for another: short ones have neighbours by chance. Icon is not a slip in iron. */
static float trust(const struct similar_word *word)
{
    return word->len <= 4 ? 0.1f : word->len == 5 ? 0.6f : 1;
}

/* A word's choices share its weight. */
static void ask_word(const struct similar_search *f, const struct similar_word *word, struct asked *asked)
{
    const struct textindex *x = f->index;
    struct similar_scratch *s = f->s;
    bool is_sure = word->is_exact || word->repaired >= 0;
    float sum = 0, whole = is_number(s, word) ? number_share : word->repaired >= 0 ? trust(word) : 1;
    for (size_t i = 0; i < word->count; i++)
        sum += word->terms[i].weight;
    for (size_t i = 0; i < (is_sure ? 1 : word->count); i++) {
        const struct textindex_term *term = &x->terms[word->terms[i].term];
        float share = is_sure ? whole : whole * word->terms[i].weight / sum;
        struct evidence_weights weights = {share * textindex_vector_weight(term),
                                           share * fminf(1, term->idf / full_idf), share};
        evidence_score(&x->evidence, word->terms[i].term, weights, s->cosine, s->odds, s->label);
        if (classifier_ask(&x->classifier, word->terms[i].term, share * textindex_text_weight(term), &s->query))
            asked->known += share;
        asked->square += weights.cosine * weights.cosine;
        asked->words += weights.odds;
    }
}

static void ask_pair(const struct similar_search *f, uint32_t term, struct asked *asked)
{
    const struct textindex *x = f->index;
    struct similar_scratch *s = f->s;
    struct evidence_weights weights = {textindex_vector_weight(&x->terms[term]), pair_odds, 0};
    evidence_score(&x->evidence, term, weights, s->cosine, s->odds, s->label);
    asked->square += weights.cosine * weights.cosine;
    asked->words += weights.odds;
}

/* How likely it is that each category is meant, from words and pairs. */
void similar_ask_evidence(struct similar_search *f)
{
    const struct evidence *e = &f->index->evidence;
    struct similar_scratch *s = f->s;
    struct asked asked = {0};
    memset(s->cosine, 0, e->node_count * sizeof *s->cosine);
    memset(s->odds, 0, e->node_count * sizeof *s->odds);
    memset(s->label, 0, e->node_count * sizeof *s->label);
    s->query = (struct lsa_vector){0};
    for (size_t w = 0; w < s->word_count; w++)
        ask_word(f, &s->words[w], &asked);
    for (size_t i = 0; i < s->pair_count; i++)
        ask_pair(f, s->pairs[i], &asked);
    f->known = asked.known;
    float cosine = asked.square > 0 ? f->weights->cosine / sqrtf(asked.square) : 0;
    for (uint32_t c = 0; c < e->category_count; c++)
        s->likely[c] = asked.words > 0 ? cosine * s->cosine[c] + s->odds[c] + s->odds[e->parent[c]] +
                                             asked.words * e->absent[c] + f->weights->size * e->log_size[c]
                                       : -INFINITY;
    add_labels(f);
    s->likely[CATALOG_NO_CATEGORY] = -INFINITY;
    give_bonus(f, voter_bonus);
}

/*
 * A place in the list is worth most to a likely category of few products: one product may be all there is to show of
 * it, where a large category fills the list as it is (Agrawal et al., "Diversifying Search Results", 2009).
 */
static void weigh_places(struct similar_search *f)
{
    const struct evidence *e = &f->index->evidence;
    float *likely = f->s->likely;
    f->likeliest = 0;
    for (uint32_t c = 1; c < e->category_count; c++)
        f->likeliest = likely[c] > likely[f->likeliest] ? c : f->likeliest;
    for (uint32_t c = 1; c < e->category_count; c++)
        likely[c] -= f->weights->spread * fmaxf(0, fminf(e->log_size[c], log_few));
}

/* The best SIMILAR_VOTERS documents by text and likely category vote for their category and cluster, the closer the
 * more. */
void similar_vote(struct similar_search *f)
{
    const struct textindex *x = f->index;
    const struct similar_weights *weights = f->weights;
    struct similar_scratch *s = f->s;
    uint32_t categories = x->catalog->category_count;
    struct similar_pass pass = {.bonus = s->bonus,
                                .open_bonus = INFINITY,
                                .model = f->query->model,
                                .excluded = f->own_doc,
                                .exhaustive = f->query->exhaustive};
    size_t n = similar_rank_best(x, s, &pass, SIMILAR_VOTERS);
    float top = 0, sum = 0;
    memset(s->vote, 0, categories * sizeof *s->vote);
    for (size_t i = 0; i < n; i++) {
        const struct textindex_doc *info = &x->docs[s->heap[i].doc];
        float text = similar_rank_text_of(x, s, s->heap[i].doc), share = text * text * text;
        f->cluster[info->cluster[f->query->model - 1]] += share;
        sum += share;
        if (info->category != CATALOG_NO_CATEGORY)
            s->vote[info->category] += share;
        top = fmaxf(top, s->vote[info->category]);
    }
    float scale = sum > 0 ? weights->cluster / sum : 0;
    for (size_t i = 0; i < 256; i++)
        f->cluster[i] *= scale;
    float none = weights->vote * logf(no_vote);
    for (uint32_t c = 0; top > 0 && c < categories; c++)
        s->likely[c] += s->vote[c] > 0 ? weights->vote * logf(s->vote[c] / top + no_vote) : none;
    similar_add_whole(f);
    float known = fminf(1, f->known / enough_words);
    classifier_score(&x->classifier, &s->query, weights->meaning * known * known, s->likely);
    weigh_places(f);
    give_bonus(f, weights->category);
}

/* What is known of the product whose like is looked for. */
void similar_add_own(struct similar_search *f)
{
    if (f->own_doc < 0)
        return;
    const struct textindex_doc *own = &f->index->docs[f->own_doc];
    f->own_category = own->category;
    if (own->category != CATALOG_NO_CATEGORY)
        f->s->bonus[own->category] += f->weights->same_category;
    memset(f->cluster, 0, sizeof f->cluster);
    f->cluster[own->cluster[f->query->model - 1]] = f->weights->cluster;
}
