/* One data set of the optimum battery through the trainer's search, as pasar-trainer calls it. battery.py runs it. */
#include <stdio.h>
#include <stdlib.h>

#include "pasar/clock.h"
#include "trainer/kmeans.h"

static int fit(const struct matrix *points, size_t k, uint64_t seed, unsigned threads)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct kmeans_params params;
    struct kmeans_fit found = {0};
    uint16_t *labels = malloc(points->rows * sizeof *labels);
    struct pool *pool = pool_new(threads, NULL, NULL, &err);
    int status = EXIT_FAILURE;
    kmeans_params_init(&params, k, seed);
    int64_t began_ns = pasar_clock_mono_ns();
    if (labels && pool && kmeans_fit(&found, labels, points, &params, pool, &err) == 0) {
        printf("{\"inertia\": %.17g, \"iterations\": %u, \"seconds\": %.6f}\n", found.inertia, found.iterations,
               (double)(pasar_clock_mono_ns() - began_ns) / 1e9);
        kmeans_fit_fini(&found);
        status = EXIT_SUCCESS;
    } else {
        fprintf(stderr, "bench_battery: %s\n", err.msg);
    }
    pool_free(pool);
    free(labels);
    return status;
}

int main(int argc, char **argv)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix points;
    if (argc != 7) {
        fprintf(stderr, "Usage: bench_battery POINTS.f64 ROWS COLUMNS K SEED THREADS\n");
        return 64;
    }
    size_t rows = strtoull(argv[2], NULL, 10), cols = strtoull(argv[3], NULL, 10);
    FILE *file = fopen(argv[1], "rb");
    if (!file || matrix_init(&points, rows, cols, &err) != 0) {
        fprintf(stderr, "bench_battery: cannot read %s: %s\n", argv[1], err.msg);
        return EXIT_FAILURE;
    }
    bool ok = true;
    for (size_t row = 0; row < rows && ok; row++)
        for (size_t j = 0; j < cols && ok; j++)
            ok = fread(matrix_at(&points, row, j), sizeof(double), 1, file) == 1;
    fclose(file);
    if (!ok)
        fprintf(stderr, "bench_battery: %s is shorter than %zu x %zu\n", argv[1], rows, cols);
    int status = ok ? fit(&points, strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10),
                          (unsigned)strtoul(argv[6], NULL, 10))
                    : EXIT_FAILURE;
    matrix_fini(&points);
    return status;
}
