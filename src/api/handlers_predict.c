/* POST: a JSON array of feature objects → the cluster of each. */
#include "api/handlers.h"

#include <math.h>
#include <string.h>

#include "api/items.h"
#include "api/jsontext.h"
#include "pasar/csv.h"
#include "pasar/json.h"
#include "pasar/num.h"

enum { ITEMS_MAX = 10000, DEPTH_MAX = 8 };

/* -0, and what is no zero but would become one (1e-999): a slip of the sender's, not a value to predict by. */
static bool is_odd_zero(const char *text, size_t len)
{
    double value;
    if (pasar_num_double(text, len, &value) != 0 || value != 0) /* what is no number, the parser refuses */
        return false;
    for (size_t i = 0; i < len && (text[i] | 32) != 'e'; i++) {
        if (text[i] == '-' || (text[i] >= '1' && text[i] <= '9'))
            return true;
    }
    return false;
}

static size_t number_len(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && ((text[n] >= '0' && text[n] <= '9') || text[n] == '.' || text[n] == '-' || text[n] == '+' ||
                       (text[n] | 32) == 'e'))
        n++;
    return n;
}

/* What a parser would let pass: deep nesting (our bodies have two levels) and odd zeros. NULL when there is none. */
static const char *objection(const char *json, size_t len)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        char c = json[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > DEPTH_MAX)
                return "the body is nested too deeply; a JSON array of flat objects is expected";
        } else if (c == ']' || c == '}') {
            depth--;
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            size_t n = number_len(json + i, len - i);
            if (is_odd_zero(json + i, n))
                return "the body holds -0, or a number too near to 0 to be told from it";
            i += n - 1;
        }
    }
    return NULL;
}

/* The body as a JSON array, or NULL with the problem in reply. */
static json_t *parse_body(const struct request *r, struct reply *reply)
{
    json_error_t error;
    if (r->body_len == 0) {
        reply_problem(reply, 400, "the body is empty; a JSON array of objects is expected");
        return NULL;
    }
    const char *why = objection(r->body, r->body_len);
    if (why) {
        reply_problem(reply, 400, "%s", why);
        return NULL;
    }
    bool is_out_of_memory;
    json_t *array = pasar_json_parse(r->body, r->body_len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error,
                                     &is_out_of_memory);
    if (is_out_of_memory) {
        items_no_memory(reply);
        return NULL;
    }
    if (!array) {
        reply_problem(reply, 400, "the body is not valid JSON: line %d, column %d: %s", error.line, error.column,
                      error.text);
        return NULL;
    }
    if (!json_is_array(array)) {
        reply_problem(reply, 400, "the body must be a JSON array of objects");
    } else if (json_array_size(array) > ITEMS_MAX) {
        reply_problem(reply, 413, "%zu items are more than the %d that one request may hold", json_array_size(array),
                      ITEMS_MAX);
    } else {
        return array;
    }
    json_decref(array);
    return NULL;
}

/* Reads the columns of one object. 0, or -1 with the problem in reply. */
static int read_item(struct reply *reply, const json_t *item, size_t index, const enum pasar_column *columns, size_t n,
                     double *values)
{
    if (!json_is_object(item)) {
        reply_problem(reply, 400, "item %zu is not an object", index);
        return -1;
    }
    for (size_t c = 0; c < n; c++) {
        const struct pasar_column_info *info = &pasar_columns[columns[c]];
        const json_t *value = json_object_get(item, info->name);
        if (!value) {
            reply_problem(reply, 400, "item %zu lacks %s (null stands for an unknown value)", index, info->name);
            return -1;
        }
        if (json_is_null(value)) {
            values[c] = NAN;
            continue;
        }
        values[c] = json_number_value(value);
        if (!json_is_number(value) || values[c] < info->min || values[c] > fmin(info->max, HANDLERS_FEATURE_MAX)) {
            reply_problem(reply, 400,
                          json_is_number(value) ? "item %zu: %s is out of range" : "item %zu: %s is not a number",
                          index, info->name);
            return -1;
        }
    }
    if (json_object_size(item) == n)
        return 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)item, key, value)
    {
        size_t c = 0;
        while (c < n && strcmp(key, pasar_columns[columns[c]].name) != 0)
            c++;
        if (c == n) {
            reply_problem(reply, 400, "item %zu has an unknown member '%.60s'", index, key);
            return -1;
        }
    }
    return 0;
}

static void add_answer(struct pasar_buf *buf, size_t index, size_t cluster, double distance, const char *label)
{
    pasar_buf_printf(buf, "%s{\"cluster\":%zu,\"distance\":", index ? "," : "", cluster);
    jsontext_add_rounded(buf, distance, 6);
    pasar_buf_adds(buf, ",\"label\":");
    jsontext_add_string(buf, label, strlen(label));
    pasar_buf_addc(buf, '}');
}

void handle_predict(struct request *r, struct reply *reply)
{
    const struct pasar_model *m = &r->snapshot->generation.models[items_model(r) - 1];
    json_t *array = parse_body(r, reply);
    double values[PASAR_FEATURES_MAX], distance;
    if (!array)
        return;
    pasar_buf_addc(&reply->body, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (read_item(reply, json_array_get(array, i), i, m->feature, m->feature_count, values) != 0)
            goto out;
        size_t cluster = pasar_model_predict(m, values, &distance);
        add_answer(&reply->body, i, cluster, distance, m->clusters[cluster].label);
    }
    pasar_buf_addc(&reply->body, ']');
    if (reply->body.failed)
        items_no_memory(reply);
out:
    json_decref(array);
}

static void handle_fit(struct request *r, struct reply *reply, const struct fit *fit)
{
    json_t *array = parse_body(r, reply);
    double values[FIT_COLUMNS_MAX], distance;
    if (!array)
        return;
    if (fit->k == 0) {
        reply_problem(reply, 404, "the catalogue has no product with these values to cluster by");
        goto out;
    }
    pasar_buf_addc(&reply->body, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (read_item(reply, json_array_get(array, i), i, fit->column, fit->column_count, values) != 0)
            goto out;
        size_t cluster = fit_predict(fit, values, &distance);
        add_answer(&reply->body, i, cluster, distance, fit->label[cluster]);
    }
    pasar_buf_addc(&reply->body, ']');
    if (reply->body.failed)
        items_no_memory(reply);
out:
    json_decref(array);
}

void handle_cluster_price_rating(struct request *r, struct reply *reply)
{
    handle_fit(r, reply, &r->snapshot->fits[FIT_PRICE_RATING]);
}

void handle_cluster_rating_count(struct request *r, struct reply *reply)
{
    handle_fit(r, reply, &r->snapshot->fits[FIT_RATING_COUNT]);
}

void handle_cluster_discount(struct request *r, struct reply *reply)
{
    handle_fit(r, reply, &r->snapshot->fits[FIT_DISCOUNT]);
}
