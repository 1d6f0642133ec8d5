/*
 * The yardstick for the API: bare libmicrohttpd with the server settings of pasar-api that answers every GET with a
 * reply made once, of each size in the file --sizes (a number a line) in turn. Prints "ready" when it listens; ends at
 * SIGTERM or SIGINT.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <microhttpd.h>

#include "api/httpd.h"

static const unsigned IDLE_SECONDS = 10; /* as in pasar-api by default */

enum { REPLIES_MAX = 1000 };

struct config {
    long port, threads, connections;
    const char *sizes;
};

struct replies {
    struct MHD_Response *list[REPLIES_MAX];
    unsigned count;
};

static enum MHD_Result answer(void *opaque, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_len, void **state)
{
    static int seen;
    static _Thread_local unsigned turn;
    const struct replies *replies = opaque;

    (void)url;
    (void)method;
    (void)version;
    (void)upload;
    (void)upload_len;
    if (*state == NULL) { /* first call: headers only */
        *state = &seen;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, replies->list[turn++ % replies->count]);
}

static int parse_options(struct config *config, int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"threads", required_argument, NULL, 't'},
        {"sizes", required_argument, NULL, 's'},
        {"connections", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        long *field = c == 'p' ? &config->port : c == 't' ? &config->threads : c == 'c' ? &config->connections : NULL;
        char *end = NULL;

        if (c == 's')
            config->sizes = optarg;
        else if (field == NULL || (*field = strtol(optarg, &end, 10)) < 0 || *end != '\0')
            return -1;
    }
    return optind == argc && config->sizes != NULL && config->port > 0 && config->port < 65536 ? 0 : -1;
}

/* A reply of `size` bytes with the headers that a bare server would send. */
static struct MHD_Response *make_reply(size_t size)
{
    char *body = malloc(size + 1);
    struct MHD_Response *reply;

    if (body == NULL)
        return NULL;
    memset(body, 'x', size);
    reply = MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);
    if (reply == NULL)
        free(body);
    else if (MHD_add_response_header(reply, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json") != MHD_YES)
        fputs("bench_mhd_static: no Content-Type\n", stderr);
    return reply;
}

static int make_replies(struct replies *replies, const char *path)
{
    FILE *file = fopen(path, "r");
    unsigned long size;

    if (file == NULL)
        return -1;
    while (replies->count < REPLIES_MAX && fscanf(file, "%lu", &size) == 1) {
        replies->list[replies->count] = make_reply(size);
        if (replies->list[replies->count] == NULL)
            break;
        replies->count++;
    }
    fclose(file);
    return replies->count > 0 ? 0 : -1;
}

static void destroy_replies(struct replies *replies)
{
    for (unsigned i = 0; i < replies->count; i++)
        MHD_destroy_response(replies->list[i]);
}

int main(int argc, char **argv)
{
    struct config config = {.threads = 2, .connections = 1024};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static struct replies replies;
    struct MHD_Daemon *daemon;
    sigset_t signals;
    int signal_number;

    if (parse_options(&config, argc, argv) != 0) {
        fputs("Usage: bench_mhd_static --port N --sizes FILE [--threads N] [--connections N]\n", stderr);
        return EX_USAGE;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* before the threads, which inherit it */
    signal(SIGPIPE, SIG_IGN);
    if (make_replies(&replies, config.sizes) != 0) {
        fprintf(stderr, "bench_mhd_static: no sizes in %s\n", config.sizes);
        return EX_NOINPUT;
    }
    address.sin_port = htons((uint16_t)config.port);
    daemon = MHD_start_daemon(HTTPD_FLAGS, (uint16_t)config.port, NULL, NULL, answer, &replies, MHD_OPTION_SOCK_ADDR,
                              &address, MHD_OPTION_THREAD_POOL_SIZE, config.threads > 1 ? (unsigned)config.threads : 0u,
                              MHD_OPTION_CONNECTION_LIMIT, (unsigned)config.connections, MHD_OPTION_CONNECTION_TIMEOUT,
                              IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTPD_CONNECTION_MEMORY,
                              MHD_OPTION_STRICT_FOR_CLIENT, HTTPD_STRICT_FOR_CLIENT, MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "bench_mhd_static: cannot listen on 127.0.0.1:%ld: %s\n", config.port, strerror(errno));
        destroy_replies(&replies);
        return EX_UNAVAILABLE;
    }
    puts("ready");
    fflush(stdout);
    sigwait(&signals, &signal_number);
    MHD_stop_daemon(daemon);
    destroy_replies(&replies);
    return EX_OK;
}
