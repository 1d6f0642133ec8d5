/* Where a partition is taken up again. Pure: a function of what the directory, the group and the broker say. */
#ifndef CONSUMER_RESUME_H
#define CONSUMER_RESUME_H

#include <stdint.h>

struct resume_facts {
    int64_t directory_next; /* highest published last offset + 1, or -1: nothing published */
    int64_t committed;      /* the group's committed offset, or < 0: none */
    int64_t low, high;      /* the broker's watermarks: first stored offset, next offset to be written */
};

enum resume_basis { RESUME_FROM_DIRECTORY, RESUME_FROM_COMMIT, RESUME_FROM_BEGINNING };

enum resume_verdict {
    RESUME_READY,
    RESUME_DATA_LOST, /* the broker dropped `lost` messages before they were read; `offset` is the first it still has */
    RESUME_BEYOND_THE_END /* published or committed past the topic's end: truncated, or another topic of that name */
};

struct resume_point {
    enum resume_verdict verdict;
    enum resume_basis basis;
    int64_t offset;
    int64_t lost;
};

/*
 * offset = max(directory_next, committed), else low. The maximum matters both ways: files win after a failed commit,
 * the commit wins after an operator moved files away.
 */
struct resume_point resume_decide(const struct resume_facts *facts);

#endif
