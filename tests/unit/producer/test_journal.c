/* journal: what is written is read back; what was damaged is refused, wherever the damage is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "pasar/hash.h"
#include "producer/journal.h"

static struct journal sample(void)
{
    struct journal journal = {
        .run = "sample.csv-0123456789abcdef-20251231T235959.123456Z",
        .topic = strdup("amazon_sales_topic"),
        .cluster = strdup("cluster \"x\""),
        .file = strdup("Näme \"1\".csv"),
        .settings = strdup("--key product_id"),
        .input_hash = UINT64_C(0xfedcba9876543210),
        .input_bytes = 123456789,
        .started_us = INT64_C(1767225599123456),
        .end_partition = -1,
    };

    assert_int_equal(checkpoint_init(&journal.checkpoint, 3, NULL), 0);
    journal.checkpoint.counts = (struct checkpoint_counts){.row = 1000,
                                                           .stored = 990,
                                                           .rejected = 10,
                                                           .digest = UINT64_MAX - 3,
                                                           .timestamp_us = INT64_C(1767225600000001)};
    for (int32_t p = 0; p < 3; p++)
        journal.checkpoint.partitions[p] =
            (struct checkpoint_partition){.next_offset = (INT64_C(1) << 40) + p, .last_row = 998 + (uint64_t)p};
    assert_int_equal(journal_refuse(&journal.refused, 17, NULL), 0);
    assert_int_equal(journal_refuse(&journal.refused, 18, NULL), 0);
    assert_int_equal(journal_refuse(&journal.refused, 500, NULL), 0);
    return journal;
}

static void assert_same(const struct journal *a, const struct journal *b)
{
    assert_string_equal(a->run, b->run);
    assert_string_equal(a->topic, b->topic);
    assert_string_equal(a->cluster, b->cluster);
    assert_string_equal(a->file, b->file);
    assert_string_equal(a->settings, b->settings);
    assert_int_equal(a->input_hash, b->input_hash);
    assert_int_equal(a->input_bytes, b->input_bytes);
    assert_int_equal(a->started_us, b->started_us);
    assert_int_equal(a->finished_us, b->finished_us);
    assert_int_equal(a->end_partition, b->end_partition);
    assert_int_equal(a->end_offset, b->end_offset);
    assert_memory_equal(&a->checkpoint.counts, &b->checkpoint.counts, sizeof(a->checkpoint.counts));
    assert_int_equal(a->checkpoint.partition_count, b->checkpoint.partition_count);
    for (int32_t p = 0; p < a->checkpoint.partition_count; p++) {
        assert_int_equal(a->checkpoint.partitions[p].next_offset, b->checkpoint.partitions[p].next_offset);
        assert_int_equal(a->checkpoint.partitions[p].last_row, b->checkpoint.partitions[p].last_row);
    }
    assert_int_equal(a->refused.count, b->refused.count);
    for (size_t i = 0; i < a->refused.count; i++) {
        assert_int_equal(a->refused.ranges[i].first, b->refused.ranges[i].first);
        assert_int_equal(a->refused.ranges[i].last, b->refused.ranges[i].last);
    }
}

static void test_journal__round_trip(void **state)
{
    struct journal journal = sample();

    (void)state;
    for (int finished = 0; finished < 2; finished++) {
        struct journal back = {0};
        struct pasar_buf text = {0};
        struct pasar_err err = PASAR_ERR_INIT;

        journal.finished_us = finished ? INT64_C(1767225601000000) : 0;
        journal.end_partition = finished ? 2 : -1;
        journal.end_offset = finished ? INT64_C(1) << 41 : 0;
        assert_int_equal(journal_encode(&text, &journal, &err), 0);
        assert_int_equal(journal_decode(&back, text.data, text.len, &err), 0);
        assert_same(&journal, &back);
        pasar_buf_fini(&text);
        journal_fini(&back);
    }
    journal_fini(&journal);
}

/* A file's name is bytes; the journal is JSON, and has it for people. */
static void test_journal__a_name_that_is_not_utf8_is_kept_as_far_as_it_goes(void **state)
{
    struct journal journal = sample(), back = {0};
    struct pasar_buf text = {0};
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    free(journal.file);
    journal.file = strdup("caf\xe9.csv");
    assert_int_equal(journal_encode(&text, &journal, &err), 0);
    assert_int_equal(journal_decode(&back, text.data, text.len, &err), 0);
    assert_string_equal(back.file, "caf\xef\xbf\xbd.csv");
    pasar_buf_fini(&text);
    journal_fini(&back);
    journal_fini(&journal);
}

static bool is_accepted(const char *text, size_t len)
{
    struct journal back = {0};
    struct pasar_err err = PASAR_ERR_INIT;
    bool accepted = journal_decode(&back, text, len, &err) == 0;

    if (!accepted)
        assert_int_equal(err.code, PASAR_EDATA);
    journal_fini(&back);
    return accepted;
}

static void test_journal__any_damage_is_refused(void **state)
{
    struct journal journal = sample();
    struct pasar_buf text = {0};

    (void)state;
    assert_int_equal(journal_encode(&text, &journal, NULL), 0);
    for (size_t len = 0; len < text.len; len++)
        assert_false(is_accepted(text.data, len));
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] ^= 1;
        assert_false(is_accepted(text.data, text.len));
        text.data[i] ^= 1;
    }
    pasar_buf_addc(&text, '\n');
    assert_false(is_accepted(text.data, text.len));
    pasar_buf_fini(&text);
    journal_fini(&journal);
}

/* A right checksum over a wrong content: made by hand, or by another version. */
static void test_journal__nonsense_is_refused(void **state)
{
    static const char *const swaps[][2] = {
        {"\"format\":1", "\"format\":2"},
        {"\"row\":1000", "\"row\":1001"},
        {"\"stored\":990", "\"stored\":-990"},
        {"[17,18]", "[18,17]"},
        {"[500,500]", "[18,500]"},
        {"\"refused\":[[", "\"refused\":[[1],["},
        {"\"topic\"", "\"topicx\""},
        {"\"digest\":\"f", "\"digest\":\"F"},
        {"\"run\":\"sample", "\"run\":\"sam/ple"},
        {"2025-12-31T23", "2025-12-32T23"},
        {"\"format\":1", "\"format\":\"1\""},
        {"{\"format\"", "[{\"format\""},
    };
    struct journal journal = sample();
    struct pasar_buf text = {0};

    (void)state;
    assert_int_equal(journal_encode(&text, &journal, NULL), 0);
    for (size_t i = 0; i < sizeof(swaps) / sizeof(swaps[0]); i++) {
        const char *whole = pasar_buf_cstr(&text), *at = strstr(whole, swaps[i][0]), *end = strchr(whole, '\n');
        struct pasar_buf changed = {0};

        assert_non_null(at);
        pasar_buf_add(&changed, whole, (size_t)(at - whole));
        pasar_buf_adds(&changed, swaps[i][1]);
        pasar_buf_add(&changed, at + strlen(swaps[i][0]), (size_t)(end - at) - strlen(swaps[i][0]));
        pasar_buf_printf(&changed, "\n%016llx\n", (unsigned long long)pasar_hash64(changed.data, changed.len));
        assert_false(is_accepted(changed.data, changed.len));
        pasar_buf_fini(&changed);
    }
    pasar_buf_fini(&text);
    journal_fini(&journal);
}

static void test_journal__a_file_is_replaced_and_found_again(void **state)
{
    struct journal journal = sample(), back = {0};
    struct pasar_err err = PASAR_ERR_INIT;
    char dir[] = "/tmp/pasar-journal-XXXXXX", path[64];
    bool found = true;

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(journal_read(dir, "a.journal", &back, &found, &err), 0);
    assert_false(found);
    assert_int_equal(journal_write(dir, "a.journal", &journal, &err), 0);
    journal.checkpoint.counts.row++;
    journal.checkpoint.counts.stored++;
    assert_int_equal(journal_write(dir, "a.journal", &journal, &err), 0);
    assert_int_equal(journal_read(dir, "a.journal", &back, &found, &err), 0);
    assert_true(found);
    assert_same(&journal, &back);
    journal_fini(&back);

    snprintf(path, sizeof(path), "%s/a.journal", dir);
    assert_int_equal(truncate(path, 50), 0);
    assert_int_equal(journal_read(dir, "a.journal", &back, &found, &err), -1);
    assert_int_equal(err.code, PASAR_EDATA);
    assert_non_null(strstr(err.msg, path));
    assert_non_null(strstr(err.msg, "--abandon"));
    journal_fini(&back);
    unlink(path);
    rmdir(dir);
    journal_fini(&journal);
}

static void test_journal__refused_rows_are_ranges(void **state)
{
    struct journal_refused refused = {0};

    (void)state;
    assert_false(journal_is_refused(&refused, 1));
    for (uint64_t row = 1; row <= 100; row++)
        if (row % 10 < 5)
            assert_int_equal(journal_refuse(&refused, row, NULL), 0);
    assert_int_equal(refused.count, 11);
    for (uint64_t row = 0; row <= 110; row++)
        assert_int_equal(journal_is_refused(&refused, row), row > 0 && row <= 100 && row % 10 < 5);
    journal_forget_refused(&refused, 42);
    for (uint64_t row = 0; row <= 110; row++)
        assert_int_equal(journal_is_refused(&refused, row), row > 0 && row <= 42 && row % 10 < 5);
    journal_forget_refused(&refused, 0);
    assert_int_equal(refused.count, 0);
    free(refused.ranges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal__round_trip),
        cmocka_unit_test(test_journal__a_name_that_is_not_utf8_is_kept_as_far_as_it_goes),
        cmocka_unit_test(test_journal__any_damage_is_refused),
        cmocka_unit_test(test_journal__nonsense_is_refused),
        cmocka_unit_test(test_journal__a_file_is_replaced_and_found_again),
        cmocka_unit_test(test_journal__refused_rows_are_ranges),
    };

    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
