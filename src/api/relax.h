/* Near misses: which category a misspelt one may have meant. */
#ifndef PASAR_API_RELAX_H
#define PASAR_API_RELAX_H

#include <stddef.h>
#include <stdint.h>

#include "api/catalog.h"
#include "pasar/buf.h"

enum { RELAX_NAMES_MAX = 5 };

/* Category levels near some text: pointers into the catalogue's paths. */
struct relax_name {
    const char *text;
    size_t len;
    unsigned distance; /* edits between the letters and digits of both, ignoring case */
    unsigned length;   /* letters and digits of `text` compared */
    unsigned far;      /* as distance, but less for a name that begins as the other text does, however it goes on */
};

/*
 * The levels nearest to `text` among categories that have products in the view, nearest first (by `far`), each name
 * once, none that is like it in less than half of its letters. Returns how many.
 */
size_t relax_categories(const struct catalog *catalog, const struct catalog_view *view, const char *text, size_t len,
                        struct relax_name names[RELAX_NAMES_MAX]);

/* Near enough to be taken for a slip of the keyboard: at most one edit in four letters. */
int relax_is_near(const struct relax_name *name);

/* Optimal string alignment distance of two short byte strings (at most 64), at most `limit` + 1. */
unsigned relax_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned limit);

#endif
