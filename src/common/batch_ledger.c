/* Runs and row numbers of a batch under construction. */
#include <stdlib.h>
#include <string.h>

#include "pasar/hash.h"

#include "batch_private.h"

enum { FEW_RUNS = 16, NOT_FOUND = UINT32_MAX };

static size_t slot_of(const struct pasar_batch_ledger *ledger, const char *run)
{
    size_t slot = (size_t)pasar_hash64(run, strlen(run)) & (ledger->slot_count - 1);

    while (ledger->slots[slot] != 0 && strcmp(ledger->runs[ledger->slots[slot] - 1].run, run) != 0)
        slot = (slot + 1) & (ledger->slot_count - 1);
    return slot;
}

static int make_slots(struct pasar_batch_ledger *ledger, struct pasar_err *err)
{
    size_t count = ledger->slot_count ? ledger->slot_count * 2 : 64;
    uint32_t *slots = calloc(count, sizeof *slots);

    if (slots == NULL)
        return pasar_err_nomem(err, "a batch's runs");
    free(ledger->slots);
    ledger->slots = slots;
    ledger->slot_count = count;
    for (size_t i = 0; i < ledger->run_count; i++)
        ledger->slots[slot_of(ledger, ledger->runs[i].run)] = (uint32_t)(i + 1);
    return 0;
}

static uint32_t find_run(const struct pasar_batch_ledger *ledger, const char *run)
{
    if (ledger->range_count > 0) { /* as a rule, that of the row before */
        size_t last = ledger->ranges[ledger->range_count - 1].run;
        if (strcmp(ledger->runs[last].run, run) == 0)
            return (uint32_t)last;
    }
    if (ledger->slots != NULL)
        return ledger->slots[slot_of(ledger, run)] - 1; /* 0 - 1 is NOT_FOUND */
    for (size_t i = 0; i < ledger->run_count; i++)
        if (strcmp(ledger->runs[i].run, run) == 0)
            return (uint32_t)i;
    return NOT_FOUND;
}

static int add_run(struct pasar_batch_ledger *ledger, const char *run, struct pasar_err *err)
{
    if (ledger->run_count == ledger->run_cap) {
        size_t cap = ledger->run_cap ? ledger->run_cap * 2 : 4;
        struct pasar_batch_run *runs = reallocarray(ledger->runs, cap, sizeof *runs);
        if (runs == NULL)
            return pasar_err_nomem(err, "a batch's runs");
        ledger->runs = runs;
        ledger->run_cap = cap;
    }
    struct pasar_batch_run *added = &ledger->runs[ledger->run_count++];
    *added = (struct pasar_batch_run){0};
    memcpy(added->run, run, strlen(run) + 1);
    if (ledger->run_count <= FEW_RUNS)
        return 0;
    if (ledger->run_count * 2 > ledger->slot_count)
        return make_slots(ledger, err);
    ledger->slots[slot_of(ledger, run)] = (uint32_t)ledger->run_count;
    return 0;
}

int pasar_batch_ledger_add(struct pasar_batch_ledger *ledger, const char *run, uint64_t row, uint64_t digest,
                           struct pasar_err *err)
{
    uint32_t index = find_run(ledger, run);

    if (index == NOT_FOUND) {
        index = (uint32_t)ledger->run_count;
        if (add_run(ledger, run, err) != 0)
            return -1;
    }
    ledger->runs[index].rows++;
    ledger->runs[index].digest += digest;

    struct pasar_row_range *last = ledger->range_count > 0 ? &ledger->ranges[ledger->range_count - 1] : NULL;
    if (last != NULL && last->run == index && row == (run[0] == '\0' ? 0 : last->first + last->count)) {
        last->count++;
        return 0;
    }
    if (ledger->range_count == ledger->range_cap) {
        size_t cap = ledger->range_cap ? ledger->range_cap * 2 : 16;
        struct pasar_row_range *ranges = reallocarray(ledger->ranges, cap, sizeof *ranges);
        if (ranges == NULL)
            return pasar_err_nomem(err, "a batch's row numbers");
        ledger->ranges = ranges;
        ledger->range_cap = cap;
    }
    ledger->ranges[ledger->range_count++] = (struct pasar_row_range){index, row, 1};
    return 0;
}

void pasar_batch_ledger_fini(struct pasar_batch_ledger *ledger)
{
    free(ledger->runs);
    free(ledger->ranges);
    free(ledger->slots);
    *ledger = (struct pasar_batch_ledger){0};
}
