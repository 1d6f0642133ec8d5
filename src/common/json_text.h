/* JSON strings of the hot path. Private to src/common. */
#ifndef PASAR_JSON_TEXT_H
#define PASAR_JSON_TEXT_H

#include <stddef.h>

#include "pasar/buf.h"

/*
 * Appends `data` (valid UTF-8) as a JSON string in quotes (RFC 8259, section 7): only `"`, `\` and control characters
 * are escaped, by their short form where there is one, else as \u00xx in lower case.
 */
void pasar_json_text_add(struct pasar_buf *buf, const char *data, size_t len);

/* The same for text of unknown origin: each byte that is not valid UTF-8 becomes U+FFFD. */
void pasar_json_text_add_any(struct pasar_buf *buf, const char *data, size_t len);

#endif
