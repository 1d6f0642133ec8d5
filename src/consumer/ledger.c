/* The account of --verify: per run what was sent (end records) against what was found (batches and rejects). Pure. */
#include "consumer/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANGES_SHOWN = 50 };

void ledger_fini(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        rowset_fini(&ledger->runs[i].found);
        rowset_fini(&ledger->runs[i].ends);
    }
    free(ledger->runs);
    memset(ledger, 0, sizeof(*ledger));
}

struct ledger_run *ledger_open(struct ledger *ledger, const char *run)
{
    struct ledger_run *opened;

    if (ledger->last < ledger->count && strcmp(ledger->runs[ledger->last].run, run) == 0)
        return &ledger->runs[ledger->last];
    for (size_t i = 0; i < ledger->count; i++) {
        if (strcmp(ledger->runs[i].run, run) == 0) {
            ledger->last = i;
            return &ledger->runs[i];
        }
    }
    if (ledger->count == ledger->cap) {
        size_t cap = ledger->cap == 0 ? 8 : ledger->cap * 2;
        struct ledger_run *grown = realloc(ledger->runs, cap * sizeof(*grown));

        if (grown == NULL)
            return NULL;
        ledger->runs = grown;
        ledger->cap = cap;
    }
    ledger->last = ledger->count;
    opened = &ledger->runs[ledger->count++];
    memset(opened, 0, sizeof(*opened));
    snprintf(opened->run, sizeof(opened->run), "%s", run);
    return opened;
}

int ledger_add_row(struct ledger_run *run, uint64_t row, uint64_t share, bool is_reject)
{
    if (rowset_add(&run->found, row) != 0)
        return -1;
    if (is_reject)
        run->rejects++;
    else
        run->rows++;
    run->digest += share;
    return 0;
}

int ledger_add_end(struct ledger_run *run, int32_t partition, const struct pasar_run_end *end)
{
    if (!run->has_end) {
        run->has_end = true;
        run->end = *end;
    } else if (run->end.rows != end->rows || run->end.digest != end->digest ||
               run->end.partition_count != end->partition_count) {
        run->ends_differ = true;
    }
    return rowset_add(&run->ends, (uint64_t)partition + 1);
}

/* Row numbers count what the producer read, so rows that it rejected leave numbers that are not missing. */
static void add_missing(const struct ledger_run *run, uint64_t missing, struct pasar_buf *line)
{
    uint64_t last = run->found.max > run->end.rows ? run->found.max : run->end.rows;
    uint64_t gaps = rowset_missing(&run->found, last);

    pasar_buf_adds(line, "; missing rows: ");
    if (gaps > missing)
        pasar_buf_printf(line, "%" PRIu64 " of ", missing);
    rowset_add_missing(&run->found, last, RANGES_SHOWN, line);
    if (gaps < missing)
        pasar_buf_printf(line, " and %" PRIu64 " after row %" PRIu64, missing - gaps, last);
}

bool ledger_judge(const struct ledger_run *run, struct pasar_buf *line)
{
    uint64_t sent = run->has_end ? run->end.rows : 0;
    uint64_t missing = run->has_end && sent > run->found.distinct ? sent - run->found.distinct : 0;
    uint64_t surplus = run->has_end && run->found.distinct > sent ? run->found.distinct - sent : 0;
    uint64_t absent = run->has_end ? rowset_missing(&run->ends, (uint64_t)run->end.partition_count) : 0;
    bool digest_differs =
        run->has_end && missing == 0 && surplus == 0 && run->found.doubled_count == 0 && run->digest != run->end.digest;
    bool whole = run->has_end && missing == 0 && surplus == 0 && run->found.doubled_count == 0 && absent == 0 &&
                 run->ends.doubled_count == 0 && !run->ends_differ && !digest_differs;

    pasar_buf_printf(line, "run %s: ", run->run);
    if (run->has_end)
        pasar_buf_printf(line, "sent %" PRIu64, sent);
    else
        pasar_buf_adds(line, "sent ?");
    pasar_buf_printf(line, ", found %" PRIu64 ", rejected %" PRIu64 ", missing %" PRIu64 ", doubled %" PRIu64 ": %s",
                     run->rows, run->rejects, missing, run->found.doubled_count, whole ? "whole" : "NOT WHOLE");
    if (!run->has_end)
        pasar_buf_adds(line, "; no end record: interrupted, or not all consumed");
    if (missing > 0)
        add_missing(run, missing, line);
    if (run->found.doubled_count > 0) {
        pasar_buf_adds(line, "; doubled rows: ");
        rowset_add_doubled(&run->found, RANGES_SHOWN, line);
    }
    if (surplus > 0)
        pasar_buf_printf(line, "; %" PRIu64 " rows more than were sent", surplus);
    if (absent > 0)
        pasar_buf_printf(line, "; no end record in %" PRIu64 " of %" PRId32 " partitions", absent,
                         run->end.partition_count);
    if (run->ends_differ || run->ends.doubled_count > 0)
        pasar_buf_adds(line, run->ends_differ ? "; its end records differ" : "; an end record stands twice");
    if (digest_differs)
        pasar_buf_printf(line, "; digest %016" PRIx64 " instead of %016" PRIx64 ": contents differ from what was sent",
                         run->digest, run->end.digest);
    return whole;
}
