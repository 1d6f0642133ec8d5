/* The account of --verify: per run what was sent (end records) against what was found (batches and rejects). Pure. */
#ifndef CONSUMER_LEDGER_H
#define CONSUMER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consumer/rowset.h"
#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/record.h"

struct ledger_run {
    char run[sizeof(((struct pasar_run_end *)0)->run)];
    uint64_t rows, rejects; /* found */
    uint64_t digest;        /* sum of pasar_hash_row over what was found */
    struct rowset found;
    bool has_end, ends_differ;
    struct pasar_run_end end; /* the first one seen */
    struct rowset ends;       /* partition + 1 of each end record */
};

struct ledger {
    struct ledger_run *runs; /* in the order in which they were met */
    size_t count, cap, last;
    uint64_t foreign; /* rows and rejects of no run */
};

/* {0} is an empty ledger. */
void ledger_fini(struct ledger *ledger);

/* The account of `run`, opened when new. NULL: out of memory. Valid until the next call. */
struct ledger_run *ledger_open(struct ledger *ledger, const char *run) PASAR_MUSTCHECK;

/* Books a row (or reject) with its share of the digest. 0, or -1: impossible row number or out of memory. */
int ledger_add_row(struct ledger_run *run, uint64_t row, uint64_t share, bool is_reject) PASAR_MUSTCHECK;

/* Books an end record. 0, or -1: out of memory. */
int ledger_add_end(struct ledger_run *run, int32_t partition, const struct pasar_run_end *end) PASAR_MUSTCHECK;

/*
 * True when the run is whole: ended in each of its partitions, every row found exactly once, digests equal. Appends one
 * line (without line end) that says so or what is wrong.
 */
bool ledger_judge(const struct ledger_run *run, struct pasar_buf *line) PASAR_MUSTCHECK;

#endif
