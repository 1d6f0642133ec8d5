/* Which names contain the query, letter for letter, ignoring case? */
#ifndef PASAR_API_CONTAINS_H
#define PASAR_API_CONTAINS_H

#include <stddef.h>
#include <stdint.h>

#include "api/similar.h"

#define CONTAINS_BIT (1u << 31) /* in similar_cell.words; query words use the bits below */

/*
 * Sets CONTAINS_BIT in the cell of every product whose folded name contains the folded `name`, touching the cell if
 * need be. Candidates come from the postings of the query's rarest word (its first may be the end of a word, its last
 * the beginning of one); each is compared as text. s->tokens holds the query's words.
 */
void contains_mark(const struct textindex *index, const char *name, size_t len, struct similar_scratch *s);

#endif
