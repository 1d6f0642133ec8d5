/* Strict text → number and exact number → text. Never atoi: a value is either wholly a number or an error. */
#ifndef PASAR_NUM_H
#define PASAR_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"

/*
 * All parsers take (text, len), need no NUL, accept no blanks, no hex, no "nan", no "inf", and return 0, or -1 with
 * *out untouched when the text is not wholly one number or does not fit.
 */
int pasar_num_i64(const char *text, size_t len, int64_t *out) PASAR_MUSTCHECK;
int pasar_num_u64(const char *text, size_t len, uint64_t *out) PASAR_MUSTCHECK;

/*
 * [-+]digits[.digits][e[-+]digits], correctly rounded; overflow (1e999) and text of more than 1024 bytes
 * are refused, -0 becomes 0.
 */
int pasar_num_double(const char *text, size_t len, double *out) PASAR_MUSTCHECK;

/* A size in bytes: digits with an optional k, M, G (powers of 1000) or Ki, Mi, Gi (of 1024) and an optional B. */
int pasar_num_bytes(const char *text, size_t len, uint64_t *out) PASAR_MUSTCHECK;

/* A duration in seconds: a decimal number with an optional unit ms, s, m or h. Negative is refused. */
int pasar_num_seconds(const char *text, size_t len, double *out) PASAR_MUSTCHECK;

enum { PASAR_NUM_DOUBLE_MAX = 32 }; /* longest text of a double, with room for a NUL */

/*
 * The decimal text with the fewest digits that reads back as the same finite double, in JSON's grammar (399, 0.1,
 * 1.5e+300); whole numbers below 2^53 without a point, -0 as 0. (Some powers of two come out with one digit more.)
 * Writes no NUL; returns the length (<= PASAR_NUM_DOUBLE_MAX - 1).
 */
size_t pasar_num_format_double(double value, char text[PASAR_NUM_DOUBLE_MAX]);

/* Appends an unsigned decimal. */
void pasar_num_add_u64(struct pasar_buf *buf, uint64_t value);

#endif
