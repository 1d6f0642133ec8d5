/*
 * Runs a command and writes what it took to FILE as {"seconds":…,"cpu_seconds":…,"rss_bytes":…,"status":…}. A process
 * of its own because Linux counts the memory of whoever forks into the child's peak, and this one has next to none.
 * SIGTERM and SIGINT are passed on. Exits as the command did (128 + signal when it was killed).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t child;

static void pass_on(int signal_number)
{
    if (child > 0)
        kill((pid_t)child, signal_number);
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double seconds_of(const struct timeval *tv)
{
    return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = pass_on};
    struct rusage usage;
    double start;
    int status;
    pid_t pid;
    FILE *out;

    if (argc < 3) {
        fputs("Usage: bench_run FILE COMMAND [ARGUMENT]...\n", stderr);
        return EX_USAGE;
    }
    out = fopen(argv[1], "we");
    if (out == NULL) {
        perror(argv[1]);
        return EX_CANTCREAT;
    }
    start = now();
    pid = fork();
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        fprintf(stderr, "bench_run: %s: %s\n", argv[2], strerror(errno));
        _exit(127);
    }
    if (pid < 0) {
        perror("fork");
        fclose(out);
        return EX_OSERR;
    }
    child = pid;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
        continue;
    status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    fprintf(out, "{\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"rss_bytes\":%ld,\"status\":%d}\n", now() - start,
            seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime), usage.ru_maxrss * 1024, status);
    return fclose(out) == 0 ? status : EX_IOERR;
}
