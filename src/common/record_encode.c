/* Record to canonical JSON, and to a line of a batch file. The hot path of the producer and of --verify. */
#include "pasar/clock.h"
#include "pasar/num.h"
#include "pasar/record.h"

#include "json_text.h"
#include "record_private.h"

#define MEMBER(prefix, name)                                                                                           \
    {                                                                                                                  \
        prefix "\"" name "\":", sizeof prefix "\"" name "\":" - 1                                                      \
    }

const struct pasar_record_member pasar_record_members[PASAR_COLUMNS + 1] = {
    MEMBER("{", "product_id"),       MEMBER(",", "product_name"),   MEMBER(",", "category"),
    MEMBER(",", "discounted_price"), MEMBER(",", "actual_price"),   MEMBER(",", "discount_percentage"),
    MEMBER(",", "rating"),           MEMBER(",", "rating_count"),   MEMBER(",", "about_product"),
    MEMBER(",", "user_id"),          MEMBER(",", "user_name"),      MEMBER(",", "review_id"),
    MEMBER(",", "review_title"),     MEMBER(",", "review_content"), MEMBER(",", "img_link"),
    MEMBER(",", "product_link"),     MEMBER(",", "timestamp"),
};

static void add_number(struct pasar_buf *buf, double value)
{
    char text[PASAR_NUM_DOUBLE_MAX];

    pasar_buf_add(buf, text, pasar_num_format_double(value, text));
}

void pasar_record_add_json(struct pasar_buf *buf, const struct pasar_record *record)
{
    for (int i = 0; i < PASAR_COLUMNS; i++) {
        const struct pasar_text *text = &record->text[i];
        pasar_buf_add(buf, pasar_record_members[i].text, pasar_record_members[i].len);
        if (pasar_columns[i].is_number) {
            if (isfinite(record->number[i]))
                add_number(buf, record->number[i]);
            else
                pasar_buf_add(buf, "null", 4);
        } else if (text->data != NULL && text->len > 0) {
            pasar_json_text_add(buf, text->data, text->len);
        } else {
            pasar_buf_add(buf, "null", 4);
        }
    }
    char timestamp[PASAR_CLOCK_TEXT_LEN + 1];
    pasar_clock_format(record->timestamp_us, timestamp);
    pasar_buf_add(buf, pasar_record_members[PASAR_COLUMNS].text, pasar_record_members[PASAR_COLUMNS].len);
    pasar_buf_addc(buf, '"');
    pasar_buf_add(buf, timestamp, PASAR_CLOCK_TEXT_LEN);
    pasar_buf_add(buf, "\"}", 2);
}

void pasar_record_add_csv_header(struct pasar_buf *buf)
{
    for (int i = 0; i < PASAR_COLUMNS; i++)
        pasar_csv_add_field(buf, (size_t)i, pasar_columns[i].name, strlen(pasar_columns[i].name));
    pasar_csv_add_field(buf, PASAR_COLUMNS, "timestamp", strlen("timestamp"));
    pasar_csv_end_row(buf);
}

void pasar_record_add_csv(struct pasar_buf *buf, const struct pasar_record *record)
{
    char text[64]; /* PASAR_NUM_DOUBLE_MAX and PASAR_CLOCK_TEXT_LEN are less */

    for (int i = 0; i < PASAR_COLUMNS; i++) {
        const char *data = record->text[i].data;
        size_t len = data != NULL ? record->text[i].len : 0;
        if (pasar_columns[i].is_number) {
            data = text;
            len = isfinite(record->number[i]) ? pasar_num_format_double(record->number[i], text) : 0;
        }
        pasar_csv_add_field(buf, (size_t)i, data, len);
    }
    pasar_clock_format(record->timestamp_us, text);
    pasar_csv_add_field(buf, PASAR_COLUMNS, text, PASAR_CLOCK_TEXT_LEN);
    pasar_csv_end_row(buf);
}
