/* When the whole stream has been read (--exit-at-end). Pure: it is told what was consumed and answers a question. */
#include "consumer/endwatch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct watched_partition {
    int32_t id;
    bool at_end;
    bool is_empty; /* nothing was ever consumed or published there */
    bool is_open;  /* a row of a run came after the last end record */
};

struct watched_run {
    char run[sizeof(((struct pasar_run_end *)0)->run)];
    int32_t partition_count; /* 0 until its first end record */
    int32_t *ended;          /* partitions where it has ended */
    size_t ended_count, ended_cap;
};

struct endwatch {
    struct watched_partition *partitions;
    size_t partition_count, partition_cap;
    struct watched_run *runs;
    size_t run_count, run_cap;
    size_t last_run; /* rows of a run come together */
    bool failed;     /* memory ran out: never over */
};

struct endwatch *endwatch_new(void)
{
    return calloc(1, sizeof(struct endwatch));
}

void endwatch_free(struct endwatch *watch)
{
    if (watch == NULL)
        return;
    for (size_t i = 0; i < watch->run_count; i++)
        free(watch->runs[i].ended);
    free(watch->runs);
    free(watch->partitions);
    free(watch);
}

/* Makes room for one more of `size`-byte items. */
static bool make_room(void **items, size_t count, size_t *cap, size_t size)
{
    size_t wanted = *cap == 0 ? 8 : *cap * 2;
    void *grown;

    if (count < *cap)
        return true;
    grown = realloc(*items, wanted * size);
    if (grown == NULL)
        return false;
    *items = grown;
    *cap = wanted;
    return true;
}

static struct watched_partition *find_partition(const struct endwatch *watch, int32_t id)
{
    for (size_t i = 0; i < watch->partition_count; i++)
        if (watch->partitions[i].id == id)
            return &watch->partitions[i];
    return NULL;
}

static struct watched_run *find_run(struct endwatch *watch, const char *run)
{
    struct watched_run *found;

    if (watch->last_run < watch->run_count && strcmp(watch->runs[watch->last_run].run, run) == 0)
        return &watch->runs[watch->last_run];
    for (size_t i = 0; i < watch->run_count; i++) {
        if (strcmp(watch->runs[i].run, run) == 0) {
            watch->last_run = i;
            return &watch->runs[i];
        }
    }
    if (!make_room((void **)&watch->runs, watch->run_count, &watch->run_cap, sizeof(*watch->runs))) {
        watch->failed = true;
        return NULL;
    }
    watch->last_run = watch->run_count;
    found = &watch->runs[watch->run_count++];
    memset(found, 0, sizeof(*found));
    strncpy(found->run, run, sizeof(found->run) - 1);
    return found;
}

void endwatch_own(struct endwatch *watch, int32_t partition)
{
    struct watched_partition *p = find_partition(watch, partition);

    if (p == NULL) {
        if (!make_room((void **)&watch->partitions, watch->partition_count, &watch->partition_cap,
                       sizeof(*watch->partitions))) {
            watch->failed = true;
            return;
        }
        p = &watch->partitions[watch->partition_count++];
    }
    *p = (struct watched_partition){.id = partition, .is_empty = true};
}

void endwatch_disown(struct endwatch *watch, int32_t partition)
{
    struct watched_partition *p = find_partition(watch, partition);

    if (p != NULL)
        *p = watch->partitions[--watch->partition_count];
}

void endwatch_row(struct endwatch *watch, int32_t partition, const char *run)
{
    struct watched_partition *p = find_partition(watch, partition);

    if (p == NULL)
        return;
    p->is_empty = p->at_end = false;
    if (run[0] == '\0')
        return;
    p->is_open = true;
    (void)find_run(watch, run);
}

static bool has_ended_in(const struct watched_run *run, int32_t partition)
{
    for (size_t i = 0; i < run->ended_count; i++)
        if (run->ended[i] == partition)
            return true;
    return false;
}

void endwatch_end(struct endwatch *watch, int32_t partition, const struct pasar_run_end *end)
{
    struct watched_partition *p = find_partition(watch, partition);
    struct watched_run *run;

    if (p == NULL)
        return;
    p->is_empty = p->at_end = false;
    p->is_open = false;
    run = find_run(watch, end->run);
    if (run == NULL || has_ended_in(run, partition))
        return;
    run->partition_count = end->partition_count;
    if (!make_room((void **)&run->ended, run->ended_count, &run->ended_cap, sizeof(*run->ended))) {
        watch->failed = true;
        return;
    }
    run->ended[run->ended_count++] = partition;
}

void endwatch_at_end(struct endwatch *watch, int32_t partition)
{
    struct watched_partition *p = find_partition(watch, partition);

    if (p != NULL)
        p->at_end = true;
}

static void say(struct pasar_buf *buf, const char *what, const char *run, int32_t partition)
{
    if (buf == NULL)
        return;
    pasar_buf_adds(buf, what);
    if (run != NULL)
        pasar_buf_printf(buf, " %s", run);
    if (partition >= 0)
        pasar_buf_printf(buf, " in partition %" PRId32, partition);
}

static bool is_all_empty(const struct endwatch *watch)
{
    for (size_t i = 0; i < watch->partition_count; i++)
        if (!watch->partitions[i].is_empty)
            return false;
    return true;
}

bool endwatch_is_over(const struct endwatch *watch, struct pasar_buf *waiting_for)
{
    if (watch->failed || watch->partition_count == 0) {
        say(waiting_for, watch->failed ? "memory ran out" : "partitions to be assigned", NULL, -1);
        return false;
    }
    for (size_t i = 0; i < watch->partition_count; i++) {
        const struct watched_partition *p = &watch->partitions[i];

        if (!p->at_end) {
            say(waiting_for, "messages", NULL, p->id);
            return false;
        }
        if (p->is_open) {
            say(waiting_for, "an end record", NULL, p->id);
            return false;
        }
    }
    if (is_all_empty(watch)) {
        say(waiting_for, "a first message: nothing was read so far (--exit-idle says for how long to wait)", NULL, -1);
        return false;
    }
    for (size_t r = 0; r < watch->run_count; r++) {
        const struct watched_run *run = &watch->runs[r];

        for (size_t i = 0; i < watch->partition_count; i++) {
            int32_t id = watch->partitions[i].id;

            if ((run->partition_count == 0 || id < run->partition_count) && !has_ended_in(run, id)) {
                say(waiting_for, "the end of run", run->run, id);
                return false;
            }
        }
    }
    return true;
}
