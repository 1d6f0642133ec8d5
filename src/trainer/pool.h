/*
 * A small thread pool for loops over numbered blocks. Which thread takes which block is left to chance; callers store
 * one result per block and add them up in block order, so that results do not depend on the number of threads.
 */
#ifndef TRAINER_POOL_H
#define TRAINER_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

struct pool;

/* Works on block number `block`; `worker` (0 .. pool_threads - 1) names the scratch memory that is free to use. */
typedef void (*pool_block_fn)(void *ctx, size_t block, unsigned worker);

/* Asked before each block: true ends the work. Called from all threads; must be cheap and thread-safe. */
typedef bool (*pool_cancel_fn)(void *ctx);

/*
 * A pool of `threads` (>= 1) including the caller of pool_run. `is_cancelled` may be NULL. NULL with err (PASAR_EOS)
 * when threads or memory cannot be had.
 */
struct pool *pool_new(unsigned threads, pool_cancel_fn is_cancelled, void *cancel_ctx,
                      struct pasar_err *err) PASAR_MUSTCHECK;

/* Ends the threads; NULL is fine. */
void pool_free(struct pool *pool);

unsigned pool_threads(const struct pool *pool);

/*
 * Runs `fn` for each block 0 .. count - 1 and returns when all are done; `serial` keeps small work on the calling
 * thread, in block order. 0, or -1 with err (PASAR_ETEMP) when it was cancelled: some blocks were left out then.
 * One caller at a time. Without a pool (NULL) the calling thread does it all.
 */
int pool_run(struct pool *pool, size_t count, bool serial, pool_block_fn fn, void *ctx,
             struct pasar_err *err) PASAR_MUSTCHECK;

/* The cancel check by itself, for serial work: 0, or -1 with err (PASAR_ETEMP). NULL is never cancelled. */
int pool_check(struct pool *pool, struct pasar_err *err) PASAR_MUSTCHECK;

/* The same for loops over rows: asks at every 65,536th only. */
static inline int pool_check_row(struct pool *pool, size_t row, struct pasar_err *err)
{
    return (row & 0xffff) == 0 ? pool_check(pool, err) : 0;
}

#endif
