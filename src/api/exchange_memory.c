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

enum { BUFFERS = 8 };

/* Whose memory goes from one request to the next. */
static void list_buffers(struct exchange *x, struct pasar_buf *list[BUFFERS])
{
    struct request *r = &x->request;
    struct pasar_buf *const buffers[BUFFERS] = {&x->body,  &x->uri,     &x->reply_body, &x->encodings,
                                                &x->etags, &r->segment, &r->header,     &r->params.scratch};

    memcpy(list, buffers, sizeof buffers);
}

void exchange_free(struct exchange *x)
{
    struct pasar_buf *list[BUFFERS];
    if (!x)
        return;
    list_buffers(x, list);
    for (int i = 0; i < BUFFERS; i++)
        pasar_buf_fini(list[i]);
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
    struct pasar_buf *list[BUFFERS], buffers[BUFFERS];
    list_buffers(x, list);
    for (int i = 0; i < BUFFERS; i++)
        buffers[i] = *list[i];
    memset(x, 0, sizeof *x);
    for (int i = 0; i < BUFFERS; i++)
        *list[i] = buffers[i];
    return x;
}

void exchange_retire(struct exchange *x)
{
    struct kept *kept = pthread_getspecific(x->all->thread_key); /* none: the thread that stops the server */
    if (!kept || kept->spare) {
        exchange_free(x);
        return;
    }
    struct pasar_buf *list[BUFFERS];
    list_buffers(x, list);
    for (int i = 0; i < BUFFERS; i++) {
        if (list[i]->cap > KEPT_BYTES_MAX)
            pasar_buf_fini(list[i]);
        pasar_buf_reset(list[i]);
    }
    kept->spare = x;
}
