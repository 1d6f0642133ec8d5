/* What to do about an earlier run of the same input. */
#include "producer/resume.h"

enum resume resume_decide(const struct resume_facts *facts)
{
    if (!facts->has_journal || facts->again)
        return RESUME_NEW;
    if (facts->probe == PROBE_OTHER)
        return RESUME_TOPIC_ANEW;
    if (facts->is_finished)
        return facts->skip_sent ? RESUME_SENT : RESUME_REFUSE_SENT;
    if (facts->other_run_id)
        return RESUME_REFUSE_RUN_ID;
    return facts->same_settings ? RESUME_CONTINUE : RESUME_REFUSE_SETTINGS;
}
