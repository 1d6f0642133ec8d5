/* Which batch a product's record came from: the file, the row in it, and the offset where it is certain. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>

#include "api/lineage.h"
#include "support.h"

enum { ROWS = 8, BATCHES = 4 };

/* Three of the four offsets of the second file became rows; the last file's name tells nothing. */
static struct pasar_manifest_batch batches[BATCHES] = {
    {"t+00000+00000000000000000100+00000000000000000101.csv", 2, "a"},
    {"t+00001+00000000000000000000+00000000000000000003.csv", 3, "b"},
    {"t+00002+00000000000000000007+00000000000000000007.csv", 1, "c"},
    {"by-hand.csv", 2, "d"},
};

/* Row i has product Pi and the source row sources[i]. */
static void make_snapshot(struct snapshot *s, const uint64_t sources[ROWS])
{
    static const uint64_t model_rows[PASAR_MODELS] = {ROWS, ROWS, ROWS};
    static const int none[PASAR_MODELS] = {-1, -1, -1};
    struct pasar_err err = PASAR_ERR_INIT;
    memset(s, 0, sizeof *s);
    s->generation.manifest = (struct pasar_manifest){.generation = 7, .rows = ROWS};
    s->generation.manifest.batches = batches;
    s->generation.manifest.batch_count = BATCHES;
    assert_int_equal(catalog_init(&s->catalog, &err), 0);
    for (int i = 0; i < ROWS; i++) {
        char id[8];
        struct pasar_record record = {0};
        snprintf(id, sizeof id, "P%d", i);
        record.text[PASAR_COL_PRODUCT_ID] = support_text(id);
        assert_int_equal(catalog_add(&s->catalog, &record, none, model_rows, sources[i], &err), 0);
    }
    assert_int_equal(catalog_finish(&s->catalog, &err), 0);
}

/* The member "batch" of product Pi; json_decref() it. */
static json_t *batch_of(const struct snapshot *s, int i, int model)
{
    char id[8];
    struct pasar_buf buf = {0};
    int len = snprintf(id, sizeof id, "P%d", i);
    int64_t product = catalog_find(&s->catalog, id, (size_t)len, model);
    assert_true(product >= 0);
    lineage_write(&buf, s, (uint32_t)product, model);
    json_t *line = json_loadb(buf.data, buf.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(line);
    json_t *batch = json_incref(json_object_get(line, "batch"));
    json_decref(line);
    pasar_buf_fini(&buf);
    return batch;
}

static void test_lineage__the_batch_is_the_one_of_the_source_row(void **state)
{
    (void)state;
    static const uint64_t sources[ROWS] = {5, 0, 7, 2, 1, 4, 6, 3}; /* arrival is not the order of the files */
    static const struct {
        int batch, row, offset; /* -1: null, -2: left out */
    } wanted[ROWS] = {{2, 1, 7}, {0, 1, 100}, {3, 2, -2}, {1, 1, -1}, {0, 2, 101}, {1, 3, -1}, {3, 1, -2}, {1, 2, -1}};
    struct snapshot s;
    make_snapshot(&s, sources);
    for (int i = 0; i < ROWS; i++) {
        for (int model = 1; model <= PASAR_MODELS; model++) {
            json_t *batch = batch_of(&s, i, model), *offset = json_object_get(batch, "offset");
            const struct pasar_manifest_batch *file = &batches[wanted[i].batch];
            assert_string_equal(json_string_value(json_object_get(batch, "file")), file->file);
            assert_string_equal(json_string_value(json_object_get(batch, "sha256")), file->sha256);
            assert_int_equal(json_integer_value(json_object_get(batch, "rows")), file->rows);
            assert_int_equal(json_integer_value(json_object_get(batch, "row")), wanted[i].row);
            assert_true((offset == NULL) == (wanted[i].offset == -2));
            assert_true(json_is_null(offset) == (wanted[i].offset == -1));
            if (wanted[i].offset >= 0)
                assert_int_equal(json_integer_value(offset), wanted[i].offset);
            json_decref(batch);
        }
    }
    catalog_fini(&s.catalog);
}

static void test_lineage__without_source_rows_no_batch_is_named(void **state)
{
    (void)state;
    uint64_t sources[ROWS];
    struct snapshot s;
    for (int i = 0; i < ROWS; i++)
        sources[i] = PASAR_SOURCE_UNKNOWN;
    make_snapshot(&s, sources);
    for (int i = 0; i < ROWS; i++) {
        json_t *batch = batch_of(&s, i, PASAR_MODELS);
        assert_true(json_is_null(batch));
        json_decref(batch);
    }
    catalog_fini(&s.catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lineage__the_batch_is_the_one_of_the_source_row),
        cmocka_unit_test(test_lineage__without_source_rows_no_batch_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
