/* Small helpers over jansson: build an object with sticky failure, read members strictly. */
#include <math.h>
#include <string.h>

#include "generation_private.h"
#include "pasar/json.h"

void pasar_json_put(struct pasar_json_out *out, const char *key, json_t *value)
{
    if (value == NULL || json_object_set_new(out->object, key, value) != 0)
        out->failed = true;
}

void pasar_json_put_u64(struct pasar_json_out *out, const char *key, uint64_t value)
{
    if (value > INT64_MAX)
        out->failed = true; /* JSON integers of ours are int64 */
    else
        pasar_json_put(out, key, json_integer((json_int_t)value));
}

void pasar_json_put_text(struct pasar_json_out *out, const char *key, const char *text)
{
    pasar_json_put(out, key, json_string(text));
}

json_t *pasar_json_number(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

void pasar_json_put_number(struct pasar_json_out *out, const char *key, double value)
{
    pasar_json_put(out, key, pasar_json_number(value));
}

static int wrong(const char *where, const char *key, const char *wanted, struct pasar_err *err)
{
    return pasar_err_set(err, PASAR_EDATA, "%s%s%s: must be %s", where, where[0] != '\0' ? "." : "", key, wanted);
}

int pasar_json_u64(const json_t *object, const char *where, const char *key, uint64_t min, uint64_t max, uint64_t *out,
                   struct pasar_err *err)
{
    const json_t *value = json_object_get(object, key);
    json_int_t integer = json_integer_value(value);

    if (!json_is_integer(value) || integer < 0 || (uint64_t)integer < min || (uint64_t)integer > max) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "a whole number of %llu to %llu", (unsigned long long)min,
                 (unsigned long long)max);
        return wrong(where, key, wanted, err);
    }
    *out = (uint64_t)integer;
    return 0;
}

int pasar_json_double(const json_t *object, const char *where, const char *key, bool null_allowed, double *out,
                      struct pasar_err *err)
{
    const json_t *value = json_object_get(object, key);

    if (null_allowed && json_is_null(value)) {
        *out = NAN;
        return 0;
    }
    if (!json_is_number(value))
        return wrong(where, key, null_allowed ? "a number or null" : "a number", err);
    *out = json_number_value(value);
    return 0;
}

const char *pasar_json_text(const json_t *object, const char *where, const char *key, size_t max, struct pasar_err *err)
{
    const json_t *value = json_object_get(object, key);
    size_t len = json_string_length(value);

    if (!json_is_string(value) || len == 0 || len > max || strlen(json_string_value(value)) != len) {
        wrong(where, key, "a text that is neither empty nor too long", err);
        return NULL;
    }
    return json_string_value(value);
}

const json_t *pasar_json_array(const json_t *object, const char *where, const char *key, size_t min, size_t max,
                               struct pasar_err *err)
{
    const json_t *value = json_object_get(object, key);
    size_t size = json_array_size(value);

    if (!json_is_array(value) || size < min || size > max) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "an array of %zu to %zu entries", min, max);
        wrong(where, key, wanted, err);
        return NULL;
    }
    return value;
}

int pasar_json_sha256(const json_t *object, const char *where, const char *key, char hex[65], struct pasar_err *err)
{
    const char *text = json_string_value(json_object_get(object, key));

    if (text == NULL || strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        return wrong(where, key, "64 hex digits", err);
    memcpy(hex, text, 65);
    return 0;
}

json_t *pasar_json_load(const char *json, size_t len, struct pasar_err *err)
{
    json_error_t why;
    uint64_t format;
    bool is_out_of_memory;
    json_t *root = pasar_json_parse(json, len, JSON_REJECT_DUPLICATES, &why, &is_out_of_memory);

    if (root == NULL) {
        if (is_out_of_memory)
            pasar_err_nomem(err, "JSON");
        pasar_err_set(err, PASAR_EDATA, "line %d: %s", why.line, why.text);
        return NULL;
    }
    if (!json_is_object(root))
        pasar_err_set(err, PASAR_EDATA, "not a JSON object");
    else if (pasar_json_u64(root, "", "format", 0, INT64_MAX, &format, err) == 0 && format == PASAR_MODEL_FORMAT)
        return root;
    pasar_err_set(err, PASAR_EDATA, "format: not version %d, the one that this program reads", PASAR_MODEL_FORMAT);
    json_decref(root);
    return NULL;
}
