/* JSON text to jansson's tree. Writing is each module's own. */
#ifndef PASAR_JSON_H
#define PASAR_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "pasar/attrs.h"

/*
 * json_loadb, which tells want of memory apart from bad text: jansson alone may then call good text bad, or take half a
 * word for the whole one. NULL with *why, or with *is_out_of_memory.
 */
json_t *pasar_json_parse(const char *text, size_t len, size_t flags, json_error_t *why,
                         bool *is_out_of_memory) PASAR_MUSTCHECK;

#endif
