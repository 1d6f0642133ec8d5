/* Threads that sleep on a condition variable between loops and draw block numbers from a shared counter. */
#include "trainer/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "pasar/thread.h"

struct pool {
    unsigned threads; /* the caller's included */
    pool_cancel_fn is_cancelled;
    void *cancel_ctx;

    pthread_mutex_t lock; /* guards all of these */
    pthread_cond_t work;  /* a loop has started, or quit */
    pthread_cond_t done;  /* the last helper has left the loop */
    uint64_t loop;        /* number of the current loop */
    unsigned busy;        /* helpers still inside it */
    bool quit;

    pool_block_fn fn; /* written under the lock before a loop starts */
    void *ctx;
    size_t count;
    atomic_size_t next;
    atomic_bool cancelled;

    pthread_t *ids; /* of the helpers */
    struct helper {
        struct pool *pool;
        unsigned worker;
    } * helpers;
    unsigned started;
};

static bool is_cancelled(struct pool *pool)
{
    if (atomic_load_explicit(&pool->cancelled, memory_order_relaxed))
        return true;
    if (!pool->is_cancelled || !pool->is_cancelled(pool->cancel_ctx))
        return false;
    atomic_store_explicit(&pool->cancelled, true, memory_order_relaxed);
    return true;
}

static void draw_blocks(struct pool *pool, unsigned worker)
{
    while (!is_cancelled(pool)) {
        size_t block = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (block >= pool->count)
            return;
        pool->fn(pool->ctx, block, worker);
    }
}

static void *helper_main(void *arg)
{
    struct helper *helper = arg;
    struct pool *pool = helper->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->quit && pool->loop == seen)
            pthread_cond_wait(&pool->work, &pool->lock);
        if (pool->quit)
            break;
        seen = pool->loop;
        pthread_mutex_unlock(&pool->lock);
        draw_blocks(pool, helper->worker);
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static int start_helpers(struct pool *pool, struct pasar_err *err)
{
    int failed = 0;
    while (failed == 0 && pool->started + 1 < pool->threads) {
        unsigned i = pool->started;
        pool->helpers[i] = (struct helper){pool, i + 1};
        failed = pasar_thread_start(&pool->ids[i], helper_main, &pool->helpers[i]);
        if (failed == 0)
            pool->started++;
    }
    if (failed != 0)
        return pasar_err_set(err, PASAR_EOS, "cannot start thread %u of %u; try a lower --threads", pool->started + 2,
                             pool->threads);
    return 0;
}

struct pool *pool_new(unsigned threads, pool_cancel_fn is_cancelled_fn, void *cancel_ctx, struct pasar_err *err)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool) {
        pasar_err_nomem(err, "thread pool");
        return NULL;
    }
    pool->threads = threads > 0 ? threads : 1;
    pool->is_cancelled = is_cancelled_fn;
    pool->cancel_ctx = cancel_ctx;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->ids = calloc(pool->threads, sizeof *pool->ids);
    pool->helpers = calloc(pool->threads, sizeof *pool->helpers);
    if (!pool->ids || !pool->helpers)
        pasar_err_nomem(err, "thread pool");
    else if (start_helpers(pool, err) == 0)
        return pool;
    pool_free(pool);
    return NULL;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->quit = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->started; i++)
        pthread_join(pool->ids[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool->helpers);
    free(pool->ids);
    free(pool);
}

unsigned pool_threads(const struct pool *pool)
{
    return pool->threads;
}

int pool_check(struct pool *pool, struct pasar_err *err)
{
    if (pool && is_cancelled(pool))
        return pasar_err_set(err, PASAR_ETEMP, "stopped before the training was complete; nothing was published");
    return 0;
}

int pool_run(struct pool *pool, size_t count, bool serial, pool_block_fn fn, void *ctx, struct pasar_err *err)
{
    if (serial || count < 2 || !pool || pool->threads == 1) {
        for (size_t block = 0; block < count && !(pool && is_cancelled(pool)); block++)
            fn(ctx, block, 0);
        return pool_check(pool, err);
    }
    pthread_mutex_lock(&pool->lock);
    pool->fn = fn;
    pool->ctx = ctx;
    pool->count = count;
    atomic_store(&pool->next, 0);
    pool->busy = pool->started;
    pool->loop++;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);

    draw_blocks(pool, 0);

    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    return pool_check(pool, err);
}
