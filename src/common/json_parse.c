/* jansson's memory goes through here, so that a failure of it is seen whatever jansson makes of it. */
#include "pasar/json.h"

#include <pthread.h>
#include <stdlib.h>

static _Thread_local bool has_failed;

static void *allocate(size_t size)
{
    void *memory = malloc(size);
    has_failed = has_failed || memory == NULL;
    return memory;
}

static void watch_memory(void)
{
    json_set_alloc_funcs(allocate, free); /* what jansson allocated before is malloc's too */
}

json_t *pasar_json_parse(const char *text, size_t len, size_t flags, json_error_t *why, bool *is_out_of_memory)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, watch_memory);
    has_failed = false;
    json_t *root = json_loadb(text, len, flags, why);
    *is_out_of_memory = has_failed;
    if (has_failed) {
        json_decref(root);
        root = NULL;
    }
    return root;
}
