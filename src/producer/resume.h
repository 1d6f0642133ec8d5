/* What to do about an earlier run of the same input. Pure: it is told what was found and answers a question. */
#ifndef PRODUCER_RESUME_H
#define PRODUCER_RESUME_H

#include <stdbool.h>
#include <stdint.h>

/* What the topic says to the journal's claim that a certain record stands at a certain offset. */
enum resume_probe {
    PROBE_SAME,  /* it does */
    PROBE_OTHER, /* another record does, or the topic ends before: the topic was made anew */
    PROBE_NONE   /* nothing was claimed, or nothing is there any more (retention, compaction): no answer */
};

/* What the topic says, whose first record at or after offset `claimed` has offset `found`. */
enum resume_probe resume_probe_of(int64_t claimed, int64_t found, bool is_as_claimed);

/* What the topic's last records say of an input of which there is no journal. */
enum resume_trace {
    TRACE_NONE, /* nothing */
    TRACE_PART, /* rows of it */
    TRACE_WHOLE /* the end of a run of it */
};

enum resume {
    RESUME_NEW,             /* a new run */
    RESUME_REFUSE_NAME,     /* a new run, but its --run-id is taken */
    RESUME_TOPIC_ANEW,      /* a new run, because the topic holds nothing of the earlier one */
    RESUME_CONTINUE,        /* go on with the earlier one */
    RESUME_SENT,            /* nothing to do: all of it was sent */
    RESUME_REFUSE_SENT,     /* all of it was sent; sending it twice must be asked for */
    RESUME_REFUSE_SETTINGS, /* it was begun with options that make other records of the same rows */
    RESUME_REFUSE_RUN_ID,   /* it was begun under another --run-id */
    RESUME_REFUSE_TRACE     /* the topic holds rows of it, and how many is written in a journal that is elsewhere */
};

struct resume_facts {
    bool has_journal, is_finished;
    bool same_settings;
    bool other_run_id; /* --run-id asks for another name than the unfinished run has */
    enum resume_probe probe;
    enum resume_trace trace;        /* without a journal */
    bool is_name_taken;             /* --run-id is the name of another run in this topic, or of a run to be left */
    bool again, abandon, skip_sent; /* the options */
};

/*
 * A whole input is sent once more under --again alone, an unfinished run is left for a new one under --abandon alone:
 * so a command with --again, given again after each death, sends the input once more and not once more each time.
 */
enum resume resume_decide(const struct resume_facts *facts);

#endif
