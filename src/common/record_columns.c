/* The columns of the product record, and where a CSV header puts them. */
#include <string.h>

#include "pasar/record.h"

#define TEXT(name)                                                                                                     \
    {                                                                                                                  \
        name, false, false, 0, 0                                                                                       \
    }
#define NUMBER(name, min, max)                                                                                         \
    {                                                                                                                  \
        name, true, false, min, max                                                                                    \
    }

const struct pasar_column_info pasar_columns[PASAR_COLUMNS] = {
    [PASAR_COL_PRODUCT_ID] = TEXT("product_id"),
    [PASAR_COL_PRODUCT_NAME] = TEXT("product_name"),
    [PASAR_COL_CATEGORY] = TEXT("category"),
    [PASAR_COL_DISCOUNTED_PRICE] = NUMBER("discounted_price", 0, INFINITY),
    [PASAR_COL_ACTUAL_PRICE] = NUMBER("actual_price", 0, INFINITY),
    [PASAR_COL_DISCOUNT_PERCENTAGE] = NUMBER("discount_percentage", 0, 100),
    [PASAR_COL_RATING] = NUMBER("rating", 0, 5),
    [PASAR_COL_RATING_COUNT] = {"rating_count", true, true, 0, 0x1p53}, /* beyond 2^53 doubles skip integers */
    [PASAR_COL_ABOUT_PRODUCT] = TEXT("about_product"),
    [PASAR_COL_USER_ID] = TEXT("user_id"),
    [PASAR_COL_USER_NAME] = TEXT("user_name"),
    [PASAR_COL_REVIEW_ID] = TEXT("review_id"),
    [PASAR_COL_REVIEW_TITLE] = TEXT("review_title"),
    [PASAR_COL_REVIEW_CONTENT] = TEXT("review_content"),
    [PASAR_COL_IMG_LINK] = TEXT("img_link"),
    [PASAR_COL_PRODUCT_LINK] = TEXT("product_link"),
};

int pasar_column_find(const char *name, size_t len)
{
    for (int i = 0; i < PASAR_COLUMNS; i++)
        if (strlen(pasar_columns[i].name) == len && memcmp(pasar_columns[i].name, name, len) == 0)
            return i;
    return -1;
}

bool pasar_column_accepts(enum pasar_column column, double value)
{
    const struct pasar_column_info *info = &pasar_columns[column];

    return isfinite(value) && value >= info->min && value <= info->max && (!info->is_integer || value == trunc(value));
}

static struct pasar_csv_field trim(struct pasar_csv_field field)
{
    while (field.len > 0 && (field.data[0] == ' ' || field.data[0] == '\t')) {
        field.data++;
        field.len--;
    }
    while (field.len > 0 && (field.data[field.len - 1] == ' ' || field.data[field.len - 1] == '\t'))
        field.len--;
    return field;
}

static void add_name(struct pasar_buf *list, const char *name)
{
    if (list->len > 0)
        pasar_buf_adds(list, ", ");
    pasar_buf_adds(list, name);
}

/* Turns the lists of bad columns into one message. */
static int header_error(struct pasar_buf *missing, struct pasar_buf *doubled, struct pasar_err *err)
{
    const char *missing_text = pasar_buf_cstr(missing), *doubled_text = pasar_buf_cstr(doubled);

    if (missing_text == NULL || doubled_text == NULL)
        pasar_err_nomem(err, "a list of columns");
    else
        pasar_err_set(err, PASAR_EDATA, "%s%s%s%s%s", missing->len > 0 ? "missing column: " : "", missing_text,
                      missing->len > 0 && doubled->len > 0 ? "; " : "",
                      doubled->len > 0 ? "column that stands twice: " : "", doubled_text);
    return -1;
}

int pasar_record_map_header(struct pasar_record_map *map, const struct pasar_csv_row *header, struct pasar_err *err)
{
    struct pasar_buf missing = {0}, doubled = {0};
    unsigned doubled_columns = 0;
    bool is_timestamp_twice = false;
    int rc = 0;

    map->field_count = header->field_count;
    map->timestamp = -1;
    for (int i = 0; i < PASAR_COLUMNS; i++)
        map->field[i] = -1;
    for (size_t i = 0; i < header->field_count; i++) {
        struct pasar_csv_field name = trim(header->fields[i]);
        int column = pasar_column_find(name.data, name.len);
        if (column >= 0) {
            if (map->field[column] >= 0)
                doubled_columns |= 1u << column;
            map->field[column] = (int)i;
        } else if (name.len == strlen("timestamp") && memcmp(name.data, "timestamp", name.len) == 0) {
            is_timestamp_twice = map->timestamp >= 0;
            map->timestamp = (int)i;
        }
    }
    if (is_timestamp_twice)
        map->timestamp = -1; /* only batch files need one, and there this is an error of its own */
    for (int i = 0; i < PASAR_COLUMNS; i++) {
        if (map->field[i] < 0)
            add_name(&missing, pasar_columns[i].name);
        if (doubled_columns & (1u << i))
            add_name(&doubled, pasar_columns[i].name);
    }
    if (missing.len > 0 || doubled.len > 0 || missing.failed || doubled.failed)
        rc = header_error(&missing, &doubled, err);
    pasar_buf_fini(&missing);
    pasar_buf_fini(&doubled);
    return rc;
}
