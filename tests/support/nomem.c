/*
 * A shim for LD_PRELOAD: the Nth allocation that the executable itself asks for fails, as if memory had run out. Those
 * of libraries go through: some of them end the process on a failure, and they are not what is tested. The executable's
 * own code includes what is linked into it statically.
 *
 *   PASAR_NOMEM_AT=N     the allocation that fails, from 1; 0 = none
 *   PASAR_NOMEM_LOG=PATH gets the numbers worth failing, one a line: of each place in the program (a chain of calls)
 * the first allocation and the last
 *
 * strdup, asprintf and the like allocate inside the C library; here they do so in the executable's name.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

enum { PLACES_MAX = 1 << 14, CHAIN = 6 };

static uintptr_t low, high; /* where the executable is in memory */
static long fail_at;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static long count;
static struct place {
    uint64_t chain; /* 0 = free */
    long first, last;
} places[PLACES_MAX]; /* a hash table */

/* The first object is the executable. */
static int find_executable(struct dl_phdr_info *info, size_t size, void *ctx)
{
    (void)size;
    (void)ctx;
    low = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, end = start + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        low = start < low ? start : low;
        high = end > high ? end : high;
    }
    return 1;
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("PASAR_NOMEM_AT");

    dl_iterate_phdr(find_executable, NULL);
    fail_at = at != NULL ? strtol(at, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("PASAR_NOMEM_LOG");
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;

    if (fd < 0)
        return;
    for (size_t i = 0; i < PLACES_MAX; i++) {
        if (places[i].chain != 0)
            dprintf(fd, "%ld\n", places[i].first);
        if (places[i].last != places[i].first)
            dprintf(fd, "%ld\n", places[i].last);
    }
    close(fd);
}

static bool is_ours(uintptr_t address)
{
    return address >= low && address < high;
}

/* The chain of return addresses within the executable, as a number; the whole build keeps its frame pointers. */
static uint64_t chain_at(const uintptr_t *frame)
{
    uint64_t hash = 1469598103934665603u; /* FNV-1a, by words */

    for (int i = 0; i < CHAIN && is_ours(frame[1]); i++) {
        const uintptr_t *up = (const uintptr_t *)frame[0];
        hash = (hash ^ (frame[1] - low)) * 1099511628211u;
        if (up <= frame || up - frame > 1 << 16)
            break;
        frame = up;
    }
    return hash | 1;
}

/* Counts an allocation; true when it is the one to fail. `frame` is that of the function that was called for it. */
static bool fails(const uintptr_t *frame)
{
    if (!is_ours(frame[1]))
        return false;
    uint64_t chain = chain_at(frame);
    pthread_mutex_lock(&mutex);
    long number = ++count;
    for (size_t i = chain % PLACES_MAX, tried = 0; tried < PLACES_MAX; i = (i + 1) % PLACES_MAX, tried++) {
        if (places[i].chain == 0)
            places[i] = (struct place){chain, number, number};
        if (places[i].chain == chain) {
            places[i].last = number;
            break;
        }
    }
    pthread_mutex_unlock(&mutex);
    if (number == fail_at)
        errno = ENOMEM;
    return number == fail_at;
}

#define FAILS() fails(__builtin_frame_address(0))

void *malloc(size_t size)
{
    return FAILS() ? NULL : __libc_malloc(size);
}

void *calloc(size_t items, size_t size)
{
    return FAILS() ? NULL : __libc_calloc(items, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return FAILS() ? NULL : __libc_memalign(alignment, size);
}

void *reallocarray(void *old, size_t items, size_t size)
{
    if (size > 0 && items > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return FAILS() ? NULL : __libc_realloc(old, items * size);
}

void *realloc(void *old, size_t size)
{
    return FAILS() ? NULL : __libc_realloc(old, size);
}

char *strndup(const char *text, size_t most)
{
    size_t len = strnlen(text, most);
    char *copy = FAILS() ? NULL : __libc_malloc(len + 1);

    if (copy != NULL) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

char *strdup(const char *text)
{
    size_t len = strlen(text);
    char *copy = FAILS() ? NULL : __libc_malloc(len + 1);

    return copy != NULL ? memcpy(copy, text, len + 1) : NULL;
}

int vasprintf(char **out, const char *format, va_list args)
{
    va_list again;

    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    *out = len < 0 || FAILS() ? NULL : __libc_malloc((size_t)len + 1);
    return *out == NULL ? -1 : vsnprintf(*out, (size_t)len + 1, format, args);
}

/* With _FORTIFY_SOURCE asprintf is this; `flag` is about %n. */
int __asprintf_chk(char **out, int flag, const char *format, ...);
int __asprintf_chk(char **out, int flag, const char *format, ...)
{
    va_list args, again;

    (void)flag;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    *out = len < 0 || FAILS() ? NULL : __libc_malloc((size_t)len + 1);
    int result = *out == NULL ? -1 : vsnprintf(*out, (size_t)len + 1, format, args);
    va_end(args);
    return result;
}
