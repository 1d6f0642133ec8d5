/* Which categories are the most frequent in each cluster of each model. */
#ifndef TRAINER_CATEGORIES_H
#define TRAINER_CATEGORIES_H

#include "pasar/attrs.h"
#include "pasar/err.h"
#include "pasar/generation.h"
#include "pasar/record.h"

struct categories;

/* NULL with err when out of memory. */
struct categories *categories_new(struct pasar_err *err) PASAR_MUSTCHECK;
void categories_free(struct categories *c);

/*
 * Counts a row's category (full path; NULL, or longer than PASAR_MODEL_TEXT_MAX, counts nothing) for its cluster in
 * each model, -1 = not in that model. Memory grows with the number of distinct (category, model, cluster). 0, or -1
 * with err.
 */
int categories_add(struct categories *c, struct pasar_text category, const int cluster[PASAR_MODELS],
                   struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * Fills top and top_count of all clusters of `models` (empty before): most frequent first, ties in byte order of the
 * path; the strings belong to the models. 0, or -1 with err.
 */
int categories_top(const struct categories *c, struct pasar_model models[PASAR_MODELS],
                   struct pasar_err *err) PASAR_MUSTCHECK;

#endif
