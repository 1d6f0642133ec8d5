/* SIGTERM, SIGINT, SIGHUP: the first asks for a clean stop, the second ends the process at once, non-zero. */
#ifndef PASAR_STOP_H
#define PASAR_STOP_H

#include <stdbool.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

/*
 * Installs the handlers (SIGTERM, SIGINT, SIGHUP unless nohup had it ignored; SIGPIPE ignored, SIGXFSZ ignored so that
 * a file-size limit is an error like a full disk). Call once in main, before threads. 0, or -1 with err.
 */
int pasar_stop_install(struct pasar_err *err) PASAR_MUSTCHECK;

/* From now on SIGHUP asks for a reload (pasar_stop_take_hangup) instead of a stop: for daemons that look at it. */
int pasar_stop_reload_on_hangup(struct pasar_err *err) PASAR_MUSTCHECK;

/* True once a stop was asked for. */
bool pasar_stop_requested(void);

/* Asks for a stop from inside the program (tests, fatal errors), exactly as a first SIGTERM does. */
void pasar_stop_request(void);

/* Readable (poll) as soon as a stop was asked for or SIGHUP came; never read from it yourself. -1 before install. */
int pasar_stop_fd(void);

/* True once for each SIGHUP since the last call; also makes the fd unreadable again unless a stop was asked for. */
bool pasar_stop_take_hangup(void);

/* Waits up to `timeout_ms`; returns early on a stop or SIGHUP. True if a stop was asked for. */
bool pasar_stop_wait(int timeout_ms);

#endif
