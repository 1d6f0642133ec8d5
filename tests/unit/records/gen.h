/* Random product records that are hard on quoting, escaping and numbers. Deterministic: a seed gives a record. */
#ifndef RECORDS_GEN_H
#define RECORDS_GEN_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/record.h"

enum { GEN_TEXT_MAX = 400 };

struct gen {
    uint64_t state;
    char text[PASAR_COLUMNS][GEN_TEXT_MAX]; /* what the record's text points to */
};

void gen_init(struct gen *gen, uint64_t seed);
uint64_t gen_next(struct gen *gen);

/* 0 <= result < n */
uint64_t gen_below(struct gen *gen, uint64_t n);

/* Valid UTF-8 of up to `max` bytes, with quotes, commas, line ends, blanks, controls and all lengths of sequences. */
size_t gen_text(struct gen *gen, char *text, size_t max);

/* A valid record; it points into `gen` and lives until the next one. */
void gen_record(struct gen *gen, struct pasar_record *record);

/* True when all columns and the timestamp are the same. */
bool gen_equal(const struct pasar_record *a, const struct pasar_record *b);

#endif
