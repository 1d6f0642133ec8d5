/* Correlation matrix, its eigenvectors, their signs. */
#include "trainer/projection.h"

#include <math.h>

#include <cblas.h>

/* LAPACK's eigenvalues of a symmetric matrix, as OpenBLAS exports it; its package brings no lapacke.h. */
void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
            const int *lwork, int *info, size_t jobz_len, size_t uplo_len);

enum { WORK = 34 * PASAR_FEATURES_MAX };

static double rounded(double x)
{
    return round(x * 1e9) / 1e9 + 0.0; /* no -0 */
}

/* sums[i][j], i <= j, of the products of two columns; tile by tile, so that the rounding errors stay small. */
static void add_products(double sums[PASAR_FEATURES_MAX][PASAR_FEATURES_MAX], const struct matrix *points)
{
    for (size_t tile = 0; tile < matrix_tiles(points); tile++) {
        const double *cells = points->cells + tile * points->cols * MATRIX_TILE;
        for (size_t i = 0; i < points->cols; i++)
            for (size_t j = i; j < points->cols; j++) {
                double sum = 0;
                for (size_t r = 0; r < MATRIX_TILE; r++)
                    sum += cells[i * MATRIX_TILE + r] * cells[j * MATRIX_TILE + r];
                sums[i][j] += sum;
            }
    }
}

/* Takes over eigenvector `vector`; its largest weight becomes positive (of equal ones the first). */
static void take_component(struct pasar_projection *projection, size_t i, const double *vector, size_t cols)
{
    double *weights = projection->component[i];
    size_t largest = 0;
    for (size_t j = 0; j < cols; j++) {
        weights[j] = fmin(fmax(rounded(vector[j]), -1), 1);
        if (fabs(weights[j]) > fabs(weights[largest]))
            largest = j;
    }
    for (size_t j = 0; weights[largest] < 0 && j < cols; j++)
        if (j != largest)
            weights[j] = 0.0 - weights[j];
    weights[largest] = fabs(weights[largest]);
}

int projection_measure(struct pasar_projection *projection, const struct matrix *points, struct pasar_err *err)
{
    double sums[PASAR_FEATURES_MAX][PASAR_FEATURES_MAX] = {{0}};
    double a[PASAR_FEATURES_MAX * PASAR_FEATURES_MAX], values[PASAR_FEATURES_MAX], work[WORK], total = 0;
    size_t cols = points->cols;
    int n = (int)cols, lwork = WORK, info = 0;
    add_products(sums, points);
    for (size_t i = 0; i < cols; i++)
        for (size_t j = i; j < cols; j++)
            a[i * cols + j] = a[j * cols + i] = points->rows > 1 ? sums[i][j] / (double)(points->rows - 1) : 0;
    openblas_set_num_threads(1); /* a matrix of 8 x 8 at most */
    dsyev_("V", "U", &n, a, &n, values, work, &lwork, &info, 1, 1);
    if (info != 0)
        return pasar_err_set(err, PASAR_EBUG, "principal components: dsyev failed with %d", info);
    for (size_t i = 0; i < cols; i++)
        total += fmax(values[i], 0);
    *projection = (struct pasar_projection){.count = cols < PASAR_COMPONENTS ? cols : PASAR_COMPONENTS};
    for (size_t i = 0; i < projection->count; i++) {
        double variance = fmax(values[cols - 1 - i], 0); /* dsyev's come in rising order */
        projection->variance[i] = rounded(variance);
        projection->ratio[i] = total > 0 ? fmin(rounded(variance / total), 1) : 0;
        take_component(projection, i, a + (cols - 1 - i) * cols, cols);
    }
    return 0;
}
