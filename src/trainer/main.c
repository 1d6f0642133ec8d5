/* pasar-trainer: options, signals, run, exit status. */
#include <signal.h>
#include <stdio.h>

#include "pasar/buf.h"
#include "pasar/log.h"
#include "pasar/stop.h"
#include "trainer/config.h"
#include "trainer/inspect.h"
#include "trainer/trainer.h"
#include "trainer/watch.h"

/* Says how it ended; the summary is shown under -q too. */
static void summarize(struct config *config, const struct feature_set *set, const struct trainer_report *report,
                      const struct watch_totals *totals)
{
    struct pasar_buf text = {0};
    if (config->watch)
        pasar_buf_printf(&text, "%llu generations published, %llu trainings failed; ",
                         (unsigned long long)totals->generations, (unsigned long long)totals->failures);
    trainer_report_text(report, set, &text);
    config->common.quiet = false;
    pasar_options_start_log(&config_options, &config->common);
    pasar_log_flush();
    pasar_info("done: %s", pasar_buf_cstr(&text) ? text.data : "");
    pasar_buf_fini(&text);
}

/*
 * --check and --predict: the answer goes to stdout, and there is nothing to sum up or to clean up: a signal may end
 * them at once, also while they wait for input.
 */
static int inspect(const struct config *config)
{
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error with a message */
    struct pasar_err err = PASAR_ERR_INIT;
    int result = config->check ? inspect_check(config->check, stdout, &err)
                               : inspect_predict(config->models, config->predict, stdout, &err);
    if (result == 0 && fflush(stdout) != 0)
        result = pasar_err_errno(&err, PASAR_EIO, "write to standard output");
    if (result != 0)
        pasar_error("%s", err.msg);
    return result == 0 ? PASAR_OK : (int)err.code;
}

static int run(struct config *config)
{
    struct feature_set set;
    struct trainer_report report = {0};
    struct watch_totals totals = {0};
    struct pasar_err err = PASAR_ERR_INIT;
    int checked = config_check(config, &set, &err);
    if (checked == 0 && (config->check || config->predict))
        return inspect(config);
    if (checked != 0 || pasar_stop_install(&err) != 0) {
        pasar_error("%s", err.msg);
        return (int)err.code;
    }
    int result;
    if (config->watch) {
        result = watch_run(config, &set, &totals, &err);
        report = totals.last;
    } else {
        result = trainer_run_once(config, &set, &report, &err);
    }
    if (result != 0)
        pasar_error("%s", err.msg);
    summarize(config, &set, &report, &totals);
    return result == 0 ? PASAR_OK : (int)err.code;
}

int main(int argc, char **argv)
{
    struct config config;
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
        status = run(&config);
    }
    pasar_options_free(&config_options, &config);
    return status;
}
