/* Batches into arrival order, and out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pasar/batch.h"
#include "trainer/arrival.h"
#include "trainer/dataset.h"
#include "trainer/rng.h"

enum { PARTITIONS = 4, BATCHES = 4, BATCH_ROWS = 50, ROWS = PARTITIONS * BATCHES * BATCH_ROWS };

/* What each row is made of; row numbers count through partitions, batches, rows. */
struct source_row {
    int64_t timestamp;
    int partition;
    int64_t offset;
    double price;
};

struct fixture {
    char dir[64];
    struct source_row rows[ROWS];
};

static void write_batch(const struct fixture *f, int partition, int64_t first, int64_t count,
                        const struct source_row *rows)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_writer *writer = pasar_batch_writer_open(f->dir, "topic", partition, first, &err);
    if (!writer)
        fail_msg("%s", err.msg);
    for (int64_t i = 0; i < count; i++) {
        struct pasar_record record = {0};
        struct pasar_buf json = {0};
        char id[32];
        snprintf(id, sizeof id, "P%d-%lld", partition, (long long)(first + i));
        for (size_t c = 0; c < PASAR_COLUMNS; c++)
            record.number[c] = NAN;
        record.text[PASAR_COL_PRODUCT_ID] = (struct pasar_text){id, strlen(id)};
        record.text[PASAR_COL_ABOUT_PRODUCT] = (struct pasar_text){"two\nlines, \"quoted\"", 19};
        record.number[PASAR_COL_DISCOUNTED_PRICE] = rows[i].price;
        record.timestamp_us = rows[i].timestamp;
        pasar_record_add_json(&json, &record);
        if (pasar_batch_writer_add(writer, first + i, &record, "run", (uint64_t)(first + i) + 1, json.data, json.len,
                                   &err) != 0)
            fail_msg("%s", err.msg);
        pasar_buf_fini(&json);
    }
    if (pasar_batch_writer_publish(writer, &err) != 0)
        fail_msg("%s", err.msg);
}

/* `disorder`: how far timestamps may stray from the order of offsets. */
static void setup(struct fixture *f, uint64_t disorder)
{
    struct rng rng;
    rng_init(&rng, 1, disorder);
    snprintf(f->dir, sizeof f->dir, "/tmp/pasar-test-dataset-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    for (int p = 0, row = 0; p < PARTITIONS; p++)
        for (int b = 0; b < BATCHES; b++) {
            for (int i = 0; i < BATCH_ROWS; i++, row++) {
                int64_t offset = b * BATCH_ROWS + i;
                /* Every timestamp stands several times: ties go to the lower partition and offset. */
                int64_t when = 1000000 + (offset + (int64_t)rng_below(&rng, disorder + 1)) / 2;
                f->rows[row] = (struct source_row){when, p, offset, row % 7 ? (double)row : NAN};
            }
            write_batch(f, p, b * BATCH_ROWS, BATCH_ROWS, f->rows + row - BATCH_ROWS);
        }
}

static void teardown(struct fixture *f)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
}

static int by_arrival(const void *a, const void *b)
{
    const struct source_row *x = a, *y = b;
    if (x->timestamp != y->timestamp)
        return x->timestamp < y->timestamp ? -1 : 1;
    if (x->partition != y->partition)
        return x->partition < y->partition ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int load(struct dataset *ds, const char *dir, struct pasar_err *err)
{
    struct pasar_batch_list list = {0};
    struct feature_set set;
    assert_int_equal(feature_set_parse(&set, "discounted_price,rating", NULL, err), 0);
    if (pasar_batch_list_read(&list, dir, err) != 0)
        fail_msg("%s", err->msg);
    int result = dataset_load(ds, dir, &list, &set, NULL, NULL, err);
    pasar_batch_list_free(&list);
    return result;
}

/* Row `source`, counted through the files, is the one that `row` was written as; offsets have no gaps here. */
static void check_source(const struct dataset *ds, uint32_t source, const struct source_row *row)
{
    size_t file = 0;
    while (source >= ds->files[file].rows)
        source -= ds->files[file++].rows;
    assert_int_equal(ds->files[file].name.partition, row->partition);
    assert_int_equal(ds->files[file].name.first_offset + source, row->offset);
}

static void check_order(uint64_t disorder, size_t stash_bytes)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct fixture f;
    struct dataset ds;
    struct pasar_record record;
    setup(&f, disorder);
    if (load(&ds, f.dir, &err) != 0)
        fail_msg("%s", err.msg);
    qsort(f.rows, ROWS, sizeof *f.rows, by_arrival);
    assert_int_equal(ds.rows, ROWS);
    assert_int_equal(ds.file_count, PARTITIONS * BATCHES);
    struct arrival *arrival = arrival_new(&ds, f.dir, stash_bytes, &err);
    for (size_t i = 0; i < ROWS; i++) {
        char id[32];
        double price = f.rows[i].price;
        assert_true(isnan(price) ? isnan(ds.values[0][i]) : ds.values[0][i] == price);
        assert_true(isnan(ds.values[1][i]));
        if (arrival_next(arrival, &record, &err) != ARRIVAL_ROW)
            fail_msg("row %zu: %s", i, err.msg);
        snprintf(id, sizeof id, "P%d-%lld", f.rows[i].partition, (long long)f.rows[i].offset);
        assert_int_equal(record.text[PASAR_COL_PRODUCT_ID].len, strlen(id));
        assert_memory_equal(record.text[PASAR_COL_PRODUCT_ID].data, id, strlen(id));
        assert_int_equal(record.text[PASAR_COL_ABOUT_PRODUCT].len, 19);
        assert_memory_equal(record.text[PASAR_COL_ABOUT_PRODUCT].data, "two\nlines, \"quoted\"", 19);
        assert_null(record.text[PASAR_COL_CATEGORY].data);
        assert_int_equal(record.timestamp_us, f.rows[i].timestamp);
        check_source(&ds, ds.source[i], &f.rows[i]);
    }
    assert_int_equal(arrival_next(arrival, &record, &err), ARRIVAL_END);
    arrival_free(arrival);
    dataset_fini(&ds);
    teardown(&f);
}

static void test_dataset__rows_come_in_arrival_order(void **state)
{
    (void)state;
    check_order(0, ARRIVAL_STASH_BYTES);
    check_order(20, ARRIVAL_STASH_BYTES);
    check_order(5000, ARRIVAL_STASH_BYTES); /* no order at all */
}

static void test_dataset__a_full_stash_costs_time_only(void **state)
{
    (void)state;
    check_order(20, 0);
    check_order(300, 5000);
}

static void test_dataset__a_batch_that_has_changed_is_refused(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct fixture f;
    struct dataset ds;
    char path[PASAR_BATCH_NAME_MAX + 80], name[PASAR_BATCH_NAME_MAX];
    const struct pasar_batch_name batch = {"topic", 1, 50, 99, PASAR_BATCH_ROWS};
    setup(&f, 0);
    pasar_batch_name_format(&batch, name);
    snprintf(path, sizeof path, "%s/%s", f.dir, name);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, -2, SEEK_END); /* the last digit before Z: still a valid row */
    int digit = fgetc(file);
    fseek(file, -3, SEEK_END);
    digit = fgetc(file);
    fseek(file, -3, SEEK_END);
    fputc(digit == '0' ? '1' : '0', file);
    fclose(file);
    assert_int_equal(load(&ds, f.dir, &err), -1);
    assert_int_equal(err.code, PASAR_EDATA);
    assert_non_null(strstr(err.msg, name));
    dataset_fini(&ds);
    teardown(&f);
}

static void test_dataset__a_batch_cut_to_its_header_is_refused(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_buf header = {0};
    struct fixture f;
    struct dataset ds;
    char path[PASAR_BATCH_NAME_MAX + 80], name[PASAR_BATCH_NAME_MAX];
    const struct pasar_batch_name batch = {"topic", 1, 50, 99, PASAR_BATCH_ROWS};
    setup(&f, 0);
    pasar_batch_name_format(&batch, name);
    snprintf(path, sizeof path, "%s/%s", f.dir, name);
    pasar_record_add_csv_header(&header);
    assert_int_equal(truncate(path, (off_t)header.len), 0);
    pasar_buf_fini(&header);
    assert_int_equal(load(&ds, f.dir, &err), -1);
    assert_int_equal(err.code, PASAR_EDATA);
    assert_non_null(strstr(err.msg, name));
    dataset_fini(&ds);
    teardown(&f);
}

static void test_dataset__batches_without_a_sidecar_are_counted(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct fixture f;
    struct dataset ds;
    char command[128];
    setup(&f, 0);
    assert_int_equal(load(&ds, f.dir, &err), 0);
    assert_int_equal(ds.unchecked, 0);
    dataset_fini(&ds);
    snprintf(command, sizeof command, "rm '%s'/topic+00001*.json", f.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(load(&ds, f.dir, &err), 0);
    assert_int_equal(ds.unchecked, BATCHES);
    dataset_fini(&ds);
    teardown(&f);
}

static void test_dataset__no_batches_and_no_rows_are_different_errors(void **state)
{
    (void)state;
    struct pasar_err err = PASAR_ERR_INIT;
    struct dataset ds;
    struct pasar_buf header = {0};
    char dir[] = "/tmp/pasar-test-dataset-XXXXXX", path[256], command[128];
    assert_non_null(mkdtemp(dir));
    assert_int_equal(load(&ds, dir, &err), -1);
    assert_int_equal(err.code, PASAR_ENOINPUT);
    assert_non_null(strstr(err.msg, dir));
    dataset_fini(&ds);
    pasar_err_clear(&err);
    snprintf(path, sizeof path, "%s/topic+00000+00000000000000000000+00000000000000000004.csv", dir);
    FILE *file = fopen(path, "w");
    pasar_record_add_csv_header(&header);
    fwrite(header.data, 1, header.len, file);
    fclose(file);
    pasar_buf_fini(&header);
    assert_int_equal(load(&ds, dir, &err), -1);
    assert_int_equal(err.code, PASAR_EDATA);
    dataset_fini(&ds);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dataset__rows_come_in_arrival_order),
        cmocka_unit_test(test_dataset__a_full_stash_costs_time_only),
        cmocka_unit_test(test_dataset__a_batch_that_has_changed_is_refused),
        cmocka_unit_test(test_dataset__a_batch_cut_to_its_header_is_refused),
        cmocka_unit_test(test_dataset__batches_without_a_sidecar_are_counted),
        cmocka_unit_test(test_dataset__no_batches_and_no_rows_are_different_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
