/* What the tests of this folder share: cmocka's includes in their order, a directory of the test's own, captured
 * stderr. */
#ifndef PASAR_TEST_SCRATCH_H
#define PASAR_TEST_SCRATCH_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static inline int scratch_remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

/* A fresh directory; remove it with scratch_remove. */
static inline char *scratch_new(void)
{
    const char *base = getenv("TMPDIR");
    char *path = NULL;
    assert_true(asprintf(&path, "%s/pasar-test-XXXXXX", base != NULL ? base : "/tmp") > 0);
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void scratch_remove(char *path)
{
    nftw(path, scratch_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

/* "dir/name" in one of four static buffers. */
static inline const char *scratch_path(const char *dir, const char *name)
{
    static char paths[4][600];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

/* The whole file as a string (free it), or NULL when there is none. */
static inline char *scratch_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *text = malloc(1 << 22);
    size_t n = fread(text, 1, (1 << 22) - 1, file);
    text[n] = '\0';
    if (len != NULL)
        *len = n;
    fclose(file);
    return text;
}

static inline void scratch_write(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline void scratch_write_text(const char *path, const char *text)
{
    scratch_write(path, text, strlen(text));
}

/* How many entries (but . and ..) the directory has. */
static inline int scratch_count(const char *dir)
{
    DIR *stream = opendir(dir);
    int count = 0;
    assert_non_null(stream);
    for (struct dirent *e; (e = readdir(stream)) != NULL;)
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(stream);
    return count;
}

/* Runs `fn(ctx)` with the descriptor `fd` (1 or 2) going into a file; its text (free it). */
static inline char *scratch_capture(int fd, void (*fn)(void *), void *ctx)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(NULL);
    int saved = dup(fd);
    assert_true(saved >= 0 && dup2(fileno(file), fd) == fd);
    fn(ctx);
    fflush(NULL);
    dup2(saved, fd);
    close(saved);
    long len = lseek(fileno(file), 0, SEEK_END);
    char *text = malloc((size_t)len + 1);
    assert_int_equal(pread(fileno(file), text, (size_t)len, 0), len);
    text[len] = '\0';
    fclose(file);
    return text;
}

#endif
