/*
 * One data set of the optimum battery through the trainer's search, as pasar-trainer calls it, once per seed; one JSON
 * line each: {"seed":…,"inertia":…,"iterations":…,"seconds":…,"cpu_seconds":…}. battery.py runs it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pasar/clock.h"
#include "trainer/kmeans.h"

static int fit(const struct matrix *points, uint16_t *labels, size_t k, uint64_t seed, struct pool *pool)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct kmeans_params params;
    struct kmeans_fit found = {0};
    int64_t began_ns = pasar_clock_mono_ns();
    clock_t cpu = clock();
    kmeans_params_init(&params, k, seed);
    if (kmeans_fit(&found, labels, points, &params, pool, &err) != 0) {
        fprintf(stderr, "bench_battery: %s\n", err.msg);
        return -1;
    }
    printf("{\"seed\": %llu, \"inertia\": %.17g, \"iterations\": %u, \"seconds\": %.6f, \"cpu_seconds\": %.6f}\n",
           (unsigned long long)seed, found.inertia, found.iterations, (double)(pasar_clock_mono_ns() - began_ns) / 1e9,
           (double)(clock() - cpu) / CLOCKS_PER_SEC);
    fflush(stdout);
    kmeans_fit_fini(&found);
    return 0;
}

static int read_points(struct matrix *points, const char *path, size_t rows, size_t cols)
{
    struct pasar_err err = PASAR_ERR_INIT;
    FILE *file = fopen(path, "rb");
    if (!file || matrix_init(points, rows, cols, &err) != 0) {
        fprintf(stderr, "bench_battery: cannot read %s: %s\n", path, err.msg);
        return -1;
    }
    bool ok = true;
    for (size_t row = 0; row < rows && ok; row++)
        for (size_t j = 0; j < cols && ok; j++)
            ok = fread(matrix_at(points, row, j), sizeof(double), 1, file) == 1;
    fclose(file);
    if (!ok)
        fprintf(stderr, "bench_battery: %s is shorter than %zu x %zu\n", path, rows, cols);
    return ok ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct matrix points = {0};
    if (argc < 7) {
        fprintf(stderr, "Usage: bench_battery POINTS.f64 ROWS COLUMNS K THREADS SEED...\n");
        return 64;
    }
    size_t rows = strtoull(argv[2], NULL, 10), cols = strtoull(argv[3], NULL, 10), k = strtoull(argv[4], NULL, 10);
    uint16_t *labels = malloc(rows * sizeof *labels);
    struct pool *pool = pool_new((unsigned)strtoul(argv[5], NULL, 10), NULL, NULL, &err);
    int status = labels && pool && read_points(&points, argv[1], rows, cols) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    for (int i = 6; i < argc && status == EXIT_SUCCESS; i++)
        status = fit(&points, labels, k, strtoull(argv[i], NULL, 10), pool) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    pool_free(pool);
    free(labels);
    matrix_fini(&points);
    return status;
}
