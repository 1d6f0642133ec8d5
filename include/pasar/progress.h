/* Progress of long work: one updating line on a terminal, otherwise a log line every 10 s while there is some. */
#ifndef PASAR_PROGRESS_H
#define PASAR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct pasar_progress {
    const char *what; /* "rows sent" */
    bool enabled;     /* false under -q */
    bool terminal;    /* stderr is one, and the log is text */
    bool line_open;   /* an unfinished line stands on the terminal */
    int64_t started_ns, shown_ns, looked_ns;
    uint64_t shown_rows;
    int calls, skip; /* the clock is looked at each `skip` calls, so that neither fast nor slow callers suffer */
};

/* Starts the clock. `quiet` silences it. */
void pasar_progress_start(struct pasar_progress *p, const char *what, bool quiet);

/*
 * Cheap enough to call per row (a fast caller's clock is looked at every 1024th call). `done` of `total` units (total
 * 0 = unknown) for the percentage and time left; `rows` for the rate.
 */
void pasar_progress_update(struct pasar_progress *p, uint64_t rows, uint64_t done, uint64_t total);

/* Wipes the terminal's line, so that what follows starts clean. Call it before the summary. */
void pasar_progress_finish(struct pasar_progress *p);

#endif
