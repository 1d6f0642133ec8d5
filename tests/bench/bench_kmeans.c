/*
 * Lloyd's iteration of the trainer on a file of doubles, from given starting centroids, for a fixed number of
 * iterations: the counterpart of sklearn_lloyd.py, which reads the same files. Prints one JSON line per run:
 * {"iterations":…,"seconds":…,"inertia":…}.
 */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "pasar/err.h"
#include "pasar/num.h"
#include "trainer/lloyd.h"
#include "trainer/matrix.h"
#include "trainer/pool.h"

struct config {
    uint64_t rows, cols, k, threads;
    const char *data, *start;
};

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* `count` doubles in host order, malloc'd; NULL with err. */
static double *read_doubles(const char *path, size_t count, struct pasar_err *err)
{
    double *values = malloc(count * sizeof(double));
    FILE *file = fopen(path, "rb");

    if (values == NULL)
        pasar_err_nomem(err, path);
    else if (file == NULL)
        pasar_err_errno(err, PASAR_ENOINPUT, "%s", path);
    else if (fread(values, sizeof(double), count, file) != count)
        pasar_err_set(err, PASAR_EDATA, "%s: shorter than %zu doubles", path, count);
    if (file != NULL)
        fclose(file);
    if (err->code != PASAR_OK) {
        free(values);
        return NULL;
    }
    return values;
}

static int load_matrix(struct matrix *m, const struct config *config, struct pasar_err *err)
{
    double *values = read_doubles(config->data, config->rows * config->cols, err);

    if (values == NULL || matrix_init(m, config->rows, config->cols, err) != 0) {
        free(values);
        return -1;
    }
    for (size_t row = 0; row < config->rows; row++)
        for (size_t col = 0; col < config->cols; col++)
            *matrix_at(m, row, col) = values[row * config->cols + col];
    free(values);
    return 0;
}

/* One run of `iterations` from the start; the clock includes everything that a caller of the library pays. */
static int run(const struct matrix *m, struct pool *pool, const struct config *config, const double *start,
               uint64_t iterations, struct pasar_err *err)
{
    size_t centroid_bytes = config->k * config->cols * sizeof(double);
    uint16_t *labels = calloc(m->rows, sizeof(*labels));
    double *centroids = malloc(centroid_bytes);
    struct lloyd lloyd = {0};
    struct lloyd_run result;
    double begin;
    int status;

    if (labels == NULL || centroids == NULL) {
        free(labels);
        free(centroids);
        return pasar_err_nomem(err, "centroids and labels");
    }
    memcpy(centroids, start, centroid_bytes);
    begin = now();
    status = lloyd_init(&lloyd, m, config->k, labels, pool, err);
    if (status == 0) {
        struct lloyd_limits limits = {.max_iter = (unsigned)iterations, .tol = 0, .give_up = INFINITY};
        status = lloyd_iterate(&lloyd, centroids, &limits, &result, err);
        lloyd_fini(&lloyd);
    }
    if (status == 0) {
        printf("{\"iterations\":%u,\"seconds\":%.6f,\"inertia\":%.6f}\n", result.iterations, now() - begin,
               result.inertia);
        fflush(stdout);
    }
    free(centroids);
    free(labels);
    return status;
}

static int run_all(const struct config *config, char **counts, int count, struct pasar_err *err)
{
    struct matrix m = {0};
    struct pool *pool = NULL;
    double *start = read_doubles(config->start, config->k * config->cols, err);
    int status = -1;

    if (start != NULL && load_matrix(&m, config, err) == 0 &&
        (pool = pool_new((unsigned)config->threads, NULL, NULL, err)) != NULL) {
        status = 0;
        for (int i = 0; status == 0 && i < count; i++) {
            uint64_t iterations;

            if (pasar_num_u64(counts[i], strlen(counts[i]), &iterations) != 0 || iterations == 0)
                status = pasar_err_set(err, PASAR_EUSAGE, "'%s' is no number of iterations", counts[i]);
            else
                status = run(&m, pool, config, start, iterations, err);
        }
    }
    pool_free(pool);
    matrix_fini(&m);
    free(start);
    return status;
}

static int parse_options(struct config *config, int argc, char **argv)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},
        {"start", required_argument, NULL, 's'},
        {"rows", required_argument, NULL, 'n'},
        {"cols", required_argument, NULL, 'c'},
        {"k", required_argument, NULL, 'k'},
        {"threads", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        uint64_t *field = c == 'n'   ? &config->rows
                          : c == 'c' ? &config->cols
                          : c == 'k' ? &config->k
                          : c == 't' ? &config->threads
                                     : NULL;

        if (c == 'd')
            config->data = optarg;
        else if (c == 's')
            config->start = optarg;
        else if (field == NULL || pasar_num_u64(optarg, strlen(optarg), field) != 0)
            return -1;
    }
    return config->data != NULL && config->start != NULL && config->rows > 0 && config->rows <= UINT32_MAX &&
                   config->cols > 0 && config->cols <= MATRIX_MAX_COLS && config->k > 0 && config->k <= UINT16_MAX &&
                   config->threads > 0 && config->threads <= 1024 && optind < argc
               ? 0
               : -1;
}

int main(int argc, char **argv)
{
    struct config config = {.threads = 2};
    struct pasar_err err = PASAR_ERR_INIT;

    if (parse_options(&config, argc, argv) != 0) {
        fputs("Usage: bench_kmeans --data FILE --start FILE --rows N --cols N --k N [--threads N] ITERATIONS...\n",
              stderr);
        return EX_USAGE;
    }
    if (run_all(&config, argv + optind, argc - optind, &err) != 0)
        fprintf(stderr, "bench_kmeans: %s\n", err.msg);
    return (int)err.code;
}
