/* resume, tail: what becomes of an earlier run, and which of its rows need not be sent. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "producer/resume.h"
#include "producer/tail.h"

static const struct resume_facts unfinished = {.has_journal = true, .same_settings = true, .probe = PROBE_SAME};
static const struct resume_facts finished = {
    .has_journal = true, .is_finished = true, .same_settings = true, .probe = PROBE_SAME};

static void test_resume__nothing_before_is_a_new_run(void **state)
{
    struct resume_facts facts = {0};

    (void)state;
    assert_int_equal(resume_decide(&facts), RESUME_NEW);
    facts.skip_sent = true;
    assert_int_equal(resume_decide(&facts), RESUME_NEW);
}

static void test_resume__an_unfinished_run_goes_on(void **state)
{
    struct resume_facts facts = unfinished;

    (void)state;
    assert_int_equal(resume_decide(&facts), RESUME_CONTINUE);
    facts.skip_sent = true;
    assert_int_equal(resume_decide(&facts), RESUME_CONTINUE);
    facts.probe = PROBE_NONE;
    assert_int_equal(resume_decide(&facts), RESUME_CONTINUE);
    facts.same_settings = false;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_SETTINGS);
    facts = unfinished;
    facts.other_run_id = true;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_RUN_ID);
}

static void test_resume__a_finished_run_is_not_repeated_by_mistake(void **state)
{
    struct resume_facts facts = finished;

    (void)state;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_SENT);
    facts.same_settings = false;
    facts.other_run_id = true;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_SENT);
    facts.skip_sent = true;
    assert_int_equal(resume_decide(&facts), RESUME_SENT);
    facts.probe = PROBE_NONE; /* the topic's retention has passed it: sent is sent */
    assert_int_equal(resume_decide(&facts), RESUME_SENT);
}

static void test_resume__again_is_for_whole_runs_and_abandon_for_others(void **state)
{
    struct resume_facts facts = finished;

    (void)state;
    facts.abandon = true;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_SENT);
    facts.again = true;
    assert_int_equal(resume_decide(&facts), RESUME_NEW);
    facts.abandon = false;
    assert_int_equal(resume_decide(&facts), RESUME_NEW);
    facts = unfinished;
    facts.again = true; /* the same command after a death */
    assert_int_equal(resume_decide(&facts), RESUME_CONTINUE);
    facts.same_settings = false;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_SETTINGS);
    facts.abandon = true;
    assert_int_equal(resume_decide(&facts), RESUME_NEW);
}

static void test_resume__without_a_journal_the_topic_speaks(void **state)
{
    struct resume_facts facts = {.trace = TRACE_PART};

    (void)state;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_TRACE);
    facts.again = true;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_TRACE);
    facts.abandon = true;
    assert_int_equal(resume_decide(&facts), RESUME_NEW);
    facts = (struct resume_facts){.trace = TRACE_WHOLE, .abandon = true};
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_SENT);
    facts.skip_sent = true;
    assert_int_equal(resume_decide(&facts), RESUME_SENT);
    facts.skip_sent = false;
    facts.again = true;
    assert_int_equal(resume_decide(&facts), RESUME_NEW);
}

static void test_resume__a_name_is_of_one_run(void **state)
{
    struct resume_facts facts = {.is_name_taken = true};

    (void)state;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_NAME);
    facts = finished;
    facts.is_name_taken = true;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_SENT);
    facts.again = true;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_NAME);
    facts = unfinished;
    facts.is_name_taken = true; /* by itself */
    assert_int_equal(resume_decide(&facts), RESUME_CONTINUE);
    facts.abandon = true;
    assert_int_equal(resume_decide(&facts), RESUME_REFUSE_NAME);
}

static void test_resume__a_record_that_is_gone_proves_nothing(void **state)
{
    (void)state;
    assert_int_equal(resume_probe_of(7, 7, true), PROBE_SAME);
    assert_int_equal(resume_probe_of(7, 7, false), PROBE_OTHER);
    assert_int_equal(resume_probe_of(7, 8, false), PROBE_NONE); /* compacted away */
}

static void test_resume__a_new_topic_begins_anew(void **state)
{
    const struct resume_facts *all[] = {&unfinished, &finished};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct resume_facts facts = *all[i];

        facts.probe = PROBE_OTHER;
        facts.skip_sent = true;
        assert_int_equal(resume_decide(&facts), RESUME_TOPIC_ANEW);
        facts.same_settings = false;
        assert_int_equal(resume_decide(&facts), RESUME_TOPIC_ANEW);
    }
}

static void test_tail__knows_exactly_what_is_stored(void **state)
{
    struct tail tail;

    (void)state;
    tail_init(&tail, 100);
    assert_int_equal(tail.last, 100);
    assert_int_equal(tail_find(&tail, 101), 0);
    assert_int_equal(tail_add(&tail, 100, 5, 1, NULL), 0); /* before the checkpoint: known */
    assert_int_equal(tail_add(&tail, 105, 55, 10, NULL), 0);
    assert_int_equal(tail_add(&tail, 102, 22, 100, NULL), 0);
    assert_int_equal(tail_add(&tail, 5000, 99, 1000, NULL), 0);
    assert_int_equal(tail_add(&tail, 105, 56, 10, NULL), 0); /* twice in the topic, once in the digest */
    assert_int_equal(tail.last, 5000);
    assert_int_equal(tail.count, 3);
    assert_int_equal(tail.digest, 1110);
    assert_int_equal(tail.doubled, 1);
    for (uint64_t row = 0; row < 6000; row++) {
        int64_t expected = row == 102 ? 22 : row == 105 ? 55 : row == 5000 ? 99 : 0;

        assert_int_equal(tail_find(&tail, row), expected);
    }
    tail_fini(&tail);
}

static void test_tail__refuses_what_cannot_be(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct tail tail;

    (void)state;
    tail_init(&tail, 0);
    assert_int_equal(tail_add(&tail, UINT64_MAX, 5, 1, &err), -1);
    assert_int_equal(err.code, PASAR_EDATA);
    assert_int_equal(tail_add(&tail, 1, 0, 1, NULL), -1);
    assert_int_equal(tail.count, 0);
    tail_fini(&tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume__nothing_before_is_a_new_run),
        cmocka_unit_test(test_resume__an_unfinished_run_goes_on),
        cmocka_unit_test(test_resume__a_finished_run_is_not_repeated_by_mistake),
        cmocka_unit_test(test_resume__again_is_for_whole_runs_and_abandon_for_others),
        cmocka_unit_test(test_resume__without_a_journal_the_topic_speaks),
        cmocka_unit_test(test_resume__a_name_is_of_one_run),
        cmocka_unit_test(test_resume__a_record_that_is_gone_proves_nothing),
        cmocka_unit_test(test_resume__a_new_topic_begins_anew),
        cmocka_unit_test(test_tail__knows_exactly_what_is_stored),
        cmocka_unit_test(test_tail__refuses_what_cannot_be),
    };

    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
