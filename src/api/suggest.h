/* What a client may have meant that asked for products like something we do not have. */
#ifndef PASAR_API_SUGGEST_H
#define PASAR_API_SUGGEST_H

#include <stddef.h>

#include "api/snapshot.h"
#include "pasar/buf.h"

/* Appends a JSON array of up to 5 words of the catalogue that begin like the text's, or else its nearest categories. */
void suggest_words(struct pasar_buf *buf, const struct snapshot *snapshot, int model, const char *text, size_t len);

/* Appends a JSON array of up to 5 product ids that begin like this one, ignoring case, the longest beginning first. */
void suggest_ids(struct pasar_buf *buf, const struct snapshot *snapshot, int model, const char *text, size_t len);

#endif
