#include "api/router.h"

#include <string.h>

enum method router_method(const char *name)
{
    static const struct {
        const char *name;
        enum method method;
    } methods[] = {{"GET", METHOD_GET}, {"HEAD", METHOD_HEAD}, {"POST", METHOD_POST}, {"OPTIONS", METHOD_OPTIONS}};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(methods); i++) {
        if (strcmp(methods[i].name, name) == 0)
            return methods[i].method;
    }
    return METHOD_OTHER;
}

const char *router_allow(const struct route *route)
{
    return route->methods & METHOD_POST ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
}

/* Compares a path, as it was sent, with a pattern; *part is where the {part} stands in the path. */
static bool matches(const char *pattern, const char *path, size_t len, size_t *part, size_t *part_len)
{
    size_t fixed = strcspn(pattern, "{");
    *part = *part_len = 0;
    if (pattern[fixed] == '\0')
        return fixed == len && memcmp(pattern, path, len) == 0;
    const char *tail = pattern + fixed + strcspn(pattern + fixed, "}") + 1;
    size_t tail_len = strlen(tail);
    if (len <= fixed + tail_len || memcmp(pattern, path, fixed) != 0 ||
        memcmp(tail, path + len - tail_len, tail_len) != 0)
        return false;
    *part = fixed;
    *part_len = len - fixed - tail_len;
    return memchr(path + fixed, '/', *part_len) == NULL;
}

enum router_result router_find(const struct route *table, size_t count, const char *path, size_t len,
                               const struct route **route, struct pasar_buf *segment)
{
    size_t part, part_len;
    pasar_buf_reset(segment);
    if (pasar_buf_reserve(segment, len + 1) != 0) /* decoding never grows: what it refuses is the path's fault */
        return ROUTER_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        if (!matches(table[i].pattern, path, len, &part, &part_len))
            continue;
        if (params_decode(segment, path + part, part_len, false) != 0)
            return ROUTER_BAD_PATH;
        *route = &table[i];
        return ROUTER_FOUND;
    }
    /* A broken escape is the client's mistake, not a missing page. */
    return params_decode(segment, path, len, false) != 0 ? ROUTER_BAD_PATH : ROUTER_NO_PATH;
}
