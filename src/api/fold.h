/* Unicode for search: case folding that keeps text comparable byte by byte, and letters without their accents. */
#ifndef PASAR_API_FOLD_H
#define PASAR_API_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/buf.h"

/*
 * Decodes the code point at *at (< len) and moves *at behind it. A byte that is not valid UTF-8 there comes back as
 * U+FFFD and is passed over alone.
 */
uint32_t fold_decode(const char *text, size_t len, size_t *at);

/* Appends the UTF-8 of a code point. */
void fold_encode(struct pasar_buf *buf, uint32_t cp);

/* Lower case of one code point: ASCII, Latin, Greek, Cyrillic, Armenian, full-width forms; others unchanged. */
uint32_t fold_lower(uint32_t cp);

/*
 * Appends `text` in lower case, accents kept. It works on each code point alone, so that "a contains b, ignoring case"
 * is "fold_case(a) contains fold_case(b)".
 */
void fold_case(struct pasar_buf *buf, const char *text, size_t len);

/*
 * The search letters of one lower-case code point: "e" for é, "ae" for æ, "" for a combining mark, NULL when the code
 * point stands for itself.
 */
const char *fold_accent(uint32_t cp);

/* True for letters and digits (and marks that belong to them), of any script. */
bool fold_is_word(uint32_t cp);

#endif
