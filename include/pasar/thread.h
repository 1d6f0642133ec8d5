/* Threads beside the main one. */
#ifndef PASAR_THREAD_H
#define PASAR_THREAD_H

#include <pthread.h>

#include "pasar/attrs.h"

/*
 * pthread_create for a thread that leaves signals to the main thread, whose waits they shall interrupt. 0, or an error
 * number as pthread_create returns.
 */
int pasar_thread_start(pthread_t *thread, void *(*run)(void *), void *arg) PASAR_MUSTCHECK;

#endif
