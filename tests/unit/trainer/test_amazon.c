/* The known optimum of the product file that the suite is made for; skipped where the file is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pasar/csv.h"
#include "pasar/num.h"
#include "trainer/models.h"

static uint64_t seeds = 8;

static const char *csv_path(void)
{
    const char *path = getenv("PASAR_AMAZON_CSV");
    return path ? path : PASAR_SOURCE_DIR "/../shared/data/amazon.csv";
}

/* Digits and points of a field, the rest left out; what is no number then, or out of range, is missing. */
static double clean(const struct pasar_csv_field *field, double max)
{
    char text[64];
    size_t len = 0;
    double value;
    for (size_t i = 0; i < field->len && len < sizeof text; i++)
        if ((field->data[i] >= '0' && field->data[i] <= '9') || field->data[i] == '.')
            text[len++] = field->data[i];
    if (pasar_num_double(text, len, &value) != 0 || value > max)
        return NAN;
    return value;
}

static void read_dataset(struct dataset *ds, const struct feature_set *set)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_csv_row row;
    const char *reason;
    int fd = open(csv_path(), O_RDONLY | O_CLOEXEC);
    struct pasar_csv_reader *reader = pasar_csv_reader_new(pasar_csv_read_fd, &fd, 1 << 20);
    size_t field[PASAR_FEATURES_MAX] = {0};
    *ds = (struct dataset){.feature_count = set->count};
    for (size_t i = 0; i < set->count; i++)
        ds->values[i] = malloc(2000 * sizeof(double));
    assert_int_equal(pasar_csv_reader_next(reader, &row, &reason, &err), PASAR_CSV_ROW);
    for (size_t i = 0; i < set->count; i++)
        for (size_t f = 0; f < row.field_count; f++) {
            const char *name = pasar_columns[set->column[i]].name;
            if (row.fields[f].len == strlen(name) && memcmp(row.fields[f].data, name, strlen(name)) == 0)
                field[i] = f;
        }
    while (ds->rows < 2000 && pasar_csv_reader_next(reader, &row, &reason, &err) == PASAR_CSV_ROW) {
        for (size_t i = 0; i < set->count; i++)
            ds->values[i][ds->rows] = clean(&row.fields[field[i]], pasar_columns[set->column[i]].max);
        ds->rows++;
    }
    pasar_csv_reader_free(reader);
    close(fd);
}

static void assert_figure(const char *what, double measured, double expected, double unit)
{
    if (!(fabs(measured - expected) <= unit / 2 * 1.0001))
        fail_msg("%s is %.8g, the known optimum has %.8g", what, measured, expected);
}

static void test_amazon__default_models_reach_the_known_optimum_from_any_seed(void **state)
{
    (void)state;
    static const double known[PASAR_MODELS][4] = {
        {745.3228, 0.4844, 0.7655, 234.31}, {1556.2358, 0.5306, 0.7639, 430.65}, {2363.972, 0.5835, 0.7105, 627.12}};
    struct pasar_err err = PASAR_ERR_INIT;
    struct feature_set set;
    struct dataset ds;
    assert_int_equal(feature_set_parse(&set, "discounted_price,rating_count,rating", NULL, &err), 0);
    read_dataset(&ds, &set);
    assert_int_equal(ds.rows, 1465);
    struct pool *pool = pool_new(2, NULL, NULL, &err);
    for (uint64_t seed = 0; seed < seeds; seed++) {
        struct models models;
        struct models_wanted wanted = {.set = &set};
        kmeans_params_init(&wanted.params, 3, seed);
        assert_int_equal(models_train(&models, &ds, &wanted, pool, NULL, NULL, &err), 0);
        for (size_t m = 0; m < PASAR_MODELS; m++) {
            const struct pasar_model *model = &models.model[m];
            assert_figure("inertia", model->inertia, known[m][0], m < 2 ? 1e-4 : 1e-3);
            assert_figure("silhouette", model->silhouette, known[m][1], 1e-4);
            assert_figure("Davies-Bouldin", model->davies_bouldin, known[m][2], 1e-4);
            assert_figure("Calinski-Harabasz", model->calinski_harabasz, known[m][3], 1e-2);
            assert_string_equal(model->stop_reason, "converged");
        }
        models_fini(&models);
    }
    pool_free(pool);
    dataset_fini(&ds);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amazon__default_models_reach_the_known_optimum_from_any_seed),
    };
    if (argc > 1)
        seeds = strtoull(argv[1], NULL, 10);
    if (access(csv_path(), R_OK) != 0) {
        printf("SKIP unit.trainer.amazon: %s is not there\n", csv_path());
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
