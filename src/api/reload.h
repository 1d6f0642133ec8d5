/* Looks for new generations and loads them, on a thread of its own: signals are heard and requests answered meanwhile.
 */
#ifndef PASAR_API_RELOAD_H
#define PASAR_API_RELOAD_H

#include <pthread.h>
#include <stdbool.h>

#include "api/api.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

/*
 * One look at models/current: loads the generation it names, unless that one, with the same files, is loaded already or
 * was refused as broken. What failed for want of memory, descriptors or the like is tried again, at growing intervals.
 * force: load it in any case. One thread at a time.
 */
void reload_look(struct api *api, bool force);

struct reloader {
    struct api *api;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool must_look, must_stop, has_ended;
};

/* Starts looking, at once and then every second. 0 or -1 with err. */
int reloader_start(struct reloader *reloader, struct api *api, struct pasar_err *err) PASAR_MUSTCHECK;

/* Loads what is current now, in any case. */
void reloader_force(struct reloader *reloader);

/*
 * Ends the thread. False when it is still in the middle of a load after wait_ms: it then goes on and uses the api, so
 * all that is left is to end the process.
 */
bool reloader_stop(struct reloader *reloader, int wait_ms);

#endif
