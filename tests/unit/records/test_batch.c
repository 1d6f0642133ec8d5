/* Batch files: names, what a writer leaves, what a reader makes of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "gen.h"
#include "pasar/batch.h"
#include "pasar/hash.h"
#include "tempdir.h"

#define STEM "t.opic-1+00007+00000000000000000100+00000000000000000104"

static const struct pasar_batch_name stem = {
    .topic = "t.opic-1", .partition = 7, .first_offset = 100, .last_offset = 104, .kind = PASAR_BATCH_ROWS};

static void test_batch__names_format_and_parse(void **state)
{
    static const char *const suffixes[] = {".csv", ".end.json", ".json", ".rejects.jsonl"};
    char text[PASAR_BATCH_NAME_MAX];

    (void)state;
    for (int kind = PASAR_BATCH_ROWS; kind <= PASAR_BATCH_REJECTS; kind++) {
        struct pasar_batch_name name = stem, again;
        char expected[PASAR_BATCH_NAME_MAX];
        name.kind = (enum pasar_batch_kind)kind;
        if (kind == PASAR_BATCH_END)
            name.first_offset = name.last_offset;
        pasar_batch_name_format(&name, text);
        snprintf(expected, sizeof expected, "t.opic-1+00007+%020d+%020d%s", (int)name.first_offset, 104,
                 suffixes[kind]);
        assert_string_equal(text, expected);
        assert_true(pasar_batch_name_parse(text, &again));
        assert_string_equal(again.topic, name.topic);
        assert_true(again.partition == 7 && again.first_offset == name.first_offset && again.last_offset == 104 &&
                    again.kind == name.kind);
    }
    struct pasar_batch_name large = {.topic = "x", .partition = INT32_MAX, .first_offset = 0, .last_offset = INT64_MAX};
    pasar_batch_name_format(&large, text);
    assert_true(pasar_batch_name_parse(text, &large));
    assert_int_equal(large.partition, INT32_MAX);
    assert_true(large.last_offset == INT64_MAX);
}

static void test_batch__other_names_are_no_batches(void **state)
{
    static const char *const others[] = {
        "",
        ".",
        "t",
        "t.csv",
        "." STEM ".csv",
        "." STEM ".csv.tmp",
        STEM,
        STEM ".csv.tmp",
        STEM ".CSV",
        STEM ".end.json",
        "t+7+00000000000000000100+00000000000000000104.csv",
        "t+00007+100+104.csv",
        "t+000007+00000000000000000100+00000000000000000104.csv",
        "t+00007+00000000000000000105+00000000000000000104.csv",
        "t+00007+-0000000000000000100+00000000000000000104.csv",
        "t+00007+00000000000000000100+99999999999999999999.csv",
        "+00007+00000000000000000100+00000000000000000104.csv",
        "a b+00007+00000000000000000100+00000000000000000104.csv",
        "a/b+00007+00000000000000000100+00000000000000000104.csv",
        "t+4294967296+00000000000000000100+00000000000000000104.csv",
        "t+00007+00000000000000000100+00000000000000000104",
        "t+00007+00000000000000000100",
        "t+00007",
    };
    struct pasar_batch_name name;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(others); i++)
        if (pasar_batch_name_parse(others[i], &name))
            fail_msg("taken for a batch: %s", others[i]);
}

struct row {
    char json[PASAR_COLUMNS * GEN_TEXT_MAX * 8];
    size_t len;
};

static void add_row(struct pasar_batch_writer *w, struct gen *gen, int64_t offset, const char *run, uint64_t number,
                    struct row *out, struct pasar_err *err)
{
    struct pasar_record record;
    struct pasar_buf json = {0};

    gen_record(gen, &record);
    pasar_record_add_json(&json, &record);
    assert_true(json.len <= sizeof out->json);
    memcpy(out->json, json.data, json.len);
    out->len = json.len;
    assert_int_equal(pasar_batch_writer_add(w, offset, &record, run, number, json.data, json.len, err), 0);
    pasar_buf_fini(&json);
}

static void check_rows(const char *dir, const struct pasar_batch_name *name, const struct row *rows, size_t count)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_reader *reader = pasar_batch_reader_open(dir, name, &err);
    struct pasar_record record;
    struct pasar_buf json = {0};

    assert_non_null(reader);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pasar_batch_reader_next(reader, &record, &err), PASAR_BATCH_ROW_READ);
        pasar_buf_reset(&json);
        pasar_record_add_json(&json, &record);
        assert_int_equal(json.len, rows[i].len);
        assert_memory_equal(json.data, rows[i].json, rows[i].len);
    }
    assert_int_equal(pasar_batch_reader_next(reader, &record, &err), PASAR_BATCH_DONE);
    pasar_batch_reader_close(reader);
    pasar_buf_fini(&json);
}

static void test_batch__a_published_batch_reads_back_with_its_account(void **state)
{
    static struct row rows[5];
    struct pasar_err err = PASAR_ERR_INIT;
    char dir[TEMPDIR_MAX], sha256[PASAR_SHA256_HEX + 1], path[512];
    struct gen gen;
    struct pasar_batch_stats stats;
    struct pasar_batch_sidecar sidecar;

    (void)state;
    tempdir_make(dir);
    gen_init(&gen, 6);
    struct pasar_batch_writer *w = pasar_batch_writer_open(dir, "t.opic-1", 7, 100, &err);
    assert_non_null(w);
    pasar_batch_writer_stats(w, &stats);
    assert_true(stats.rows == 0 && stats.first_offset == -1 && stats.last_offset == -1);
    add_row(w, &gen, 100, "run-a", 11, &rows[0], &err);
    add_row(w, &gen, 101, "run-a", 12, &rows[1], &err);
    add_row(w, &gen, 102, NULL, 0, &rows[2], &err);
    assert_int_equal(pasar_batch_writer_reject(w, 103, "run-a", 13, "k\xff", 2, NULL, 0, "empty \xffvalue", &err), 0);
    add_row(w, &gen, 104, "run-a", 14, &rows[3], &err);
    pasar_batch_writer_stats(w, &stats);
    assert_true(stats.rows == 4 && stats.rejects == 1 && stats.first_offset == 100 && stats.last_offset == 104);
    char *list = tempdir_list(dir);
    for (const char *p = list; p != NULL && *p != '\0'; p = strchr(p, '\n') + 1)
        assert_int_equal(*p, '.'); /* nothing but hidden files before it is published */
    free(list);
    assert_int_equal(pasar_batch_writer_publish(w, &err), 0);
    list = tempdir_list(dir);
    assert_string_equal(list, STEM ".csv\n" STEM ".json\n" STEM ".rejects.jsonl\n");
    free(list);

    check_rows(dir, &stem, rows, 4);
    assert_int_equal(pasar_batch_sidecar_read(&sidecar, dir, &stem, &err), 0);
    assert_true(sidecar.rows == 4 && sidecar.rejects == 1 && sidecar.bytes == stats.bytes);
    assert_int_equal(sidecar.run_count, 2);
    assert_string_equal(sidecar.runs[0].run, "run-a");
    assert_string_equal(sidecar.runs[1].run, "");
    assert_true(sidecar.runs[0].rows == 3 && sidecar.runs[1].rows == 1);
    assert_true(sidecar.runs[0].digest == pasar_hash_row(11, rows[0].json, rows[0].len) +
                                              pasar_hash_row(12, rows[1].json, rows[1].len) +
                                              pasar_hash_row(14, rows[3].json, rows[3].len));
    assert_true(sidecar.runs[1].digest == pasar_hash_row(0, rows[2].json, rows[2].len));
    assert_int_equal(sidecar.range_count, 3);
    assert_true(sidecar.ranges[0].run == 0 && sidecar.ranges[0].first == 11 && sidecar.ranges[0].count == 2);
    assert_true(sidecar.ranges[1].run == 1 && sidecar.ranges[1].first == 0 && sidecar.ranges[1].count == 1);
    assert_true(sidecar.ranges[2].run == 0 && sidecar.ranges[2].first == 14 && sidecar.ranges[2].count == 1);
    snprintf(path, sizeof path, "%s/" STEM ".csv", dir);
    assert_int_equal(pasar_sha256_file(path, sha256, &err), 0);
    assert_string_equal(sidecar.sha256, sha256);
    snprintf(path, sizeof path, "%s/" STEM ".rejects.jsonl", dir);
    assert_int_equal(pasar_sha256_file(path, sha256, &err), 0);
    assert_string_equal(sidecar.rejects_sha256, sha256);
    pasar_batch_sidecar_free(&sidecar);

    char *rejects = tempdir_read(dir, STEM ".rejects.jsonl", NULL);
    assert_string_equal(rejects, "{\"topic\":\"t.opic-1\",\"partition\":7,\"offset\":103,\"run\":\"run-a\",\"row\":13,"
                                 "\"reason\":\"empty \xef\xbf\xbdvalue\",\"key\":\"a/8=\",\"value\":null}\n");
    free(rejects);
    tempdir_remove(dir);
}

/* Publishes 2,000 rows; with `take` every block is taken as it comes, and written later, before the sealing. */
static void write_blocks(const char *dir, bool take)
{
    static struct row row;
    struct pasar_buf blocks[8] = {{0}};
    size_t taken = 0;
    struct pasar_err err = PASAR_ERR_INIT;
    struct gen gen;

    gen_init(&gen, 9);
    struct pasar_batch_writer *w = pasar_batch_writer_open(dir, "t.opic-1", 7, 100, &err);
    assert_non_null(w);
    for (int i = 0; i < 2000; i++) {
        add_row(w, &gen, 100 + i, "run-a", 1 + (uint64_t)i, &row, &err);
        if (take && pasar_batch_writer_has_block(w)) {
            assert_true(taken < PASAR_ARRAY_LEN(blocks));
            pasar_batch_writer_take_block(w, &blocks[taken]);
            assert_true(blocks[taken++].len > 200 * 1024);
            assert_false(pasar_batch_writer_has_block(w));
        }
    }
    assert_true(taken == 0 || taken > 1);
    for (size_t i = 0; i < taken; i++) {
        assert_int_equal(pasar_batch_writer_write(w, &blocks[i], &err), 0);
        pasar_buf_fini(&blocks[i]);
    }
    assert_int_equal(pasar_batch_writer_publish(w, &err), 0);
}

static void test_batch__blocks_that_were_taken_make_the_same_file(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    char sha256[2][PASAR_SHA256_HEX + 1];

    (void)state;
    for (int take = 0; take < 2; take++) {
        struct pasar_batch_name name = {"t.opic-1", 7, 100, 2099, PASAR_BATCH_ROWS};
        char dir[TEMPDIR_MAX], file[PASAR_BATCH_NAME_MAX], path[512];
        struct pasar_batch_sidecar sidecar;

        tempdir_make(dir);
        write_blocks(dir, take);
        pasar_batch_name_format(&name, file);
        snprintf(path, sizeof path, "%s/%s", dir, file);
        assert_int_equal(pasar_sha256_file(path, sha256[take], &err), 0);
        assert_int_equal(pasar_batch_sidecar_read(&sidecar, dir, &name, &err), 0);
        assert_string_equal(sidecar.sha256, sha256[take]);
        pasar_batch_sidecar_free(&sidecar);
        tempdir_remove(dir);
    }
    assert_string_equal(sha256[0], sha256[1]);
}

static void test_batch__a_block_that_was_not_written_is_missed(void **state)
{
    static struct row row;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_buf block = {0};
    char dir[TEMPDIR_MAX];
    struct gen gen;

    (void)state;
    tempdir_make(dir);
    gen_init(&gen, 9);
    struct pasar_batch_writer *w = pasar_batch_writer_open(dir, "t", 0, 0, &err);
    assert_non_null(w);
    add_row(w, &gen, 0, "run", 1, &row, &err);
    pasar_batch_writer_take_block(w, &block);
    pasar_buf_fini(&block);
    assert_int_equal(pasar_batch_writer_publish(w, &err), -1);
    assert_int_equal(err.code, PASAR_EBUG);
    char *list = tempdir_list(dir);
    assert_string_equal(list, "");
    free(list);
    tempdir_remove(dir);
}

static void test_batch__a_batch_of_rejects_alone_is_a_batch(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    char dir[TEMPDIR_MAX];
    struct pasar_batch_list list;

    (void)state;
    tempdir_make(dir);
    struct pasar_batch_writer *w = pasar_batch_writer_open(dir, "t.opic-1", 7, 100, &err);
    for (int64_t offset = 100; offset <= 104; offset++)
        assert_int_equal(pasar_batch_writer_reject(w, offset, "", 0, NULL, 0, "x", 1, "no record", &err), 0);
    assert_int_equal(pasar_batch_writer_publish(w, &err), 0);
    check_rows(dir, &stem, NULL, 0);
    assert_int_equal(pasar_batch_list_read(&list, dir, &err), 0);
    assert_int_equal(list.count, 1);
    assert_true(pasar_batch_list_next_offset(&list, "t.opic-1", 7) == 105);
    assert_true(pasar_batch_list_next_offset(&list, "t.opic-1", 8) == -1);
    assert_true(pasar_batch_list_next_offset(&list, "t", 7) == -1);
    pasar_batch_list_free(&list);
    tempdir_remove(dir);
}

static void test_batch__many_runs_are_told_apart(void **state)
{
    enum { RUNS = 500, ROWS = 4000 };
    static uint64_t rows_of[RUNS];
    struct pasar_err err = PASAR_ERR_INIT;
    char dir[TEMPDIR_MAX];
    struct pasar_record record;
    struct pasar_batch_sidecar sidecar;
    struct pasar_batch_name name = {.topic = "t", .partition = 0, .first_offset = 0, .last_offset = ROWS - 1};
    struct gen gen;

    (void)state;
    tempdir_make(dir);
    gen_init(&gen, 8);
    gen_record(&gen, &record);
    struct pasar_batch_writer *w = pasar_batch_writer_open(dir, "t", 0, 0, &err);
    for (int64_t offset = 0; offset < ROWS; offset++) {
        char run[32];
        size_t index = gen_below(&gen, RUNS);
        snprintf(run, sizeof run, "run-%zu", index);
        assert_int_equal(pasar_batch_writer_add(w, offset, &record, run, ++rows_of[index], "x", 1, &err), 0);
    }
    assert_int_equal(pasar_batch_writer_publish(w, &err), 0);
    assert_int_equal(pasar_batch_sidecar_read(&sidecar, dir, &name, &err), 0);
    for (size_t i = 0; i < sidecar.run_count; i++) {
        size_t index = strtoul(sidecar.runs[i].run + 4, NULL, 10);
        uint64_t digest = 0;
        assert_true(sidecar.runs[i].rows == rows_of[index]);
        for (uint64_t row = 1; row <= rows_of[index]; row++)
            digest += pasar_hash_row(row, "x", 1);
        assert_true(sidecar.runs[i].digest == digest);
        rows_of[index] = 0; /* each run once */
    }
    pasar_batch_sidecar_free(&sidecar);
    tempdir_remove(dir);
}

static void test_batch__misuse_is_refused(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    char dir[TEMPDIR_MAX], topic[PASAR_TOPIC_MAX + 2];
    static const char *const bad_topics[] = {"", ".hidden", "a+b", "a/b", "..", "a b"};

    (void)state;
    tempdir_make(dir);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad_topics); i++) {
        pasar_err_clear(&err);
        assert_null(pasar_batch_writer_open(dir, bad_topics[i], 0, 0, &err));
        assert_int_equal(err.code, PASAR_EUSAGE);
    }
    memset(topic, 't', sizeof topic - 1);
    topic[PASAR_TOPIC_MAX] = '\0'; /* good for Kafka, too long for a file name */
    pasar_err_clear(&err);
    assert_null(pasar_batch_writer_open(dir, topic, 0, 0, &err));
    assert_non_null(strstr(err.msg, "too long"));
    topic[188] = '\0';
    pasar_err_clear(&err);
    struct pasar_batch_writer *w = pasar_batch_writer_open(dir, topic, 0, 5, &err);
    assert_non_null(w);
    assert_int_equal(pasar_batch_writer_reject(w, 5, NULL, 0, NULL, 0, NULL, 0, "x", &err), 0);
    assert_int_equal(pasar_batch_writer_publish(w, &err), 0);

    w = pasar_batch_writer_open(dir, "t", 0, 5, &err);
    assert_int_equal(pasar_batch_writer_reject(w, 4, NULL, 0, NULL, 0, NULL, 0, "x", &err), -1); /* before the first */
    assert_int_equal(err.code, PASAR_EBUG);
    pasar_err_clear(&err);
    assert_int_equal(pasar_batch_writer_reject(w, 5, NULL, 0, NULL, 0, NULL, 0, "x", &err), -1); /* failure is sticky */
    assert_int_equal(pasar_batch_writer_publish(w, &err), -1);
    pasar_err_clear(&err);
    w = pasar_batch_writer_open(dir, "t", 0, 5, &err);
    assert_int_equal(pasar_batch_writer_publish(w, &err), -1); /* empty */
    pasar_err_clear(&err);
    assert_null(pasar_batch_writer_open("/nonexistent/dir", "t", 0, 5, &err));
    assert_int_equal(err.code, PASAR_ECREATE);
    pasar_batch_writer_abort(NULL);
    tempdir_remove(dir);
}

static void test_batch__an_existing_file_is_never_replaced(void **state)
{
    static const char *const present[] = {STEM ".csv", STEM ".json", STEM ".rejects.jsonl"};

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(present); i++) {
        struct pasar_err err = PASAR_ERR_INIT;
        char dir[TEMPDIR_MAX], expected[256];

        tempdir_make(dir);
        tempdir_write(dir, present[i], "theirs", 6);
        struct pasar_batch_writer *w = pasar_batch_writer_open(dir, "t.opic-1", 7, 100, &err);
        assert_int_equal(pasar_batch_writer_reject(w, 104, NULL, 0, NULL, 0, NULL, 0, "x", &err), 0);
        assert_int_equal(pasar_batch_writer_publish(w, &err), -1);
        assert_non_null(strstr(err.msg, "exists already"));
        char *list = tempdir_list(dir), *text = tempdir_read(dir, present[i], NULL);
        snprintf(expected, sizeof expected, "%s\n", present[i]);
        assert_string_equal(list, expected);
        assert_string_equal(text, "theirs");
        free(list);
        free(text);
        tempdir_remove(dir);
    }
}

static void test_batch__lists_are_sorted_and_overlaps_named(void **state)
{
    static const char *const files[] = {
        "b+00000+00000000000000000000+00000000000000000004.csv",
        "a+00001+00000000000000000010+00000000000000000019.csv",
        "a+00001+00000000000000000000+00000000000000000009.csv",
        "a+00001+00000000000000000020+00000000000000000020.end.json",
        "a+00000+00000000000000000005+00000000000000000005.csv",
        "a+00000+00000000000000000005+00000000000000000005.json",
        ".a+00000+00000000000000000009+00000000000000000009.csv.tmp",
        "notes.txt",
    };
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_list list;
    char dir[TEMPDIR_MAX], text[PASAR_BATCH_NAME_MAX];

    (void)state;
    tempdir_make(dir);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(files); i++)
        tempdir_write(dir, files[i], "", 0);
    static const size_t order[] = {4, 2, 1, 3, 0};
    assert_int_equal(pasar_batch_list_read(&list, dir, &err), 0);
    assert_int_equal(list.count, 5);
    for (size_t i = 0; i < list.count; i++) {
        pasar_batch_name_format(&list.names[i], text);
        assert_string_equal(text, files[order[i]]);
    }
    assert_true(pasar_batch_list_next_offset(&list, "a", 1) == 21);
    pasar_batch_list_free(&list);

    tempdir_write(dir, "a+00001+00000000000000000019+00000000000000000019.end.json", "", 0);
    assert_int_equal(pasar_batch_list_read(&list, dir, &err), -1);
    assert_int_equal(err.code, PASAR_EDATA);
    assert_non_null(strstr(err.msg, "a+00001+00000000000000000010+00000000000000000019.csv"));
    assert_non_null(strstr(err.msg, "a+00001+00000000000000000019+00000000000000000019.end.json"));
    pasar_err_clear(&err);
    assert_int_equal(pasar_batch_list_read(&list, "/nonexistent/dir", &err), 0);
    assert_int_equal(list.count, 0);
    tempdir_remove(dir);
}

static void test_batch__cleaning_takes_leftovers_of_its_partition_only(void **state)
{
    static const char *const kept[] = {
        ".lock.7",
        ".meta.json",
        "."
        "t.opic-1+00008+00000000000000000100+00000000000000000100.csv.tmp",
        "."
        "other+00007+00000000000000000100+00000000000000000100.csv.tmp",
        STEM ".csv",
        STEM ".json",
        STEM ".rejects.jsonl",
        "t.opic-1+00007+00000000000000000105+00000000000000000105.end.json",
        "t.opic-1+00008+00000000000000000200+00000000000000000209.json",
        "notes.json",
    };
    static const char *const removed[] = {
        "." STEM ".csv.tmp",
        "." STEM ".json.tmp",
        "." STEM ".rejects.jsonl.tmp",
        ".t.opic-1+00007+00000000000000000106+00000000000000000106.end.json.tmp",
        "t.opic-1+00007+00000000000000000200+00000000000000000209.json",
        "t.opic-1+00007+00000000000000000200+00000000000000000209.rejects.jsonl",
        "t.opic-1+00007+00000000000000000105+00000000000000000105.json", /* of the same range as an end, which needs
                                                                            none */
        "t.opic-1+00009+00000000000000000000+00000000000000000000.json",
    };
    static const int32_t partitions[] = {7, 9};
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_list list;
    char dir[TEMPDIR_MAX];

    (void)state;
    tempdir_make(dir);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(kept); i++)
        tempdir_write(dir, kept[i], "", 0);
    char *before = tempdir_list(dir);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(removed); i++)
        tempdir_write(dir, removed[i], "", 0);
    assert_int_equal(pasar_batch_list_recover(&list, dir, "t.opic-1", partitions, 2, &err), 0);
    assert_int_equal(list.count, 2);
    assert_int_equal(pasar_batch_list_next_offset(&list, "t.opic-1", 7), 106);
    pasar_batch_list_free(&list);
    char *after = tempdir_list(dir);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_int_equal(pasar_batch_list_recover(&list, "/nonexistent/dir", "t", partitions, 2, &err), 0);
    assert_int_equal(list.count, 0);
    tempdir_remove(dir);
}

static void test_batch__the_end_of_a_run_is_a_file_of_its_own(void **state)
{
    struct pasar_run_end end = {"run-a", 12, 99, 3, 1000}, again;
    struct pasar_batch_name name = {
        .topic = "t", .partition = 2, .first_offset = 41, .last_offset = 41, .kind = PASAR_BATCH_END};
    struct pasar_err err = PASAR_ERR_INIT;
    char dir[TEMPDIR_MAX];

    (void)state;
    tempdir_make(dir);
    assert_int_equal(pasar_batch_publish_end(dir, "t", 2, 41, &end, &err), 0);
    assert_int_equal(pasar_batch_read_end(dir, &name, &again, &err), 0);
    assert_string_equal(again.run, "run-a");
    assert_true(again.rows == 12 && again.digest == 99 && again.partition_count == 3 && again.timestamp_us == 1000);
    assert_int_equal(pasar_batch_publish_end(dir, "t", 2, 41, &end, &err), -1); /* never replaced */
    pasar_err_clear(&err);
    name.first_offset = name.last_offset = 42;
    assert_int_equal(pasar_batch_read_end(dir, &name, &again, &err), -1);
    assert_int_equal(err.code, PASAR_ENOINPUT);
    tempdir_remove(dir);
}

/* The sidecar of a small batch, to be damaged. */
static char *make_batch(const char *dir)
{
    static struct row rows[5];
    struct pasar_err err = PASAR_ERR_INIT;
    struct gen gen;
    struct pasar_batch_writer *w = pasar_batch_writer_open(dir, "t.opic-1", 7, 100, &err);

    gen_init(&gen, 9);
    for (int i = 0; i < 5; i++)
        add_row(w, &gen, 100 + i, "run-a", (uint64_t)(i < 3 ? 5 + i : 20 + i), &rows[i], &err);
    assert_int_equal(pasar_batch_writer_publish(w, &err), 0);
    return tempdir_read(dir, STEM ".json", NULL);
}

/* Sidecars of before rejects had a checksum, and copies of batches, are read too. */
static void test_batch__reads_old_and_copied_sidecars(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_sidecar sidecar;
    struct pasar_batch_name copy = stem;
    char dir[TEMPDIR_MAX];

    (void)state;
    tempdir_make(dir);
    char *text = make_batch(dir);
    char *version = strstr(text, "\"version\":2"), *rejects = strstr(text, "\"rejects_sha256\":\"\",");
    assert_true(version != NULL && rejects != NULL);
    version[strlen("\"version\":")] = '1';
    memmove(rejects, rejects + strlen("\"rejects_sha256\":\"\","),
            strlen(rejects + strlen("\"rejects_sha256\":\"\",")) + 1);
    tempdir_write(dir, STEM ".json", text, strlen(text));
    assert_int_equal(pasar_batch_sidecar_read(&sidecar, dir, &stem, &err), 0);
    assert_true(sidecar.rows == 5 && sidecar.rejects_sha256[0] == '\0');
    pasar_batch_sidecar_free(&sidecar);
    copy.last_offset++;
    tempdir_write(dir, "t.opic-1+00007+00000000000000000100+00000000000000000105.json", text, strlen(text));
    assert_int_equal(pasar_batch_sidecar_read(&sidecar, dir, &copy, &err), -1);
    pasar_err_clear(&err);
    assert_int_equal(pasar_batch_sidecar_read_any(&sidecar, dir, &copy, &err), 0);
    assert_true(sidecar.rows == 5 && sidecar.name.last_offset == 104 && sidecar.name.kind == PASAR_BATCH_ROWS);
    pasar_batch_sidecar_free(&sidecar);
    free(text);
    tempdir_remove(dir);
}

static void test_batch__a_damaged_sidecar_is_refused(void **state)
{
    static const struct {
        const char *from, *to;
    } damage[] = {
        {"\"version\":2", "\"version\":3"},
        {"\"version\":2", "\"version\":0"},
        {"\"partition\":7", "\"partition\":-7"},
        {"\"rejects_sha256\":\"\"", "\"rejects_sha256\":\"0\""},
        {"\"rejects\":0", "\"rejects\":1"},
        {"\"partition\":7", "\"partition\":8"},
        {"t.opic-1", "t.opic-2"},
        {"\"last_offset\":104", "\"last_offset\":105"},
        {"\"rows\":5", "\"rows\":6"},
        {"\"rows\":5", "\"rows\":-5"},
        {"[0,5,3]", "[0,5,2]"},
        {"[0,5,3]", "[1,5,3]"},
        {"[0,5,3]", "[0,5]"},
        {"[0,5,3]", "[0,0,3]"},
        {"[0,5,3]", "[0,5,3],[0,9,1]"},
        {"[0,5,3]", "[0,9223372036854775807,9223372036854775807]"},
        {"\"run-a\"", "\"run a\""},
        {"\"run-a\"", "\"\""},
        {"\"sha256\":\"", "\"sha256\":\"0"},
        {"\"runs\":[", "\"runs\":[5,"},
        {"}\n", ""},
        {"\"bytes\":", "\"octets\":"},
        {"\"digest\":\"", "\"digest\":\"x"},
    };
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_batch_sidecar sidecar;
    char dir[TEMPDIR_MAX];

    (void)state;
    tempdir_make(dir);
    char *good = make_batch(dir);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(damage); i++) {
        char *at = strstr(good, damage[i].from);
        struct pasar_buf bad = {0};
        assert_non_null(at);
        pasar_buf_add(&bad, good, (size_t)(at - good));
        pasar_buf_adds(&bad, damage[i].to);
        pasar_buf_adds(&bad, at + strlen(damage[i].from));
        tempdir_write(dir, STEM ".json", bad.data, bad.len);
        pasar_err_clear(&err);
        if (pasar_batch_sidecar_read(&sidecar, dir, &stem, &err) == 0)
            fail_msg("accepted with %s for %s", damage[i].to, damage[i].from);
        assert_int_equal(err.code, PASAR_EDATA);
        assert_non_null(strstr(err.msg, STEM ".json"));
        pasar_batch_sidecar_free(&sidecar); /* harmless after a failure */
        pasar_buf_fini(&bad);
    }
    for (size_t len = 0; len < strlen(good) - 1; len++) {
        tempdir_write(dir, STEM ".json", good, len);
        assert_int_equal(pasar_batch_sidecar_read(&sidecar, dir, &stem, &err), -1);
    }
    struct pasar_batch_name missing = stem;
    missing.last_offset++;
    pasar_err_clear(&err);
    assert_int_equal(pasar_batch_sidecar_read(&sidecar, dir, &missing, &err), -1);
    assert_int_equal(err.code, PASAR_ENOINPUT);
    free(good);
    tempdir_remove(dir);
}

static void check_unreadable(const char *dir, const char *csv, size_t len, const char *reason)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_record record;
    enum pasar_batch_result result = PASAR_BATCH_FAILED;

    tempdir_write(dir, STEM ".csv", csv, len);
    struct pasar_batch_reader *reader = pasar_batch_reader_open(dir, &stem, &err);
    while (reader != NULL && (result = pasar_batch_reader_next(reader, &record, &err)) == PASAR_BATCH_ROW_READ)
        continue;
    assert_int_equal(result, PASAR_BATCH_FAILED);
    assert_int_equal(err.code, PASAR_EDATA);
    assert_non_null(strstr(err.msg, STEM ".csv"));
    if (strstr(err.msg, reason) == NULL)
        fail_msg("'%s' instead of '%s'", err.msg, reason);
    pasar_batch_reader_close(reader);
}

static void test_batch__a_damaged_line_is_named(void **state)
{
    struct pasar_buf csv = {0};
    char dir[TEMPDIR_MAX];

    (void)state;
    tempdir_make(dir);
    check_unreadable(dir, "", 0, "is empty");
    check_unreadable(dir, "a,b\n", 4, ":1: missing column: product_id");
    pasar_record_add_csv_header(&csv);
    size_t header = csv.len;
    static const struct {
        const char *line, *reason;
    } bad[] = {
        {"B,n,c,1,2,3,4,5,t,u,v,r,w,x,y,z,2026-01-31T23:59:59Z\nB,1\n", ":3: 2 fields instead of 17"},
        {",n,c,1,2,3,4,5,t,u,v,r,w,x,y,z,2026-01-31T23:59:59Z\n", ":2: empty product_id"},
        {"B,n,c,x,2,3,4,5,t,u,v,r,w,x,y,z,2026-01-31T23:59:59Z\n", ":2: discounted_price: not a number"},
        {"B,n,c,-1,2,3,4,5,t,u,v,r,w,x,y,z,2026-01-31T23:59:59Z\n", ":2: discounted_price: out of range"},
        {"B,n,c,1,2,3,4,5.5,t,u,v,r,w,x,y,z,2026-01-31T23:59:59Z\n", ":2: rating_count: out of range"},
        {"B,n,c,1,2,3,4,5,t,u,v,r,w,x,y,z,\n", ":2: timestamp"},
        {"B,n,c,1,2,3,4,5,t,u,v,r,w,x,y,\"z,2026-01-31T23:59:59Z\n", ":2: unterminated quote"},
        {"B,\xff,c,1,2,3,4,5,t,u,v,r,w,x,y,z,2026-01-31T23:59:59Z\n", ":2: invalid UTF-8"},
    };
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++) {
        csv.len = header;
        pasar_buf_adds(&csv, bad[i].line);
        check_unreadable(dir, csv.data, csv.len, bad[i].reason);
    }
    /* A header without timestamp is no batch file's. */
    memcpy(csv.data + header - 10, "timestomp\n", 10);
    check_unreadable(dir, csv.data, header, "timestamp");
    pasar_buf_fini(&csv);
    tempdir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch__names_format_and_parse),
        cmocka_unit_test(test_batch__other_names_are_no_batches),
        cmocka_unit_test(test_batch__blocks_that_were_taken_make_the_same_file),
        cmocka_unit_test(test_batch__a_block_that_was_not_written_is_missed),
        cmocka_unit_test(test_batch__a_published_batch_reads_back_with_its_account),
        cmocka_unit_test(test_batch__a_batch_of_rejects_alone_is_a_batch),
        cmocka_unit_test(test_batch__many_runs_are_told_apart),
        cmocka_unit_test(test_batch__misuse_is_refused),
        cmocka_unit_test(test_batch__an_existing_file_is_never_replaced),
        cmocka_unit_test(test_batch__lists_are_sorted_and_overlaps_named),
        cmocka_unit_test(test_batch__reads_old_and_copied_sidecars),
        cmocka_unit_test(test_batch__cleaning_takes_leftovers_of_its_partition_only),
        cmocka_unit_test(test_batch__the_end_of_a_run_is_a_file_of_its_own),
        cmocka_unit_test(test_batch__a_damaged_sidecar_is_refused),
        cmocka_unit_test(test_batch__a_damaged_line_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
