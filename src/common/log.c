/* The log: one write(2) per line to stderr, so that lines of threads and processes never mix. */
#include "pasar/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pasar/clock.h"
#include "pasar/csv.h"

enum {
    MESSAGE_MAX = 3000,
    MEMBERS_MAX = 3000,
    LINE_MAX_BYTES = 4096, /* PIPE_BUF: up to here a write to a pipe is atomic */
    NS_PER_MS = 1000000,
};

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char *const level_words[] = {"ERROR", "WARN", "INFO", "DEBUG"};

static const char *program_name = "pasar";
static atomic_int max_level = PASAR_LOG_INFO;
static atomic_int line_format = PASAR_LOG_TEXT;
static atomic_bool terminal_line_open;

void pasar_log_init(const char *program, enum pasar_log_level level, enum pasar_log_format format)
{
    program_name = program;
    atomic_store(&max_level, (int)level);
    atomic_store(&line_format, (int)format);
}

bool pasar_log_is_enabled(enum pasar_log_level level)
{
    return (int)level <= atomic_load_explicit(&max_level, memory_order_relaxed);
}

enum pasar_log_format pasar_log_format(void)
{
    return (enum pasar_log_format)atomic_load(&line_format);
}

void pasar_log_set_line_open(bool open)
{
    atomic_store(&terminal_line_open, open);
}

/* A line under construction in fixed memory; what does not fit is cut and marked. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
    size_t tail; /* room kept for what must stand at the end */
    bool cut;
};

enum { LINE_TAIL = 8 }; /* room kept for `...",}`, the newline and snprintf's NUL */

static void line_add(struct line *line, const char *bytes, size_t len)
{
    if (line->cut || len > sizeof line->text - line->tail - line->len) {
        line->cut = true;
        return;
    }
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

static void line_adds(struct line *line, const char *text)
{
    line_add(line, text, strlen(text));
}

/* One character that must not stand as it is: controls (C1 ones too: terminals obey them), bad bytes, JSON's own. */
static void line_add_escaped(struct line *line, const unsigned char *s, size_t len, bool json)
{
    char text[16];

    if (len == 0)
        snprintf(text, sizeof text, json ? "\\\\x%02x" : "\\x%02x", (unsigned)s[0]);
    else if (s[0] == '\n')
        snprintf(text, sizeof text, "\\n");
    else if (s[0] == '\t')
        snprintf(text, sizeof text, "\\t");
    else if (s[0] == '"' || s[0] == '\\')
        snprintf(text, sizeof text, "\\%c", (char)s[0]);
    else
        snprintf(text, sizeof text, "\\u%04x", len == 2 ? (unsigned)s[1] : (unsigned)s[0]);
    line_adds(line, text);
}

/* Bytes of the character that a valid sequence begins with. */
static size_t char_len(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

static void line_add_text(struct line *line, const char *text, bool json)
{
    const char *end = text + strlen(text), *valid_end = text + pasar_csv_utf8_prefix(text, (size_t)(end - text));

    while (text < end && !line->cut) {
        const unsigned char *s = (const unsigned char *)text;
        size_t len = text < valid_end ? char_len(*s) : 0;
        bool is_control = *s < 0x20 || *s == 0x7F || (*s == 0xC2 && len == 2 && s[1] < 0xA0);
        if (len == 0 || is_control || (json && (*s == '"' || *s == '\\')))
            line_add_escaped(line, s, len, json);
        else
            line_add(line, text, len);
        text += len > 0 ? len : 1;
        if (len == 0)
            valid_end = text + pasar_csv_utf8_prefix(text, (size_t)(end - text));
    }
}

static void line_write(const struct line *line)
{
    size_t done = 0;

    while (done < line->len) {
        ssize_t n = write(STDERR_FILENO, line->text + done, line->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* nobody to tell */
        done += (size_t)n;
    }
}

/* snprintf's result as a length within the buffer. */
static void mark_cut(char *message, size_t size, int len)
{
    if (len >= (int)size)
        memcpy(message + size - 4, "...", 4);
}

static void emit(enum pasar_log_level level, const char *members, const char *message)
{
    struct line line;
    char time[PASAR_CLOCK_TEXT_LEN + 1];
    bool json = atomic_load_explicit(&line_format, memory_order_relaxed) == PASAR_LOG_JSON;

    if (!json || strlen(members) > MEMBERS_MAX)
        members = "";
    line.len = 0;
    line.tail = LINE_TAIL + strlen(members);
    line.cut = false;
    pasar_clock_format(pasar_clock_wall_us(), time);
    if (json) {
        line_adds(&line, "{\"time\":\"");
        line_adds(&line, time);
        line_adds(&line, "\",\"level\":\"");
        line_adds(&line, level_names[level]);
        line_adds(&line, "\",\"program\":\"");
        line_add_text(&line, program_name, true);
        line_adds(&line, "\",\"message\":\"");
    } else {
        memcpy(time + PASAR_CLOCK_TEXT_LEN - 4, "Z", 2); /* milliseconds are enough for people */
        if (atomic_exchange(&terminal_line_open, false))
            line_adds(&line, "\r\033[K");
        line_adds(&line, time);
        line_adds(&line, " ");
        line_adds(&line, program_name);
        line_adds(&line, " ");
        line_adds(&line, level_words[level]);
        line_adds(&line, " ");
    }
    line_add_text(&line, message, json);
    line.len += (size_t)snprintf(
        line.text + line.len, sizeof line.text - line.len, "%s%s%s%s%s", /* tail: there is room */
        line.cut ? "..." : "", json ? "\"" : "", members[0] != '\0' ? "," : "", members, json ? "}\n" : "\n");
    line_write(&line);
}

static PASAR_PRINTF(3, 0) void write_message(enum pasar_log_level level, const char *members, const char *fmt,
                                             va_list args)
{
    if (!pasar_log_is_enabled(level))
        return;
    int saved = errno;
    char message[MESSAGE_MAX];
    int len = vsnprintf(message, sizeof message, fmt, args);
    mark_cut(message, sizeof message, len);
    emit(level, members, message);
    errno = saved;
}

void pasar_log(enum pasar_log_level level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    write_message(level, "", fmt, args);
    va_end(args);
}

void pasar_log_members(enum pasar_log_level level, const char *members, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    write_message(level, members, fmt, args);
    va_end(args);
}

/* ------------------------------------------------------------------ floods */

enum { FLOODS_MAX = 64 }; /* kinds of limited messages in one program */

static pthread_mutex_t flood_mutex = PTHREAD_MUTEX_INITIALIZER;

/* Those that have hidden something, for pasar_log_flush. Guarded by the mutex, as all limits are. */
static struct {
    struct pasar_log_limit *limit;
    enum pasar_log_level level;
} floods[FLOODS_MAX];
static size_t flood_count;

/* What an interval has hidden. */
struct hidden {
    int64_t count, total;
    double seconds;
};

static struct hidden close_interval(struct pasar_log_limit *limit, int64_t now)
{
    struct hidden hidden = {limit->suppressed, limit->suppressed + limit->passed,
                            (double)(now - limit->started_ns) / 1e9};

    limit->started_ns = now;
    limit->passed = limit->suppressed = 0;
    return hidden;
}

static void tell_hidden(enum pasar_log_level level, const struct hidden *hidden)
{
    if (hidden->count > 0)
        pasar_log(level, "suppressed %lld of %lld such messages in the last %.0f s", (long long)hidden->count,
                  (long long)hidden->total, hidden->seconds);
}

static void remember(struct pasar_log_limit *limit, enum pasar_log_level level)
{
    for (size_t i = 0; i < flood_count; i++)
        if (floods[i].limit == limit)
            return;
    if (flood_count < FLOODS_MAX) {
        floods[flood_count].limit = limit;
        floods[flood_count++].level = level;
    }
}

/* Counts one message; true when it may pass. *hidden tells of the interval that just ended. */
static bool limit_admits(struct pasar_log_limit *limit, enum pasar_log_level level, struct hidden *hidden)
{
    int64_t now = pasar_clock_mono_ns();

    *hidden = (struct hidden){0};
    pthread_mutex_lock(&flood_mutex);
    if (limit->started_ns == 0 || now - limit->started_ns >= limit->interval_ms * NS_PER_MS)
        *hidden = close_interval(limit, now);
    bool admitted = limit->passed < limit->burst;
    if (admitted) {
        limit->passed++;
    } else {
        if (limit->suppressed++ == 0)
            remember(limit, level);
    }
    pthread_mutex_unlock(&flood_mutex);
    return admitted;
}

void pasar_log_limited(struct pasar_log_limit *limit, enum pasar_log_level level, const char *fmt, ...)
{
    struct hidden hidden;

    if (!pasar_log_is_enabled(level))
        return;
    int saved = errno;
    if (limit_admits(limit, level, &hidden)) {
        char message[MESSAGE_MAX];
        va_list args;
        tell_hidden(level, &hidden);
        va_start(args, fmt);
        int len = vsnprintf(message, sizeof message, fmt, args);
        va_end(args);
        mark_cut(message, sizeof message, len);
        emit(level, "", message);
    }
    errno = saved;
}

void pasar_log_flush(void)
{
    int64_t now = pasar_clock_mono_ns();

    for (size_t i = 0; i < FLOODS_MAX; i++) {
        struct hidden hidden = {0};
        enum pasar_log_level level = PASAR_LOG_INFO;
        pthread_mutex_lock(&flood_mutex);
        if (i < flood_count) {
            level = floods[i].level;
            if (floods[i].limit->suppressed > 0)
                hidden = close_interval(floods[i].limit, now);
        }
        pthread_mutex_unlock(&flood_mutex);
        tell_hidden(level, &hidden);
    }
}
