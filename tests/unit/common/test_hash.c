/* Checksums against published vectors, digests against their promises. */
#include "scratch.h"

#include "pasar/hash.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

/* FIPS 180-4 examples. */
static const char abc_sha[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char empty_sha[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void test_hash__sha256_matches_the_standard(void **state)
{
    char hex[PASAR_SHA256_HEX + 1];

    (void)state;
    pasar_sha256_bytes("abc", 3, hex);
    assert_string_equal(hex, abc_sha);
    pasar_sha256_bytes("", 0, hex);
    assert_string_equal(hex, empty_sha);
    struct pasar_sha256 *sha = pasar_sha256_new();
    pasar_sha256_add(sha, "a", 1);
    pasar_sha256_add(sha, "", 0);
    pasar_sha256_add(sha, "bc", 2);
    pasar_sha256_finish(sha, hex);
    assert_string_equal(hex, abc_sha);
}

static void test_hash__files_of_any_length(void **state)
{
    char *dir = scratch_new(), hex[PASAR_SHA256_HEX + 1], expected[PASAR_SHA256_HEX + 1];
    struct pasar_err err = PASAR_ERR_INIT;
    uint64_t size = 0;
    size_t len = 200001;
    char *bytes = malloc(len);

    (void)state;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 7);
    scratch_write(scratch_path(dir, "x"), bytes, len);
    pasar_sha256_bytes(bytes, len, expected);
    assert_int_equal(pasar_sha256_file(scratch_path(dir, "x"), hex, &err), 0);
    assert_string_equal(hex, expected);
    int fd = open(scratch_path(dir, "x"), O_RDONLY);
    assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
    assert_int_equal(pasar_sha256_fd(fd, "x", hex, &size, &err), 0);
    assert_string_equal(hex, expected);
    assert_int_equal(size, len);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 5);
    close(fd);
    assert_int_equal(pasar_sha256_file(scratch_path(dir, "none"), hex, &err), -1);
    assert_int_equal(err.code, PASAR_ENOINPUT);
    assert_non_null(strstr(err.msg, "none"));
    pasar_err_clear(&err);
    assert_int_equal(pasar_sha256_file(dir, hex, &err), -1);
    assert_int_equal(err.code, PASAR_EIO);
    free(bytes);
    scratch_remove(dir);
}

static void test_hash__row_digest_depends_on_row_and_value(void **state)
{
    (void)state;
    uint64_t a = pasar_hash_row(1, "{}", 2);
    assert_true(a == pasar_hash_row(1, "{}", 2));
    assert_true(a != pasar_hash_row(2, "{}", 2));
    assert_true(a != pasar_hash_row(1, "{ }", 3));
    /* A run's digest must mean the same tomorrow: XXH3 is frozen since xxHash 0.8.0. */
    assert_true(pasar_hash64("", 0) == 0x2D06800538D394C2);
    assert_true(pasar_hash_row(0, "abc", 3) == pasar_hash64("abc", 3));
}

#ifdef __x86_64__
/* Whether the processor can say which registers are in use (Intel SDM vol. 1, 13.6: XGETBV with ECX = 1). */
static bool tells_use(void)
{
    unsigned a, b, c, d;
    return __builtin_cpu_supports("avx") && __get_cpuid_count(13, 1, &a, &b, &c, &d) && (a & 1U << 2);
}

/* Whether upper halves of vector registers are: those of YMM (bit 2) or ZMM (bit 6). */
__attribute__((target("xsave"))) static bool uses_upper_halves(void)
{
    return (_xgetbv(1) & (1U << 2 | 1U << 6)) != 0;
}

__attribute__((target("avx"))) static void clear_upper_halves(void)
{
    _mm256_zeroupper();
}

/* In use, they make the processor slow at whatever comes next. */
static void test_hash__leaves_the_vector_registers_clean(void **state)
{
    static char bytes[5000];

    (void)state;
    if (!tells_use())
        skip();
    for (size_t len = 0; len <= sizeof bytes; len += 100) {
        clear_upper_halves();
        if (uses_upper_halves())
            skip(); /* a processor that does not keep count */
        (void)pasar_hash64(bytes, len);
        assert_false(uses_upper_halves());
        (void)pasar_hash_row(len, bytes, len);
        assert_false(uses_upper_halves());
    }
}
#else
static void test_hash__leaves_the_vector_registers_clean(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash__sha256_matches_the_standard),
        cmocka_unit_test(test_hash__files_of_any_length),
        cmocka_unit_test(test_hash__row_digest_depends_on_row_and_value),
        cmocka_unit_test(test_hash__leaves_the_vector_registers_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
