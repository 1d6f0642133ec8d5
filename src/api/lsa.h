/*
 * Latent semantic analysis: a space of few dimensions in which words that come in the same texts, or with the same
 * words, lie close together (Deerwester et al., "Indexing by Latent Semantic Analysis", JASIS 1990).
 */
#ifndef PASAR_API_LSA_H
#define PASAR_API_LSA_H

#include <stdbool.h>
#include <stdint.h>

#include "api/sparse.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

enum { LSA_DIMS = 160, LSA_LANES = LSA_DIMS / 4 };

/* Four dimensions at a time: the compiler's vectors, for these sums are most of the work. */
typedef float lsa_lane __attribute__((vector_size(16)));

struct lsa_vector {
    lsa_lane lanes[LSA_LANES];
};

/*
 * Puts into `vectors`, one for each column, an orthonormal basis of the space that the first LSA_DIMS right singular
 * vectors of `texts` (rows: texts, of unit length; columns: words) span; which basis does not matter here. Dimensions
 * that the texts do not have are zero. By orthogonal iteration (Golub & Van Loan, "Matrix Computations", 4th
 * ed., 8.2.4). 0, or -1 with err when memory ran out.
 */
int lsa_fit(const struct sparse *texts, uint32_t columns, struct lsa_vector *vectors,
            struct pasar_err *err) PASAR_MUSTCHECK;

/* Adds `times` the other vector. */
static inline void lsa_add(struct lsa_vector *to, const struct lsa_vector *other, float times)
{
    for (int i = 0; i < LSA_LANES; i++)
        to->lanes[i] += times * other->lanes[i];
}

/* Adds up the vectors of a row's words. */
static inline void lsa_add_row(struct lsa_vector *to, const struct sparse *rows, uint32_t row,
                               const struct lsa_vector *vectors)
{
    for (uint32_t i = sparse_row(rows, row); i < rows->ends[row]; i++)
        lsa_add(to, &vectors[rows->entries[i].column], rows->entries[i].value);
}

float lsa_dot(const struct lsa_vector *a, const struct lsa_vector *b);

/* Makes the vector unit length; false when it is zero. */
bool lsa_normalize(struct lsa_vector *vector);

#endif
