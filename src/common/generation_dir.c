/* The directory of generations: names, what a crash left, pruning. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "generation_private.h"
#include "pasar/num.h"

enum { DIGITS_MIN = 6, DIGITS_MAX = 18 };

void pasar_generation_name_format(uint64_t number, char name[PASAR_GENERATION_NAME_MAX])
{
    snprintf(name, PASAR_GENERATION_NAME_MAX, "%06llu", (unsigned long long)number);
}

bool pasar_generation_name_parse(const char *name, uint64_t *number)
{
    size_t len = strlen(name);
    uint64_t value;

    /* More digits than six come without leading zeros: one number has one name. */
    if (len < DIGITS_MIN || len > DIGITS_MAX || (len > DIGITS_MIN && name[0] == '0') ||
        pasar_num_u64(name, len, &value) != 0 || value == 0)
        return false;
    *number = value;
    return true;
}

int pasar_generation_current(const char *models_dir, char name[PASAR_GENERATION_NAME_MAX], struct pasar_err *err)
{
    char *path, target[PASAR_GENERATION_NAME_MAX];
    uint64_t number;
    int rc = -1;

    if (asprintf(&path, "%s/%s", models_dir, PASAR_GENERATION_CURRENT) < 0)
        return pasar_err_nomem(err, "a file name");
    ssize_t len = readlink(path, target, sizeof target);
    if (len < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        pasar_err_set(err, PASAR_ENOINPUT, "no model generation in %s yet", models_dir);
    } else if (len < 0) {
        pasar_err_errno(err, PASAR_EDATA, "read the link %s", path);
    } else if ((size_t)len >= sizeof target) {
        pasar_err_set(err, PASAR_EDATA, "%s points to no generation", path);
    } else {
        target[len] = '\0';
        if (pasar_generation_name_parse(target, &number)) {
            memcpy(name, target, sizeof target);
            rc = 0;
        } else {
            pasar_err_set(err, PASAR_EDATA, "%s points to '%s', which is no generation", path, target);
        }
    }
    free(path);
    return rc;
}

/* Calls `fn` for each entry but . and ..; stops at its first -1. */
typedef int (*entry_fn)(void *ctx, const char *dir, const char *name, struct pasar_err *err);

static int each_entry(const char *dir, entry_fn fn, void *ctx, struct pasar_err *err)
{
    DIR *stream = opendir(dir);
    struct dirent *entry;
    int rc = 0;

    if (stream == NULL)
        return pasar_err_errno(err, PASAR_EIO, "list %s", dir);
    while (rc == 0 && (errno = 0, entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = fn(ctx, dir, entry->d_name, err);
    if (rc == 0 && errno != 0)
        rc = pasar_err_errno(err, PASAR_EIO, "list %s", dir);
    closedir(stream);
    return rc;
}

/* Numbers of the generations present. */
struct numbers {
    uint64_t *items;
    size_t count, cap;
};

static int take_number(void *ctx, const char *dir, const char *name, struct pasar_err *err)
{
    struct numbers *numbers = ctx;
    uint64_t number;

    (void)dir;
    if (!pasar_generation_name_parse(name, &number))
        return 0;
    if (numbers->count == numbers->cap) {
        size_t cap = numbers->cap > 0 ? 2 * numbers->cap : 16;
        uint64_t *items = realloc(numbers->items, cap * sizeof *items);
        if (items == NULL)
            return pasar_err_nomem(err, "a list of generations");
        numbers->items = items;
        numbers->cap = cap;
    }
    numbers->items[numbers->count++] = number;
    return 0;
}

static int newest_first(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? 1 : left > right ? -1 : 0;
}

static int list_numbers(const char *models_dir, struct numbers *numbers, struct pasar_err *err)
{
    *numbers = (struct numbers){0};
    if (each_entry(models_dir, take_number, numbers, err) != 0) {
        free(numbers->items);
        return -1;
    }
    if (numbers->count > 0)
        qsort(numbers->items, numbers->count, sizeof *numbers->items, newest_first);
    return 0;
}

int pasar_generation_highest(const char *models_dir, uint64_t *number, struct pasar_err *err)
{
    struct numbers numbers;
    char name[PASAR_GENERATION_NAME_MAX];
    uint64_t current = 0;

    if (list_numbers(models_dir, &numbers, err) != 0)
        return -1;
    *number = numbers.count > 0 ? numbers.items[0] : 0;
    free(numbers.items);
    /* Numbers only grow, even when somebody removed the newest directory under the link. */
    if (pasar_generation_current(models_dir, name, NULL) == 0 && pasar_generation_name_parse(name, &current) &&
        current > *number)
        *number = current;
    return 0;
}

static int unlink_entry(void *ctx, const char *dir, const char *name, struct pasar_err *err)
{
    int dirfd = *(const int *)ctx;

    if (unlinkat(dirfd, name, 0) != 0 && errno != ENOENT)
        return pasar_err_errno(err, PASAR_EIO, "remove %s/%s", dir, name);
    return 0;
}

int pasar_generation_remove(const char *models_dir, const char *name, struct pasar_err *err)
{
    char *path;
    int rc = -1, dirfd = -1;

    if (asprintf(&path, "%s/%s", models_dir, name) < 0)
        return pasar_err_nomem(err, "a file name");
    dirfd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dirfd < 0) {
        rc = errno == ENOENT ? 0 : pasar_err_errno(err, PASAR_EIO, "open %s", path);
    } else if (each_entry(path, unlink_entry, &dirfd, err) == 0) {
        rc = rmdir(path) == 0 ? 0 : pasar_err_errno(err, PASAR_EIO, "remove %s", path);
    }
    if (dirfd >= 0)
        close(dirfd);
    free(path);
    return rc;
}

static int clean_entry(void *ctx, const char *dir, const char *name, struct pasar_err *err)
{
    (void)ctx;
    if (strncmp(name, PASAR_GENERATION_NEW, strlen(PASAR_GENERATION_NEW)) == 0 ||
        strncmp(name, PASAR_GENERATION_OLD, strlen(PASAR_GENERATION_OLD)) == 0)
        return pasar_generation_remove(dir, name, err);
    if (strcmp(name, "." PASAR_GENERATION_CURRENT ".tmp") != 0)
        return 0;
    char *path;
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return pasar_err_nomem(err, "a file name");
    int rc = unlink(path) == 0 || errno == ENOENT ? 0 : pasar_err_errno(err, PASAR_EIO, "remove %s", path);
    free(path);
    return rc;
}

int pasar_generation_clean(const char *models_dir, struct pasar_err *err)
{
    return each_entry(models_dir, clean_entry, NULL, err);
}

/* Out of sight by one rename, then removed file by file: a crash leaves a hidden name, never half a generation. */
static int retire(const char *models_dir, const char *name, struct pasar_err *err)
{
    char *from = NULL, *to = NULL, hidden[PASAR_GENERATION_NAME_MAX + 8];
    int rc = -1;

    snprintf(hidden, sizeof hidden, "%s%s", PASAR_GENERATION_OLD, name);
    if (asprintf(&from, "%s/%s", models_dir, name) < 0)
        from = NULL;
    if (asprintf(&to, "%s/%s", models_dir, hidden) < 0)
        to = NULL;
    if (from == NULL || to == NULL)
        pasar_err_nomem(err, "a file name");
    else if (rename(from, to) != 0)
        pasar_err_errno(err, PASAR_EIO, "rename %s to %s", from, to);
    else
        rc = pasar_generation_remove(models_dir, hidden, err);
    free(from);
    free(to);
    return rc;
}

int pasar_generation_prune(const char *models_dir, int keep, struct pasar_err *err)
{
    struct numbers numbers;
    char name[PASAR_GENERATION_NAME_MAX];
    uint64_t current;
    int rc = 0;

    if (pasar_generation_current(models_dir, name, err) != 0 || list_numbers(models_dir, &numbers, err) != 0)
        return -1;
    if (!pasar_generation_name_parse(name, &current))
        current = 0;
    for (size_t i = keep < 1 ? 1 : (size_t)keep; rc == 0 && i < numbers.count; i++) {
        if (numbers.items[i] == current)
            continue;
        pasar_generation_name_format(numbers.items[i], name);
        rc = retire(models_dir, name, err);
    }
    free(numbers.items);
    return rc;
}
