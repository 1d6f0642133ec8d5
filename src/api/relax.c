#include "api/relax.h"

#include <string.h>

#include "api/fold.h"

enum { LETTERS_MAX = 64 };

unsigned relax_distance(const char *a, size_t n, const char *b, size_t m, unsigned limit)
{
    unsigned rows[3][LETTERS_MAX + 1];
    if (n > LETTERS_MAX || m > LETTERS_MAX)
        return limit + 1;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *now = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3], least;
        least = now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned d = up[j - 1] + (a[i - 1] != b[j - 1]);
            d = up[j] + 1 < d ? up[j] + 1 : d;
            d = now[j - 1] + 1 < d ? now[j - 1] + 1 : d;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && up2[j - 2] + 1 < d)
                d = up2[j - 2] + 1;
            now[j] = d;
            least = d < least ? d : least;
        }
        if (least > limit + 1)
            return limit + 1;
    }
    unsigned d = rows[n % 3][m];
    return d > limit ? limit + 1 : d;
}

/* Letters and digits, lower case: "USB-C Cables" and "usbccables" are the same to someone who types. */
static size_t letters(const char *text, size_t len, char out[LETTERS_MAX])
{
    size_t n = 0;
    for (size_t at = 0; at < len && n < LETTERS_MAX;) {
        size_t from = at;
        uint32_t cp = fold_decode(text, len, &at);
        if (!fold_is_word(cp))
            continue;
        if (cp < 0x80) {
            out[n++] = (char)fold_lower(cp);
        } else {
            for (; from < at && n < LETTERS_MAX; from++)
                out[n++] = text[from];
        }
    }
    return n;
}

/* Passes over the levels that both paths begin with. NULL: `path` has no others. */
static const char *skip_shared(const char *path, const char *before)
{
    for (;;) {
        size_t len = strcspn(path, "|");
        if (strcspn(before, "|") != len || memcmp(path, before, len) != 0)
            return path;
        if (path[len] == '\0')
            return NULL;
        path += len + 1;
        before += len + (before[len] == '|');
    }
}

static size_t offer(struct relax_name names[RELAX_NAMES_MAX], size_t count, struct relax_name name)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].len == name.len && memcmp(names[i].text, name.text, name.len) == 0)
            return count;
    }
    size_t at = count < RELAX_NAMES_MAX ? count++ : RELAX_NAMES_MAX;
    for (; at > 0 && names[at - 1].far > name.far; at--) {
        if (at < RELAX_NAMES_MAX)
            names[at] = names[at - 1];
    }
    if (at < RELAX_NAMES_MAX)
        names[at] = name;
    return count;
}

/* What is missing at the end of what someone types counts little once half of it is there: "smart tv" may mean smart
 * televisions. */
static unsigned far_of(const char *want, size_t n, const char *have, size_t m, unsigned distance)
{
    size_t shared = 0;
    while (shared < n && shared < m && want[shared] == have[shared])
        shared++;
    size_t lacking = n - shared + 1;
    return shared >= 4 && shared * 2 >= n && lacking < distance ? (unsigned)lacking : distance;
}

size_t relax_categories(const struct catalog *c, const struct catalog_view *view, const char *text, size_t len,
                        struct relax_name names[RELAX_NAMES_MAX])
{
    char want[LETTERS_MAX], have[LETTERS_MAX];
    const char *before = "";
    size_t n = letters(text, len, want), count = 0;
    for (uint32_t i = 1; i < c->category_count; i++) {
        if (view->category_start[i + 1] == view->category_start[i])
            continue;
        const char *path = c->categories[i].path;
        for (const char *level = skip_shared(path, before); level;) { /* paths are sorted: those before had the rest */
            size_t level_len = strcspn(level, "|"), m = letters(level, level_len, have);
            unsigned most = (unsigned)(n > m ? n : m) / 2, d = relax_distance(want, n, have, m, most);
            unsigned far = far_of(want, n, have, m, d);
            if (far <= most)
                count = offer(names, count, (struct relax_name){level, level_len, d, (unsigned)m, far});
            level = level[level_len] == '|' ? level + level_len + 1 : NULL;
        }
        before = path;
    }
    return count;
}

int relax_is_near(const struct relax_name *name)
{
    return name->length >= 3 && name->distance * 4 <= name->length;
}
