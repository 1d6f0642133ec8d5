/*
 * Words that some write together and some apart: "powerbank", "power bank". Which way the catalogue writes them is
 * told by how many names have the one and how many the other.
 */
#ifndef PASAR_API_COMPOUND_H
#define PASAR_API_COMPOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/textindex.h"

struct compound {
    uint32_t left, right; /* terms of the parts, */
    uint32_t pair;        /* and of both as neighbours */
    size_t cut;           /* bytes of the left part */
    uint32_t df;          /* names that have them as neighbours */
};

/* The term of two words as neighbours in a name, or -1. */
int64_t compound_pair(const struct textindex *index, int64_t left, int64_t right);

/* Takes a word apart where its parts are neighbours in most names. False when they are so in none. */
bool compound_split(const struct textindex *index, const char *text, size_t len, struct compound *compound);

/*
 * The parts of a word that no name holds, whether or not they are neighbours anywhere: the longer ones of which the
 * rarer is the most frequent. Without a pair, df is 0. False when there are none.
 */
bool compound_guess(const struct textindex *index, const char *text, size_t len, struct compound *compound);

#endif
