/* Where a partition is taken up again. Pure: a function of what the directory, the group and the broker say. */
#include "consumer/resume.h"

struct resume_point resume_decide(const struct resume_facts *facts)
{
    struct resume_point point = {RESUME_READY, RESUME_FROM_BEGINNING, facts->low, 0};

    if (facts->directory_next >= 0) {
        point.basis = RESUME_FROM_DIRECTORY;
        point.offset = facts->directory_next;
    }
    if (facts->committed >= 0 && facts->committed > facts->directory_next) {
        point.basis = RESUME_FROM_COMMIT;
        point.offset = facts->committed;
    }
    if (point.offset > facts->high) {
        point.verdict = RESUME_BEYOND_THE_END;
    } else if (point.offset < facts->low) {
        point.verdict = RESUME_DATA_LOST;
        point.lost = facts->low - point.offset;
        point.offset = facts->low;
    }
    return point;
}
