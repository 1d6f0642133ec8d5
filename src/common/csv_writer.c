/* RFC 4180 writing: a field at a time into a buffer. */
#include <string.h>

#include "pasar/csv.h"

#include "csv_scan.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Beyond what RFC 4180 asks for: blanks at the ends and a byte order mark, which other readers would take away. */
static bool needs_quotes(const char *data, size_t len)
{
    if (is_blank(data[0]) || is_blank(data[len - 1]))
        return true;
    if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        return true;
    return pasar_csv_has_special(data, len);
}

static void add_quoted(struct pasar_buf *buf, const char *data, size_t len)
{
    const char *end = data + len, *quote;

    pasar_buf_addc(buf, '"');
    while ((quote = memchr(data, '"', (size_t)(end - data))) != NULL) {
        pasar_buf_add(buf, data, (size_t)(quote + 1 - data));
        pasar_buf_addc(buf, '"');
        data = quote + 1;
    }
    pasar_buf_add(buf, data, (size_t)(end - data));
    pasar_buf_addc(buf, '"');
}

void pasar_csv_add_field(struct pasar_buf *buf, size_t index, const char *data, size_t len)
{
    if (index > 0)
        pasar_buf_addc(buf, ',');
    if (len == 0)
        return;
    if (needs_quotes(data, len))
        add_quoted(buf, data, len);
    else
        pasar_buf_add(buf, data, len);
}

void pasar_csv_end_row(struct pasar_buf *buf)
{
    pasar_buf_addc(buf, '\n');
}
