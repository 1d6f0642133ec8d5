/* The sinks without a broker, and the choice among all of them. */
#include "producer/sink.h"

#include <stdio.h>
#include <stdlib.h>

#include "pasar/clock.h"
#include "producer/sink_kafka.h"

static void null_begin(struct sink *sink, const char *run, struct checkpointer *acks)
{
    (void)sink;
    (void)run;
    (void)acks;
}

static enum sink_result null_send(struct sink *sink, const struct sink_row *row, struct pasar_err *err)
{
    (void)row;
    (void)err;
    sink->counts.accepted++;
    sink->counts.acknowledged++;
    return SINK_DONE;
}

static enum sink_result null_reject(struct sink *sink, const struct sink_reject *reject, struct pasar_err *err)
{
    (void)reject;
    (void)err;
    sink->counts.dlq_accepted++;
    sink->counts.dlq_acknowledged++;
    return SINK_DONE;
}

static int plain_wait(struct sink *sink, int timeout_ms, struct pasar_err *err)
{
    (void)sink;
    (void)err;
    pasar_clock_sleep_ms(timeout_ms);
    return 0;
}

static enum sink_result null_finish(struct sink *sink, struct pasar_run_end *end, const bool *ended,
                                    struct pasar_err *err)
{
    (void)sink;
    (void)ended;
    (void)end;
    (void)err;
    return SINK_DONE;
}

static void null_settle(struct sink *sink)
{
    (void)sink;
}

static void plain_free(struct sink *sink)
{
    free(sink);
}

static enum sink_result stdout_failed(struct sink *sink, struct pasar_err *err)
{
    pasar_err_errno(err, PASAR_EIO, "write to standard output");
    sink->counts.failed = sink->counts.accepted - sink->counts.acknowledged;
    return SINK_FAILED;
}

/* A row counts as acknowledged only when standard output was flushed without an error. */
static enum sink_result stdout_send(struct sink *sink, const struct sink_row *row, struct pasar_err *err)
{
    if (fwrite(row->value, 1, row->value_len, stdout) != row->value_len || putc('\n', stdout) == EOF)
        return stdout_failed(sink, err);
    sink->counts.accepted++;
    return SINK_DONE;
}

static enum sink_result stdout_finish(struct sink *sink, struct pasar_run_end *end, const bool *ended,
                                      struct pasar_err *err)
{
    (void)end;
    (void)ended;
    if (fflush(stdout) != 0 || ferror(stdout))
        return stdout_failed(sink, err);
    sink->counts.acknowledged = sink->counts.accepted;
    return SINK_DONE;
}

static void stdout_settle(struct sink *sink)
{
    (void)stdout_finish(sink, NULL, NULL, NULL);
}

static const struct sink_ops null_ops = {null_begin,  null_send,   null_reject, plain_wait,
                                         null_finish, null_settle, plain_free};
static const struct sink_ops stdout_ops = {null_begin,    stdout_send,   null_reject, plain_wait,
                                           stdout_finish, stdout_settle, plain_free};

struct sink *sink_open(const struct producer_config *config, struct pasar_err *err)
{
    enum sink_kind kind = config_sink(config);
    struct sink *sink;

    if (kind == SINK_KIND_KAFKA)
        return sink_kafka_open(config, err);
    if (sink_kafka_check(config, err) != 0) /* what a real run refuses, its rehearsal refuses, too */
        return NULL;
    sink = calloc(1, sizeof(*sink));
    if (sink == NULL)
        pasar_err_nomem(err, "sink");
    else
        sink->ops = kind == SINK_KIND_STDOUT ? &stdout_ops : &null_ops;
    return sink;
}

void sink_free(struct sink *sink)
{
    if (sink != NULL)
        sink->ops->free(sink);
}
