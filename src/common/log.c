/* The log: one write(2) per line to stderr, so that lines of threads and processes never mix. */
#include "pasar/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pasar/clock.h"

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

/* Length of the valid UTF-8 sequence at `s` (RFC 3629, table of §4), or 0. The NUL ends it safely. */
static size_t utf8_sequence(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    size_t len = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (s[i] < 0x80 || s[i] > 0xBF)
            return 0;
    return len;
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

static void line_add_text(struct line *line, const char *text, bool json)
{
    const unsigned char *s = (const unsigned char *)text;

    while (*s != '\0' && !line->cut) {
        size_t len = utf8_sequence(s);
        bool is_control = *s < 0x20 || *s == 0x7F || (*s == 0xC2 && len == 2 && s[1] < 0xA0);
        if (len == 0 || is_control || (json && (*s == '"' || *s == '\\')))
            line_add_escaped(line, s, len, json);
        else
            line_add(line, (const char *)s, len);
        s += len > 0 ? len : 1;
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

void pasar_log(enum pasar_log_level level, const char *fmt, ...)
{
    if (!pasar_log_is_enabled(level))
        return;
    int saved = errno;
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    mark_cut(message, sizeof message, len);
    emit(level, "", message);
    errno = saved;
}

void pasar_log_members(enum pasar_log_level level, const char *members, const char *fmt, ...)
{
    if (!pasar_log_is_enabled(level))
        return;
    int saved = errno;
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    mark_cut(message, sizeof message, len);
    emit(level, members, message);
    errno = saved;
}

/* Counts one message; true when it may pass. *hidden and *total tell of the interval that just ended. */
static bool limit_admits(struct pasar_log_limit *limit, int64_t *hidden, int64_t *total, double *seconds)
{
    static atomic_flag busy = ATOMIC_FLAG_INIT;
    int64_t now = pasar_clock_mono_ns();
    bool admitted;

    *hidden = 0;
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
        ; /* a few additions long */
    if (limit->started_ns == 0 || now - limit->started_ns >= limit->interval_ms * NS_PER_MS) {
        *hidden = limit->suppressed;
        *total = limit->suppressed + limit->passed;
        *seconds = (double)(now - limit->started_ns) / 1e9;
        limit->started_ns = now;
        limit->passed = limit->suppressed = 0;
    }
    admitted = limit->passed < limit->burst;
    if (admitted)
        limit->passed++;
    else
        limit->suppressed++;
    atomic_flag_clear_explicit(&busy, memory_order_release);
    return admitted;
}

void pasar_log_limited(struct pasar_log_limit *limit, enum pasar_log_level level, const char *fmt, ...)
{
    int64_t hidden, total = 0;
    double seconds = 0;

    if (!pasar_log_is_enabled(level))
        return;
    int saved = errno;
    if (limit_admits(limit, &hidden, &total, &seconds)) {
        char message[MESSAGE_MAX];
        va_list args;
        if (hidden > 0)
            pasar_log(level, "suppressed %lld of %lld such messages in the last %.0f s", (long long)hidden,
                      (long long)total, seconds);
        va_start(args, fmt);
        int len = vsnprintf(message, sizeof message, fmt, args);
        va_end(args);
        mark_cut(message, sizeof message, len);
        emit(level, "", message);
    }
    errno = saved;
}
