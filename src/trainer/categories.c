/* Two hash tables with open addressing: paths to numbers, (path, model, cluster) to counts. */
#include "trainer/categories.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/hash.h"

struct counter {
    uint32_t path; /* number + 1; 0 = free */
    uint16_t cluster;
    uint16_t model; /* 0 .. PASAR_MODELS - 1 */
    uint64_t count;
};

struct categories {
    char **paths;
    size_t path_count, path_capacity;
    uint32_t *slots; /* path number + 1; 0 = free */
    size_t slot_count;
    struct counter *counters;
    size_t counter_count, counter_capacity;
};

enum { FIRST_SLOTS = 1024 }; /* a power of 2, like all later sizes */

struct categories *categories_new(struct pasar_err *err)
{
    struct categories *c = calloc(1, sizeof *c);
    if (c) {
        c->slot_count = c->counter_capacity = FIRST_SLOTS;
        c->path_capacity = FIRST_SLOTS / 2;
        c->slots = calloc(c->slot_count, sizeof *c->slots);
        c->counters = calloc(c->counter_capacity, sizeof *c->counters);
        c->paths = calloc(c->path_capacity, sizeof *c->paths);
        if (c->slots && c->counters && c->paths)
            return c;
    }
    categories_free(c);
    pasar_err_nomem(err, "categories");
    return NULL;
}

void categories_free(struct categories *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->path_count; i++)
        free(c->paths[i]);
    free(c->paths);
    free(c->slots);
    free(c->counters);
    free(c);
}

/* The slot of a path, or the free one where it belongs. */
static uint32_t *find_slot(const struct categories *c, const char *path, size_t len)
{
    size_t at = pasar_hash64(path, len) & (c->slot_count - 1);
    while (c->slots[at] != 0) {
        const char *other = c->paths[c->slots[at] - 1];
        if (strncmp(other, path, len) == 0 && other[len] == '\0')
            break;
        at = (at + 1) & (c->slot_count - 1);
    }
    return &c->slots[at];
}

/* Twice the slots and paths; half of the slots stay free. */
static int grow_paths(struct categories *c, struct pasar_err *err)
{
    char **paths = realloc(c->paths, 2 * c->path_capacity * sizeof *paths);
    if (!paths)
        return pasar_err_nomem(err, "categories");
    c->paths = paths;
    c->path_capacity *= 2;
    uint32_t *slots = calloc(2 * c->slot_count, sizeof *slots);
    if (!slots)
        return pasar_err_nomem(err, "categories");
    free(c->slots);
    c->slots = slots;
    c->slot_count *= 2;
    for (size_t i = 0; i < c->path_count; i++)
        *find_slot(c, c->paths[i], strlen(c->paths[i])) = (uint32_t)i + 1;
    return 0;
}

/* The number of a path, which is added if new. */
static int number_of(struct categories *c, struct pasar_text path, uint32_t *number, struct pasar_err *err)
{
    if (c->path_count == c->path_capacity && grow_paths(c, err) != 0)
        return -1;
    uint32_t *slot = find_slot(c, path.data, path.len);
    if (*slot == 0) {
        char *copy = strndup(path.data, path.len);
        if (!copy)
            return pasar_err_nomem(err, "categories");
        c->paths[c->path_count++] = copy;
        *slot = (uint32_t)c->path_count;
    }
    *number = *slot;
    return 0;
}

static struct counter *find_counter(struct counter *counters, size_t capacity, const struct counter *key)
{
    uint64_t mixed = ((uint64_t)key->path << 32 | (uint64_t)key->model << 16 | key->cluster) * 0x9e3779b97f4a7c15u;
    size_t at = (mixed >> 32) & (capacity - 1);
    while (counters[at].path != 0 &&
           (counters[at].path != key->path || counters[at].model != key->model || counters[at].cluster != key->cluster))
        at = (at + 1) & (capacity - 1);
    return &counters[at];
}

static int grow_counters(struct categories *c, struct pasar_err *err)
{
    size_t capacity = 2 * c->counter_capacity;
    struct counter *counters = calloc(capacity, sizeof *counters);
    if (!counters)
        return pasar_err_nomem(err, "categories");
    for (size_t i = 0; i < c->counter_capacity; i++)
        if (c->counters[i].path != 0)
            *find_counter(counters, capacity, &c->counters[i]) = c->counters[i];
    free(c->counters);
    c->counters = counters;
    c->counter_capacity = capacity;
    return 0;
}

int categories_add(struct categories *c, struct pasar_text category, const int cluster[PASAR_MODELS],
                   struct pasar_err *err)
{
    uint32_t number = 0;
    if (!category.data)
        return 0;
    /* A path with a NUL inside cannot be told from its beginning: it counts as that. */
    category.len = strnlen(category.data, category.len);
    if (category.len == 0 || category.len > PASAR_MODEL_TEXT_MAX)
        return 0;
    if (number_of(c, category, &number, err) != 0)
        return -1;
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        if (cluster[m] < 0)
            continue;
        if (2 * c->counter_count >= c->counter_capacity && grow_counters(c, err) != 0)
            return -1;
        struct counter key = {number, (uint16_t)cluster[m], (uint16_t)m, 0};
        struct counter *counter = find_counter(c->counters, c->counter_capacity, &key);
        if (counter->path == 0) {
            *counter = key;
            c->counter_count++;
        }
        counter->count++;
    }
    return 0;
}

static bool ranks_before(const struct categories *c, const struct counter *a, const struct counter *b)
{
    if (a->count != b->count)
        return a->count > b->count;
    return strcmp(c->paths[a->path - 1], c->paths[b->path - 1]) < 0;
}

/* Puts the counter into its place among the best of its cluster, if it has one. */
static void offer(const struct categories *c, const struct counter **best, const struct counter *counter)
{
    for (size_t i = 0; i < PASAR_TOP_CATEGORIES; i++) {
        if (best[i] && !ranks_before(c, counter, best[i]))
            continue;
        const struct counter *pushed = best[i];
        best[i] = counter;
        counter = pushed;
        if (!counter)
            return;
    }
}

static int fill_cluster(const struct categories *c, struct pasar_cluster *cluster, const struct counter *const *best,
                        struct pasar_err *err)
{
    for (size_t i = 0; i < PASAR_TOP_CATEGORIES && best[i]; i++) {
        char *copy = strdup(c->paths[best[i]->path - 1]);
        if (!copy)
            return pasar_err_nomem(err, "categories");
        cluster->top[cluster->top_count++] = (struct pasar_category_count){copy, best[i]->count};
    }
    return 0;
}

int categories_top(const struct categories *c, struct pasar_model models[PASAR_MODELS], struct pasar_err *err)
{
    for (size_t m = 0; m < PASAR_MODELS; m++) {
        const struct counter *(*best)[PASAR_TOP_CATEGORIES] = calloc(models[m].k, sizeof *best);
        if (!best)
            return pasar_err_nomem(err, "categories");
        for (size_t i = 0; i < c->counter_capacity; i++) {
            const struct counter *counter = &c->counters[i];
            if (counter->path != 0 && counter->model == m && counter->cluster < models[m].k)
                offer(c, best[counter->cluster], counter);
        }
        int result = 0;
        for (size_t id = 0; id < models[m].k && result == 0; id++)
            result = fill_cluster(c, &models[m].clusters[id], best[id], err);
        free(best);
        if (result != 0)
            return -1;
    }
    return 0;
}
