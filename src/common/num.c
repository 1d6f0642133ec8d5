/* Text to number, strictly, and number to text, exactly. The hot path of producer, consumer and API replies. */
#include "pasar/num.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXACT_DIGITS = 15, /* every integer of so many digits is a double */
    EXACT_POWER = 22,  /* 10^22 is the largest power of ten that is a double */
    EXPONENT_CAP = 100000,
    COPY_MAX = 1024, /* 767 digits decide the rounding of any double; longer text is no number of ours */
};

static const double power_of_ten[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int pasar_num_u64(const char *text, size_t len, uint64_t *out)
{
    uint64_t value = 0;

    if (len == 0)
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]))
            return -1;
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return -1;
    }
    *out = value;
    return 0;
}

int pasar_num_i64(const char *text, size_t len, int64_t *out)
{
    uint64_t magnitude;
    bool negative = len > 0 && text[0] == '-';

    if (len > 0 && (text[0] == '-' || text[0] == '+')) {
        text++;
        len--;
    }
    if (pasar_num_u64(text, len, &magnitude) != 0 || magnitude > (uint64_t)INT64_MAX + negative)
        return -1;
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return 0;
}

/* A number taken apart: digits × 10^exponent, as far as they fit; `significant` digits were seen. */
struct decimal {
    uint64_t digits;
    int significant;
    int64_t exponent;
    bool negative;
};

static void take_digit(struct decimal *d, char c, bool fraction)
{
    if (d->significant > 0 || c != '0') {
        d->significant++;
        if (d->significant <= EXACT_DIGITS)
            d->digits = d->digits * 10 + (uint64_t)(c - '0');
    }
    if (fraction)
        d->exponent--;
}

/* [-+]digits[.digits][e[-+]digits], whole text; false when it is anything else. */
static bool take_apart(const char *text, size_t len, struct decimal *d)
{
    size_t i = 0, start;

    *d = (struct decimal){0};
    if (i < len && (text[i] == '-' || text[i] == '+'))
        d->negative = text[i++] == '-';
    for (start = i; i < len && is_digit(text[i]); i++)
        take_digit(d, text[i], false);
    if (i == start)
        return false;
    if (i < len && text[i] == '.') {
        for (start = ++i; i < len && is_digit(text[i]); i++)
            take_digit(d, text[i], true);
        if (i == start)
            return false;
    }
    if (i < len && (text[i] == 'e' || text[i] == 'E')) {
        int64_t exponent = 0;
        i++;
        bool down = i < len && text[i] == '-';
        if (i < len && (text[i] == '-' || text[i] == '+'))
            i++;
        for (start = i; i < len && is_digit(text[i]); i++)
            if (exponent < EXPONENT_CAP)
                exponent = exponent * 10 + (text[i] - '0');
        if (i == start)
            return false;
        d->exponent += down ? -exponent : exponent;
    }
    return i == len;
}

int pasar_num_double(const char *text, size_t len, double *out)
{
    struct decimal d;
    double value;

    if (!take_apart(text, len, &d))
        return -1;
    if (d.significant <= EXACT_DIGITS && d.exponent >= -EXACT_POWER && d.exponent <= EXACT_POWER) {
        /* Both operands are exact, so that the one rounding of * or / is the correct one (Clinger 1990). */
        value = (double)d.digits;
        value = d.exponent < 0 ? value / power_of_ten[-d.exponent] : value * power_of_ten[d.exponent];
    } else {
        char copy[COPY_MAX + 1];
        if (len > COPY_MAX)
            return -1;
        memcpy(copy, text, len);
        copy[len] = '\0';
        value = fabs(strtod(copy, NULL)); /* none of our programs calls setlocale: the point is a point */
        if (isinf(value))
            return -1;
    }
    *out = d.negative && value != 0 ? -value : value;
    return 0;
}

struct unit {
    const char *name;
    double factor;
};

/* Splits a number from its unit: the factor of the unit and the number's length; -1 for an unknown unit. */
static int split_unit(const char *text, size_t len, const struct unit *units, size_t unit_count, size_t *number_len,
                      double *factor)
{
    size_t n = len;

    while (n > 0 && ((text[n - 1] >= 'a' && text[n - 1] <= 'z') || (text[n - 1] >= 'A' && text[n - 1] <= 'Z')))
        n--;
    for (size_t i = 0; i < unit_count; i++) {
        if (strlen(units[i].name) == len - n && memcmp(units[i].name, text + n, len - n) == 0) {
            *number_len = n;
            *factor = units[i].factor;
            return 0;
        }
    }
    return -1;
}

int pasar_num_bytes(const char *text, size_t len, uint64_t *out)
{
    static const struct unit units[] = {
        {"", 1},
        {"B", 1},
        {"k", 1e3},
        {"kB", 1e3},
        {"M", 1e6},
        {"MB", 1e6},
        {"G", 1e9},
        {"GB", 1e9},
        {"Ki", 1024},
        {"KiB", 1024},
        {"Mi", 1024 * 1024},
        {"MiB", 1048576},
        {"Gi", 1073741824},
        {"GiB", 1073741824},
    };
    size_t number_len;
    double factor;
    uint64_t value;

    if (split_unit(text, len, units, sizeof units / sizeof units[0], &number_len, &factor) != 0 ||
        pasar_num_u64(text, number_len, &value) != 0 || __builtin_mul_overflow(value, (uint64_t)factor, &value))
        return -1;
    *out = value;
    return 0;
}

int pasar_num_seconds(const char *text, size_t len, double *out)
{
    static const struct unit units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}};
    size_t number_len;
    double factor, value;
    bool is_ms = len >= 2 && memcmp(text + len - 2, "ms", 2) == 0;

    if (is_ms) {
        number_len = len - 2;
        factor = 1;
    } else if (split_unit(text, len, units, sizeof units / sizeof units[0], &number_len, &factor) != 0) {
        return -1;
    }
    if (pasar_num_double(text, number_len, &value) != 0 || value < 0 || isinf(value * factor))
        return -1;
    *out = is_ms ? value / 1000 : value * factor;
    return 0;
}

/* Decimal digits of `value` at `text`; their count. */
static size_t format_u64(uint64_t value, char text[20])
{
    char reversed[20];
    size_t n = 0;

    do {
        reversed[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (size_t i = 0; i < n; i++)
        text[i] = reversed[n - 1 - i];
    return n;
}

void pasar_num_add_u64(struct pasar_buf *buf, uint64_t value)
{
    char text[20];
    size_t len = format_u64(value, text);

    pasar_buf_add(buf, text, len);
}

/* thousandths/1000 without trailing zeros. */
static size_t format_thousandths(uint64_t thousandths, char *text)
{
    size_t n = format_u64(thousandths / 1000, text);
    unsigned rest = (unsigned)(thousandths % 1000);

    text[n++] = '.';
    text[n++] = (char)('0' + rest / 100);
    if (rest % 100 != 0) {
        text[n++] = (char)('0' + rest / 10 % 10);
        if (rest % 10 != 0)
            text[n++] = (char)('0' + rest % 10);
    }
    return n;
}

size_t pasar_num_format_double(double value, char text[PASAR_NUM_DOUBLE_MAX])
{
    double magnitude = fabs(value);
    size_t sign = value < 0;

    text[0] = '-'; /* overwritten unless negative */
    if (magnitude < 0x1p53 && magnitude == trunc(magnitude))
        return sign + format_u64((uint64_t)magnitude, text + sign);
    if (magnitude < 1e11) {
        /*
         * Below 10^15 thousandths the integer and 1000 are exact, so that the quotient is the double nearest to this
         * decimal; and no two decimals of 15 digits share a double, so that it is the shortest as well.
         */
        double thousandths = rint(magnitude * 1000);
        if (thousandths / 1000 == magnitude)
            return sign + format_thousandths((uint64_t)thousandths, text + sign);
    }
    /* A subnormal has fewer than 15 digits that count. */
    for (int digits = magnitude < DBL_MIN ? 1 : DBL_DIG; digits <= 17; digits++) {
        int len = snprintf(text, PASAR_NUM_DOUBLE_MAX, "%.*g", digits, value);
        if (digits == 17 || strtod(text, NULL) == value)
            return (size_t)len;
    }
    return 0; /* not reached */
}
