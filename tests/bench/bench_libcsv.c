/*
 * The yardstick for CSV reading: a file through bare libcsv, 64 KiB at a time, with callbacks that only count. Prints
 * {"rows":…,"fields":…,"bytes":…,"seconds":…}; rows include the header.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <csv.h>

enum { READ_BYTES = 64 * 1024 };

struct counts {
    uint64_t fields, field_bytes, rows;
};

static void count_field(void *field, size_t len, void *opaque)
{
    struct counts *counts = opaque;

    (void)field;
    counts->fields++;
    counts->field_bytes += len;
}

static void count_row(int end, void *opaque)
{
    struct counts *counts = opaque;

    (void)end;
    counts->rows++;
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static char bytes[READ_BYTES];
    struct counts counts = {0};
    struct csv_parser parser;
    uint64_t total = 0;
    double start = now();
    ssize_t n;
    int fd, status = EX_OK;

    if (argc != 2) {
        fputs("Usage: bench_libcsv FILE\n", stderr);
        return EX_USAGE;
    }
    fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        perror(argv[1]);
        return EX_NOINPUT;
    }
    if (csv_init(&parser, 0) != 0) {
        close(fd);
        return EX_OSERR;
    }
    while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
        total += (uint64_t)n;
        if (csv_parse(&parser, bytes, (size_t)n, count_field, count_row, &counts) != (size_t)n)
            break;
    }
    if (n != 0) {
        fprintf(stderr, "bench_libcsv: %s: stopped at byte %" PRIu64 "\n", argv[1], total);
        status = EX_IOERR;
    }
    csv_fini(&parser, count_field, count_row, &counts);
    csv_free(&parser);
    close(fd);
    printf("{\"rows\":%" PRIu64 ",\"fields\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"seconds\":%.6f}\n", counts.rows,
           counts.fields, total, now() - start);
    return status;
}
