/* Signals as a flag and a descriptor: the handlers do nothing but count and wake the sleepers. */
#include "pasar/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pasar/clock.h"

/* Lock-free ints: atomics of that kind may be used in a signal handler (C11 7.14.1.1). */
static atomic_int stop_count;
static atomic_int hangup_count;
static atomic_bool hangup_reloads;
static int wake_fd = -1;

static void wake(void)
{
    static const uint64_t one = 1;
    if (wake_fd >= 0 && write(wake_fd, &one, sizeof one) < 0) {
        /* only when the counter is at its maximum: then it is readable anyway */
    }
}

static void on_stop(int signal_number)
{
    int saved = errno;
    if (atomic_fetch_add(&stop_count, 1) > 0)
        _exit(128 + signal_number);
    wake();
    errno = saved;
}

static void on_hangup(int signal_number)
{
    int saved = errno;
    if (!atomic_load(&hangup_reloads)) {
        on_stop(signal_number);
        return;
    }
    atomic_fetch_add(&hangup_count, 1);
    wake();
    errno = saved;
}

int pasar_stop_install(struct pasar_err *err)
{
    static const struct {
        int number;
        void (*handler)(int);
    } signals[] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_hangup}, {SIGPIPE, SIG_IGN}, {SIGXFSZ, SIG_IGN}};

    if (wake_fd < 0) {
        wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (wake_fd < 0)
            return pasar_err_errno(err, PASAR_EOS, "eventfd");
    }
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action = {.sa_handler = signals[i].handler, .sa_flags = SA_RESTART}, inherited;
        sigemptyset(&action.sa_mask);
        if (signals[i].number == SIGHUP && sigaction(SIGHUP, NULL, &inherited) == 0 && inherited.sa_handler == SIG_IGN)
            continue; /* nohup */
        if (sigaction(signals[i].number, &action, NULL) != 0)
            return pasar_err_errno(err, PASAR_EOS, "sigaction %d", signals[i].number);
    }
    return 0;
}

int pasar_stop_reload_on_hangup(struct pasar_err *err)
{
    struct sigaction action = {.sa_handler = on_hangup, .sa_flags = SA_RESTART};

    atomic_store(&hangup_reloads, true);
    sigemptyset(&action.sa_mask);
    return sigaction(SIGHUP, &action, NULL) == 0 ? 0 : pasar_err_errno(err, PASAR_EOS, "sigaction SIGHUP");
}

bool pasar_stop_requested(void)
{
    return atomic_load_explicit(&stop_count, memory_order_relaxed) > 0;
}

void pasar_stop_request(void)
{
    atomic_fetch_add(&stop_count, 1);
    wake();
}

int pasar_stop_fd(void)
{
    return wake_fd;
}

bool pasar_stop_take_hangup(void)
{
    uint64_t drained;

    if (atomic_load(&hangup_count) == 0)
        return false;
    int left = atomic_fetch_sub(&hangup_count, 1) - 1;
    if (read(wake_fd, &drained, sizeof drained) < 0) {
        /* empty already */
    }
    /* A signal that came before the read is still in the counts, one that comes later wakes by itself. */
    if (left > 0 || atomic_load(&hangup_count) > 0 || pasar_stop_requested())
        wake();
    return true;
}

bool pasar_stop_wait(int timeout_ms)
{
    struct pollfd fd = {.fd = wake_fd, .events = POLLIN};
    int64_t end_ns = pasar_clock_mono_ns() + (int64_t)timeout_ms * 1000000;

    while (!pasar_stop_requested()) {
        int64_t left_ns = end_ns - pasar_clock_mono_ns();
        int left_ms = left_ns <= 0 ? 0 : (int)((left_ns + 999999) / 1000000);
        if (poll(&fd, 1, left_ms) >= 0 || errno != EINTR)
            break; /* time is up, or the descriptor says why */
    }
    return pasar_stop_requested();
}
