/* What a query was read as, in words for people, where some of its words are in no product. */
#ifndef PASAR_API_REWORD_H
#define PASAR_API_REWORD_H

#include "api/similar.h"
#include "pasar/buf.h"

/*
 * Writes, from the words of the search that `scratch` has just done: no product mentions "wireles" or "mous": showing
 * results for "wireless mouse". Empties `text` when every word was taken as it is. Failure shows in text->failed.
 */
void reword_say(const struct textindex *index, const struct similar_scratch *scratch, struct pasar_buf *text);

#endif
