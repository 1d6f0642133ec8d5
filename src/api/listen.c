#include "api/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pasar/log.h"

enum { BACKLOG = 1024 };

static int try_address(const struct addrinfo *a)
{
    int on = 1;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

int listen_open(const char *host, int64_t port, uint16_t *bound, struct pasar_err *err)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[8];
    int fd = -1, cause = 0;
    snprintf(service, sizeof service, "%d", (int)port);
    int rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0)
        return pasar_err_set(err, PASAR_EUSAGE, "--bind %s: %s", host, gai_strerror(rc));
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = try_address(a);
        cause = fd < 0 ? errno : 0;
    }
    freeaddrinfo(list);
    if (fd < 0)
        return pasar_err_set(
            err, PASAR_EUNAVAILABLE, "cannot listen on %s port %d: %s%s", host, (int)port, strerror(cause),
            cause == EADDRINUSE ? "; stop the program that holds it or choose another with --port" : "");
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    *bound = (uint16_t)port;
    if (getsockname(fd, (struct sockaddr *)&address, &len) == 0)
        *bound = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                     : ((struct sockaddr_in *)&address)->sin_port);
    return fd;
}

unsigned listen_room(int64_t wanted, int64_t beside)
{
    struct rlimit files;
    rlim_t need = (rlim_t)(wanted + beside);
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY || files.rlim_cur >= need)
        return (unsigned)wanted;
    files.rlim_cur = files.rlim_max == RLIM_INFINITY || files.rlim_max > need ? need : files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files); /* soft to hard needs no right; what we got is asked for below */
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= need)
        return (unsigned)wanted;
    int64_t room = (int64_t)files.rlim_cur - beside;
    room = room < 1 ? 1 : room;
    pasar_warn("the limit of %llu open files leaves room for %lld connections, not for the %lld of --max-connections",
               (unsigned long long)files.rlim_cur, (long long)room, (long long)wanted);
    return (unsigned)room;
}
