/* What to do about an earlier run of the same input. Pure: it is told what was found and answers a question. */
#ifndef PRODUCER_RESUME_H
#define PRODUCER_RESUME_H

#include <stdbool.h>

/* What the topic says to the journal's claim that a certain record stands at a certain offset. */
enum resume_probe {
    PROBE_SAME,  /* it does */
    PROBE_OTHER, /* another record does, or the topic ends before: the topic was made anew */
    PROBE_NONE   /* nothing was claimed, or the record is past the topic's retention: no answer */
};

enum resume {
    RESUME_NEW,             /* a new run */
    RESUME_TOPIC_ANEW,      /* a new run, because the topic holds nothing of the earlier one */
    RESUME_CONTINUE,        /* go on with the earlier one */
    RESUME_SENT,            /* nothing to do: all of it was sent */
    RESUME_REFUSE_SENT,     /* all of it was sent; sending it twice must be asked for */
    RESUME_REFUSE_SETTINGS, /* it was begun with options that make other records of the same rows */
    RESUME_REFUSE_RUN_ID    /* it was begun under another --run-id */
};

struct resume_facts {
    bool has_journal, is_finished;
    bool same_settings;
    bool other_run_id; /* --run-id asks for another name than the unfinished run has */
    enum resume_probe probe;
    bool again, skip_sent; /* the options */
};

enum resume resume_decide(const struct resume_facts *facts);

#endif
