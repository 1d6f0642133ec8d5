/* pasar-consumer: options, signals, run, exit status. */
#include <stdio.h>
#include <unistd.h>

#include "consumer/config.h"
#include "consumer/consumer.h"
#include "consumer/stats.h"
#include "consumer/verify.h"
#include "pasar/log.h"
#include "pasar/stop.h"

/* Says how it ended; the summary is shown under -q too. */
static int finish(struct consumer_config *config, const struct stats *stats, const struct pasar_err *cause)
{
    struct pasar_buf text = {0};
    struct pasar_err err = PASAR_ERR_INIT;
    const char *line;

    if (cause->code != PASAR_OK)
        pasar_error("%s", cause->msg);
    else if (stats_check(stats, &err) != 0)
        pasar_error("%s", err.msg);
    config->common.quiet = false;
    pasar_options_start_log(&config_options, &config->common);
    stats_add_text(&text, stats);
    line = pasar_buf_cstr(&text);
    pasar_log_flush();
    pasar_info("done: %s", line != NULL ? line : "");
    pasar_buf_fini(&text);
    return cause->code != PASAR_OK ? (int)cause->code : (int)err.code;
}

static int consume(struct consumer_config *config)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_metrics_server *server = NULL;
    struct stats stats;
    bool threads_left = false;
    int status;

    if (stats_init(&stats, config->metrics_port > 0, &err) != 0 || pasar_stop_install(&err) != 0) {
        pasar_error("%s", err.msg);
        return (int)err.code;
    }
    if (config->metrics_port > 0) {
        server = pasar_metrics_server_start(stats.metrics, config->metrics_bind, (uint16_t)config->metrics_port, &err);
        if (server == NULL) {
            pasar_error("%s", err.msg);
            stats_fini(&stats);
            return (int)err.code;
        }
    }
    if (consumer_run(config, &stats, &threads_left, &err) != 0 && err.code == PASAR_OK)
        pasar_err_set(&err, PASAR_EBUG, "failed without a reason");
    status = finish(config, &stats, &err);
    if (threads_left)
        _exit(status);
    pasar_metrics_server_stop(server);
    stats_fini(&stats);
    return status;
}

static int verify(const struct consumer_config *config)
{
    struct pasar_err err = PASAR_ERR_INIT;

    if (verify_run(config->output, config->allow_gaps, stdout, &err) != 0)
        pasar_error("%s", err.msg);
    return (int)err.code;
}

int main(int argc, char **argv)
{
    struct consumer_config config;
    struct pasar_err err = PASAR_ERR_INIT;
    char **operands = NULL;
    int operand_count = 0, status = PASAR_OK;

    switch (pasar_options_parse(&config_options, &config, argc, argv, &operands, &operand_count, &err)) {
    case PASAR_OPTIONS_DONE:
        break;
    case PASAR_OPTIONS_ERROR:
        fprintf(stderr, "%s: %s\n", config_options.program, err.msg);
        status = (int)err.code;
        break;
    case PASAR_OPTIONS_RUN:
        pasar_options_start_log(&config_options, &config.common);
        if (config_check(&config, &err) != 0) {
            pasar_error("%s", err.msg);
            status = (int)err.code;
        } else {
            status = config.verify ? verify(&config) : consume(&config);
        }
    }
    pasar_options_free(&config_options, &config);
    return status;
}
