/* JSON text written and read without a tree: the read path of the API has no other JSON work than this. */
#ifndef PASAR_API_JSONTEXT_H
#define PASAR_API_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "pasar/buf.h"

/*
 * Appends a JSON string with its quotes. `text` should be UTF-8; what is not becomes U+FFFD, so that the result is
 * valid JSON whatever comes. `<` is written as \u003c: no reply can open an HTML tag.
 */
void jsontext_add_string(struct pasar_buf *buf, const char *text, size_t len);

/* False when the string's literal is `text` between quotes. (Whatever is not ASCII counts as needing a look.) */
bool jsontext_needs_escape(const char *text, size_t len);

/* Appends a number (shortest text that reads back the same), or null when it is not finite. */
void jsontext_add_number(struct pasar_buf *buf, double value);

/* The same rounded to `digits` decimals (0..9), for scores and distances. */
void jsontext_add_rounded(struct pasar_buf *buf, double value, int digits);

/* Appends the contents of a JSON string literal (with its quotes) that jsontext_add_string wrote. */
void jsontext_unescape(struct pasar_buf *buf, const char *literal, size_t len);

#endif
