/*
 * Runs a fuzz target over the files of a corpus folder without libFuzzer, so that every compiler replays what was
 * found. Each file is also tried cut short and with single bytes changed: a small deterministic fuzzer.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "pasar/buf.h"

/* In an allocation of exactly its size, so that a read past the end shows under ASan. */
static void try(const char *data, size_t len)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);

    if (exact == NULL)
        abort();
    if (len > 0)
        memcpy(exact, data, len);
    (void)LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

static void vary(char *data, size_t len)
{
    static const char bytes[] = {'"', ',', '\n', '\r', '\\', '\0', '\xff', '0', '{', '}'};
    size_t step = len / 40 + 1;

    for (size_t cut = 0; cut < len; cut += step)
        try(data, cut);
    for (size_t at = 0; at < len; at += step) {
        char saved = data[at];
        for (size_t i = 0; i < sizeof bytes; i++) {
            data[at] = bytes[i];
            try(data, len);
        }
        data[at] = saved;
    }
}

int main(int argc, char **argv)
{
    int count = 0;
    struct dirent *entry;
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

    if (dir == NULL) {
        fprintf(stderr, "Usage: replay CORPUS-FOLDER\n");
        return 64;
    }
    while ((entry = readdir(dir)) != NULL) {
        struct pasar_buf input = {0};
        ssize_t n = 0;
        int fd = entry->d_name[0] == '.' ? -1 : openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
            continue;
        while (pasar_buf_reserve(&input, 65536) == 0 && (n = read(fd, input.data + input.len, 65536)) > 0)
            input.len += (size_t)n;
        close(fd);
        try(input.data, input.len);
        vary(input.data, input.len);
        pasar_buf_fini(&input);
        count++;
    }
    closedir(dir);
    printf("%d inputs and their variations\n", count);
    return count > 0 ? 0 : 1;
}
