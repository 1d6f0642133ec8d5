/* Wall clock for timestamps, monotonic clock for intervals, RFC 3339 text for both people and files. */
#ifndef PASAR_CLOCK_H
#define PASAR_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"

/* Microseconds since 1970-01-01T00:00:00Z (wall clock; may jump). */
int64_t pasar_clock_wall_us(void);

/* Nanoseconds on a clock that never jumps (CLOCK_MONOTONIC); only differences mean something. */
int64_t pasar_clock_mono_ns(void);

/* The same clock as it stood at the last tick, some milliseconds ago at most: costs next to nothing. */
int64_t pasar_clock_coarse_ns(void);

/* Sleeps; returns early when a signal arrives. */
void pasar_clock_sleep_ms(int64_t ms);

enum { PASAR_CLOCK_TEXT_LEN = 27 }; /* "2026-01-31T23:59:59.123456Z" */

/* Writes the RFC 3339 UTC text with microseconds, PASAR_CLOCK_TEXT_LEN bytes and a NUL. Years 1..9999. */
void pasar_clock_format(int64_t wall_us, char text[PASAR_CLOCK_TEXT_LEN + 1]);

/*
 * Parses an RFC 3339 UTC time ("Z" only) with 0 to 6 fraction digits. Returns 0, or -1 if it is not one or the date
 * does not exist; *wall_us is untouched then.
 */
int pasar_clock_parse(const char *text, size_t len, int64_t *wall_us) PASAR_MUSTCHECK;

#endif
