#include "api/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pasar/csv.h"
#include "pasar/num.h"

const struct param_spec param_specs[PARAMS] = {
    [PARAM_LIMIT] = {"limit", PARAM_INTEGER, 1, 1000, "how many items at most"},
    [PARAM_OFFSET] = {"offset", PARAM_INTEGER, 0, 4294967295.0, "how many items to leave out first"},
    [PARAM_MODEL] = {"model", PARAM_WHICH_MODEL, 1, 3, "which model's catalogue and clusters"},
    [PARAM_CATEGORY] = {"category", PARAM_TEXT, 0, 0,
                        "start of the category path, ignoring case; failing that, any part of it"},
    [PARAM_SORT] = {"sort", PARAM_SORT_KEYS, 0, 0, "keys, the first counts most; -key sorts downwards"},
    [PARAM_MIN_PRICE] = {"min_price", PARAM_NUMBER, 0, 1e15, "lowest discounted price"},
    [PARAM_MAX_PRICE] = {"max_price", PARAM_NUMBER, 0, 1e15, "highest discounted price"},
    [PARAM_MIN_RATING] = {"min_rating", PARAM_NUMBER, 0, 5, "lowest rating"},
    [PARAM_CLUSTER] = {"cluster", PARAM_INTEGER, 0, 255, "only products of this cluster of the model"},
    [PARAM_COUNTS] = {"counts", PARAM_FLAG, 0, 1, "add the number of products"},
    [PARAM_NAME] = {"name", PARAM_TEXT, 0, 0, "words to look for; need not be complete or well spelt"},
    [PARAM_PRODUCT_ID] = {"product_id", PARAM_TEXT, 0, 0, "look for products like this one"},
    [PARAM_TARGET_PRICE] = {"target_price", PARAM_NUMBER, 0, 1e15, "the discounted price to look around"},
    [PARAM_TOLERANCE] = {"tolerance", PARAM_NUMBER, 0, 100, "how far from the target price, in percent"},
    [PARAM_STRICT] = {"strict", PARAM_FLAG, 0, 1, "1: no match is a plain 404, nothing near it is offered instead"},
    [PARAM_BINS] = {"bins", PARAM_INTEGER, 1, 200, "into how many stretches prices are counted"},
};

const char *const param_sort_names[SORT_KEYS] = {"price",        "actual_price", "discount",   "rating",
                                                 "rating_count", "name",         "product_id", "score"};

void params_fini(struct params *params)
{
    pasar_buf_fini(&params->scratch);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int params_decode(struct pasar_buf *buf, const char *text, size_t len, bool plus_is_blank)
{
    size_t start = buf->len;
    if (len == 0)
        return buf->failed ? -1 : 0;
    if (pasar_buf_reserve(buf, len) != 0)
        return -1;
    char *out = buf->data + start;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '%') {
            int high = i + 2 < len ? hex_digit(text[i + 1]) : -1, low = i + 2 < len ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0)
                return -1;
            *out++ = (char)(high << 4 | low);
            i += 2;
        } else {
            *out++ = text[i] == '+' && plus_is_blank ? ' ' : text[i];
        }
    }
    buf->len = (size_t)(out - buf->data);
    return pasar_csv_is_utf8(buf->data + start, buf->len - start) ? 0 : -1;
}

static int find(const char *name, size_t len, uint32_t accepted)
{
    for (int p = 0; p < PARAMS; p++) {
        if ((accepted & PARAM_BIT(p)) && strlen(param_specs[p].name) == len &&
            memcmp(param_specs[p].name, name, len) == 0)
            return p;
    }
    return -1;
}

/* "a, b and c", of the accepted parameters. */
static void list_accepted(char *text, size_t size, uint32_t accepted)
{
    size_t at = 0;
    text[0] = '\0';
    for (int p = 0; p < PARAMS && at < size; p++) {
        if (accepted & PARAM_BIT(p))
            at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "", param_specs[p].name);
    }
}

/* The start of a text as it may stand in a message. */
static int shown(size_t len)
{
    return len > 60 ? 60 : (int)len;
}

static int parse_number(struct params *params, enum param p, const char *text, size_t len, double max,
                        struct pasar_err *err)
{
    const struct param_spec *spec = &param_specs[p];
    double value = 0;
    int64_t whole = 0;
    int rc = spec->type == PARAM_NUMBER ? pasar_num_double(text, len, &value) : pasar_num_i64(text, len, &whole);
    if (spec->type == PARAM_INTEGER)
        value = (double)whole;
    if (rc != 0)
        return pasar_err_set(err, PASAR_EDATA, "%s must be a %snumber, not '%.*s'", spec->name,
                             spec->type == PARAM_INTEGER ? "whole " : "", shown(len), text);
    if (value < spec->min || value > max)
        return pasar_err_set(err, PASAR_EDATA, "%s must be between %.15g and %.15g, not %.*s", spec->name, spec->min,
                             max, shown(len), text);
    params->number[p] = value;
    return 0;
}

static bool is_one_of(const char *text, size_t len, const char *const *words)
{
    for (; *words; words++) {
        if (strlen(*words) == len && strncasecmp(*words, text, len) == 0)
            return true;
    }
    return false;
}

static int parse_flag(struct params *params, enum param p, const char *text, size_t len, struct pasar_err *err)
{
    static const char *const yes[] = {"1", "true", "yes", "on", NULL}, *const no[] = {"0", "false", "no", "off", NULL};
    params->number[p] = is_one_of(text, len, yes);
    if (params->number[p] == 0 && !is_one_of(text, len, no))
        return pasar_err_set(err, PASAR_EDATA, "%s must be 1 or 0, not '%.*s'", param_specs[p].name, shown(len), text);
    return 0;
}

static int parse_model(struct params *params, const char *text, size_t len, bool all, struct pasar_err *err)
{
    if (len == 1 && text[0] >= '1' && text[0] <= '3')
        params->number[PARAM_MODEL] = text[0] - '0';
    else if (all && len == 3 && strncasecmp(text, "all", 3) == 0)
        params->number[PARAM_MODEL] = PARAM_MODEL_ALL;
    else
        return pasar_err_set(err, PASAR_EDATA, "model must be 1, 2%s 3%s, not '%.*s'", all ? "," : " or",
                             all ? " or all" : "", shown(len), text);
    return 0;
}

static int parse_sort(struct params *params, const char *text, size_t len, struct pasar_err *err)
{
    const char *end = text + len;
    while (text <= end) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        size_t n = (size_t)((comma ? comma : end) - text);
        struct param_sort key = {.descending = n > 0 && text[0] == '-'};
        size_t sign =
            n > 0 && (text[0] == '-' || text[0] == '+' || text[0] == ' ') ? 1 : 0; /* '+' decodes to a blank */
        int k = 0;
        while (k < SORT_KEYS &&
               (strlen(param_sort_names[k]) != n - sign || memcmp(param_sort_names[k], text + sign, n - sign) != 0))
            k++;
        if (k == SORT_KEYS)
            return pasar_err_set(
                err, PASAR_EDATA,
                "sort: unknown key '%.*s'; use price, actual_price, discount, rating, rating_count, name, "
                "product_id or score, with - in front for downwards",
                shown(n), text);
        if (params->sort_count == PARAM_SORT_MAX)
            return pasar_err_set(err, PASAR_EDATA, "sort takes at most %d keys", PARAM_SORT_MAX);
        key.key = (enum param_sort_key)k;
        params->sort[params->sort_count++] = key;
        text += n + 1;
    }
    return 0;
}

static int parse_one(struct params *params, enum param p, const char *text, size_t len, uint32_t accepted,
                     double max_limit, struct pasar_err *err)
{
    switch (param_specs[p].type) {
    case PARAM_INTEGER:
    case PARAM_NUMBER:
        return parse_number(params, p, text, len, p == PARAM_LIMIT ? max_limit : param_specs[p].max, err);
    case PARAM_FLAG:
        return parse_flag(params, p, text, len, err);
    case PARAM_WHICH_MODEL:
        return parse_model(params, text, len, accepted & PARAM_ALL_MODELS, err);
    case PARAM_SORT_KEYS:
        return parse_sort(params, text, len, err);
    case PARAM_TEXT:
        break;
    }
    return 0;
}

int params_parse(struct params *params, const char *query, size_t len, uint32_t accepted, double max_limit,
                 struct pasar_err *err)
{
    const char *end = query + len;
    char names[300];
    pasar_buf_reset(&params->scratch);
    if (pasar_buf_reserve(&params->scratch, len + 2) != 0) /* decoding never grows: pointers into scratch stay valid */
        return pasar_err_nomem(err, "parameters");
    for (const char *at = query; at < end;) {
        const char *amp = memchr(at, '&', (size_t)(end - at)), *stop = amp ? amp : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *name_end = equals ? equals : stop;
        size_t name_at = params->scratch.len;
        if (stop > at) {
            if (params_decode(&params->scratch, at, (size_t)(name_end - at), true) != 0)
                return pasar_err_set(err, PASAR_EDATA, "a parameter's name is badly encoded");
            const char *name = params->scratch.data + name_at;
            size_t name_len = params->scratch.len - name_at;
            int p = find(name, name_len, accepted);
            if (p < 0) {
                list_accepted(names, sizeof names, accepted);
                return pasar_err_set(err, PASAR_EDATA, "unknown parameter '%.*s'; %s%s", shown(name_len), name,
                                     names[0] ? "accepted here: " : "none is accepted here", names);
            }
            if (params->given[p])
                return pasar_err_set(err, PASAR_EDATA, "parameter %s is given twice", param_specs[p].name);
            size_t value_at = params->scratch.len;
            const char *value = equals ? equals + 1 : stop;
            if (params_decode(&params->scratch, value, (size_t)(stop - value), true) != 0)
                return pasar_err_set(err, PASAR_EDATA,
                                     "%s is badly encoded: percent-encoded UTF-8 without NUL is expected",
                                     param_specs[p].name);
            params->text[p] = params->scratch.data + value_at;
            params->text_len[p] = params->scratch.len - value_at;
            params->given[p] = true;
            if (params->text_len[p] > 0 &&
                parse_one(params, p, params->text[p], params->text_len[p], accepted, max_limit, err) != 0)
                return -1;
            if (params->text_len[p] == 0 && param_specs[p].type != PARAM_TEXT) {
                if (param_specs[p].type != PARAM_FLAG)
                    return pasar_err_set(err, PASAR_EDATA, "%s is empty", param_specs[p].name);
                params->number[p] = equals ? 0 : 1; /* "?counts" alone switches on */
            }
        }
        at = stop + 1;
    }
    return 0;
}
