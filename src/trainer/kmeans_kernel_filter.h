/*
 * Nearest centroids in single precision, twice as many rows per instruction, where that cannot go wrong: a
 * floating-point filter, as in J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric
 * Predicates, 1997. kmeans_kernel_body.h includes this for instruction sets with
 *   KERNEL_PS(op)  intrinsic on floats        KERNEL_JOIN(low, high)  one vector of floats from two halves
 *   KERNEL_ALL(mask)  is true for all floats
 *
 * A score is a sum of cols + 1 terms. In single precision each term suffers at most cols + 3 roundings of 2^-24 (its
 * factors, their product, the additions), in relation to its size. From that kernel_pack makes the coefficients of
 * `doubt`: a bound on what two scores can be off together, linear in |x|, with enough to spare for the roundings of
 * double precision, of the bound itself and of the difference. A row whose least score lies further than that below
 * all others has its least score there in double precision, too. The labels are those of label_tile to the last one, so
 * how the filter computes (with fused multiply-add) may differ from one instruction set to the next.
 */
typedef float KERNEL_NAME(floats) __attribute__((vector_size(8 * KERNEL_WIDTH)));
typedef int32_t KERNEL_NAME(ints) __attribute__((vector_size(8 * KERNEL_WIDTH)));
typedef int32_t KERNEL_NAME(half_ints) __attribute__((vector_size(4 * KERNEL_WIDTH)));

#define FLOATS KERNEL_NAME(floats)
#define INTS   KERNEL_NAME(ints)
#define PARTS  (VECS / 2) /* vectors of floats per tile and column */

KERNEL_TARGET static inline __attribute__((always_inline)) FLOATS KERNEL_NAME(round_rows)(const VEC *x)
{
    return KERNEL_JOIN(__builtin_convertvector(x[0], KERNEL_NAME(half)),
                       __builtin_convertvector(x[1], KERNEL_NAME(half)));
}

/* factors[0] + the sum of x[j] * factors[1 + j]; `x` has its columns PARTS apart, signs outside `keep` are cleared. */
KERNEL_TARGET static inline __attribute__((always_inline)) FLOATS
KERNEL_NAME(rough_sum)(const FLOATS *x, int32_t keep, size_t cols, const float *factors)
{
    FLOATS sum = KERNEL_PS(set1)(factors[0]);
    for (size_t j = 0; j < cols; j++)
        sum = KERNEL_PS(fmadd)((FLOATS)((INTS)x[j * PARTS] & keep), KERNEL_PS(set1)(factors[1 + j]), sum);
    return sum;
}

/* True: idx as from label_tile. False: some row needs double precision. */
KERNEL_TARGET static inline __attribute__((always_inline)) bool
KERNEL_NAME(label_roughly)(const double *cells, size_t cols, size_t k, const float *rough, MASK *idx)
{
    FLOATS x[MATRIX_MAX_COLS * PARTS], doubt[PARTS], best[PARTS], second[PARTS];
    INTS id[PARTS], candidate = {0}, sure = (INTS){0} - 1;
    for (size_t j = 0; j < cols; j++)
        for (size_t i = 0; i < PARTS; i++)
            x[j * PARTS + i] = KERNEL_NAME(round_rows)((const VEC *)(const void *)cells + j * VECS + 2 * i);
    for (size_t i = 0; i < PARTS; i++) {
        doubt[i] = KERNEL_NAME(rough_sum)(x + i, INT32_MAX, cols, rough);
        best[i] = KERNEL_NAME(rough_sum)(x + i, -1, cols, rough + cols + 1);
        second[i] = KERNEL_PS(set1)(FLT_MAX);
        id[i] = (INTS){0};
    }
    rough += cols + 1;
    for (size_t c = 1; c < k; c++) {
        rough += cols + 1;
        candidate += 1;
        for (size_t i = 0; i < PARTS; i++) {
            FLOATS score = KERNEL_NAME(rough_sum)(x + i, -1, cols, rough);
            INTS closer = score < best[i];
            second[i] = KERNEL_PS(min)(second[i], KERNEL_PS(max)(score, best[i]));
            best[i] = KERNEL_PS(min)(score, best[i]);
            id[i] = (candidate & closer) | (id[i] & ~closer);
        }
    }
    INTS label[PARTS];
    for (size_t i = 0; i < PARTS; i++) {
        label[i] = id[i];
        sure &= (second[i] - best[i] > doubt[i]) & (doubt[i] < KERNEL_MAX_DOUBT);
    }
    for (size_t i = 0; i < VECS; i++)
        idx[i] = __builtin_convertvector(((const KERNEL_NAME(half_ints) *)(const void *)label)[i], MASK);
    return KERNEL_ALL(sure);
}

/* Not inlined, so that it takes no registers from the usual case. */
KERNEL_TARGET static __attribute__((noinline)) void
KERNEL_NAME(label_exactly)(const double *cells, size_t cols, size_t k, const double *packed, MASK *idx)
{
    KERNEL_NAME(label_tile)(cells, cols, k, packed, idx);
}

/*
 * idx as from label_tile. *missed = how often the filter has failed in this block: among equal or almost equal
 * centroids it may do so each time, and is tried now and again only.
 */
KERNEL_TARGET static inline __attribute__((always_inline)) void
KERNEL_NAME(label_filtered)(const struct kernel_assign *job, size_t tile, size_t cols, size_t *missed, MASK *idx)
{
    const double *cells = job->data->cells + tile * cols * MATRIX_TILE;
    if (job->k <= KERNEL_MASKED_MAX) { /* as fast without */
        KERNEL_NAME(label_tile)(cells, cols, job->k, job->packed, idx);
        return;
    }
    if (*missed * KERNEL_TRIES_PER_MISS <= tile - job->tile_begin + KERNEL_FIRST_TRIES) {
        if (KERNEL_NAME(label_roughly)(cells, cols, job->k, job->rough, idx))
            return;
        ++*missed;
    }
    KERNEL_NAME(label_exactly)(cells, cols, job->k, job->packed, idx);
}

#undef FLOATS
#undef INTS
#undef PARTS
