/* Clocks and RFC 3339 text. Calendar arithmetic is Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms". */
#include "pasar/clock.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#define US_PER_S  INT64_C(1000000)
#define S_PER_DAY INT64_C(86400)
#define FIRST_DAY INT64_C(-719162) /* 0001-01-01 */
#define LAST_DAY  INT64_C(2932896) /* 9999-12-31 */

int64_t pasar_clock_wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t pasar_clock_mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t pasar_clock_coarse_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void pasar_clock_sleep_ms(int64_t ms)
{
    if (ms <= 0)
        return;
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

struct date {
    int year, month, day;
};

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar; an era is 400 years of 146097 days. */
static struct date date_from_days(int64_t days)
{
    days += 719468; /* counted from 0000-03-01, so that the leap day is the last of its year */
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    struct date date = {
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
        .month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9),
    };
    date.year = (int)(year_of_era + era * 400 + (date.month <= 2));
    return date;
}

static int64_t days_from_date(struct date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = year / 400; /* years here are >= 0 */
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void put_digits(char *text, int count, int64_t value)
{
    for (int i = count - 1; i >= 0; i--) {
        text[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void pasar_clock_format(int64_t wall_us, char text[PASAR_CLOCK_TEXT_LEN + 1])
{
    const int64_t us_per_day = S_PER_DAY * US_PER_S;
    int64_t day = wall_us / us_per_day, rest = wall_us % us_per_day;

    if (rest < 0) {
        rest += us_per_day;
        day--;
    }
    if (day < FIRST_DAY) {
        day = FIRST_DAY;
        rest = 0;
    } else if (day > LAST_DAY) {
        day = LAST_DAY;
        rest = us_per_day - 1;
    }
    struct date date = date_from_days(day);
    memcpy(text, "0000-00-00T00:00:00.000000Z", PASAR_CLOCK_TEXT_LEN + 1);
    put_digits(text, 4, date.year);
    put_digits(text + 5, 2, date.month);
    put_digits(text + 8, 2, date.day);
    put_digits(text + 11, 2, rest / US_PER_S / 3600);
    put_digits(text + 14, 2, rest / US_PER_S / 60 % 60);
    put_digits(text + 17, 2, rest / US_PER_S % 60);
    put_digits(text + 20, 6, rest % US_PER_S);
}

/* `count` digits at `text`, or -1. */
static int take_digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static bool is_date(struct date d)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (d.year < 1 || d.month < 1 || d.month > 12 || d.day < 1)
        return false;
    bool is_leap = d.year % 4 == 0 && (d.year % 100 != 0 || d.year % 400 == 0);
    return d.day <= lengths[d.month - 1] + (d.month == 2 && is_leap);
}

int pasar_clock_parse(const char *text, size_t len, int64_t *wall_us)
{
    static const char shape[] = "0000-00-00T00:00:00";
    const size_t head = sizeof shape - 1;

    if (len < head + 1 || text[len - 1] != 'Z')
        return -1;
    for (size_t i = 0; i < head; i++)
        if (shape[i] != '0' && text[i] != shape[i])
            return -1;
    struct date date = {take_digits(text, 4), take_digits(text + 5, 2), take_digits(text + 8, 2)};
    int hour = take_digits(text + 11, 2), minute = take_digits(text + 14, 2), second = take_digits(text + 17, 2);
    /* A leap second (:60) has no number of its own in our microseconds. */
    if (!is_date(date) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return -1;
    int64_t us = 0;
    if (len > head + 1) {
        size_t digits = len - head - 2;
        if (text[head] != '.' || digits < 1 || digits > 6)
            return -1;
        us = take_digits(text + head + 1, (int)digits);
        if (us < 0)
            return -1;
        for (size_t i = digits; i < 6; i++)
            us *= 10;
    }
    *wall_us = ((days_from_date(date) * 24 + hour) * 60 + minute) * 60 * US_PER_S + second * US_PER_S + us;
    return 0;
}
