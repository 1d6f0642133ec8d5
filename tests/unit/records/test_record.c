/* The record's JSON and CSV forms, against jansson and against each other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "gen.h"
#include "pasar/clock.h"
#include "pasar/hash.h"
#include "pasar/record.h"

struct slot {
    const char *data;
    size_t len, pos;
};

static ssize_t read_slot(void *ctx, void *to, size_t len)
{
    struct slot *s = ctx;
    size_t n = s->len - s->pos < len ? s->len - s->pos : len;

    memcpy(to, s->data + s->pos, n);
    s->pos += n;
    return (ssize_t)n;
}

/* jansson writes \u00XX in upper case; ours is lower. */
static void lower_escapes(char *json)
{
    for (char *p = json; *p != '\0'; p++) {
        if (*p != '\\')
            continue;
        p++;
        if (*p == 'u')
            for (int i = 1; i <= 4; i++)
                p[i] = (char)tolower((unsigned char)p[i]);
    }
}

static void check_member(const json_t *root, const struct pasar_record *record, int column)
{
    const json_t *value = json_object_get(root, pasar_columns[column].name);

    assert_non_null(value);
    if (pasar_columns[column].is_number) {
        if (isnan(record->number[column]))
            assert_true(json_is_null(value));
        else
            assert_true(json_number_value(value) == record->number[column]);
    } else if (record->text[column].data == NULL) {
        assert_true(json_is_null(value));
    } else {
        assert_int_equal(json_string_length(value), record->text[column].len);
        assert_memory_equal(json_string_value(value), record->text[column].data, record->text[column].len);
    }
}

static void test_record__jansson_reads_what_is_written(void **state)
{
    struct pasar_buf buf = {0};
    struct pasar_record record;
    struct gen gen;

    (void)state;
    gen_init(&gen, 2);
    for (int round = 0; round < 2000; round++) {
        json_error_t why;
        char timestamp[PASAR_CLOCK_TEXT_LEN + 1];

        gen_record(&gen, &record);
        pasar_buf_reset(&buf);
        pasar_record_add_json(&buf, &record);
        json_t *root = json_loadb(buf.data, buf.len, JSON_REJECT_DUPLICATES, &why);
        assert_non_null(root);
        assert_int_equal(json_object_size(root), PASAR_COLUMNS + 1);
        for (int i = 0; i < PASAR_COLUMNS; i++)
            check_member(root, &record, i);
        pasar_clock_format(record.timestamp_us, timestamp);
        assert_string_equal(json_string_value(json_object_get(root, "timestamp")), timestamp);
        json_decref(root);
    }
    pasar_buf_fini(&buf);
}

/* A record with one text, to see that text as it is written. */
static void add_with_id(struct pasar_buf *buf, const char *id, size_t len)
{
    struct pasar_record record = {0};

    for (int i = 0; i < PASAR_COLUMNS; i++)
        record.number[i] = NAN;
    record.text[PASAR_COL_PRODUCT_ID] = (struct pasar_text){id, len};
    pasar_buf_reset(buf);
    pasar_record_add_json(buf, &record);
}

static void check_string(struct pasar_buf *buf, const char *text, size_t len)
{
    json_t *string = json_stringn(text, len);
    char *expected = json_dumps(string, JSON_ENCODE_ANY | JSON_COMPACT);
    static const char head[] = "{\"product_id\":";

    lower_escapes(expected);
    add_with_id(buf, text, len);
    assert_memory_equal(buf->data, head, sizeof head - 1);
    assert_memory_equal(buf->data + sizeof head - 1, expected, strlen(expected));
    assert_int_equal(buf->data[sizeof head - 1 + strlen(expected)], ',');
    free(expected);
    json_decref(string);
}

static void test_record__strings_are_written_as_jansson_does(void **state)
{
    struct pasar_buf buf = {0};
    struct gen gen;
    char text[GEN_TEXT_MAX];

    (void)state;
    for (int c = 1; c < 0x80; c++) { /* every ASCII character at every place of a block */
        for (size_t at = 0; at < 40; at++) {
            memset(text, 'a', 40);
            text[at] = (char)c;
            check_string(&buf, text, 40);
            check_string(&buf, text, at + 1);
        }
    }
    gen_init(&gen, 4);
    for (int round = 0; round < 5000; round++) {
        size_t len = gen_text(&gen, text, sizeof text);
        if (len > 0)
            check_string(&buf, text, len);
    }
    pasar_buf_fini(&buf);
}

static void test_record__json_and_csv_give_back_the_same_record_and_bytes(void **state)
{
    struct pasar_buf json = {0}, again = {0}, csv = {0}, scratch = {0};
    struct pasar_record_map map;
    struct pasar_csv_row row;
    struct pasar_err err = PASAR_ERR_INIT;
    const char *reason;
    struct gen gen;

    (void)state;
    gen_init(&gen, 5);
    for (int round = 0; round < 2000; round++) {
        struct pasar_record record, decoded = {0}, reread = {0};

        gen_record(&gen, &record);
        pasar_buf_reset(&json);
        pasar_record_add_json(&json, &record);
        assert_int_equal(pasar_record_from_json(&decoded, json.data, json.len, &scratch, &err), 0);
        assert_true(gen_equal(&record, &decoded));

        pasar_buf_reset(&csv);
        pasar_record_add_csv_header(&csv);
        pasar_record_add_csv(&csv, &decoded);
        struct slot slot = {csv.data, csv.len, 0};
        struct pasar_csv_reader *reader = pasar_csv_reader_new(read_slot, &slot, 1 << 20);
        assert_int_equal(pasar_csv_reader_next(reader, &row, &reason, &err), PASAR_CSV_ROW);
        assert_int_equal(pasar_record_map_header(&map, &row, &err), 0);
        assert_int_equal(pasar_csv_reader_next(reader, &row, &reason, &err), PASAR_CSV_ROW);
        assert_int_equal(pasar_record_from_csv(&reread, &map, &row, &err), 0);
        assert_true(gen_equal(&record, &reread));

        pasar_buf_reset(&again);
        pasar_record_add_json(&again, &reread);
        assert_int_equal(again.len, json.len);
        assert_memory_equal(again.data, json.data, json.len);
        assert_int_equal(pasar_hash_row(7, again.data, again.len), pasar_hash_row(7, json.data, json.len));
        pasar_csv_reader_free(reader);
    }
    pasar_buf_fini(&json);
    pasar_buf_fini(&again);
    pasar_buf_fini(&csv);
    pasar_buf_fini(&scratch);
}

static const char *const plain_values[PASAR_COLUMNS + 1] = {
    "\"B1\"",
    "\"n\"",
    "\"c\"",
    "1",
    "2",
    "3",
    "4",
    "5",
    "\"t\"",
    "\"u\"",
    "\"v\"",
    "\"r\"",
    "\"w\"",
    "\"x\"",
    "\"y\"",
    "\"z\"",
    "\"2026-01-31T23:59:59.123456Z\"",
};

static const char *member_name(int i)
{
    return i < PASAR_COLUMNS ? pasar_columns[i].name : "timestamp";
}

/* A message with member `changed` set to `value` (NULL: left out) and `tail` before the closing brace. */
static void message(struct pasar_buf *buf, int changed, const char *value, const char *tail)
{
    bool is_first = true;

    pasar_buf_reset(buf);
    pasar_buf_addc(buf, '{');
    for (int i = 0; i <= PASAR_COLUMNS; i++) {
        const char *shown = i == changed ? value : plain_values[i];
        if (shown == NULL)
            continue;
        pasar_buf_printf(buf, "%s\"%s\":%s", is_first ? "" : ",", member_name(i), shown);
        is_first = false;
    }
    pasar_buf_printf(buf, "%s}", tail);
}

static int decode(const struct pasar_buf *buf, struct pasar_record *record, struct pasar_err *err)
{
    static struct pasar_buf scratch;
    int rc;

    pasar_err_clear(err);
    char *copy = malloc(buf->len + 1); /* exactly as long as the text: reading past it shows under ASan */
    memcpy(copy, buf->data, buf->len);
    rc = pasar_record_from_json(record, copy, buf->len, &scratch, err);
    if (rc == 0 && record->text[PASAR_COL_PRODUCT_ID].data != NULL) {
        static char id[64];
        struct pasar_text *text = &record->text[PASAR_COL_PRODUCT_ID];
        assert_true(text->len < sizeof id);
        memcpy(id, text->data, text->len);
        text->data = id;
    }
    free(copy);
    pasar_buf_fini(&scratch);
    return rc;
}

static void test_record__json_of_others_is_read_too(void **state)
{
    static const struct {
        const char *value, *expected;
    } ids[] = {
        {"\"\\u0042\"", "B"},
        {"\"\\ud83d\\uDED2\"", "\xf0\x9f\x9b\x92"},
        {"\"\\u20b9\\u00e9\"", "\xe2\x82\xb9\xc3\xa9"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"plain then \\u0041 then plain\"", "plain then A then plain"},
        {"\"\xe2\x82\xb9\"", "\xe2\x82\xb9"},
        {"\"\\uffff\"", "\xef\xbf\xbf"},
    };
    struct pasar_buf buf = {0};
    struct pasar_record record;
    struct pasar_err err = PASAR_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(ids); i++) {
        message(&buf, PASAR_COL_PRODUCT_ID, ids[i].value, "");
        assert_int_equal(decode(&buf, &record, &err), 0);
        assert_int_equal(record.text[PASAR_COL_PRODUCT_ID].len, strlen(ids[i].expected));
        assert_memory_equal(record.text[PASAR_COL_PRODUCT_ID].data, ids[i].expected, strlen(ids[i].expected));
    }
    static const char *const accepted_tails[] = {",\"later\":null",
                                                 ",\"a\":1.5e-3 , \"b\" : \"x\",\"c\":true,\"d\":false", "\n\t\r ",
                                                 ",\"later\":1,\"later\":2"};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(accepted_tails); i++) {
        message(&buf, -1, NULL, accepted_tails[i]);
        assert_int_equal(decode(&buf, &record, &err), 0);
    }
    static const char *const numbers[] = {"4", "4.0", "40e-1", "0.4E+1", "4.000000000000000000000"};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(numbers); i++) {
        message(&buf, PASAR_COL_RATING, numbers[i], "");
        assert_int_equal(decode(&buf, &record, &err), 0);
        assert_true(record.number[PASAR_COL_RATING] == 4);
    }
    message(&buf, PASAR_COL_RATING, "-0", "");
    assert_int_equal(decode(&buf, &record, &err), 0);
    assert_false(signbit(record.number[PASAR_COL_RATING]));
    message(&buf, PASAR_COL_USER_NAME, "\"\"", "");
    assert_int_equal(decode(&buf, &record, &err), 0);
    assert_null(record.text[PASAR_COL_USER_NAME].data);

    /* Members in the opposite order, with blanks everywhere. */
    pasar_buf_reset(&buf);
    pasar_buf_adds(&buf, " \n{ ");
    for (int i = PASAR_COLUMNS; i >= 0; i--)
        pasar_buf_printf(&buf, "\t\"%s\" :\r\n %s %s", member_name(i), plain_values[i], i > 0 ? ", " : "} ");
    assert_int_equal(decode(&buf, &record, &err), 0);
    assert_int_equal(record.timestamp_us, INT64_C(1769903999123456));
    pasar_buf_fini(&buf);
}

static void check_refused(const struct pasar_buf *buf, const char *reason)
{
    struct pasar_record record;
    struct pasar_err err = PASAR_ERR_INIT;

    if (decode(buf, &record, &err) == 0)
        fail_msg("accepted: %.*s", (int)buf->len, buf->data);
    assert_int_equal(err.code, PASAR_EDATA);
    if (strstr(err.msg, reason) == NULL)
        fail_msg("%.*s: '%s' instead of '%s'", (int)buf->len, buf->data, err.msg, reason);
}

static void test_record__what_is_no_record_is_refused_with_a_reason(void **state)
{
    static const struct {
        int column;
        const char *value, *reason;
    } bad[] = {
        {PASAR_COL_PRODUCT_ID, "null", "product_id: null or empty"},
        {PASAR_COL_PRODUCT_ID, "\"\"", "product_id: null or empty"},
        {PASAR_COL_PRODUCT_ID, "1", "product_id: neither"},
        {PASAR_COL_PRODUCT_ID, NULL, "product_id: missing"},
        {PASAR_COL_PRODUCT_LINK, NULL, "product_link: missing"},
        {PASAR_COL_CATEGORY, "true", "category: neither"},
        {PASAR_COL_CATEGORY, "[\"a\"]", "nested"},
        {PASAR_COL_CATEGORY, "{}", "nested"},
        {PASAR_COL_CATEGORY, "\"a\\u0000b\"", "NUL"},
        {PASAR_COL_CATEGORY, "\"\\ud800\"", "surrogate"},
        {PASAR_COL_CATEGORY, "\"\\ud800x\"", "surrogate"},
        {PASAR_COL_CATEGORY, "\"\\ud800\\u0041\"", "surrogate"},
        {PASAR_COL_CATEGORY, "\"\\udc00\"", "surrogate"},
        {PASAR_COL_CATEGORY, "\"\\u12g4\"", "hex"},
        {PASAR_COL_CATEGORY, "\"\\x41\"", "escape"},
        {PASAR_COL_CATEGORY, "\"a\nb\"", "control"},
        {PASAR_COL_CATEGORY, "\"\xff\"", "UTF-8"},
        {PASAR_COL_CATEGORY, "\"\xed\xa0\x80\"", "UTF-8"},
        {PASAR_COL_CATEGORY, "\"unended", "comma"},
        {PASAR_COL_CATEGORY, "nul", "value"},
        {PASAR_COL_CATEGORY, "", "value"},
        {PASAR_COL_CATEGORY, "'x'", "value"},
        {PASAR_COL_RATING, "\"4\"", "rating: neither"},
        {PASAR_COL_RATING, "5.1", "rating: out of range"},
        {PASAR_COL_RATING, "-1", "rating: out of range"},
        {PASAR_COL_RATING, "04", "leading zero"},
        {PASAR_COL_RATING, "4.", "point"},
        {PASAR_COL_RATING, ".4", "value"},
        {PASAR_COL_RATING, "+4", "value"},
        {PASAR_COL_RATING, "4e", "the e"},
        {PASAR_COL_RATING, "4x", "comma"},
        {PASAR_COL_RATING, "NaN", "value"},
        {PASAR_COL_RATING, "-", "value"},
        {PASAR_COL_ACTUAL_PRICE, "1e999", "too large"},
        {PASAR_COL_RATING_COUNT, "2.5", "rating_count: out of range"},
        {PASAR_COL_RATING_COUNT, "1e17", "rating_count: out of range"},
        {PASAR_COLUMNS, "null", "timestamp: not"},
        {PASAR_COLUMNS, "\"2026-02-30T00:00:00Z\"", "timestamp: not"},
        {PASAR_COLUMNS, "\"yesterday\"", "timestamp: not"},
        {PASAR_COLUMNS, "1769903999", "timestamp: not"},
        {PASAR_COLUMNS, NULL, "timestamp: missing"},
    };
    static const struct {
        const char *tail, *reason;
    } tails[] = {
        {",\"rating\":4", "rating: stands twice"},
        {",\"x\":{}", "nested"},
        {",\"x\":[1]", "nested"},
        {",", "member"},
        {"} x", "after"},
        {"}{", "after"},
        {",\"x\"", "colon"},
        {",\"x\":", "value"},
        {",x:1", "member"},
        {" 5", "comma"},
        {",\"x\":1e999", "large"},
    };
    static const struct {
        const char *text, *reason;
    } whole[] = {{"", "empty"},      {"[]", "object"},
                 {"null", "object"}, {"{}", "product_id: missing"},
                 {"{", "member"},    {"\xef\xbb\xbf{}", "object"},
                 {"  ", "object"},   {"{\"a", "end"},
                 {"{\"a\\", "end"},  {"{\"\\u00", "hex"}};
    struct pasar_buf buf = {0};

    (void)state;
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++) {
        message(&buf, bad[i].column, bad[i].value, "");
        check_refused(&buf, bad[i].reason);
    }
    for (size_t i = 0; i < PASAR_ARRAY_LEN(tails); i++) {
        message(&buf, -1, NULL, tails[i].tail);
        check_refused(&buf, tails[i].reason);
    }
    for (size_t i = 0; i < PASAR_ARRAY_LEN(whole); i++) {
        pasar_buf_reset(&buf);
        pasar_buf_adds(&buf, whole[i].text);
        check_refused(&buf, whole[i].reason);
    }
    message(&buf, -1, NULL, "");
    pasar_buf_addc(&buf, '\0');
    check_refused(&buf, "after");
    for (size_t len = buf.len - 2; len > 0; len--) { /* cut anywhere it is no record */
        buf.len = len;
        check_refused(&buf, "");
    }
    pasar_buf_fini(&buf);
}

static int map_names(struct pasar_record_map *map, const char *const *names, size_t count, struct pasar_err *err)
{
    struct pasar_csv_field fields[32];
    struct pasar_csv_row row = {.fields = fields, .field_count = count};

    for (size_t i = 0; i < count; i++)
        fields[i] = (struct pasar_csv_field){names[i], strlen(names[i])};
    pasar_err_clear(err);
    return pasar_record_map_header(map, &row, err);
}

static void test_record__a_header_names_every_missing_and_doubled_column(void **state)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_record_map map;
    const char *names[24];

    (void)state;
    for (size_t i = 0; i < PASAR_COLUMNS; i++)
        names[PASAR_COLUMNS - i] = pasar_columns[i].name;
    names[0] = "further";
    names[17] = " timestamp\t";
    assert_int_equal(map_names(&map, names, 18, &err), 0);
    assert_int_equal(map.field_count, 18);
    assert_int_equal(map.field[PASAR_COL_PRODUCT_ID], 16);
    assert_int_equal(map.field[PASAR_COL_PRODUCT_LINK], 1);
    assert_int_equal(map.timestamp, 17);
    names[18] = "timestamp";
    assert_int_equal(map_names(&map, names, 19, &err), 0);
    assert_int_equal(map.timestamp, -1);
    names[18] = "rating";
    names[19] = "Rating";
    names[16] = "PRODUCT_ID";
    assert_int_equal(map_names(&map, names, 20, &err), -1);
    assert_int_equal(err.code, PASAR_EDATA);
    assert_string_equal(err.msg, "missing column: product_id; column that stands twice: rating");
    assert_int_equal(map_names(&map, names, 0, &err), -1);
    assert_non_null(strstr(err.msg, "product_id, product_name"));
    assert_non_null(strstr(err.msg, "product_link"));
}

static void test_record__the_end_of_a_run_reads_back(void **state)
{
    struct pasar_run_end end = {"f.csv-0123_x", 1465, UINT64_C(0x0123456789abcdef), 3, INT64_C(1769903999123456)};
    struct pasar_run_end again;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_buf buf = {0};
    static const char *const bad[] = {
        "",
        "{}",
        "null",
        "{\"run\":\"a "
        "b\",\"rows\":1,\"digest\":\"0123456789abcdef\",\"partitions\":3,\"timestamp\":\"2026-01-31T23:59:59Z\"}",
        "{\"run\":\"a\",\"rows\":-1,\"digest\":\"0123456789abcdef\",\"partitions\":3,\"timestamp\":\"2026-01-31T23:59:"
        "59Z\"}",
        "{\"run\":\"a\",\"rows\":1,\"digest\":\"0123456789ABCDEF\",\"partitions\":3,\"timestamp\":\"2026-01-31T23:59:"
        "59Z\"}",
        "{\"run\":\"a\",\"rows\":1,\"digest\":\"0123456789abcdef\",\"partitions\":0,\"timestamp\":\"2026-01-31T23:59:"
        "59Z\"}",
        "{\"run\":\"a\",\"rows\":1,\"digest\":\"0123456789abcdef\",\"partitions\":3,\"timestamp\":\"now\"}",
    };

    (void)state;
    pasar_run_end_add_json(&buf, &end);
    assert_string_equal(pasar_buf_cstr(&buf), "{\"run\":\"f.csv-0123_x\",\"rows\":1465,\"digest\":\"0123456789abcdef\","
                                              "\"partitions\":3,\"timestamp\":\"2026-01-31T23:59:59.123456Z\"}");
    assert_int_equal(pasar_run_end_from_json(&again, buf.data, buf.len, &err), 0);
    assert_string_equal(again.run, end.run);
    assert_true(again.rows == end.rows && again.digest == end.digest && again.timestamp_us == end.timestamp_us &&
                again.partition_count == end.partition_count);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++) {
        pasar_err_clear(&err);
        assert_int_equal(pasar_run_end_from_json(&again, bad[i], strlen(bad[i]), &err), -1);
        assert_int_equal(err.code, PASAR_EDATA);
    }
    pasar_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record__jansson_reads_what_is_written),
        cmocka_unit_test(test_record__strings_are_written_as_jansson_does),
        cmocka_unit_test(test_record__json_and_csv_give_back_the_same_record_and_bytes),
        cmocka_unit_test(test_record__json_of_others_is_read_too),
        cmocka_unit_test(test_record__what_is_no_record_is_refused_with_a_reason),
        cmocka_unit_test(test_record__a_header_names_every_missing_and_doubled_column),
        cmocka_unit_test(test_record__the_end_of_a_run_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
