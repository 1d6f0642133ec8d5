/* Random product records. */
#include "gen.h"

#include <string.h>

void gen_init(struct gen *gen, uint64_t seed)
{
    gen->state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t gen_next(struct gen *gen)
{
    uint64_t z = gen->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t gen_below(struct gen *gen, uint64_t n)
{
    return gen_next(gen) % n;
}

static const char *piece(struct gen *gen, char plain[20])
{
    static const char *const special[] = {
        "\"",
        "\"\"",
        ",",
        "\n",
        "\r",
        "\r\n",
        " ",
        "\t",
        "\\",
        "\\n",
        "/",
        "\x01",
        "\x1f",
        "\x7f",
        "\b",
        "\f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "\xe2\x82\xb9",
        "\xef\xbb\xbf",
        "null",
        "=1+1",
        "'",
        "|",
        "\xe2\x80\xa8",
    };
    if (gen_below(gen, 3) == 0)
        return special[gen_below(gen, sizeof special / sizeof special[0])];
    size_t len = 1 + gen_below(gen, 18);
    for (size_t i = 0; i < len; i++)
        plain[i] = (char)('a' + gen_below(gen, 26));
    plain[len] = '\0';
    return plain;
}

size_t gen_text(struct gen *gen, char *text, size_t max)
{
    size_t len = 0, want = gen_below(gen, 4) == 0 ? gen_below(gen, max) : gen_below(gen, 24);

    while (len < want) {
        char plain[20];
        const char *p = piece(gen, plain);
        size_t n = strlen(p);
        if (len + n > max)
            break;
        memcpy(text + len, p, n);
        len += n;
    }
    return len;
}

static double gen_number(struct gen *gen, int column)
{
    static const double odd[] = {
        0, 0.1, 176.63, 1e-7, 4.05, 0.30000000000000004, 99.99999999999999, 5e-324, 3.3333333333333335};
    const struct pasar_column_info *info = &pasar_columns[column];
    double value;

    if (gen_below(gen, 6) == 0)
        return NAN;
    if (gen_below(gen, 6) == 0)
        value = odd[gen_below(gen, sizeof odd / sizeof odd[0])];
    else if (gen_below(gen, 2) == 0)
        value = (double)gen_below(gen, 100000) / 100;
    else
        value = ldexp((double)(gen_next(gen) >> 11), (int)gen_below(gen, 60) - 56);
    if (info->is_integer)
        value = trunc(value);
    return value <= info->max ? value : info->max * (double)gen_below(gen, 1000) / 1000;
}

void gen_record(struct gen *gen, struct pasar_record *record)
{
    *record = (struct pasar_record){0};
    for (int i = 0; i < PASAR_COLUMNS; i++) {
        if (pasar_columns[i].is_number) {
            record->number[i] = gen_number(gen, i);
            if (pasar_columns[i].is_integer)
                record->number[i] = trunc(record->number[i]);
            continue;
        }
        size_t len = gen_text(gen, gen->text[i], GEN_TEXT_MAX);
        if (len == 0 && i == PASAR_COL_PRODUCT_ID)
            gen->text[i][len++] = 'B';
        if (len > 0)
            record->text[i] = (struct pasar_text){gen->text[i], len};
    }
    record->timestamp_us = (int64_t)gen_below(gen, UINT64_C(4000000000000000));
}

bool gen_equal(const struct pasar_record *a, const struct pasar_record *b)
{
    for (int i = 0; i < PASAR_COLUMNS; i++) {
        if (pasar_columns[i].is_number) {
            double x = a->number[i], y = b->number[i];
            if (!(x == y || (isnan(x) && isnan(y))))
                return false;
            continue;
        }
        const struct pasar_text *x = &a->text[i], *y = &b->text[i];
        if ((x->data == NULL) != (y->data == NULL))
            return false;
        if (x->data != NULL && (x->len != y->len || memcmp(x->data, y->data, x->len) != 0))
            return false;
    }
    return a->timestamp_us == b->timestamp_us;
}
