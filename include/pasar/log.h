/* Logging to stderr: text on a terminal, one JSON object a line with --log-format json. Keeps errno. Thread-safe. */
#ifndef PASAR_LOG_H
#define PASAR_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "pasar/attrs.h"

enum pasar_log_level { PASAR_LOG_ERROR, PASAR_LOG_WARN, PASAR_LOG_INFO, PASAR_LOG_DEBUG };
enum pasar_log_format { PASAR_LOG_TEXT, PASAR_LOG_JSON };

/* Call once, before threads. `program` (kept by reference) stands in each line; messages above `level` are dropped. */
void pasar_log_init(const char *program, enum pasar_log_level level, enum pasar_log_format format);

bool pasar_log_is_enabled(enum pasar_log_level level);
enum pasar_log_format pasar_log_format(void);

/* Says that an unfinished line (progress) stands on the terminal: the next log line in text form wipes it first. */
void pasar_log_set_line_open(bool open);

/*
 * One line: time (RFC 3339), level, program, message. Text: "2026-11-24T03:00:00.123Z pasar-producer WARN message".
 * JSON: {"time":…,"level":"warn","program":…,"message":…}. Control characters and invalid UTF-8 in the message are
 * escaped, so that a log line is always one line. A line ends at 4096 bytes, so that it stays one atomic write;
 * a longer message is cut and ends in "...".
 */
void pasar_log(enum pasar_log_level level, const char *fmt, ...) PASAR_PRINTF(2, 3);

/*
 * As pasar_log, with members of its own in JSON form: `members` (`"a":1,"b":"x"`, JSON without the braces, at most 3000
 * bytes) stands behind the message. Text form leaves it out.
 */
void pasar_log_members(enum pasar_log_level level, const char *members, const char *fmt, ...) PASAR_PRINTF(3, 4);

#define pasar_error(...) pasar_log(PASAR_LOG_ERROR, __VA_ARGS__)
#define pasar_warn(...)  pasar_log(PASAR_LOG_WARN, __VA_ARGS__)
#define pasar_info(...)  pasar_log(PASAR_LOG_INFO, __VA_ARGS__)
#define pasar_debug(...)                                                                                               \
    do {                                                                                                               \
        if (pasar_log_is_enabled(PASAR_LOG_DEBUG))                                                                     \
            pasar_log(PASAR_LOG_DEBUG, __VA_ARGS__);                                                                   \
    } while (0)

/*
 * A flood of one kind of message: at most `burst` lines per `interval_ms`, then one line says how many were hidden. The
 * limit lives as long as the program (static).
 */
struct pasar_log_limit {
    int burst;           /* lines let through per interval */
    int64_t interval_ms; /* length of an interval */
    int64_t started_ns;  /* private: start of this interval */
    int64_t passed;      /* private: let through in this interval */
    int64_t suppressed;  /* private: hidden in this interval */
};

/* Ready-made limit: 5 lines per 10 s. `static struct pasar_log_limit limit = PASAR_LOG_LIMIT;` */
#define PASAR_LOG_LIMIT                                                                                                \
    {                                                                                                                  \
        5, 10000, 0, 0, 0                                                                                              \
    }

/* As pasar_log, under a limit. "suppressed N of M such messages in the last T s" opens the next interval. */
void pasar_log_limited(struct pasar_log_limit *limit, enum pasar_log_level level, const char *fmt, ...)
    PASAR_PRINTF(3, 4);

/* Tells of what limits have hidden and nobody was told of yet. Before a program's closing line. */
void pasar_log_flush(void);

#endif
