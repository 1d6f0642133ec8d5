#include "trainer/checksums.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/hash.h"
#include "pasar/thread.h"

struct checksum {
    char sha256[65];
    struct pasar_err err; /* why there is none */
};

struct checksums {
    const char *dir;
    const struct pasar_batch_name *names;
    size_t count;
    struct checksum *list;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t progress;
    size_t done; /* how many of `list` are there; guarded by the mutex, as is the next one */
    bool stop;
};

static void take(const struct checksums *c, size_t i, struct checksum *out)
{
    char name[PASAR_BATCH_NAME_MAX], *path;

    pasar_batch_name_format(&c->names[i], name);
    if (asprintf(&path, "%s/%s", c->dir, name) < 0) {
        pasar_err_nomem(&out->err, "path");
        return;
    }
    if (pasar_sha256_file(path, out->sha256, &out->err) != 0)
        out->sha256[0] = '\0'; /* who asks is told why */
    free(path);
}

static void *run(void *arg)
{
    struct checksums *c = arg;
    bool stop = false;

    for (size_t i = 0; i < c->count && !stop; i++) {
        take(c, i, &c->list[i]);
        pthread_mutex_lock(&c->mutex);
        c->done = i + 1;
        stop = c->stop;
        pthread_cond_signal(&c->progress);
        pthread_mutex_unlock(&c->mutex);
    }
    return NULL;
}

struct checksums *checksums_new(const char *dir, const struct pasar_batch_name *names, size_t count,
                                struct pasar_err *err)
{
    struct checksums *c = calloc(1, sizeof *c);
    struct checksum *list = calloc(count + 1, sizeof *list);

    if (!c || !list) {
        pasar_err_nomem(err, "checksums");
        goto fail;
    }
    *c = (struct checksums){.dir = dir, .names = names, .count = count, .list = list};
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->progress, NULL);
    if (pasar_thread_start(&c->thread, run, c) == 0)
        return c;
    pasar_err_set(err, PASAR_EOS, "cannot start the thread that takes checksums");
    pthread_cond_destroy(&c->progress);
    pthread_mutex_destroy(&c->mutex);
fail:
    free(list);
    free(c);
    return NULL;
}

void checksums_free(struct checksums *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->mutex);
    c->stop = true;
    pthread_mutex_unlock(&c->mutex);
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->progress);
    pthread_mutex_destroy(&c->mutex);
    free(c->list);
    free(c);
}

int checksums_get(struct checksums *c, size_t i, char sha256[65], struct pasar_err *err)
{
    pthread_mutex_lock(&c->mutex);
    while (c->done <= i)
        pthread_cond_wait(&c->progress, &c->mutex);
    pthread_mutex_unlock(&c->mutex);
    if (c->list[i].err.code != PASAR_OK)
        return pasar_err_set(err, c->list[i].err.code, "%s", c->list[i].err.msg);
    memcpy(sha256, c->list[i].sha256, sizeof c->list[i].sha256);
    return 0;
}
