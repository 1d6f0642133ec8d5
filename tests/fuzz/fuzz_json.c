/*
 * JSON → record, with jansson as the judge: what is accepted here is valid JSON with the same values; what jansson
 * reads as a flat object with good columns is accepted here. Our own form of an accepted record reads back to the same
 * bytes.
 */
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "fuzz.h"
#include "pasar/clock.h"
#include "pasar/record.h"

/* jansson's view of one column: does it fit a record, and is it what `record` says (when there is one)? */
static bool fits(const json_t *value, int column, const struct pasar_record *record)
{
    if (value == NULL)
        return false;
    if (pasar_columns[column].is_number) {
        double number = json_is_null(value) ? NAN : json_number_value(value);
        if (!json_is_null(value) &&
            (!json_is_number(value) || !pasar_column_accepts((enum pasar_column)column, number)))
            return false;
        if (record != NULL)
            fuzz_require(isnan(number) ? isnan(record->number[column]) : number == record->number[column]);
        return true;
    }
    if (!json_is_null(value) && !json_is_string(value))
        return false;
    size_t len = json_is_null(value) ? 0 : json_string_length(value);
    if (record != NULL && len == 0)
        fuzz_require(record->text[column].data == NULL);
    else if (record != NULL)
        fuzz_require(record->text[column].len == len &&
                     memcmp(record->text[column].data, json_string_value(value), len) == 0);
    return len > 0 || column != PASAR_COL_PRODUCT_ID;
}

static bool is_record(const json_t *root, const struct pasar_record *record)
{
    const char *key;
    json_t *value;
    int64_t timestamp_us;

    json_object_foreach((json_t *)root, key, value)
    {
        if (json_is_object(value) || json_is_array(value))
            return false;
    }
    for (int i = 0; i < PASAR_COLUMNS; i++)
        if (!fits(json_object_get(root, pasar_columns[i].name), i, record))
            return false;
    value = json_object_get(root, "timestamp");
    if (!json_is_string(value) ||
        pasar_clock_parse(json_string_value(value), json_string_length(value), &timestamp_us) != 0)
        return false;
    if (record != NULL)
        fuzz_require(timestamp_us == record->timestamp_us);
    return true;
}

static void check_round_trip(const struct pasar_record *record)
{
    struct pasar_buf first = {0}, second = {0}, scratch = {0};
    struct pasar_record again;
    struct pasar_err err = PASAR_ERR_INIT;

    pasar_record_add_json(&first, record);
    fuzz_require(pasar_record_from_json(&again, first.data, first.len, &scratch, &err) == 0);
    fuzz_require(scratch.len == 0 || scratch.len <= first.len);
    pasar_record_add_json(&second, &again);
    fuzz_require(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    pasar_buf_fini(&first);
    pasar_buf_fini(&second);
    pasar_buf_fini(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct pasar_buf scratch = {0};
    struct pasar_record record;
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_run_end end;
    const char *json = (const char *)data;

    bool is_accepted = pasar_record_from_json(&record, json, len, &scratch, &err) == 0;
    json_t *loose = json_loadb(json, len, JSON_DECODE_INT_AS_REAL, NULL);
    json_t *strict = json_loadb(json, len, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
    if (is_accepted) {
        fuzz_require(loose != NULL);
        /* Of doubled members (only unknown ones are accepted) jansson keeps one; the columns are all there. */
        fuzz_require(is_record(loose, &record));
        check_round_trip(&record);
    } else {
        fuzz_require(err.code == PASAR_EDATA && err.msg[0] != '\0');
        /*
         * Refused here alone: a number of more than 1024 characters, and a NUL behind a token, which jansson 2.14
         * passes over as if it were not there.
         */
        bool has_nul = len > 0 && memchr(json, '\0', len) != NULL;
        if (strict != NULL && !has_nul && json_is_object(strict) && is_record(strict, NULL))
            fuzz_require(len > 1024 && strstr(err.msg, "too large") != NULL);
    }
    json_decref(loose);
    json_decref(strict);
    pasar_buf_fini(&scratch);

    pasar_err_clear(&err);
    if (pasar_run_end_from_json(&end, json, len, &err) == 0) {
        struct pasar_run_end again;
        struct pasar_buf text = {0};
        pasar_run_end_add_json(&text, &end);
        fuzz_require(pasar_run_end_from_json(&again, text.data, text.len, &err) == 0 && again.digest == end.digest &&
                     again.rows == end.rows && strcmp(again.run, end.run) == 0);
        pasar_buf_fini(&text);
    }
    return 0;
}
