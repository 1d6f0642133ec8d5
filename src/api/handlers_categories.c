/* /api/categories: the tree of main categories as it was written at load, or a page of it. */
#include "api/handlers.h"

#include <string.h>

#include "api/items.h"

/* The end of a JSON value or member list that starts at `at`: the first comma or closing bracket on its own level. */
static const char *end_of_member(const char *at, const char *end)
{
    int depth = 0;
    bool in_string = false;
    for (; at < end; at++) {
        if (in_string) {
            if (*at == '\\')
                at++;
            else if (*at == '"')
                in_string = false;
        } else if (*at == '"') {
            in_string = true;
        } else if (*at == '[' || *at == '{') {
            depth++;
        } else if ((*at == ',' && depth == 0) || ((*at == ']' || *at == '}') && depth-- == 0)) {
            break;
        }
    }
    return at;
}

/* limit and offset count main categories. */
static void write_page(const struct request *r, struct reply *reply, const struct blob *tree)
{
    const char *at = tree->data + 1, *end = tree->data + tree->len;
    uint32_t offset = items_offset(r), limit = items_limit(r);
    uint64_t total = 0;
    pasar_buf_addc(&reply->body, '{');
    for (; *at != '}' && at < end; total++) {
        const char *stop = end_of_member(at, end);
        if (total >= offset && total - offset < limit) {
            pasar_buf_adds(&reply->body, reply->body.len > 1 ? "," : "");
            pasar_buf_add(&reply->body, at, (size_t)(stop - at));
        }
        at = *stop == ',' ? stop + 1 : stop;
    }
    pasar_buf_addc(&reply->body, '}');
    reply->has_total = true;
    reply->total = total;
    reply->offset = offset;
    reply->limit = r->params.given[PARAM_LIMIT] ? limit : 0;
}

void handle_categories(struct request *r, struct reply *reply)
{
    const struct snapshot *s = r->snapshot;
    bool counts = r->params.number[PARAM_COUNTS] != 0,
         pages = r->params.given[PARAM_LIMIT] || r->params.given[PARAM_OFFSET];
    int model = items_model(r);
    if (model == PARAM_MODEL_ALL && pages)
        reply_problem(reply, 400, "limit and offset are for one model's categories, not for model=all");
    else if (model == PARAM_MODEL_ALL)
        reply->blob = &s->categories_all[counts];
    else if (pages)
        write_page(r, reply, &s->categories[model - 1][counts]);
    else
        reply->blob = &s->categories[model - 1][counts];
}
