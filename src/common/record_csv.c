/* One line of a batch file back to a record. */
#include "pasar/clock.h"
#include "pasar/num.h"
#include "pasar/record.h"

static int take_number(struct pasar_record *record, int column, const struct pasar_csv_field *field,
                       struct pasar_err *err)
{
    double value;

    record->number[column] = NAN;
    if (field->len == 0)
        return 0;
    if (pasar_num_double(field->data, field->len, &value) != 0)
        return pasar_err_set(err, PASAR_EDATA, "%s: not a number", pasar_columns[column].name);
    if (!pasar_column_accepts((enum pasar_column)column, value))
        return pasar_err_set(err, PASAR_EDATA, "%s: out of range", pasar_columns[column].name);
    record->number[column] = value;
    return 0;
}

int pasar_record_from_csv(struct pasar_record *record, const struct pasar_record_map *map,
                          const struct pasar_csv_row *row, struct pasar_err *err)
{
    if (row->field_count != map->field_count)
        return pasar_err_set(err, PASAR_EDATA, "%zu fields instead of %zu", row->field_count, map->field_count);
    for (int i = 0; i < PASAR_COLUMNS; i++) {
        const struct pasar_csv_field *field = &row->fields[map->field[i]];
        if (pasar_columns[i].is_number) {
            if (take_number(record, i, field, err) != 0)
                return -1;
        } else {
            record->text[i] = (struct pasar_text){field->len > 0 ? field->data : NULL, field->len};
        }
    }
    if (record->text[PASAR_COL_PRODUCT_ID].data == NULL)
        return pasar_err_set(err, PASAR_EDATA, "empty product_id");
    if (map->timestamp < 0)
        return pasar_err_set(err, PASAR_EDATA, "no column timestamp, or two of them");
    const struct pasar_csv_field *timestamp = &row->fields[map->timestamp];
    if (pasar_clock_parse(timestamp->data, timestamp->len, &record->timestamp_us) != 0)
        return pasar_err_set(err, PASAR_EDATA, "timestamp: not an RFC 3339 time in UTC");
    return 0;
}
