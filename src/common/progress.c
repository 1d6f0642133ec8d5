/* Progress of long work, for people at a terminal and for logs. */
#include "pasar/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pasar/clock.h"
#include "pasar/log.h"

#define NS_PER_S INT64_C(1000000000)

enum {
    SKIP_MAX = 1024,        /* calls between two looks at the clock, at most */
    NEAR_NS = 10 * 1000000, /* looks nearer than this: look less often */
    FAR_NS = 100 * 1000000, /* farther: look at each call again */
    TERMINAL_NS = 200 * 1000000,
};

void pasar_progress_start(struct pasar_progress *p, const char *what, bool quiet)
{
    *p = (struct pasar_progress){
        .what = what,
        .enabled = !quiet,
        .terminal = isatty(STDERR_FILENO) == 1 && pasar_log_format() == PASAR_LOG_TEXT,
        .started_ns = pasar_clock_mono_ns(),
        .skip = 1,
    };
    p->shown_ns = p->looked_ns = p->started_ns;
}

/* 1234567 as 1,234,567. */
static void group_digits(uint64_t value, char text[32])
{
    char plain[24];
    int len = snprintf(plain, sizeof plain, "%llu", (unsigned long long)value), out = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text[out++] = ',';
        text[out++] = plain[i];
    }
    text[out] = '\0';
}

static void format_left(double seconds, char text[32])
{
    if (seconds < 60)
        snprintf(text, 32, "%.0f s", seconds);
    else if (seconds < 3600)
        snprintf(text, 32, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, 32, "%.0f h %02d min", floor(seconds / 3600), (int)(fmod(seconds, 3600) / 60));
}

/* "rows sent: 12,345, 45.6 %, 101,234 rows/s, 12 s left" */
static void format_state(const struct pasar_progress *p, uint64_t rows, uint64_t done, uint64_t total, int64_t now_ns,
                         char *text, size_t size)
{
    char count[32], rate[32], left[32];
    double since_shown = (double)(now_ns - p->shown_ns) / 1e9, since_start = (double)(now_ns - p->started_ns) / 1e9;
    uint64_t new_rows = rows >= p->shown_rows ? rows - p->shown_rows : 0;
    int len;

    group_digits(rows, count);
    group_digits(since_shown > 0 ? (uint64_t)((double)new_rows / since_shown) : 0, rate);
    len = snprintf(text, size, "%s: %s", p->what, count);
    if (total > 0 && len > 0 && (size_t)len < size) {
        double share = done >= total ? 1 : (double)done / (double)total;
        len += snprintf(text + len, size - (size_t)len, ", %.1f %%", 100 * share);
        if (share > 0 && (size_t)len < size) {
            format_left(since_start * (1 - share) / share, left);
            snprintf(text + len, size - (size_t)len, ", %s rows/s, %s left", rate, left);
            return;
        }
    }
    if (len > 0 && (size_t)len < size)
        snprintf(text + len, size - (size_t)len, ", %s rows/s", rate);
}

static void show(struct pasar_progress *p, uint64_t rows, uint64_t done, uint64_t total, int64_t now_ns)
{
    char text[200];

    if (!p->terminal && rows == p->shown_rows) { /* idle: nothing worth a line */
        p->shown_ns = now_ns;
        return;
    }
    format_state(p, rows, done, total, now_ns, text, sizeof text);
    p->shown_ns = now_ns;
    p->shown_rows = rows;
    if (!p->terminal) {
        pasar_info("%s", text);
        return;
    }
    pasar_log_set_line_open(true); /* before the line stands: a log line between the two wipes nothing worse than air */
    char line[220];
    int len = snprintf(line, sizeof line, "\r%s\033[K", text);
    if (write(STDERR_FILENO, line, (size_t)len) == len)
        p->line_open = true;
}

void pasar_progress_update(struct pasar_progress *p, uint64_t rows, uint64_t done, uint64_t total)
{
    if (!p->enabled || ++p->calls < p->skip)
        return;
    p->calls = 0;
    int64_t now_ns = pasar_clock_mono_ns(), since_look_ns = now_ns - p->looked_ns;
    p->looked_ns = now_ns;
    if (since_look_ns < NEAR_NS && p->skip < SKIP_MAX)
        p->skip *= 2;
    else if (since_look_ns > FAR_NS)
        p->skip = 1;
    if (now_ns - p->shown_ns >= (p->terminal ? TERMINAL_NS : 10 * NS_PER_S))
        show(p, rows, done, total, now_ns);
}

void pasar_progress_finish(struct pasar_progress *p)
{
    static const char wipe[] = "\r\033[K";

    pasar_log_set_line_open(false);
    if (p->line_open && write(STDERR_FILENO, wipe, sizeof wipe - 1) < 0) {
        /* the terminal is gone: nothing to wipe */
    }
    p->line_open = false;
}
