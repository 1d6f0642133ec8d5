/* Route table and matching. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "api/openapi.h"
#include "api/router.h"

static enum router_result find(const char *path, const struct route **route, struct pasar_buf *segment)
{
    return router_find(routes, route_count, path, strlen(path), route, segment);
}

static void test_router__fixed_paths_match_exactly(void **state)
{
    (void)state;
    const struct route *route = NULL;
    struct pasar_buf segment = {0};
    assert_int_equal(find("/api/products", &route, &segment), ROUTER_FOUND);
    assert_string_equal(route->pattern, "/api/products");
    assert_int_equal(find("/", &route, &segment), ROUTER_FOUND);
    assert_string_equal(route->pattern, "/");
    static const char *const none[] = {"",   "/api",          "/api/product",      "/api/products/", "/api/productss",
                                       "//", "/API/products", "/api/products/a/b", "/page/",         "/page/../x",
                                       "*",  "/etc/passwd",   "/api//products"};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(none); i++)
        assert_int_equal(find(none[i], &route, &segment), ROUTER_NO_PATH);
    pasar_buf_fini(&segment);
}

static void test_router__a_part_is_decoded(void **state)
{
    (void)state;
    const struct route *route = NULL;
    struct pasar_buf segment = {0};
    assert_int_equal(find("/api/products/B0%2F%C3%A9+", &route, &segment), ROUTER_FOUND);
    assert_string_equal(route->pattern, "/api/products/{id}");
    assert_int_equal(segment.len, 6);
    assert_memory_equal(segment.data, "B0/\xc3\xa9+", 6);
    pasar_buf_fini(&segment);
}

static void test_router__broken_escapes_are_the_clients_fault(void **state)
{
    (void)state;
    const struct route *route = NULL;
    struct pasar_buf segment = {0};
    static const char *const bad[] = {"/api/products/%zz", "/api/products/%0", "/api/products/%00", "/api/products/%ff",
                                      "/api/products/a%",  "/nowhere%zz",      "/api/products/%c3"};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++)
        assert_int_equal(find(bad[i], &route, &segment), ROUTER_BAD_PATH);
    pasar_buf_fini(&segment);
}

static void test_router__methods_have_names(void **state)
{
    (void)state;
    assert_int_equal(router_method("GET"), METHOD_GET);
    assert_int_equal(router_method("get"), METHOD_OTHER);
    assert_int_equal(router_method("POSTX"), METHOD_OTHER);
    for (size_t i = 0; i < route_count; i++)
        assert_string_equal(router_allow(&routes[i]),
                            routes[i].methods & METHOD_POST ? "POST, OPTIONS" : "GET, HEAD, OPTIONS");
}

static void test_router__required_parameters_are_accepted_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        assert_int_equal(routes[i].required & ~routes[i].accepted, 0);
        assert_true((routes[i].accepted & PARAM_BIT(PARAM_LIMIT)) || routes[i].default_limit == 0);
        assert_non_null(routes[i].handler);
    }
}

static void test_router__openapi_names_every_route_and_parameter(void **state)
{
    (void)state;
    struct pasar_buf buf = {0};
    char text[200];
    openapi_write(&buf, routes, route_count, 1000);
    const char *json = pasar_buf_cstr(&buf);
    for (size_t i = 0; i < route_count; i++) {
        snprintf(text, sizeof text, "\"%s\":{\"%s\"", routes[i].pattern,
                 routes[i].methods & METHOD_POST ? "post" : "get");
        assert_non_null(strstr(json, text));
        if (routes[i].schema) {
            snprintf(text, sizeof text, "\"%s\":{\"type\":", routes[i].schema);
            assert_non_null(strstr(json, text));
        }
    }
    for (int p = 0; p < PARAMS; p++) {
        snprintf(text, sizeof text, "\"name\":\"%s\"", param_specs[p].name);
        assert_non_null(strstr(json, text));
    }
    pasar_buf_fini(&buf);
}

/* Walks the document; each "$ref" leads to something, each schema names what it requires. */
static void follow(json_t *root, json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) follow(root, item);
        return;
    }
    const char *ref = json_string_value(json_object_get(value, "$ref"));
    if (ref) {
        char name[100], *save = NULL;
        json_t *at = root;
        assert_true(strncmp(ref, "#/", 2) == 0 && strlen(ref) < sizeof name);
        strcpy(name, ref + 2);
        for (char *part = strtok_r(name, "/", &save); part; part = strtok_r(NULL, "/", &save))
            at = json_object_get(at, part);
        if (!at)
            fail_msg("%s leads nowhere", ref);
    }
    json_t *required = json_object_get(value, "required");
    if (json_is_array(required) && json_object_get(value, "properties")) {
        json_array_foreach(required, i, item)
            assert_non_null(json_object_get(json_object_get(value, "properties"), json_string_value(item)));
    }
    json_object_foreach(value, key, item) follow(root, item);
}

static void test_router__openapi_is_whole(void **state)
{
    (void)state;
    struct pasar_buf buf = {0};
    json_error_t error;
    openapi_write(&buf, routes, route_count, 1000);
    json_t *root = json_loadb(buf.data, buf.len, JSON_REJECT_DUPLICATES, &error), *methods, *operation;
    const char *path, *method, *name;
    if (!root)
        fail_msg("%s: %.60s", error.text, buf.data + error.position);
    follow(root, root);
    json_object_foreach(json_object_get(root, "paths"), path, methods) json_object_foreach(methods, method, operation)
    {
        json_t *responses = json_object_get(operation, "responses"), *ok = json_object_get(responses, "200");
        assert_non_null(json_object_get(ok, "content"));
        assert_non_null(json_object_get(json_object_get(ok, "headers"), "X-Request-Id"));
        for (const char *const *code = (const char *const[]){"400", "405", "503", NULL}; *code; code++)
            assert_non_null(json_object_get(responses, *code));
        assert_true((strcmp(method, "post") == 0) == (json_object_get(responses, "415") != NULL));
        assert_true((strcmp(method, "post") == 0) == (json_object_get(operation, "requestBody") != NULL));
    }
    json_t *schema;
    json_object_foreach(json_object_get(json_object_get(root, "components"), "schemas"), name, schema)
    {
        if (json_object_get(schema, "properties") && json_array_size(json_object_get(schema, "required")) == 0)
            fail_msg("%s requires nothing", name);
    }
    json_decref(root);
    pasar_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_router__fixed_paths_match_exactly),
        cmocka_unit_test(test_router__a_part_is_decoded),
        cmocka_unit_test(test_router__broken_escapes_are_the_clients_fault),
        cmocka_unit_test(test_router__methods_have_names),
        cmocka_unit_test(test_router__required_parameters_are_accepted_ones),
        cmocka_unit_test(test_router__openapi_names_every_route_and_parameter),
        cmocka_unit_test(test_router__openapi_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
