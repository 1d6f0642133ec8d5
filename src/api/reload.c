#include "api/reload.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <xxhash.h>

#include "pasar/clock.h"
#include "pasar/log.h"
#include "pasar/thread.h"

enum { LOOK_S = 1, RETRY_S_MAX = 60 };

/* ------------------------------------------------------------------ one look */

/* Tells other files under the same name: which they are, how long, from when. */
static uint64_t stamp_of(const char *models, const char *name)
{
    static const char *const files[] = {"manifest.json", "model_1.json", "model_2.json", "model_3.json",
                                        "products.csv"};
    struct {
        uint64_t device, inode, bytes, seconds, nanoseconds;
    } seen[PASAR_ARRAY_LEN(files)];
    char path[4096];
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(files); i++) {
        struct stat st;
        int n = snprintf(path, sizeof path, "%s/%s/%s", models, name, files[i]);
        if (n < 0 || (size_t)n >= sizeof path || lstat(path, &st) != 0)
            continue;
        seen[i].device = st.st_dev;
        seen[i].inode = st.st_ino;
        seen[i].bytes = (uint64_t)st.st_size;
        seen[i].seconds = (uint64_t)st.st_mtim.tv_sec;
        seen[i].nanoseconds = (uint64_t)st.st_mtim.tv_nsec;
    }
    return XXH3_64bits(seen, sizeof seen);
}

/* Notes for /readyz why what is current is not what is served; "" = it is. True when that is news. */
static bool note(struct api *api, const char *reason)
{
    pthread_mutex_lock(&api->lock);
    bool is_news = strcmp(api->refused_reason, reason) != 0;
    snprintf(api->refused_reason, sizeof api->refused_reason, "%s", reason);
    pthread_mutex_unlock(&api->lock);
    return is_news;
}

/* models/current is no link to a generation, or is not there. */
static void no_name(struct api *api, bool is_serving, const struct pasar_err *err)
{
    char reason[sizeof err->msg];
    api->reload.refused_name[0] = '\0';
    snprintf(reason, sizeof reason, "%s", err->msg);
    if (err->code == PASAR_ENOINPUT && is_serving)
        snprintf(reason, sizeof reason, "there is no model generation in %s any more", api->config->models);
    else if (err->code == PASAR_ENOINPUT)
        reason[0] = '\0'; /* just not trained yet */
    if (!note(api, reason) || !reason[0])
        return;
    pasar_error("%s; %s", reason, is_serving ? "the generation that is loaded keeps serving" : "nothing is served yet");
    if (err->code != PASAR_ENOINPUT)
        pasar_metric_add(api->reloads_refused, 1);
}

static void refused(struct api *api, const char *name, uint64_t stamp, bool is_serving, const struct pasar_err *err)
{
    struct api_reload *state = &api->reload;
    bool is_again = strcmp(state->refused_name, name) == 0 && state->refused_stamp == stamp;
    pasar_error("generation %s is refused, %s: %s", name,
                is_serving ? "the one before keeps serving" : "nothing is served yet", err->msg);
    pasar_metric_add(api->reloads_refused, 1);
    (void)note(api, err->msg);
    snprintf(state->refused_name, sizeof state->refused_name, "%s", name);
    state->refused_stamp = stamp;
    state->is_final = err->code == PASAR_EDATA;
    state->wait_s = !is_again ? LOOK_S : state->wait_s * 2 < RETRY_S_MAX ? state->wait_s * 2 : RETRY_S_MAX;
    state->retry_at_ns = pasar_clock_mono_ns() + (int64_t)state->wait_s * 1000000000;
}

static bool is_refused(const struct api_reload *state, const char *name, uint64_t stamp)
{
    return strcmp(state->refused_name, name) == 0 && state->refused_stamp == stamp &&
           (state->is_final || pasar_clock_mono_ns() < state->retry_at_ns);
}

static void loaded(struct api *api, const struct snapshot *s)
{
    pasar_metric_add(api->reloads_ok, 1);
    pasar_metric_set(api->generation_gauge, (double)s->generation.manifest.generation);
    pasar_metric_set(api->rows_gauge, (double)s->catalog.rows);
    pasar_metric_set(api->products_gauge, s->catalog.views[PASAR_MODELS - 1].count);
    pasar_info("generation %s is loaded: %llu rows, %u products, in %.2f s", s->name,
               (unsigned long long)s->catalog.rows, s->catalog.views[PASAR_MODELS - 1].count, s->load_seconds);
}

void reload_look(struct api *api, bool force)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct api_reload *state = &api->reload;
    char name[32];
    int slot;
    snapshot_collect(&api->store);
    const struct snapshot *now = snapshot_acquire(&api->store, &slot); /* only we free it: it stays while we look */
    bool is_serving = now != NULL;
    snapshot_release(&api->store, slot);
    if (pasar_generation_current(api->config->models, name, &err) != 0) {
        no_name(api, is_serving, &err);
        return;
    }
    uint64_t stamp = stamp_of(api->config->models, name); /* before the files are read: a later change shows */
    if (!force && is_serving && strcmp(now->name, name) == 0 && state->loaded_stamp == stamp) {
        state->refused_name[0] = '\0';
        (void)note(api, ""); /* also when a refused one was taken back */
        return;
    }
    if (!force && is_refused(state, name, stamp))
        return;
    struct snapshot *fresh = snapshot_load(api->config->models, name, &err);
    if (!fresh || snapshot_publish(&api->store, fresh, &err) != 0) {
        refused(api, name, stamp, is_serving, &err);
        return;
    }
    state->loaded_stamp = stamp;
    state->refused_name[0] = '\0';
    (void)note(api, "");
    loaded(api, fresh);
}

/* ------------------------------------------------------------------ thread */

/* Waits for a change of the flags until a time of CLOCK_MONOTONIC. False when it has come. */
static bool wait_until(struct reloader *r, int64_t at_ns)
{
    struct timespec at = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
    return pthread_cond_timedwait(&r->changed, &r->lock, &at) == 0;
}

static void *run(void *arg)
{
    struct reloader *r = arg;
    bool is_first = true;
    pthread_mutex_lock(&r->lock);
    while (!r->must_stop) {
        bool force = r->must_look;
        r->must_look = false;
        pthread_mutex_unlock(&r->lock);
        reload_look(r->api, force);
        int slot;
        if (is_first && !snapshot_acquire(&r->api->store, &slot))
            pasar_warn("%s holds no generation that can be served yet; looking again every second",
                       r->api->config->models);
        else if (is_first)
            snapshot_release(&r->api->store, slot);
        is_first = false;
        int64_t next_ns = pasar_clock_mono_ns() + LOOK_S * INT64_C(1000000000);
        pthread_mutex_lock(&r->lock);
        while (!r->must_stop && !r->must_look && wait_until(r, next_ns))
            ;
    }
    r->has_ended = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

int reloader_start(struct reloader *r, struct api *api, struct pasar_err *err)
{
    pthread_condattr_t attr;
    memset(r, 0, sizeof *r);
    r->api = api;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->changed, &attr);
    pthread_condattr_destroy(&attr);
    if (pasar_thread_start(&r->thread, run, r) == 0)
        return 0;
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    return pasar_err_set(err, PASAR_EOS, "cannot start the thread that loads generations");
}

void reloader_force(struct reloader *r)
{
    pthread_mutex_lock(&r->lock);
    r->must_look = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

bool reloader_stop(struct reloader *r, int wait_ms)
{
    int64_t until_ns = pasar_clock_mono_ns() + (int64_t)wait_ms * 1000000;
    pthread_mutex_lock(&r->lock);
    r->must_stop = true;
    pthread_cond_signal(&r->changed);
    while (!r->has_ended && wait_until(r, until_ns))
        ;
    bool has_ended = r->has_ended;
    pthread_mutex_unlock(&r->lock);
    if (!has_ended)
        return false;
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    return true;
}
