/*
 * Memory of requests. A thread has hardly ever more than one request between its first byte and the end of its reply:
 * the next one, of whichever connection, is made in the memory of the last, which the processor still has at hand.
 */
#include "api/exchange_private.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_BYTES_MAX = 32 << 10 }; /* of a buffer, from one request to the next */

/* What a thread keeps. */
struct kept {
    struct similar_scratch scratch;
    struct exchange *spare; /* NULL: none, or in use */
};

static struct kept *kept_by_thread(const struct exchanges *all)
{
    struct kept *kept = pthread_getspecific(all->thread_key);
    if (!kept) {
        kept = calloc(1, sizeof *kept);
        if (kept && pthread_setspecific(all->thread_key, kept) != 0) {
            free(kept);
            kept = NULL;
        }
    }
    return kept;
}

void exchange_free_kept(void *arg)
{
    struct kept *kept = arg;
    similar_scratch_fini(&kept->scratch);
    exchange_free(kept->spare);
    free(kept);
}

struct similar_scratch *exchange_scratch(const struct exchanges *all)
{
    struct kept *kept = kept_by_thread(all);
    return kept ? &kept->scratch : NULL;
}

void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    pasar_buf_fini(&x->body);
    pasar_buf_fini(&x->uri);
    pasar_buf_fini(&x->reply_body);
    pasar_buf_fini(&x->request.segment);
    pasar_buf_fini(&x->request.header);
    params_fini(&x->request.params);
    free(x);
}

struct exchange *exchange_new(const struct exchanges *all)
{
    struct kept *kept = kept_by_thread(all);
    struct exchange *x = kept ? kept->spare : NULL;
    if (!x)
        return calloc(1, sizeof *x);
    kept->spare = NULL;
    struct pasar_buf body = x->body, uri = x->uri, reply_body = x->reply_body;
    struct pasar_buf segment = x->request.segment, header = x->request.header, scratch = x->request.params.scratch;
    memset(x, 0, sizeof *x);
    x->body = body;
    x->uri = uri;
    x->reply_body = reply_body;
    x->request.segment = segment;
    x->request.header = header;
    x->request.params.scratch = scratch;
    return x;
}

/* Empties a buffer whose memory the next request may use, unless it is too much to keep. */
static void empty(struct pasar_buf *buf)
{
    if (buf->cap > KEPT_BYTES_MAX)
        pasar_buf_fini(buf);
    pasar_buf_reset(buf);
}

void exchange_retire(struct exchange *x)
{
    struct kept *kept = pthread_getspecific(x->all->thread_key); /* none: the thread that stops the server */
    if (!kept || kept->spare) {
        exchange_free(x);
        return;
    }
    empty(&x->body);
    empty(&x->uri);
    empty(&x->reply_body);
    empty(&x->request.segment);
    empty(&x->request.header);
    empty(&x->request.params.scratch);
    kept->spare = x;
}
