/* CSV reading and writing beyond what the golden folders show: limits, failures, round trips. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"
#include "pasar/csv.h"

struct bytes {
    const char *data;
    size_t len, pos, chunk;
    int fail_at; /* errno when pos is reached, 0 = end of input */
    uint64_t handed_out;
};

static ssize_t read_bytes(void *ctx, void *to, size_t len)
{
    struct bytes *b = ctx;
    size_t n = b->len - b->pos;

    if (n == 0 && b->fail_at != 0) {
        errno = b->fail_at;
        return -1;
    }
    n = n < len ? n : len;
    n = b->chunk > 0 && n > b->chunk ? b->chunk : n;
    memcpy(to, b->data + b->pos, n);
    b->pos += n;
    return (ssize_t)n;
}

static enum pasar_csv_result next(struct pasar_csv_reader *reader, struct pasar_csv_row *row)
{
    struct pasar_err err = PASAR_ERR_INIT;
    const char *reason;

    return pasar_csv_reader_next(reader, row, &reason, &err);
}

static void test_csv__what_is_written_reads_back_the_same(void **state)
{
    struct gen gen;
    struct pasar_buf buf = {0};

    (void)state;
    gen_init(&gen, 1);
    for (int round = 0; round < 300; round++) {
        static char text[20][GEN_TEXT_MAX];
        size_t len[20], count = 2 + gen_below(&gen, 18);
        struct pasar_csv_row row;

        pasar_buf_reset(&buf);
        for (size_t i = 0; i < count; i++) {
            len[i] = gen_text(&gen, text[i], GEN_TEXT_MAX);
            pasar_csv_add_field(&buf, i, text[i], len[i]);
        }
        pasar_csv_end_row(&buf);
        assert_false(buf.failed);
        struct bytes input = {.data = buf.data, .len = buf.len, .chunk = 1 + gen_below(&gen, 50)};
        struct pasar_csv_reader *reader = pasar_csv_reader_new(read_bytes, &input, 1 << 20);
        assert_int_equal(next(reader, &row), PASAR_CSV_ROW);
        assert_int_equal(row.field_count, count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(row.fields[i].len, len[i]);
            assert_memory_equal(row.fields[i].data, text[i], len[i]);
        }
        assert_int_equal(next(reader, &row), PASAR_CSV_END);
        assert_int_equal(pasar_csv_reader_offset(reader), buf.len);
        pasar_csv_reader_free(reader);
    }
    pasar_buf_fini(&buf);
}

static void test_csv__writer_quotes_only_where_needed(void **state)
{
    struct pasar_buf buf = {0};
    static const char *const fields[] = {"plain", "", "a b", "a,b", " a", "a\t", "\"", "a\nb", "\xef\xbb\xbf", "'x'"};

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(fields); i++)
        pasar_csv_add_field(&buf, i, fields[i], strlen(fields[i]));
    pasar_csv_end_row(&buf);
    assert_string_equal(pasar_buf_cstr(&buf),
                        "plain,,a b,\"a,b\",\" a\",\"a\t\",\"\"\"\",\"a\nb\",\"\xef\xbb\xbf\",'x'\n");
    pasar_buf_fini(&buf);
}

static void test_csv__read_failure_is_an_error_not_the_end(void **state)
{
    struct bytes input = {.data = "a,b\n1,2", .len = 7, .fail_at = EIO};
    struct pasar_csv_reader *reader = pasar_csv_reader_new(read_bytes, &input, 100);
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_csv_row row;
    const char *reason;

    (void)state;
    assert_int_equal(pasar_csv_reader_next(reader, &row, &reason, &err), PASAR_CSV_ROW);
    assert_int_equal(pasar_csv_reader_next(reader, &row, &reason, &err), PASAR_CSV_ERROR);
    assert_int_equal(err.code, PASAR_EIO);
    assert_non_null(strstr(err.msg, strerror(EIO)));
    pasar_csv_reader_free(reader);
}

static ssize_t read_endless_quote(void *ctx, void *to, size_t len)
{
    struct bytes *b = ctx;
    size_t left = (size_t)(b->len - b->handed_out);
    size_t n = len < left ? len : left;

    memset(to, 'x', n);
    if (b->handed_out == 0 && n > 0)
        memcpy(to, "\"", 1);
    b->handed_out += n;
    return (ssize_t)n;
}

static void test_csv__an_endless_quote_does_not_take_endless_memory(void **state)
{
    struct bytes input = {.len = 64 << 20};
    struct pasar_csv_reader *reader = pasar_csv_reader_new(read_endless_quote, &input, 1 << 16);
    struct pasar_csv_row row;

    (void)state;
    assert_int_equal(next(reader, &row), PASAR_CSV_BAD);
    assert_true(row.raw_len <= (1 << 16) + 2);
    assert_true(input.handed_out < 1 << 20); /* nothing like all of it was needed to tell */
    assert_int_equal(next(reader, &row), PASAR_CSV_END);
    assert_int_equal(pasar_csv_reader_offset(reader), 64 << 20);
    pasar_csv_reader_free(reader);
}

/* Lines that leave a quote open, so that each record reaches far; going on after a bad one must not take a look at all
 * that follows per line (then this would be 100 GB of scanning, and the test's time would run out). */
static void test_csv__hostile_quotes_take_linear_time(void **state)
{
    static const char *const lines[] = {"x\",\",\n", "\"x\n",        "x,\"\"\"\n",
                                        "\"\"x\n",   "x,\"\"\"\"\n", "\"x\",\"\"\"\n"};
    const size_t line_count = 400000, max = 1 << 18;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(lines); i++) {
        struct pasar_buf data = {0};
        struct pasar_csv_row row;
        enum pasar_csv_result result;
        uint64_t end = 0;

        for (size_t k = 0; k < line_count; k++)
            pasar_buf_adds(&data, lines[i]);
        struct bytes input = {.data = data.data, .len = data.len};
        struct pasar_csv_reader *reader = pasar_csv_reader_new(read_bytes, &input, max);
        while ((result = next(reader, &row)) == PASAR_CSV_BAD || result == PASAR_CSV_ROW) {
            assert_true(row.offset >= end); /* always forwards */
            end = row.offset + row.raw_len;
        }
        assert_int_equal(result, PASAR_CSV_END);
        assert_int_equal(pasar_csv_reader_offset(reader), data.len);
        pasar_csv_reader_free(reader);
        pasar_buf_fini(&data);
    }
}

static void test_csv__many_fields_are_refused_beyond_the_limit(void **state)
{
    char *data = malloc(PASAR_CSV_FIELDS_MAX * 3);
    struct pasar_csv_row row;

    (void)state;
    memset(data, ',', PASAR_CSV_FIELDS_MAX - 1);
    data[PASAR_CSV_FIELDS_MAX - 1] = '\n';
    memset(data + PASAR_CSV_FIELDS_MAX, ',', PASAR_CSV_FIELDS_MAX);
    data[PASAR_CSV_FIELDS_MAX * 2] = '\n';
    struct bytes input = {.data = data, .len = PASAR_CSV_FIELDS_MAX * 2 + 1};
    struct pasar_csv_reader *reader = pasar_csv_reader_new(read_bytes, &input, 1 << 20);
    assert_int_equal(next(reader, &row), PASAR_CSV_ROW);
    assert_int_equal(row.field_count, PASAR_CSV_FIELDS_MAX);
    assert_int_equal(next(reader, &row), PASAR_CSV_BAD);
    assert_int_equal(next(reader, &row), PASAR_CSV_END);
    pasar_csv_reader_free(reader);
    free(data);
}

static void test_csv__records_longer_than_the_window_are_read(void **state)
{
    const size_t len = 3 << 20;
    char *data = malloc(len + 20);
    struct pasar_csv_row row;

    (void)state;
    memset(data, 'y', len + 20);
    memcpy(data, "a,\"", 3);
    memcpy(data + len, "\",z\nlast,1\n", 11);
    struct bytes input = {.data = data, .len = len + 11, .chunk = 100000};
    struct pasar_csv_reader *reader = pasar_csv_reader_new(read_bytes, &input, 4 << 20);
    assert_int_equal(next(reader, &row), PASAR_CSV_ROW);
    assert_int_equal(row.field_count, 3);
    assert_int_equal(row.fields[1].len, len - 3);
    assert_int_equal(next(reader, &row), PASAR_CSV_ROW);
    assert_int_equal(row.line, 2);
    assert_int_equal(row.offset, len + 4);
    pasar_csv_reader_free(reader);
    free(data);
}

/* The grammar of RFC 3629, section 4, written down a second time and in another way. */
static bool is_utf8_by_value(const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = p[i] < 0x80 ? 1 : p[i] >> 5 == 6 ? 2 : p[i] >> 4 == 14 ? 3 : p[i] >> 3 == 30 ? 4 : 0;
        if (n == 0 || i + n > len)
            return false;
        uint32_t c = n == 1 ? p[i] : p[i] & (0xffu >> (n + 1));
        for (size_t k = 1; k < n; k++) {
            if (p[i + k] >> 6 != 2)
                return false;
            c = c << 6 | (p[i + k] & 0x3f);
        }
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
            return false;
        i += n;
    }
    return true;
}

static void test_csv__utf8_is_told_from_what_is_not(void **state)
{
    struct gen gen;
    char text[64];

    (void)state;
    for (uint32_t word = 0; word < 1u << 24; word += 37) { /* three bytes, in front of ASCII and alone */
        char bytes[20] = {(char)(word >> 16), (char)(word >> 8), (char)word, 'a'};
        memset(bytes + 4, 'a', sizeof bytes - 4);
        bool expected = is_utf8_by_value((const unsigned char *)bytes, sizeof bytes);
        if (pasar_csv_is_utf8(bytes, sizeof bytes) != expected ||
            pasar_csv_is_utf8(bytes, 3) != is_utf8_by_value((const unsigned char *)bytes, 3))
            fail_msg("bytes %06x", word);
    }
    gen_init(&gen, 3);
    for (int round = 0; round < 200000; round++) { /* longer text with one byte changed */
        size_t len = gen_text(&gen, text, sizeof text);
        if (len > 0 && round % 2 == 0)
            text[gen_below(&gen, len)] = (char)gen_below(&gen, 256);
        assert_int_equal(pasar_csv_is_utf8(text, len), is_utf8_by_value((const unsigned char *)text, len));
        size_t prefix = pasar_csv_utf8_prefix(text, len);
        assert_true(prefix <= len && is_utf8_by_value((const unsigned char *)text, prefix));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv__what_is_written_reads_back_the_same),
        cmocka_unit_test(test_csv__writer_quotes_only_where_needed),
        cmocka_unit_test(test_csv__read_failure_is_an_error_not_the_end),
        cmocka_unit_test(test_csv__an_endless_quote_does_not_take_endless_memory),
        cmocka_unit_test(test_csv__hostile_quotes_take_linear_time),
        cmocka_unit_test(test_csv__many_fields_are_refused_beyond_the_limit),
        cmocka_unit_test(test_csv__records_longer_than_the_window_are_read),
        cmocka_unit_test(test_csv__utf8_is_told_from_what_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
