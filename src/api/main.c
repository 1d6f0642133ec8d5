/* pasar-api: options, signals, the loop that looks for new generations, exit status. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/reload.h"
#include "api/server.h"
#include "pasar/clock.h"
#include "pasar/log.h"
#include "pasar/options.h"
#include "pasar/stop.h"

enum { LOOK_MS = 1000, DRAIN_MS = 1200, LOAD_MS = 300 }; /* what is left of the two seconds is for the rest */

#define FIELD(name) offsetof(struct api_config, name)

static const struct pasar_option table[] = {
    {"models", 0, PASAR_OPT_STRING, FIELD(models), "models", 0, 0, NULL, "DIR",
     "where pasar-trainer publishes generations", NULL, false},
    {"bind", 0, PASAR_OPT_STRING, FIELD(bind), "127.0.0.1", 0, 0, NULL, "ADDR",
     "address to listen on; 0.0.0.0 opens it to the network, and to any Host unless --allow-host names some", NULL,
     false},
    {"port", 'p', PASAR_OPT_INT, FIELD(port), "5001", 0, 65535, NULL, "N",
     "port to listen on; 0 lets the system choose", NULL, false},
    {"max-limit", 0, PASAR_OPT_INT, FIELD(max_limit), "1000", 1, 100000, NULL, "N",
     "largest limit= that a request may ask for", NULL, false},
    {"allow-host", 0, PASAR_OPT_LIST, FIELD(allow_hosts), NULL, 0, 0, NULL, "HOST",
     "a further host name to answer for, * for any (the Host header; a guard against DNS rebinding)", NULL, false},
    {"threads", 0, PASAR_OPT_INT, FIELD(threads), "0", 0, 256, NULL, "N", "threads that answer; 0 = one per processor",
     NULL, false},
    {"max-connections", 0, PASAR_OPT_INT, FIELD(max_connections), "1024", 1, 100000, NULL, "N",
     "open connections at most", NULL, false},
    {"max-connections-per-ip", 0, PASAR_OPT_INT, FIELD(max_connections_per_ip), "0", 0, 100000, NULL, "N",
     "open connections from one address at most; 0 = no such limit", NULL, false},
    {"max-body-bytes", 0, PASAR_OPT_BYTES, FIELD(max_body_bytes), "1Mi", 1, 1073741824, NULL, "N",
     "largest body of a POST", NULL, false},
    {"idle-timeout", 0, PASAR_OPT_SECONDS, FIELD(idle_timeout_s), "10", 1, 3600, NULL, "S",
     "a connection that is silent for so long is closed", NULL, false},
    {"request-timeout", 0, PASAR_OPT_SECONDS, FIELD(request_timeout_s), "15", 1, 3600, NULL, "S",
     "a request must have come in whole within this time", NULL, false},
    {"access-log", 0, PASAR_OPT_STRING, FIELD(access_log), "off", 0, 0, NULL, "WHICH",
     "off, all, or N for every Nth request; with --log-format json each has members of its own (peer, method, path, "
     "status, bytes, ms, request_id, generation)",
     NULL, false},
    PASAR_OPTION_END,
};

static const struct pasar_options options = {
    .program = "pasar-api",
    .synopsis = "[options]",
    .about = "Loads the newest generation that pasar-trainer has published, and serves JSON and the home page from it. "
             "A new "
             "generation is picked up without a restart; a broken one is refused and the old one keeps serving.",
    .epilog =
        "Examples:\n"
        "  pasar-api --models models --port 5001\n"
        "  curl 'http://localhost:5001/api/similar_products?name=usb+cable'\n"
        "\n"
        "Replies carry the request's own X-Request-Id (up to 64 token characters), or one made up where there is an "
        "access "
        "log, in which it stands, and with errors. SIGHUP loads the current generation again, whatever it is.\n"
        "\n"
        "Exit status: 0 stopped by SIGTERM or SIGINT, 64 usage, 69 the port is taken, 71 out of memory or threads.",
    .table = table,
};

/* Shown under -q too. */
static void say_summary(struct api_config *config, const struct api *api, uint64_t served, int64_t started)
{
    pasar_log_flush();
    config->common.quiet = false;
    pasar_options_start_log(&options, &config->common);
    pasar_info("stopped: %" PRIu64 " requests served in %.1f s, %.0f generations loaded, %.0f refused", served,
               (double)(pasar_clock_mono_ns() - started) / 1e9, pasar_metric_value(api->reloads_ok),
               pasar_metric_value(api->reloads_refused));
}

static int serve(struct api_config *config, struct pasar_err *err)
{
    static struct api api;
    static struct reloader reloader;
    struct server *server = NULL;
    int64_t started = pasar_clock_mono_ns();
    int rc = pasar_stop_reload_on_hangup(err);
    if (rc == 0)
        rc = api_init(&api, config, err);
    if (rc == 0) {
        server = server_start(&api, err); /* first: health can be asked for while the generation loads */
        rc = server ? 0 : -1;
    }
    if (rc == 0) {
        pasar_info("listening on http://%s%s%s:%u/", strchr(config->bind, ':') ? "[" : "", config->bind,
                   strchr(config->bind, ':') ? "]" : "", server_port(server));
        rc = reloader_start(&reloader, &api, err);
        while (rc == 0 && !pasar_stop_wait(LOOK_MS)) {
            if (pasar_stop_take_hangup())
                reloader_force(&reloader);
        }
        uint64_t served = server_stop(server, DRAIN_MS);
        bool has_ended = rc != 0 || reloader_stop(&reloader, LOAD_MS);
        say_summary(config, &api, served, started);
        if (!has_ended)
            _exit(PASAR_OK); /* in the middle of a load, which only reads: nothing is lost, nobody waits for it */
    }
    api_fini(&api);
    return rc;
}

int main(int argc, char **argv)
{
    struct api_config config;
    struct pasar_err err = PASAR_ERR_INIT;
    char **operands;
    int operand_count;
    enum pasar_options_result result =
        pasar_options_parse(&options, &config, argc, argv, &operands, &operand_count, &err);
    if (result == PASAR_OPTIONS_RUN) {
        pasar_options_start_log(&options, &config.common);
        if (pasar_stop_install(&err) == 0)
            (void)serve(&config, &err);
    }
    if (err.code != PASAR_OK) {
        if (result == PASAR_OPTIONS_ERROR)
            fprintf(stderr, "pasar-api: %s\n", err.msg);
        else
            pasar_error("%s", err.msg);
    }
    pasar_options_free(&options, &config);
    return err.code;
}
