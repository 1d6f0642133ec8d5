/* Columns in a temporary file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <stdio.h>
#include <unistd.h>

#include "pasar/attrs.h"
#include "trainer/spill.h"

enum { PAGES = 512 };

static void grow(struct spill *spill, size_t bytes)
{
    struct pasar_err err = PASAR_ERR_INIT;
    if (spill_grow(spill, bytes, &err) != 0)
        fail_msg("%s", err.msg);
    assert_true(spill->bytes == bytes);
}

static void write_numbers(const struct spill *spill, size_t from)
{
    uint32_t *numbers = spill->data;
    for (size_t i = from / sizeof *numbers; i < spill->bytes / sizeof *numbers; i++)
        numbers[i] = (uint32_t)(i * 2654435761u);
}

static void assert_numbers(const struct spill *spill, size_t bytes)
{
    const uint32_t *numbers = spill->data;
    for (size_t i = 0; i < bytes / sizeof *numbers; i++)
        assert_int_equal(numbers[i], (uint32_t)(i * 2654435761u));
}

static void test_spill__keeps_what_is_in_it_when_it_grows_and_when_it_is_released(void **state)
{
    (void)state;
    static const size_t sizes[] = {4096, SPILL_ABOVE, SPILL_ABOVE + 4096, 3 * SPILL_ABOVE, 8 * SPILL_ABOVE};
    struct spill spill = {0};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(sizes); i++) {
        size_t before = spill.bytes;
        grow(&spill, sizes[i]);
        assert_int_equal(spill.is_mapped, sizes[i] > SPILL_ABOVE);
        write_numbers(&spill, before);
        assert_numbers(&spill, spill.bytes);
        spill_release(&spill, 100, spill.bytes / 2 + 7);
        spill_release(&spill, 0, SIZE_MAX);
        assert_numbers(&spill, spill.bytes);
    }
    spill_free(&spill);
    assert_null(spill.data);
}

static void test_spill__gives_its_pages_back(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct spill spill = {0};
    grow(&spill, PAGES * page);
    write_numbers(&spill, 0);
    spill_release(&spill, 0, spill.bytes);
    /* Nothing of the mapping is in this process' memory now: its page tables say so. */
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512];
    unsigned long long begin = 0, end = 0, rss_kib = 1;
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long long from, to;
        if (sscanf(line, "%llx-%llx ", &from, &to) == 2) {
            begin = from;
            end = to;
        } else if (begin == (uintptr_t)spill.data && end > begin && sscanf(line, "Rss: %llu", &rss_kib) == 1) {
            break;
        }
    }
    if (maps)
        fclose(maps);
    assert_int_equal(rss_kib, 0);
    spill_free(&spill);
}

static void test_spill__stays_on_the_heap_where_no_file_can_be_had(void **state)
{
    (void)state;
    struct spill spill = {0};
    setenv("TMPDIR", "/nonexistent", 1);
    grow(&spill, 4 * SPILL_ABOVE);
    unsetenv("TMPDIR");
    assert_false(spill.is_mapped);
    write_numbers(&spill, 0);
    spill_release(&spill, 0, spill.bytes);
    assert_numbers(&spill, spill.bytes);
    grow(&spill, 5 * SPILL_ABOVE); /* and moves into one that can */
    assert_true(spill.is_mapped);
    assert_numbers(&spill, 4 * SPILL_ABOVE);
    spill_free(&spill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spill__keeps_what_is_in_it_when_it_grows_and_when_it_is_released),
        cmocka_unit_test(test_spill__gives_its_pages_back),
        cmocka_unit_test(test_spill__stays_on_the_heap_where_no_file_can_be_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
