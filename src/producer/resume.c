/* What to do about an earlier run of the same input. */
#include "producer/resume.h"

enum resume_probe resume_probe_of(int64_t claimed, int64_t found, bool is_as_claimed)
{
    if (found > claimed)
        return PROBE_NONE;
    return is_as_claimed ? PROBE_SAME : PROBE_OTHER;
}

static enum resume begin(const struct resume_facts *facts, enum resume how)
{
    return facts->is_name_taken ? RESUME_REFUSE_NAME : how;
}

static enum resume after_whole(const struct resume_facts *facts)
{
    if (facts->again)
        return begin(facts, RESUME_NEW);
    return facts->skip_sent ? RESUME_SENT : RESUME_REFUSE_SENT;
}

enum resume resume_decide(const struct resume_facts *facts)
{
    if (!facts->has_journal) {
        if (facts->trace == TRACE_WHOLE)
            return after_whole(facts);
        return facts->trace == TRACE_NONE || facts->abandon ? begin(facts, RESUME_NEW) : RESUME_REFUSE_TRACE;
    }
    if (facts->probe == PROBE_OTHER)
        return begin(facts, RESUME_TOPIC_ANEW);
    if (facts->is_finished)
        return after_whole(facts);
    if (facts->abandon)
        return begin(facts, RESUME_NEW);
    if (facts->other_run_id)
        return RESUME_REFUSE_RUN_ID;
    return facts->same_settings ? RESUME_CONTINUE : RESUME_REFUSE_SETTINGS;
}
