#include "api/lsa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/hash.h"

enum { ITERATIONS = 4 };

static const float negligible = 1e-5f; /* of the longest dimension: what is left of a dimension is rounding */

static float sum_of(lsa_lane lane)
{
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

/* Four sums of lanes, or each addition would wait for the one before. */
float lsa_dot(const struct lsa_vector *a, const struct lsa_vector *b)
{
    lsa_lane sums[4] = {{0}};
    _Static_assert(LSA_LANES % 4 == 0, "lanes come in fours");
    for (int i = 0; i < LSA_LANES; i += 4) {
        for (int k = 0; k < 4; k++)
            sums[k] += a->lanes[i + k] * b->lanes[i + k];
    }
    return sum_of((sums[0] + sums[2]) + (sums[1] + sums[3]));
}

bool lsa_normalize(struct lsa_vector *vector)
{
    float square = lsa_dot(vector, vector);
    if (!(square > 0))
        return false;
    float length = sqrtf(square);
    for (int i = 0; i < LSA_LANES; i++)
        vector->lanes[i] /= length;
    return true;
}

/* Signs that look like chance, the same each time (Halko, Martinsson & Tropp, "Finding Structure with Randomness",
 * 2011). */
static void begin(uint32_t columns, struct lsa_vector *vectors)
{
    for (uint32_t c = 0; c < columns; c++) {
        uint64_t bits = 0;
        for (uint32_t d = 0; d < LSA_DIMS; d++, bits >>= 1) {
            uint32_t key[2] = {c, d};
            if (d % 64 == 0)
                bits = pasar_hash64(key, sizeof key);
            vectors[c].lanes[d / 4][d % 4] = bits & 1 ? 1 : -1;
        }
    }
}

/* next = texts' x texts x vectors. */
static void multiply(const struct sparse *texts, uint32_t columns, const struct lsa_vector *vectors,
                     struct lsa_vector *next)
{
    memset(next, 0, columns * sizeof *next);
    for (uint32_t row = 0; row < texts->row_count; row++) {
        struct lsa_vector text = {0};
        lsa_add_row(&text, texts, row, vectors);
        for (uint32_t i = sparse_row(texts, row); i < texts->ends[row]; i++)
            lsa_add(&next[texts->entries[i].column], &text, texts->entries[i].value);
    }
}

/* The length of the longest dimension. */
static float longest(uint32_t columns, const struct lsa_vector *vectors)
{
    struct lsa_vector squares = {0};
    float most = 0;
    for (uint32_t c = 0; c < columns; c++) {
        for (int i = 0; i < LSA_LANES; i++)
            squares.lanes[i] += vectors[c].lanes[i] * vectors[c].lanes[i];
    }
    for (int d = 0; d < LSA_DIMS; d++)
        most = fmaxf(most, squares.lanes[d / 4][d % 4]);
    return sqrtf(most);
}

/* Makes the dimensions, which are columns here, orthonormal: modified Gram-Schmidt, row by row for the cache's sake.
 * What stands before the lane of dimension d is done. */
static void orthonormalize(uint32_t columns, struct lsa_vector *vectors)
{
    const float least = negligible * longest(columns, vectors);
    for (int d = 0; d < LSA_DIMS; d++) {
        const int lane = d / 4, place = d % 4;
        struct lsa_vector shares = {0};
        for (uint32_t c = 0; c < columns; c++) {
            float own = vectors[c].lanes[lane][place];
            for (int i = lane; i < LSA_LANES; i++)
                shares.lanes[i] += own * vectors[c].lanes[i];
        }
        float length = sqrtf(shares.lanes[lane][place]), scale = length > least ? 1 / length : 0;
        for (int i = lane; i < LSA_LANES; i++)
            shares.lanes[i] *= scale;
        for (int k = 0; k <= place; k++)
            shares.lanes[lane][k] = 0;
        for (uint32_t c = 0; c < columns; c++) {
            float unit = vectors[c].lanes[lane][place] * scale;
            for (int i = lane; i < LSA_LANES; i++)
                vectors[c].lanes[i] -= unit * shares.lanes[i];
            vectors[c].lanes[lane][place] = unit;
        }
    }
}

int lsa_fit(const struct sparse *texts, uint32_t columns, struct lsa_vector *vectors, struct pasar_err *err)
{
    struct lsa_vector *next = malloc(((size_t)columns + 1) * sizeof *next);
    if (!next)
        return pasar_err_nomem(err, "latent semantic analysis");
    begin(columns, vectors);
    for (int i = 0; i < ITERATIONS; i++) {
        multiply(texts, columns, vectors, next);
        orthonormalize(columns, next);
        memcpy(vectors, next, columns * sizeof *next);
    }
    free(next);
    return 0;
}
