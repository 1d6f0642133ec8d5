/* A directory for one test. Anything that goes wrong here is no finding: abort. */
#include "tempdir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void tempdir_make(char path[TEMPDIR_MAX])
{
    snprintf(path, TEMPDIR_MAX, "/tmp/pasar-test-XXXXXX");
    if (mkdtemp(path) == NULL)
        abort();
}

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

void tempdir_remove(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_entry, NULL);

    for (int i = 0; i < count; i++) {
        char name[512];
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (unlink(name) != 0 && rmdir(name) != 0)
            abort();
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    if (rmdir(path) != 0)
        abort();
}

char *tempdir_list(const char *path)
{
    struct dirent **entries;
    char *list = NULL;
    size_t len;
    int count = scandir(path, &entries, is_entry, alphasort);
    FILE *out = open_memstream(&list, &len);

    if (count < 0 || out == NULL)
        abort();
    for (int i = 0; i < count; i++) {
        fprintf(out, "%s\n", entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (fclose(out) != 0)
        abort();
    return list;
}

void tempdir_write(const char *path, const char *name, const void *bytes, size_t len)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", path, name);
    FILE *file = fopen(full, "w");
    if (file == NULL || (len > 0 && fwrite(bytes, 1, len, file) != len) || fclose(file) != 0)
        abort();
}

char *tempdir_read(const char *path, const char *name, size_t *len)
{
    char full[512], *text = NULL;
    snprintf(full, sizeof full, "%s/%s", path, name);
    FILE *file = fopen(full, "r");
    size_t size = 0;

    if (file == NULL)
        abort();
    FILE *out = open_memstream(&text, &size);
    for (int c; (c = getc(file)) != EOF;)
        putc(c, out);
    fclose(file);
    if (fclose(out) != 0)
        abort();
    if (len != NULL)
        *len = size;
    return text;
}
