/*
 * Pairs of neighbouring words of names, as terms: two stems → a number. Most pairs of a large catalogue occur once and
 * would say nothing but fill memory, so counting comes first.
 */
#ifndef PASAR_API_PAIRS_H
#define PASAR_API_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

struct pairs {
    struct pairs_slot {
        uint32_t left, right, number; /* number + 1; 0 = empty */
    } * slots;
    uint32_t mask, count;
    uint8_t *seen; /* occurrences by hash, up to 2 */
    uint64_t seen_mask;
};

/* `noted`: how many pairs will be noted; 0: none, all will be added. 0 or -1 with err; pairs_fini in every case. */
int pairs_init(struct pairs *pairs, uint64_t noted, struct pasar_err *err) PASAR_MUSTCHECK;
void pairs_fini(struct pairs *pairs);

/* First pass: notes an occurrence. */
void pairs_note(struct pairs *pairs, uint32_t left, uint32_t right);

/* After noting: true when the pair was (almost certainly) noted more than once. */
bool pairs_is_repeated(const struct pairs *pairs, uint32_t left, uint32_t right);

/* After noting: false when the pair (certainly) does not occur. Without noting: whether it was added. */
bool pairs_may_occur(const struct pairs *pairs, uint32_t left, uint32_t right);

/* The pair's number, a new one if need be. */
int pairs_add(struct pairs *pairs, uint32_t left, uint32_t right, uint32_t *number,
              struct pasar_err *err) PASAR_MUSTCHECK;

/* The pair's number, or -1. */
int64_t pairs_find(const struct pairs *pairs, uint32_t left, uint32_t right);

#endif
