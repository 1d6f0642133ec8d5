/* meta: what a directory belongs to. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "consumer/meta.h"

static char dir[64];

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/pasar-meta-XXXXXX");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command);
}

static void assert_refused(const char *cluster, const char *topic, const char *group, const char *words)
{
    char id[META_ID_LEN + 1];
    struct meta meta = {cluster, topic, group};
    struct pasar_err err = PASAR_ERR_INIT;

    assert_int_equal(meta_claim(dir, &meta, id, NULL, &err), -1);
    assert_int_equal(err.code, PASAR_EDATA);
    assert_non_null(strstr(err.msg, words));
}

static void test_meta__the_first_claim_decides(void **state)
{
    char id[META_ID_LEN + 1];
    struct meta meta = {"c1", "t1", "g1"};
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_int_equal(meta_claim(dir, &meta, id, NULL, &err), 0);
    assert_int_equal(meta_claim(dir, &meta, id, NULL, &err), 0);
    assert_refused("c2", "t1", "g1", "cluster_id c1, not to c2");
    assert_refused("c1", "t2", "g1", "topic t1, not to t2");
    assert_refused("c1", "t1", "g2", "group g1, not to g2");
}

static void test_meta__the_directory_keeps_its_id(void **state)
{
    char first[META_ID_LEN + 1], again[META_ID_LEN + 1], other[META_ID_LEN + 1], path[128];
    struct meta meta = {"c1", "t1", "g1"};
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    assert_int_equal(meta_claim(dir, &meta, first, NULL, &err), 0);
    assert_int_equal(meta_claim(dir, &meta, again, NULL, &err), 0);
    assert_string_equal(first, again);
    assert_int_equal(strlen(first), META_ID_LEN);
    snprintf(path, sizeof(path), "%s/" META_FILE, dir);
    assert_int_equal(remove(path), 0);
    assert_int_equal(meta_claim(dir, &meta, other, NULL, &err), 0);
    assert_string_not_equal(first, other);
}

/* Claims for a cluster; the directory's cluster must then be `expected`. */
static void assert_claimed(const char *cluster, const char *expected, char id[META_ID_LEN + 1])
{
    struct meta meta = {cluster, "t1", "g1"};
    struct pasar_err err = PASAR_ERR_INIT;
    char *claimed = NULL;

    assert_int_equal(meta_claim(dir, &meta, id, &claimed, &err), 0);
    assert_string_equal(claimed, expected);
    free(claimed);
}

static void test_meta__an_unknown_cluster_id_is_filled_in_once_known(void **state)
{
    char first[META_ID_LEN + 1], later[META_ID_LEN + 1];

    (void)state;
    assert_claimed("", "", first);
    assert_claimed("", "", later);
    assert_claimed("c1", "c1", later);
    assert_string_equal(first, later);
    assert_refused("c2", "t1", "g1", "cluster_id c1, not to c2");
    assert_claimed("", "c1", later); /* a broker that tells none: the directory knows */
    assert_string_equal(first, later);
    assert_claimed("c1", "c1", later);
}

static void write_file(const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/" META_FILE, dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_meta__damage_and_other_formats_are_refused(void **state)
{
    (void)state;
    write_file("{");
    assert_refused("c", "t", "g", META_FILE);
    write_file("{\"format\":2,\"cluster_id\":\"c\",\"topic\":\"t\",\"group\":\"g\"}");
    assert_refused("c", "t", "g", "not of format 1");
    write_file("{\"format\":1,\"cluster_id\":\"c\",\"topic\":\"t\"}");
    assert_refused("c", "t", "g", "no \"group\"");
    write_file("{\"format\":1,\"cluster_id\":\"c\",\"topic\":\"t\",\"group\":\"g\"}");
    assert_refused("c", "t", "g", "no \"directory_id\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_meta__the_first_claim_decides),
        TEST(test_meta__the_directory_keeps_its_id),
        TEST(test_meta__an_unknown_cluster_id_is_filled_in_once_known),
        TEST(test_meta__damage_and_other_formats_are_refused),
    };

    return cmocka_run_group_tests_name("meta", tests, NULL, NULL);
}
