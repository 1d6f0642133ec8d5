/* endwatch: when the whole stream has been read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "consumer/endwatch.h"

static int setup(void **state)
{
    *state = endwatch_new();
    return *state != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    endwatch_free(*state);
    return 0;
}

static void end(struct endwatch *watch, int32_t partition, const char *run, int32_t partitions)
{
    struct pasar_run_end end = {.partition_count = partitions};

    snprintf(end.run, sizeof(end.run), "%s", run);
    endwatch_end(watch, partition, &end);
}

static void own(struct endwatch *watch, int32_t count)
{
    for (int32_t p = 0; p < count; p++)
        endwatch_own(watch, p);
}

static void all_at_end(struct endwatch *watch, int32_t count)
{
    for (int32_t p = 0; p < count; p++)
        endwatch_at_end(watch, p);
}

/* Not over, and says why in these words. */
static void assert_waits_for(const struct endwatch *watch, const char *words)
{
    struct pasar_buf buf = {0};

    assert_false(endwatch_is_over(watch, &buf));
    assert_non_null(strstr(pasar_buf_cstr(&buf), words));
    pasar_buf_fini(&buf);
}

static void test_endwatch__is_over_when_the_run_ended_in_every_partition(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 2);
    endwatch_row(watch, 0, "r");
    end(watch, 0, "r", 2);
    end(watch, 1, "r", 2);
    assert_waits_for(watch, "messages in partition 0");
    endwatch_at_end(watch, 0);
    assert_waits_for(watch, "messages in partition 1");
    endwatch_at_end(watch, 1);
    assert_true(endwatch_is_over(watch, NULL));
}

static void test_endwatch__without_partitions_it_waits(void **state)
{
    assert_waits_for(*state, "partitions to be assigned");
}

static void test_endwatch__an_empty_topic_waits(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 2);
    all_at_end(watch, 2);
    assert_waits_for(watch, "a first message: nothing was read so far (--exit-idle");
}

static void test_endwatch__rows_without_an_end_wait(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 1);
    endwatch_row(watch, 0, "r");
    all_at_end(watch, 1);
    assert_waits_for(watch, "an end record in partition 0");
}

static void test_endwatch__an_end_still_to_come_elsewhere_waits(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 2);
    endwatch_row(watch, 0, "r");
    end(watch, 0, "r", 2);
    all_at_end(watch, 2); /* partition 1 is empty so far: its end record is under way */
    assert_waits_for(watch, "the end of run r in partition 1");
}

static void test_endwatch__partitions_added_after_the_run_do_not_matter(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 2);
    endwatch_row(watch, 0, "r");
    end(watch, 0, "r", 1);
    all_at_end(watch, 2);
    assert_true(endwatch_is_over(watch, NULL));
}

static void test_endwatch__an_unfinished_run_waits_behind_a_finished_one(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 1);
    endwatch_row(watch, 0, "a");
    endwatch_row(watch, 0, "b");
    end(watch, 0, "b", 1);
    all_at_end(watch, 1);
    assert_waits_for(watch, "the end of run a in partition 0");
    end(watch, 0, "a", 1);
    all_at_end(watch, 1);
    assert_true(endwatch_is_over(watch, NULL));
}

static void test_endwatch__new_messages_undo_the_end(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 1);
    end(watch, 0, "a", 1);
    all_at_end(watch, 1);
    assert_true(endwatch_is_over(watch, NULL));
    endwatch_row(watch, 0, "b");
    assert_waits_for(watch, "messages in partition 0");
}

static void test_endwatch__foreign_rows_have_no_end_to_wait_for(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 2);
    endwatch_row(watch, 0, "");
    assert_waits_for(watch, "messages in partition 0");
    all_at_end(watch, 2);
    assert_true(endwatch_is_over(watch, NULL));
    end(watch, 0, "a", 1);
    endwatch_row(watch, 0, "");
    all_at_end(watch, 2);
    assert_true(endwatch_is_over(watch, NULL));
}

static void test_endwatch__a_foreign_row_ends_no_run(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 1);
    end(watch, 0, "a", 1);
    endwatch_row(watch, 0, "b");
    endwatch_row(watch, 0, "");
    all_at_end(watch, 1);
    assert_waits_for(watch, "an end record in partition 0");
}

static void test_endwatch__only_owned_partitions_count(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 2);
    endwatch_row(watch, 1, "r");
    end(watch, 0, "r", 2);
    endwatch_disown(watch, 1);
    endwatch_at_end(watch, 0);
    assert_true(endwatch_is_over(watch, NULL));
}

static void test_endwatch__owning_again_starts_over(void **state)
{
    struct endwatch *watch = *state;

    own(watch, 1);
    end(watch, 0, "r", 1);
    all_at_end(watch, 1);
    endwatch_own(watch, 0);
    assert_waits_for(watch, "messages in partition 0");
    end(watch, 0, "r", 1); /* replayed from the directory */
    all_at_end(watch, 1);
    assert_true(endwatch_is_over(watch, NULL));
}

static void test_endwatch__takes_many_runs_and_partitions(void **state)
{
    struct endwatch *watch = *state;
    char run[16];

    own(watch, 40);
    for (int r = 0; r < 40; r++) {
        snprintf(run, sizeof(run), "run-%d", r);
        for (int32_t p = 0; p < 40; p++) {
            endwatch_row(watch, p, run);
            end(watch, p, run, 40);
        }
    }
    all_at_end(watch, 40);
    assert_true(endwatch_is_over(watch, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_endwatch__is_over_when_the_run_ended_in_every_partition),
        TEST(test_endwatch__without_partitions_it_waits),
        TEST(test_endwatch__an_empty_topic_waits),
        TEST(test_endwatch__rows_without_an_end_wait),
        TEST(test_endwatch__an_end_still_to_come_elsewhere_waits),
        TEST(test_endwatch__partitions_added_after_the_run_do_not_matter),
        TEST(test_endwatch__an_unfinished_run_waits_behind_a_finished_one),
        TEST(test_endwatch__new_messages_undo_the_end),
        TEST(test_endwatch__foreign_rows_have_no_end_to_wait_for),
        TEST(test_endwatch__a_foreign_row_ends_no_run),
        TEST(test_endwatch__only_owned_partitions_count),
        TEST(test_endwatch__owning_again_starts_over),
        TEST(test_endwatch__takes_many_runs_and_partitions),
    };

    return cmocka_run_group_tests_name("endwatch", tests, NULL, NULL);
}
