/*
 * Every allocation fails once: the reply is then the one of always or a whole 503, never a half one; a generation is
 * loaded or refused with a reason; nothing leaks (the sanitizers look). Linked with --wrap, so that the calls of our
 * own code come through here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/reload.h"
#include "pasar/log.h"

/* ------------------------------------------------------------------ memory that runs out */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
int __wrap_asprintf(char **text, const char *fmt, ...);

static long fail_at, calls; /* fail_at 0: none fails */
static bool is_armed;

static void arm(long n)
{
    fail_at = n;
    calls = 0;
    is_armed = true;
}

static bool must_fail(void)
{
    return is_armed && ++calls == fail_at;
}

void *__wrap_malloc(size_t size)
{
    return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return must_fail() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
    return must_fail() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return must_fail() ? NULL : __real_strndup(text, len);
}

int __wrap_asprintf(char **text, const char *fmt, ...)
{
    va_list args;
    if (must_fail())
        return -1;
    va_start(args, fmt);
    int n = vasprintf(text, fmt, args);
    va_end(args);
    return n;
}

/* ------------------------------------------------------------------ requests */

static char models[] = "/tmp/pasar-nomem-XXXXXX";
static struct api_config config = {.models = models, .max_limit = 1000, .max_body_bytes = 1 << 20};
static struct api api;

struct answer {
    int status;
    const char *content_type;
    char *text; /* body, relaxed */
    size_t len;
    bool failed, has_total;
    uint64_t total;
};

static void ask(enum method method, const char *target, const char *body, long n, struct similar_scratch *scratch,
                struct answer *a)
{
    struct request r = {.method = method, .path = target, .path_len = strcspn(target, "?"), .body = body};
    struct reply reply;
    int slot;
    reply_init(&reply);
    r.query = target[r.path_len] == '?' ? target + r.path_len + 1 : "";
    r.query_len = strlen(r.query);
    r.body_len = body ? strlen(body) : 0;
    r.scratch = scratch;
    arm(n);
    api_answer(&api, &r, &reply, &slot);
    is_armed = false;
    const char *data = reply.blob ? reply.blob->data : reply.body.data;
    size_t len = reply.blob ? reply.blob->len : reply.body.len;
    *a = (struct answer){reply.status,
                         reply.content_type,
                         malloc(len + reply.relaxed.len + 1),
                         len + reply.relaxed.len,
                         (!reply.blob && reply.body.failed) || reply.relaxed.failed,
                         reply.has_total,
                         reply.total};
    assert_non_null(a->text);
    if (len > 0)
        memcpy(a->text, data, len);
    if (reply.relaxed.len > 0)
        memcpy(a->text + len, reply.relaxed.data, reply.relaxed.len);
    a->text[a->len] = '\0';
    snapshot_release(&api.store, slot);
    reply_fini(&reply);
    pasar_buf_fini(&r.segment);
    params_fini(&r.params);
}

static bool is_same(const struct answer *a, const struct answer *b)
{
    return a->status == b->status && a->len == b->len && memcmp(a->text, b->text, a->len) == 0 &&
           strcmp(a->content_type, b->content_type) == 0 && a->has_total == b->has_total && a->total == b->total;
}

/* The loop: the first, second, … allocation fails, until the request needs no more. The same request, asked again in
 * what memory there was then, is answered as always. */
static void fail_each(enum method method, const char *target, const char *body)
{
    struct answer usual, a;
    struct similar_scratch scratch = {0};
    ask(method, target, body, 0, &scratch, &usual);
    similar_scratch_fini(&scratch);
    assert_false(usual.failed);
    assert_int_not_equal(usual.status, 503);
    long n = 1, needed = calls;
    for (; n <= needed; n++) {
        ask(method, target, body, n, &scratch, &a);
        bool is_whole_503 = a.status == 503 && !a.has_total && strstr(a.text, "out of memory") && a.len > 100 &&
                            a.text[a.len - 1] == '}' && strstr(a.content_type, "problem+json");
        if (a.failed || (!is_same(&a, &usual) && !is_whole_503))
            fail_msg("%s, allocation %ld of %ld: %d in place of %d: %.300s", target, n, needed, a.status, usual.status,
                     a.text);
        free(a.text);
        ask(method, target, body, 0, &scratch, &a);
        similar_scratch_fini(&scratch);
        if (!is_same(&a, &usual))
            fail_msg("%s, after allocation %ld of %ld had failed: %.300s", target, n, needed, a.text);
        free(a.text);
    }
    ask(method, target, body, 0, &scratch, &a); /* and nothing was spoilt by it */
    similar_scratch_fini(&scratch);
    assert_true(is_same(&a, &usual));
    free(a.text);
    free(usual.text);
}

static void test_nomem__replies_are_whole(void **state)
{
    static const char *const targets[] = {
        "/api/categories?counts=1",
        "/api/categories?model=all",
        "/api/products?category=electronics",
        "/api/products?sort=-price&min_price=5&category=elec",
        "/api/products?category=electroniks",
        "/api/products?category=zzzzzzzzzz",
        "/api/products?model=all",
        "/api/products?x=1",
        "/api/products/P0000010",
        "/api/products/nosuch%20thing",
        "/api/products/nosuch%0Athing",
        "/api/similar_products?name=P0000010",
        "/api/similar_products?name=P00%0A",
        "/api/similar_products?product_id=no%0Asuch",
        "/api/models/3/lineage?product_id=no%0Asuch",
        "/api/products?sort=name&limit=3&model=all",
        "/api/products?category=zz&model=all",
        "/api/products/%ff",
        "/api/similar_products?name=usb+cable",
        "/api/similar_products?name=smrat+wathc&limit=50",
        "/api/similar_products?name=zqzqzq",
        "/api/similar_products?product_id=P0000010&model=all",
        "/api/similar_products?product_id=none",
        "/api/products_by_price?target_price=300",
        "/api/products_by_price?target_price=99999999",
        "/api/products_by_price?target_price=30000",
        "/api/models",
        "/api/models/2",
        "/api/models/9",
        "/api/models/3/lineage?product_id=P0000010",
        "/api/clusters?model=1",
        "/api/clusters?model=all",
        "/api/plot?limit=20",
        "/api/prices",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/",
        "/page/app.js",
        "/nowhere",
    };
    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(targets); i++)
        fail_each(METHOD_GET, targets[i], NULL);
    fail_each(METHOD_POST, "/api/predict",
              "[{\"discounted_price\":399.0000000000001,\"rating\":4.25,\"rating_count\":12345}]");
    fail_each(METHOD_POST, "/api/cluster_products_by_discount", "[{\"discount_percentage\":5}]");
    fail_each(METHOD_POST, "/api/predict", "[{\"discounted_price\":}]");
    fail_each(METHOD_OTHER, "/api/predict", NULL);
}

static void test_nomem__a_generation_is_loaded_or_refused(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    (void)state;
    for (long n = 1;; n++) {
        pasar_err_clear(&err);
        arm(n);
        struct snapshot *s = snapshot_load(models, "000001", &err);
        is_armed = false;
        if (s)
            assert_int_equal(s->catalog.rows, 100);
        else if (err.code != PASAR_EOS) /* and so it is tried again */
            fail_msg("allocation %ld: code %d: %s", n, (int)err.code, err.msg);
        snapshot_free(s);
        if (calls < n)
            break;
    }
}

static void test_nomem__a_start_fails_with_a_reason(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    static struct api other;
    (void)state;
    for (long n = 1;; n += n < 64 ? 1 : 37) { /* from there on it is one counter after the other */
        pasar_err_clear(&err);
        arm(n);
        int rc = api_init(&other, &config, &err);
        is_armed = false;
        api_fini(&other);
        if (calls < n) {
            assert_int_equal(rc, 0);
            return;
        }
        if (rc == 0 || err.code != PASAR_EOS)
            fail_msg("allocation %ld: %d, code %d: %s", n, rc, (int)err.code, err.msg);
    }
}

static int publish(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    char command[600];
    (void)state;
    pasar_log_init("test_nomem", PASAR_LOG_ERROR, PASAR_LOG_TEXT);
    if (!mkdtemp(models))
        return -1;
    snprintf(command, sizeof command, "'%s' %s synth 100 1", PASAR_FIXTURE, models);
    if (system(command) != 0 || api_init(&api, &config, &err) != 0)
        return -1;
    reload_look(&api, true);
    return 0;
}

static int clean_up(void **state)
{
    char command[600];
    (void)state;
    api_fini(&api);
    snprintf(command, sizeof command, "rm -rf %s", models);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nomem__replies_are_whole),
        cmocka_unit_test(test_nomem__a_generation_is_loaded_or_refused),
        cmocka_unit_test(test_nomem__a_start_fails_with_a_reason),
    };
    return cmocka_run_group_tests(tests, publish, clean_up);
}
