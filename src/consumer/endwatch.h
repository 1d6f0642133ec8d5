/*
 * When the whole stream has been read (--exit-at-end). Pure: it is told what was consumed and answers a question.
 *
 * The stream has ended when every owned partition is at its end, none of them has rows of a run behind its last end
 * record, each run that was seen has ended in all partitions it used (as far as they are owned), and anything was seen
 * at all. Messages of a foreign producer (which tell no run) have no end that could be waited for. An empty topic is
 * waited for, since the consumer may be started before the producer.
 */
#ifndef CONSUMER_ENDWATCH_H
#define CONSUMER_ENDWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/record.h"

struct endwatch;

struct endwatch *endwatch_new(void) PASAR_MUSTCHECK; /* NULL: out of memory */
void endwatch_free(struct endwatch *watch);

/* The partition is ours from now on and will be read from its resume point; it is not at its end until told so. */
void endwatch_own(struct endwatch *watch, int32_t partition);

/* The partition is not ours any more. */
void endwatch_disown(struct endwatch *watch, int32_t partition);

/* A row or reject of `run` ("" = foreign) was consumed there, or stands in a batch published earlier. */
void endwatch_row(struct endwatch *watch, int32_t partition, const char *run);

/* An end record was consumed there, or stands published. */
void endwatch_end(struct endwatch *watch, int32_t partition, const struct pasar_run_end *end);

/* The broker has nothing more in this partition for the moment. */
void endwatch_at_end(struct endwatch *watch, int32_t partition);

/* True when there is nothing more to come. Otherwise *waiting_for (if not NULL) gets one line that says what is
 * missing. */
bool endwatch_is_over(const struct endwatch *watch, struct pasar_buf *waiting_for);

#endif
