/*
 * Finding the best documents of a query without scoring all: upper bounds by block, most promising block first, until
 * no block can hold anything better than what is kept. Exact: a block is left out only when its bound says so.
 */
#ifndef PASAR_API_SIMILAR_RANK_H
#define PASAR_API_SIMILAR_RANK_H

#include <math.h>

#include "api/contains.h"
#include "api/similar.h"

/* Text score of a cell, which is far below 2^31. */
static inline float similar_rank_text(uint32_t cell)
{
    return (float)(int32_t)cell * (1.0f / (65536.0f * 255.0f));
}

/* Score of a hit that was kept. */
static inline float similar_rank_score(const struct similar_ranked *ranked)
{
    uint32_t bits = (uint32_t)(ranked->key >> 32);
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

/* Gives a hit another score, which is not negative. */
static inline void similar_rank_rescore(struct similar_ranked *ranked, float score)
{
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    ranked->key = (uint64_t)bits << 32 | (uint32_t)ranked->key;
}

/* The largest of some numbers, -INFINITY of none. Four at a time, or each comparison would wait for the one before. */
static inline float similar_rank_largest(const float *numbers, uint32_t count)
{
    float most[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (uint32_t k = 0; k < 4; k++)
            most[k] = numbers[i + k] > most[k] ? numbers[i + k] : most[k];
    }
    for (; i < count; i++)
        most[0] = numbers[i] > most[0] ? numbers[i] : most[0];
    float low = most[0] > most[1] ? most[0] : most[1], high = most[2] > most[3] ? most[2] : most[3];
    return low > high ? low : high;
}

/* Upper bounds of all blocks for scratch->groups. Begins a query. */
void similar_rank_begin(const struct textindex *index, struct similar_scratch *s);

/* Forgets cached blocks. Ends a query. */
void similar_rank_end(struct similar_scratch *s);

/* What is looked for. */
struct similar_pass {
    const float *bonus;         /* by category */
    float open_bonus;           /* documents of categories with so much need no term of the query */
    const float *cluster_bonus; /* by cluster of the model, or NULL */
    float cluster_bonus_max;
    int model;
    int64_t excluded;                /* document, or -1 */
    const struct contains *contains; /* only documents whose name contains its text; NULL: those with a term */
    size_t known_count;              /* of s->known: left out */
    bool exhaustive;
};

/*
 * Keeps the `max` best documents in s->heap, which has room, sorted best first; returns how many there are. Scores are
 * text + bonus of category and cluster.
 */
size_t similar_rank_best(const struct textindex *index, struct similar_scratch *s, const struct similar_pass *pass,
                         size_t max);

/* Text scores of a block's documents, 0 for those without a term of the query; TEXTINDEX_BLOCK places further on, the
 * largest of each category that has documents in the block. Valid until the next call. */
const uint32_t *similar_rank_cells(const struct textindex *index, struct similar_scratch *s, uint32_t block);

/* Text score of one document. */
float similar_rank_text_of(const struct textindex *index, struct similar_scratch *s, uint32_t doc);

#endif
