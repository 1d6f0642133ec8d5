/* checkpoint: it never claims more than what is acknowledged, nor an offset past a row that it does not claim. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "producer/checkpoint.h"

static struct checkpointer start(int32_t partition_count)
{
    struct checkpoint zero;
    struct checkpointer c;

    assert_int_equal(checkpoint_init(&zero, partition_count, NULL), 0);
    zero.partitions[0].next_offset = 100; /* another run's records were there before */
    assert_int_equal(checkpointer_init(&c, &zero, partition_count, NULL), 0);
    checkpoint_fini(&zero);
    return c;
}

static void test_checkpoint__moves_when_all_before_the_mark_is_acknowledged(void **state)
{
    struct checkpoint_counts counts = {.row = 4, .stored = 3, .rejected = 1, .digest = 7, .timestamp_us = 44};
    struct checkpointer c = start(2);

    (void)state;
    assert_false(checkpointer_advance(&c)); /* no mark */
    checkpointer_acked(&c, 1, 0, 100);
    checkpointer_mark(&c, &counts, 2);
    checkpointer_acked(&c, 5, 0, 101); /* past the mark */
    assert_false(checkpointer_advance(&c));
    checkpointer_acked(&c, 4, 1, 1);
    checkpointer_acked(&c, 2, 1, 0); /* out of order over the network */
    assert_true(checkpointer_advance(&c));
    assert_false(checkpointer_advance(&c));
    assert_memory_equal(&c.done.counts, &counts, sizeof(counts));
    assert_int_equal(c.done.partitions[0].next_offset, 101);
    assert_int_equal(c.done.partitions[0].last_row, 1);
    assert_int_equal(c.done.partitions[1].next_offset, 2);
    assert_int_equal(c.done.partitions[1].last_row, 4);
    counts.row = 5;
    checkpointer_mark(&c, &counts, 0);
    assert_true(checkpointer_advance(&c));
    assert_int_equal(c.done.partitions[0].next_offset, 102); /* known before the mark was set */
    checkpointer_fini(&c);
}

static void test_checkpoint__waits_for_the_dead_letter_queue_too(void **state)
{
    struct checkpoint_counts counts = {.row = 2, .rejected = 2};
    struct checkpointer c = start(1);

    (void)state;
    checkpointer_mark(&c, &counts, 1);
    assert_false(checkpointer_advance(&c));
    checkpointer_acked(&c, 2, -1, 77);
    assert_true(checkpointer_advance(&c));
    assert_int_equal(c.done.partitions[0].next_offset, 100);
    checkpointer_fini(&c);
}

static void test_checkpoint__an_unknown_offset_claims_nothing(void **state)
{
    struct checkpoint_counts counts = {.row = 1, .stored = 1};
    struct checkpointer c = start(1);

    (void)state;
    checkpointer_mark(&c, &counts, 1);
    checkpointer_acked(&c, 1, 0, -1001);
    assert_true(checkpointer_advance(&c));
    assert_int_equal(c.done.partitions[0].next_offset, 100);
    assert_int_equal(c.done.partitions[0].last_row, 0);
    checkpointer_fini(&c);
}

static void test_checkpoint__a_topic_may_grow(void **state)
{
    struct checkpointer c = start(1), wider;

    (void)state;
    checkpointer_acked(&c, 1, 0, 100);
    checkpointer_mark(&c, &(struct checkpoint_counts){.row = 1, .stored = 1}, 0);
    assert_true(checkpointer_advance(&c));
    assert_int_equal(checkpointer_init(&wider, &c.done, 3, NULL), 0);
    assert_int_equal(wider.done.counts.row, 1);
    assert_int_equal(wider.done.partitions[0].next_offset, 101);
    assert_int_equal(wider.done.partitions[2].next_offset, 0);
    checkpointer_fini(&wider);
    checkpointer_fini(&c);
}

/* Rows go to random partitions and are acknowledged in random order between them, with marks at random times. */
static void test_checkpoint__holds_for_random_traffic(void **state)
{
    enum { ROWS = 3000, PARTITIONS = 5, WINDOW = 40 };
    static int32_t partition[ROWS + 1];
    static int64_t offset[ROWS + 1];
    static bool acked[ROWS + 1];
    int64_t next[PARTITIONS] = {100};
    struct checkpointer c = start(PARTITIONS);
    uint64_t sent = 0, acked_count = 0, moves = 0;

    (void)state;
    srand(11);
    memset(acked, 0, sizeof(acked));
    while (acked_count < ROWS) {
        if (sent < ROWS && sent - acked_count < WINDOW && rand() % 3 > 0) {
            sent++;
            partition[sent] = rand() % PARTITIONS;
            offset[sent] = next[partition[sent]]++;
        } else if (acked_count < sent) {
            int32_t p = rand() % PARTITIONS; /* within a partition acknowledgements come in order */
            uint64_t row = 1;

            while (row <= sent && (acked[row] || partition[row] != p))
                row++;
            if (row <= sent) {
                acked[row] = true;
                acked_count++;
                checkpointer_acked(&c, row, p, offset[row]);
            }
        }
        if (!c.is_marked && sent > c.done.counts.row && rand() % 10 == 0)
            checkpointer_mark(&c, &(struct checkpoint_counts){.row = sent, .stored = sent}, sent - acked_count);
        if (checkpointer_advance(&c)) {
            moves++;
            for (uint64_t row = 1; row <= sent; row++) {
                if (row <= c.done.counts.row)
                    assert_true(acked[row]);
                else
                    assert_true(offset[row] >= c.done.partitions[partition[row]].next_offset);
            }
        }
    }
    assert_true(moves > 20);
    checkpointer_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checkpoint__moves_when_all_before_the_mark_is_acknowledged),
        cmocka_unit_test(test_checkpoint__waits_for_the_dead_letter_queue_too),
        cmocka_unit_test(test_checkpoint__an_unknown_offset_claims_nothing),
        cmocka_unit_test(test_checkpoint__a_topic_may_grow),
        cmocka_unit_test(test_checkpoint__holds_for_random_traffic),
    };

    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
