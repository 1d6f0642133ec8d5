/* From the words of a query to the terms that are added up. */
#ifndef PASAR_API_SIMILAR_WORDS_H
#define PASAR_API_SIMILAR_WORDS_H

#include "api/similar.h"

/*
 * Fills scratch->words from scratch->tokens: each word's own term; for the last word (if `unfinished`) words it begins;
 * for unknown ones a word within one edit. Words that the catalogue's names mostly write together, or apart, are read
 * so; where names do both, either way counts. Then scratch->pairs and the groups of weighted terms.
 */
void similar_words_expand(const struct textindex *index, const struct similar_weights *weights, bool unfinished,
                          struct similar_scratch *scratch);

#endif
