/* Base64 (RFC 4648, section 4): bytes that must pass through JSON. */
#ifndef PASAR_BASE64_H
#define PASAR_BASE64_H

#include <stddef.h>

#include "pasar/buf.h"

/* Appends `len` bytes, of any number, as base64 with padding and without line breaks. */
void pasar_base64_add(struct pasar_buf *buf, const void *bytes, size_t len);

#endif
