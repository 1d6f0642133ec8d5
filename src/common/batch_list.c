/* What a directory of batches holds, and what a crash has left there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pasar/batch.h"

#include "atomicfile_ops.h"
#include "batch_private.h"

static int compare_names(const void *a, const void *b)
{
    const struct pasar_batch_name *x = a, *y = b;
    int topic = strcmp(x->topic, y->topic);

    if (topic != 0)
        return topic;
    if (x->partition != y->partition)
        return x->partition < y->partition ? -1 : 1;
    if (x->first_offset != y->first_offset)
        return x->first_offset < y->first_offset ? -1 : 1;
    return (x->last_offset > y->last_offset) - (x->last_offset < y->last_offset);
}

static bool is_same_partition(const struct pasar_batch_name *a, const struct pasar_batch_name *b)
{
    return a->partition == b->partition && strcmp(a->topic, b->topic) == 0;
}

bool pasar_batch_overlaps(const struct pasar_batch_name *before, const struct pasar_batch_name *name)
{
    return is_same_partition(before, name) && name->first_offset <= before->last_offset;
}

static int check_overlaps(const struct pasar_batch_list *list, const char *dir, struct pasar_err *err)
{
    for (size_t i = 1; i < list->count; i++) {
        const struct pasar_batch_name *before = &list->names[i - 1], *name = &list->names[i];
        if (!pasar_batch_overlaps(before, name))
            continue;
        char first[PASAR_BATCH_NAME_MAX], second[PASAR_BATCH_NAME_MAX];
        pasar_batch_name_format(before, first);
        pasar_batch_name_format(name, second);
        return pasar_err_set(err, PASAR_EDATA, "%s: offsets of %s and %s overlap; keep one of them", dir, first,
                             second);
    }
    return 0;
}

static int add_name(struct pasar_batch_list *list, size_t *cap, const struct pasar_batch_name *name,
                    struct pasar_err *err)
{
    if (list->count == *cap) {
        size_t more = *cap ? *cap * 2 : 64;
        struct pasar_batch_name *names = reallocarray(list->names, more, sizeof *names);
        if (names == NULL)
            return pasar_err_nomem(err, "a list of batches");
        list->names = names;
        *cap = more;
    }
    list->names[list->count++] = *name;
    return 0;
}

/* Sees each entry of the directory. 0, or -1 with err. */
typedef int (*entry_fn)(void *opaque, int dirfd, const char *file, struct pasar_err *err);

/* Calls `fn` for each entry of `dir`, if there is a directory of that name. 0, or -1 with err. */
static int each_entry(const char *dir, entry_fn fn, void *opaque, struct pasar_err *err)
{
    struct dirent *entry;
    int rc = 0;

    DIR *stream = opendir(dir);
    if (stream == NULL) {
        if (errno == ENOENT)
            return 0;
        return pasar_err_errno(err, PASAR_ENOINPUT, "open directory %s", dir);
    }
    while (rc == 0 && (errno = 0, (entry = readdir(stream)) != NULL))
        rc = fn(opaque, dirfd(stream), entry->d_name, err);
    if (rc == 0 && errno != 0)
        rc = pasar_err_errno(err, PASAR_EIO, "read directory %s", dir);
    closedir(stream);
    return rc;
}

struct listing {
    struct pasar_batch_list *list;
    size_t cap;
};

static int list_entry(void *opaque, int dirfd, const char *file, struct pasar_err *err)
{
    struct listing *listing = opaque;
    struct pasar_batch_name name;

    (void)dirfd;
    if (!pasar_batch_name_parse(file, &name) || (name.kind != PASAR_BATCH_ROWS && name.kind != PASAR_BATCH_END))
        return 0;
    return add_name(listing->list, &listing->cap, &name, err);
}

static void sort(struct pasar_batch_list *list)
{
    if (list->count > 1)
        qsort(list->names, list->count, sizeof *list->names, compare_names);
}

int pasar_batch_list_read_all(struct pasar_batch_list *list, const char *dir, struct pasar_err *err)
{
    struct listing listing = {list, 0};

    *list = (struct pasar_batch_list){0};
    if (each_entry(dir, list_entry, &listing, err) != 0) {
        pasar_batch_list_free(list);
        return -1;
    }
    sort(list);
    return 0;
}

int pasar_batch_list_read(struct pasar_batch_list *list, const char *dir, struct pasar_err *err)
{
    if (pasar_batch_list_read_all(list, dir, err) != 0)
        return -1;
    if (check_overlaps(list, dir, err) == 0)
        return 0;
    pasar_batch_list_free(list);
    return -1;
}

void pasar_batch_list_free(struct pasar_batch_list *list)
{
    free(list->names);
    *list = (struct pasar_batch_list){0};
}

int64_t pasar_batch_list_next_offset(const struct pasar_batch_list *list, const char *topic, int32_t partition)
{
    int64_t next = -1;

    for (size_t i = 0; i < list->count; i++) {
        const struct pasar_batch_name *name = &list->names[i];
        if (name->partition == partition && strcmp(name->topic, topic) == 0 && name->last_offset + 1 > next)
            next = name->last_offset + 1;
    }
    return next;
}

/* Recovery: what is listed, and the twins seen on the way whose .csv may be missing. */
struct recovering {
    struct listing listing;
    const char *dir, *topic;
    const int32_t *partitions;
    size_t partition_count;
    struct twin {
        int32_t partition;
        enum pasar_batch_kind kind;
        int64_t first_offset, last_offset;
    } * twins;
    size_t twin_count, twin_cap;
};

static bool is_recovering(const struct recovering *r, const struct pasar_batch_name *name)
{
    for (size_t i = 0; i < r->partition_count; i++)
        if (r->partitions[i] == name->partition)
            return strcmp(name->topic, r->topic) == 0;
    return false;
}

/* `.<batch file name>.tmp` of these partitions. */
static bool is_leftover(const struct recovering *r, const char *file)
{
    size_t len = strlen(file);
    char inner[256];
    struct pasar_batch_name name;

    if (file[0] != '.' || len < 6 || len > sizeof inner || strcmp(file + len - 4, ".tmp") != 0)
        return false;
    memcpy(inner, file + 1, len - 5);
    inner[len - 5] = '\0';
    return pasar_batch_name_parse(inner, &name) && is_recovering(r, &name);
}

static int remove_file(const struct recovering *r, int dirfd, const char *file, struct pasar_err *err)
{
    if (pasar_fsops()->unlinkat(dirfd, file, 0) != 0 && errno != ENOENT)
        return pasar_err_errno(err, PASAR_ECREATE, "remove %s/%s", r->dir, file);
    return 0;
}

static int note_twin(struct recovering *r, const struct pasar_batch_name *name, struct pasar_err *err)
{
    if (r->twin_count == r->twin_cap) {
        size_t cap = r->twin_cap ? r->twin_cap * 2 : 64;
        struct twin *twins = reallocarray(r->twins, cap, sizeof *twins);
        if (twins == NULL)
            return pasar_err_nomem(err, "a list of batches");
        r->twins = twins;
        r->twin_cap = cap;
    }
    r->twins[r->twin_count++] = (struct twin){name->partition, name->kind, name->first_offset, name->last_offset};
    return 0;
}

static int recover_entry(void *opaque, int dirfd, const char *file, struct pasar_err *err)
{
    struct recovering *r = opaque;
    struct pasar_batch_name name;

    if (is_leftover(r, file))
        return remove_file(r, dirfd, file, err);
    if (!pasar_batch_name_parse(file, &name))
        return 0;
    if (name.kind == PASAR_BATCH_ROWS || name.kind == PASAR_BATCH_END)
        return add_name(r->listing.list, &r->listing.cap, &name, err);
    return is_recovering(r, &name) ? note_twin(r, &name, err) : 0;
}

/* Removes the sidecars and rejects files whose .csv was never published. */
static int remove_orphans(const struct recovering *r, struct pasar_err *err)
{
    const struct pasar_batch_list *list = r->listing.list;
    int rc = 0, dirfd = -1;

    for (size_t i = 0; i < r->twin_count && rc == 0; i++) {
        const struct twin *twin = &r->twins[i];
        struct pasar_batch_name name = {
            .partition = twin->partition, .first_offset = twin->first_offset, .last_offset = twin->last_offset};
        const struct pasar_batch_name *found;
        char file[PASAR_BATCH_NAME_MAX];

        memcpy(name.topic, r->topic, strlen(r->topic) + 1);
        found = list->count > 0 ? bsearch(&name, list->names, list->count, sizeof name, compare_names) : NULL;
        if (found != NULL && found->kind == PASAR_BATCH_ROWS)
            continue;
        if (dirfd < 0 && (dirfd = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
            return pasar_err_errno(err, PASAR_ENOINPUT, "open directory %s", r->dir);
        name.kind = twin->kind;
        pasar_batch_name_format(&name, file);
        rc = remove_file(r, dirfd, file, err);
    }
    if (dirfd >= 0)
        close(dirfd);
    return rc;
}

int pasar_batch_list_recover(struct pasar_batch_list *list, const char *dir, const char *topic,
                             const int32_t *partitions, size_t count, struct pasar_err *err)
{
    struct recovering r = {
        .listing = {list, 0}, .dir = dir, .topic = topic, .partitions = partitions, .partition_count = count};
    int rc;

    *list = (struct pasar_batch_list){0};
    rc = each_entry(dir, recover_entry, &r, err);
    if (rc == 0) {
        sort(list);
        rc = check_overlaps(list, dir, err);
    }
    if (rc == 0)
        rc = remove_orphans(&r, err);
    free(r.twins);
    if (rc != 0)
        pasar_batch_list_free(list);
    return rc;
}
