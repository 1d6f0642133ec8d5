/* inputid: every byte counts, in the same way whichever thread has read it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "pasar/hash.h"
#include "producer/inputid.h"

enum { BLOCK = 64 * 1024, WINDOW = 1024 * BLOCK };

struct fixture {
    char path[64];
    FILE *file;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    snprintf(f->path, sizeof(f->path), "/tmp/pasar-inputid-%d", (int)getpid());
    f->file = fopen(f->path, "w+");
    *state = f;
    return f->file != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    fclose(f->file);
    remove(f->path);
    free(f);
    return 0;
}

/* A file of that many bytes, all 0 but one. */
static void make(struct fixture *f, off_t size, off_t at, char byte)
{
    assert_int_equal(ftruncate(fileno(f->file), 0), 0);
    assert_int_equal(ftruncate(fileno(f->file), size), 0);
    if (at < size)
        assert_int_equal(pwrite(fileno(f->file), &byte, 1, at), 1);
}

static uint64_t hash_of(struct fixture *f, off_t size)
{
    struct pasar_err err = PASAR_ERR_INIT;
    char *files[] = {f->path};
    struct inputid id;

    assert_int_equal(inputid_of(&id, files, 1, &err), 0);
    assert_true(id.is_repeatable);
    assert_int_equal(id.bytes, size);
    return id.hash;
}

static uint64_t mix(uint64_t hash, uint64_t more)
{
    uint64_t pair[2] = {hash, more};

    return pasar_hash64(pair, sizeof(pair));
}

/* The definition: size first, then block after block. */
static uint64_t expected(struct fixture *f, off_t size)
{
    static char block[BLOCK];
    uint64_t hash = mix(0, (uint64_t)size);
    ssize_t n;

    for (off_t at = 0; (n = pread(fileno(f->file), block, BLOCK, at)) > 0; at += n)
        hash = mix(hash, pasar_hash64(block, (size_t)n));
    return hash;
}

static void test_inputid__is_defined_block_by_block(void **state)
{
    static const off_t sizes[] = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 7 * BLOCK + 5, WINDOW - 1, WINDOW, WINDOW + 1};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        make(f, sizes[i], sizes[i] / 2, 'x');
        assert_int_equal(hash_of(f, sizes[i]), expected(f, sizes[i]));
    }
}

static void test_inputid__every_byte_counts(void **state)
{
    static const off_t places[] = {0, BLOCK - 1, BLOCK, 512 * BLOCK, WINDOW - 1, WINDOW, WINDOW + BLOCK};
    const off_t size = WINDOW + BLOCK + 1;
    struct fixture *f = *state;
    uint64_t before;

    make(f, size, size, 0);
    before = hash_of(f, size);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        make(f, size, places[i], 'x');
        assert_int_not_equal(hash_of(f, size), before);
    }
}

/* Writes a second file beside the first; its path. */
static char *write_other(const struct fixture *f, const char *text)
{
    static char path[72];
    FILE *file;

    snprintf(path, sizeof(path), "%s.2", f->path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void test_inputid__is_of_the_bytes_not_the_names(void **state)
{
    struct fixture *f = *state;
    char *other = write_other(f, "x\n1\n"), *both[] = {f->path, other}, *swapped[] = {other, f->path};
    struct pasar_err err = PASAR_ERR_INIT;
    struct inputid one, two;

    assert_int_equal(write(fileno(f->file), "x\n1\n", 4), 4);
    assert_int_equal(inputid_of(&one, both, 1, &err), 0);
    assert_int_equal(inputid_of(&two, swapped, 1, &err), 0);
    assert_int_equal(one.bytes, 4);
    assert_int_equal(one.hash, two.hash);
    assert_int_equal(inputid_of(&two, both, 2, &err), 0);
    assert_int_not_equal(one.hash, two.hash);
    write_other(f, "x\n2\n");
    assert_int_equal(inputid_of(&one, both, 2, &err), 0);
    assert_int_equal(inputid_of(&two, swapped, 2, &err), 0);
    assert_int_not_equal(one.hash, two.hash);
    unlink(other);
}

static void test_inputid__streams_cannot_be_repeated(void **state)
{
    char name[] = "-", null_device[] = "/dev/null", missing_file[] = "/nonexistent/x.csv";
    char *stream[] = {name}, *device[] = {null_device}, *missing[] = {missing_file};
    struct pasar_err err = PASAR_ERR_INIT;
    struct inputid id;

    (void)state;
    assert_int_equal(inputid_of(&id, stream, 1, &err), 0);
    assert_false(id.is_repeatable);
    assert_int_equal(inputid_of(&id, device, 1, &err), 0);
    assert_false(id.is_repeatable);
    assert_int_equal(inputid_of(&id, missing, 1, &err), -1);
    assert_int_equal(err.code, PASAR_ENOINPUT);
    assert_non_null(strstr(err.msg, missing_file));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_inputid__is_defined_block_by_block),
        TEST(test_inputid__every_byte_counts),
        TEST(test_inputid__is_of_the_bytes_not_the_names),
        TEST(test_inputid__streams_cannot_be_repeated),
    };

    return cmocka_run_group_tests_name("inputid", tests, NULL, NULL);
}
