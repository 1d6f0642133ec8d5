/* What a client may have meant. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/relax.h"
#include "api/suggest.h"
#include "support.h"

enum { MANY = 9000 };

static struct snapshot snapshot;

static int setup(void **state)
{
    (void)state;
    static const char *const paths[] = {"K",
                                        "Electronics|TV|SmartTelevisions",
                                        "Electronics|TV|Kebab",
                                        "Electronics|Wearables|SmartWatches",
                                        "Food|Kebabs",
                                        "Car&Motorbike"};
    struct pasar_err err = PASAR_ERR_INIT;
    const uint64_t model_rows[PASAR_MODELS] = {MANY / 3, MANY / 3 * 2, MANY};
    if (catalog_init(&snapshot.catalog, &err) != 0)
        return -1;
    for (int i = 0; i < MANY; i++) {
        char id[16];
        struct row row = {id, "name", paths[i % (int)PASAR_ARRAY_LEN(paths)], "", 1, 3, 1, 0};
        snprintf(id, sizeof id, "%s%04d", i % 2 ? "B0" : "c0", i);
        if (support_add(&snapshot.catalog, &row, model_rows) != 0)
            return -1;
    }
    return catalog_finish(&snapshot.catalog, &err);
}

static int teardown(void **state)
{
    (void)state;
    catalog_fini(&snapshot.catalog);
    return 0;
}

static void expect_ids(const char *text, int model, const char *want)
{
    struct pasar_buf buf = {0};
    suggest_ids(&buf, &snapshot, model, text, strlen(text));
    assert_memory_equal(pasar_buf_cstr(&buf), want, strlen(want));
    pasar_buf_fini(&buf);
}

static void test_suggest__ids_that_begin_alike_wherever_they_stand(void **state)
{
    (void)state;
    expect_ids("B08999x", 3, "[\"B08999\",\"B0899");
    expect_ids("b08999x", 3, "[\"B08999\",");
    expect_ids("C08998", 3, "[\"c08998\",");
    expect_ids("B00001", 3, "[\"B00001\",");
    expect_ids("B02999x", 1, "[\"B02999\"");
    expect_ids("B08999x", 1, "[]");
}

static void test_suggest__any_text_will_do(void **state)
{
    (void)state;
    expect_ids("", 3, "[]");
    expect_ids("zzz", 3, "[]");
    expect_ids("\xf0\x9f\x98\x80", 3, "[]");
    char text[3000];
    memset(text, 'B', sizeof text);
    text[sizeof text - 1] = '\0';
    expect_ids(text, 3, "[]");
}

static void expect_categories(const char *text, const char *want)
{
    struct relax_name names[RELAX_NAMES_MAX];
    struct pasar_buf buf = {0};
    size_t n = relax_categories(&snapshot.catalog, &snapshot.catalog.views[2], text, strlen(text), names);
    for (size_t i = 0; i < n; i++)
        pasar_buf_printf(&buf, "%.*s:%u ", (int)names[i].len, names[i].text, names[i].distance);
    pasar_buf_adds(&buf, ".");
    assert_string_equal(pasar_buf_cstr(&buf), want);
    pasar_buf_fini(&buf);
}

static void test_suggest__categories_that_are_written_alike(void **state)
{
    (void)state;
    expect_categories("Kebabs", "Kebabs:0 Kebab:1 .");
    expect_categories("electroniks", "Electronics:1 .");
    expect_categories("smart tv", "SmartTelevisions:9 SmartWatches:6 .");
    expect_categories("car & motor bike", "Car&Motorbike:0 .");
    expect_categories("zzqqzz", ".");
    expect_categories("", ".");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suggest__ids_that_begin_alike_wherever_they_stand),
        cmocka_unit_test(test_suggest__any_text_will_do),
        cmocka_unit_test(test_suggest__categories_that_are_written_alike),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
