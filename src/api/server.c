/* libmicrohttpd: started, told which hosts we answer for, stopped. What it calls is in exchange.c. */
#include "api/server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/access_log.h"
#include "api/exchange.h"
#include "api/httpd.h"
#include "api/listen.h"
#include "pasar/clock.h"
#include "pasar/log.h"

enum {
    FILES_BESIDE = 64,  /* descriptors of all that is no connection, */
    FILES_A_THREAD = 4, /* and of each thread */
};

struct server {
    struct exchanges exchanges;
    struct MHD_Daemon *daemon;
    const char **host_names;
    bool has_key;
    uint16_t port;
};

/* We decode addresses ourselves, strictly. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static PASAR_PRINTF(2, 0) void log_library(void *cls, const char *fmt, va_list args)
{
    char text[300];
    (void)cls;
    if (!pasar_log_is_enabled(PASAR_LOG_DEBUG))
        return;
    vsnprintf(text, sizeof text, fmt, args);
    text[strcspn(text, "\n")] = '\0';
    pasar_log(PASAR_LOG_DEBUG, "libmicrohttpd: %s", text);
}

/* ------------------------------------------------------------------ start and stop */

/* Hosts we answer for: what --allow-host says, else the local names, else (bound to every address) any. */
static int collect_hosts(struct server *server, struct pasar_err *err)
{
    const struct api_config *config = server->exchanges.api->config;
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t n = 0;
    server->host_names = calloc(config->allow_hosts.count + 4, sizeof *server->host_names);
    if (!server->host_names)
        return pasar_err_nomem(err, "host names");
    bool everywhere = strcmp(config->bind, "0.0.0.0") == 0 || strcmp(config->bind, "::") == 0;
    server->exchanges.hosts.any = everywhere && config->allow_hosts.count == 0;
    if (server->exchanges.hosts.any)
        pasar_warn("--bind %s answers whatever the Host header says; --allow-host NAME, for each name that people use, "
                   "guards against DNS rebinding",
                   config->bind);
    server->host_names[n++] = config->bind;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(local); i++)
        server->host_names[n++] = local[i];
    for (size_t i = 0; i < config->allow_hosts.count; i++) {
        server->host_names[n++] = config->allow_hosts.values[i];
        if (strcmp(config->allow_hosts.values[i], "*") == 0)
            server->exchanges.hosts.any = true;
    }
    server->exchanges.hosts.names = server->host_names;
    server->exchanges.hosts.count = n;
    return 0;
}

static struct MHD_Daemon *start_daemon(struct server *server, int fd)
{
    const struct api_config *config = server->exchanges.api->config;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = (unsigned)(config->threads > 0 ? config->threads : processors > 0 ? processors : 2);
    unsigned connections = listen_room(config->max_connections, FILES_BESIDE + FILES_A_THREAD * (int64_t)threads);
    return MHD_start_daemon(
        HTTPD_FLAGS, 0, NULL, NULL, exchange_access, &server->exchanges, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0u,
        MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)config->max_connections_per_ip, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(config->idle_timeout_s < 1 ? 1 : config->idle_timeout_s), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTPD_CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, HTTPD_STRICT_FOR_CLIENT,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, &server->exchanges,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, exchange_completed,
        &server->exchanges, MHD_OPTION_NOTIFY_CONNECTION, exchange_connection_changed, &server->exchanges,
        MHD_OPTION_END);
}

struct server *server_start(struct api *api, struct pasar_err *err)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server) {
        pasar_err_nomem(err, "server");
        return NULL;
    }
    server->exchanges.api = api;
    server->exchanges.first_id = (uint64_t)pasar_clock_wall_us() << 8;
    int fd = -1;
    if (access_log_parse(api->config->access_log, &server->exchanges.log_every, err) != 0 ||
        collect_hosts(server, err) != 0)
        goto fail;
    if (pthread_key_create(&server->exchanges.thread_key, exchange_free_kept) != 0) {
        pasar_err_set(err, PASAR_EOS, "cannot create a thread key");
        goto fail;
    }
    server->has_key = true;
    fd = listen_open(api->config->bind, api->config->port, &server->port, err);
    if (fd < 0 || deadline_start(&server->exchanges.deadline, api->config->request_timeout_s,
                                 api->config->idle_timeout_s, api->deadline_cuts, api->connections, err) != 0)
        goto fail;
    server->daemon = start_daemon(server, fd);
    if (!server->daemon) {
        pasar_err_set(err, PASAR_EOS, "libmicrohttpd does not start on %s port %d", api->config->bind,
                      (int)server->port);
        goto fail;
    }
    return server;
fail:
    if (fd >= 0)
        close(fd);
    deadline_stop(&server->exchanges.deadline);
    if (server->has_key)
        pthread_key_delete(server->exchanges.thread_key);
    free(server->host_names);
    free(server);
    return NULL;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

uint64_t server_stop(struct server *server, int drain_ms)
{
    if (!server)
        return 0;
    atomic_store(&server->exchanges.api->stopping, true);
    MHD_socket fd = MHD_quiesce_daemon(server->daemon);
    if (fd != MHD_INVALID_SOCKET)
        (void)shutdown(fd,
                       SHUT_RDWR); /* who comes now is refused, not left waiting; closed it may be only at the end */
    int64_t until = pasar_clock_mono_ns() + (int64_t)drain_ms * 1000000;
    while (atomic_load(&server->exchanges.api->busy) > 0 && pasar_clock_mono_ns() < until)
        pasar_clock_sleep_ms(10);
    MHD_stop_daemon(server->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
    deadline_stop(&server->exchanges.deadline);
    pthread_key_delete(server->exchanges.thread_key);
    uint64_t served = atomic_load(&server->exchanges.served);
    free(server->host_names);
    free(server);
    return served;
}
