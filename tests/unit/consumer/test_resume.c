/* resume: where a partition is taken up again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "consumer/resume.h"

static struct resume_point decide(int64_t directory_next, int64_t committed, int64_t low, int64_t high)
{
    const struct resume_facts facts = {directory_next, committed, low, high};

    return resume_decide(&facts);
}

static void expect(struct resume_point point, enum resume_verdict verdict, enum resume_basis basis, int64_t offset)
{
    assert_int_equal(point.verdict, verdict);
    assert_int_equal(point.basis, basis);
    assert_int_equal(point.offset, offset);
}

static void test_resume__starts_at_the_beginning_when_nothing_is_known(void **state)
{
    (void)state;
    expect(decide(-1, -1, 0, 10), RESUME_READY, RESUME_FROM_BEGINNING, 0);
    expect(decide(-1, -1, 7, 10), RESUME_READY, RESUME_FROM_BEGINNING, 7);
    expect(decide(-1, -1, 0, 0), RESUME_READY, RESUME_FROM_BEGINNING, 0);
}

static void test_resume__the_directory_wins_after_a_failed_commit(void **state)
{
    (void)state;
    expect(decide(300, 100, 0, 500), RESUME_READY, RESUME_FROM_DIRECTORY, 300);
    expect(decide(300, -1, 0, 500), RESUME_READY, RESUME_FROM_DIRECTORY, 300);
    expect(decide(300, 300, 0, 300), RESUME_READY, RESUME_FROM_DIRECTORY, 300);
}

static void test_resume__the_commit_wins_after_files_were_moved_away(void **state)
{
    (void)state;
    expect(decide(100, 300, 0, 500), RESUME_READY, RESUME_FROM_COMMIT, 300);
    expect(decide(-1, 300, 0, 300), RESUME_READY, RESUME_FROM_COMMIT, 300);
    expect(decide(-1, 0, 0, 300), RESUME_READY, RESUME_FROM_COMMIT, 0);
}

static void test_resume__dropped_messages_are_counted(void **state)
{
    struct resume_point point = decide(100, 50, 130, 500);

    (void)state;
    expect(point, RESUME_DATA_LOST, RESUME_FROM_DIRECTORY, 130);
    assert_int_equal(point.lost, 30);
    expect(decide(130, -1, 130, 500), RESUME_READY, RESUME_FROM_DIRECTORY, 130);
}

static void test_resume__a_position_behind_the_end_is_another_topic(void **state)
{
    (void)state;
    expect(decide(501, -1, 0, 500), RESUME_BEYOND_THE_END, RESUME_FROM_DIRECTORY, 501);
    expect(decide(10, 501, 0, 500), RESUME_BEYOND_THE_END, RESUME_FROM_COMMIT, 501);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume__starts_at_the_beginning_when_nothing_is_known),
        cmocka_unit_test(test_resume__the_directory_wins_after_a_failed_commit),
        cmocka_unit_test(test_resume__the_commit_wins_after_files_were_moved_away),
        cmocka_unit_test(test_resume__dropped_messages_are_counted),
        cmocka_unit_test(test_resume__a_position_behind_the_end_is_another_topic),
    };

    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
