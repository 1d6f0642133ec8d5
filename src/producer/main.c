/* pasar-producer: options, signals, run, exit status. */
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "pasar/atomicfile.h"
#include "pasar/log.h"
#include "pasar/stop.h"
#include "producer/config.h"
#include "producer/inputs.h"
#include "producer/producer.h"

static int write_metrics(const char *path, const struct summary *summary, struct pasar_err *err)
{
    struct pasar_buf text = {0};
    char dir[4096], name[4096];
    int result;

    if (strlen(path) >= sizeof(dir))
        return pasar_err_set(err, PASAR_ECREATE, "--metrics-file: path too long");
    summary_add_metrics(&text, summary);
    if (text.failed)
        return pasar_err_nomem(err, "metrics");
    memcpy(dir, path, strlen(path) + 1); /* dirname and basename cut their argument */
    memcpy(name, path, strlen(path) + 1);
    result = pasar_atomicfile_publish(dirname(dir), basename(name), text.data, text.len, PASAR_REPLACE, err);
    pasar_buf_fini(&text);
    return result;
}

/* Says how it ended; the summary is shown under -q too. */
static void say_summary(struct producer_config *config, const struct summary *summary, const struct pasar_err *err)
{
    struct pasar_buf text = {0};
    const char *line;

    if (err->code != PASAR_OK)
        pasar_error("%s", err->msg);
    config->common.quiet = false;
    pasar_options_start_log(&config_options, &config->common);
    summary_add_text(&text, summary);
    line = pasar_buf_cstr(&text);
    pasar_log_flush();
    pasar_info("done: %s", line != NULL ? line : "");
    pasar_buf_fini(&text);
}

static int produce(struct producer_config *config, char **operands, int operand_count)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct summary summary = {.is_dry = config_sink(config) == SINK_KIND_NULL};
    struct inputs inputs = {0};
    char run[RUNID_MAX] = "";
    bool is_apart;

    if (pasar_stop_install(&err) != 0) {
        pasar_error("%s", err.msg);
        return (int)err.code;
    }
    is_apart = inputs_expand(&inputs, operands, operand_count, &err) == 0 &&
               inputs_spare(&inputs, "--rejects", config->rejects, &err) == 0 &&
               inputs_spare(&inputs, "--metrics-file", config->metrics_file, &err) == 0;
    if (is_apart && producer_run(config, inputs.files, inputs.count, run, &summary, &err) != 0 && err.code == PASAR_OK)
        pasar_err_set(&err, PASAR_EBUG, "failed without a reason");
    if (config->metrics_file != NULL && err.code != PASAR_EUSAGE) {
        struct pasar_err metrics_err = PASAR_ERR_INIT;

        if (write_metrics(config->metrics_file, &summary, &metrics_err) != 0) {
            pasar_error("%s", metrics_err.msg);
            pasar_err_set(&err, metrics_err.code, "the metrics file could not be written");
        }
    }
    summary.run = run;
    say_summary(config, &summary, &err);
    inputs_fini(&inputs);
    return (int)err.code;
}

int main(int argc, char **argv)
{
    struct producer_config config;
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
        if (config_complete(&config, &err) != 0) {
            pasar_error("%s", err.msg);
            status = (int)err.code;
        } else {
            status = produce(&config, operands, operand_count);
        }
    }
    pasar_options_free(&config_options, &config);
    return status;
}
