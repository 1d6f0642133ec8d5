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

static int check_overlaps(const struct pasar_batch_list *list, const char *dir, struct pasar_err *err)
{
    for (size_t i = 1; i < list->count; i++) {
        const struct pasar_batch_name *before = &list->names[i - 1], *name = &list->names[i];
        if (!is_same_partition(before, name) || name->first_offset > before->last_offset)
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

int pasar_batch_list_read(struct pasar_batch_list *list, const char *dir, struct pasar_err *err)
{
    size_t cap = 0;
    struct dirent *entry;
    int rc = -1;

    *list = (struct pasar_batch_list){0};
    DIR *stream = opendir(dir);
    if (stream == NULL) {
        if (errno == ENOENT)
            return 0;
        return pasar_err_errno(err, PASAR_ENOINPUT, "open directory %s", dir);
    }
    while (errno = 0, (entry = readdir(stream)) != NULL) {
        struct pasar_batch_name name;
        if (!pasar_batch_name_parse(entry->d_name, &name) ||
            (name.kind != PASAR_BATCH_ROWS && name.kind != PASAR_BATCH_END))
            continue;
        if (add_name(list, &cap, &name, err) != 0)
            goto out;
    }
    if (errno != 0) {
        pasar_err_errno(err, PASAR_EIO, "read directory %s", dir);
        goto out;
    }
    if (list->count > 1)
        qsort(list->names, list->count, sizeof *list->names, compare_names);
    rc = check_overlaps(list, dir, err);
out:
    closedir(stream);
    if (rc != 0)
        pasar_batch_list_free(list);
    return rc;
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

/* `.<batch file name>.tmp` of this topic partition. */
static bool is_leftover(const char *file, const char *topic, int32_t partition)
{
    size_t len = strlen(file);
    char inner[256];
    struct pasar_batch_name name;

    if (file[0] != '.' || len < 6 || len > sizeof inner || strcmp(file + len - 4, ".tmp") != 0)
        return false;
    memcpy(inner, file + 1, len - 5);
    inner[len - 5] = '\0';
    return pasar_batch_name_parse(inner, &name) && name.partition == partition && strcmp(name.topic, topic) == 0;
}

/* A sidecar or rejects file of this topic partition whose .csv was never published. */
static bool is_orphan(int dirfd, const char *file, const char *topic, int32_t partition)
{
    struct pasar_batch_name name;
    char csv[PASAR_BATCH_NAME_MAX];

    if (!pasar_batch_name_parse(file, &name) || name.partition != partition || strcmp(name.topic, topic) != 0 ||
        (name.kind != PASAR_BATCH_SIDECAR && name.kind != PASAR_BATCH_REJECTS))
        return false;
    name.kind = PASAR_BATCH_ROWS;
    pasar_batch_name_format(&name, csv);
    return faccessat(dirfd, csv, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

int pasar_batch_clean(const char *dir, const char *topic, int32_t partition, struct pasar_err *err)
{
    struct dirent *entry;
    int rc = -1;

    DIR *stream = opendir(dir);
    if (stream == NULL) {
        if (errno == ENOENT)
            return 0;
        return pasar_err_errno(err, PASAR_ENOINPUT, "open directory %s", dir);
    }
    while (errno = 0, (entry = readdir(stream)) != NULL) {
        const char *file = entry->d_name;
        if (!is_leftover(file, topic, partition) && !is_orphan(dirfd(stream), file, topic, partition))
            continue;
        if (pasar_fsops()->unlinkat(dirfd(stream), file, 0) != 0 && errno != ENOENT) {
            pasar_err_errno(err, PASAR_ECREATE, "remove %s/%s", dir, file);
            goto out;
        }
    }
    if (errno != 0) {
        pasar_err_errno(err, PASAR_EIO, "read directory %s", dir);
        goto out;
    }
    rc = 0;
out:
    closedir(stream);
    return rc;
}
