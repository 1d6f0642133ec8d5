#include "api/catalog_orders.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/jsontext.h"
#include "pasar/num.h"

static int by_folded_path(const void *a, const void *b)
{
    const struct catalog_category *x = a, *y = b;
    int order = strcmp(x->folded, y->folded);
    return order ? order : strcmp(x->path, y->path);
}

/* Sorts the categories and gives the products their new ids. Categories that all products have left, as later records
 * said so, are let go: from here on each has some. */
static int sort_categories(struct catalog *c, struct pasar_err *err)
{
    uint32_t *moved = calloc(c->category_count, sizeof *moved), kept = CATALOG_NO_CATEGORY + 1;
    if (!moved)
        return pasar_err_nomem(err, "categories");
    for (uint32_t i = 0; i < c->count; i++)
        moved[c->products[i].category]++; /* a count for now */
    for (uint32_t i = CATALOG_NO_CATEGORY + 1; i < c->category_count; i++) {
        if (moved[i] > 0) {
            c->categories[i].order = i;
            c->categories[kept++] = c->categories[i];
        } else {
            free(c->categories[i].path);
            free(c->categories[i].folded);
        }
    }
    c->category_count = kept;
    if (kept > 2)
        qsort(c->categories + 1, kept - 1, sizeof *c->categories, by_folded_path);
    for (uint32_t i = 0; i < kept; i++)
        moved[c->categories[i].order] = i;
    for (uint32_t i = 0; i < c->count; i++)
        c->products[i].category = moved[c->products[i].category];
    free(moved);
    return 0;
}

/* ------------------------------------------------------------------ orders of all products */

struct numbers {
    const struct catalog *catalog;
    const struct catalog_view *view; /* of the score */
    enum catalog_number number;
};

static double number_of(const void *ctx, uint32_t product)
{
    const struct numbers *n = ctx;
    return n->catalog->products[product].number[n->number];
}

static double score_of(const void *ctx, uint32_t product)
{
    const struct numbers *n = ctx;
    return catalog_score(n->view, &n->catalog->products[product]);
}

/* Without its quotes: the closing one would take part in comparisons. */
static const char *inside(const char *literal, uint32_t literal_len, size_t *len)
{
    *len = literal_len - 2;
    return literal[0] == '"' ? literal + 1 : NULL;
}

static const char *name_of(const void *ctx, uint32_t product, size_t *len)
{
    const struct catalog *c = ctx;
    const struct catalog_product *p = &c->products[product];
    return inside(c->text.data + p->json + p->name, p->name_len, len);
}

static const char *id_of(const void *ctx, uint32_t product, size_t *len)
{
    const struct catalog *c = ctx;
    const struct catalog_product *p = &c->products[product];
    return inside(c->text.data + p->json + CATALOG_ID_OFFSET, p->id_len, len);
}

static int build_orders(struct catalog *c, struct pasar_err *err)
{
    for (int i = 0; i < CATALOG_NUMBERS; i++) {
        struct numbers numbers = {.catalog = c, .number = (enum catalog_number)i};
        if (order_by_number(&c->orders[i], NULL, c->count, number_of, &numbers, err) != 0)
            return -1;
    }
    if (order_by_text(&c->orders[CATALOG_BY_NAME], c->count, name_of, c, err) != 0 ||
        order_by_text(&c->orders[CATALOG_BY_ID], c->count, id_of, c, err) != 0)
        return -1;
    c->name_rank = malloc((c->count + 1) * sizeof *c->name_rank);
    c->id_rank = malloc((c->count + 1) * sizeof *c->id_rank);
    if (!c->name_rank || !c->id_rank)
        return pasar_err_nomem(err, "sorted names");
    order_rank(&c->orders[CATALOG_BY_NAME], c->name_rank);
    order_rank(&c->orders[CATALOG_BY_ID], c->id_rank);
    return 0;
}

/* Best rating first, ties in arrival order: the products' places, and the list. */
static void set_best(struct catalog *c, uint32_t *best)
{
    const struct order *order = &c->orders[CATALOG_RATING];
    uint32_t done = 0, first, last, n = 0;
    while (order_next(order, true, &done, &first, &last)) {
        for (uint32_t i = first; i < last; i++) {
            best[n] = order_product(order->list[i]);
            c->products[best[n]].best = n;
            n++;
        }
    }
}

/* ------------------------------------------------------------------ orders of a view */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static int build_price_order(const struct catalog *c, struct catalog_view *view, struct pasar_err *err)
{
    view->by_price = malloc((view->count + 1) * sizeof *view->by_price);
    view->prices = malloc((view->count + 1) * sizeof *view->prices);
    if (!view->by_price || !view->prices)
        return pasar_err_nomem(err, "price order");
    const struct order *order = &c->orders[CATALOG_PRICE];
    for (uint32_t i = 0; i < order->known; i++) {
        uint32_t product = order_product(order->list[i]);
        if (view->members[product / 64] >> product % 64 & 1)
            view->by_price[view->priced_count++] = product;
    }
    uint32_t *ranks = malloc((view->priced_count + 1) * sizeof *ranks);
    if (!ranks)
        return pasar_err_nomem(err, "price order");
    for (uint32_t i = 0; i < view->priced_count; i++) {
        view->prices[i] = c->products[view->by_price[i]].number[CATALOG_PRICE];
        ranks[i] = c->products[view->by_price[i]].best;
    }
    return rank_init(&view->price_rank, ranks, view->priced_count, err);
}

/* Counting sort of the best-first order by category: stable, so each category stays best first. */
static int build_category_order(const struct catalog *c, struct catalog_view *view, const uint32_t *best, int model,
                                struct pasar_err *err)
{
    view->by_category = malloc((view->count + 1) * sizeof *view->by_category);
    view->category_start = calloc(c->category_count + 2, sizeof *view->category_start);
    if (!view->by_category || !view->category_start)
        return pasar_err_nomem(err, "category order");
    uint32_t *start = view->category_start;
    for (uint32_t i = 0; i < view->count; i++)
        start[c->products[view->products[i]].category + 2]++;
    for (uint32_t i = 2; i < c->category_count + 2; i++)
        start[i] += start[i - 1];
    for (uint32_t i = 0; i < c->count; i++) {
        const struct catalog_product *p = &c->products[best[i]];
        if (p->models >> model & 1)
            view->by_category[start[p->category + 1]++] = best[i];
    }
    return 0;
}

/* Both orders are there already: the middle of each category is found by counting. */
static int build_medians(const struct catalog *c, struct catalog_view *view, struct pasar_err *err)
{
    uint32_t *known = calloc(2 * (size_t)c->category_count, sizeof *known);
    view->medians = malloc(c->category_count * sizeof *view->medians);
    if (!known || !view->medians) {
        free(known);
        return pasar_err_nomem(err, "medians");
    }
    uint32_t *seen = known + c->category_count;
    for (uint32_t i = 0; i < view->priced_count; i++)
        known[c->products[view->by_price[i]].category]++;
    for (uint32_t i = 0; i < c->category_count; i++) {
        const uint32_t *list = view->by_category + view->category_start[i];
        uint32_t n = view->category_start[i + 1] - view->category_start[i];
        while (n > 0 && isnan(c->products[list[n - 1]].number[CATALOG_RATING])) /* those without stand last */
            n--;
        view->medians[i] = (struct catalog_median){NAN, n > 0 ? c->products[list[n / 2]].number[CATALOG_RATING] : NAN};
    }
    for (uint32_t i = 0; i < view->priced_count; i++) {
        uint32_t category = c->products[view->by_price[i]].category;
        if (seen[category]++ == (known[category] - 1) / 2)
            view->medians[category].price = view->prices[i];
    }
    free(known);
    return 0;
}

static int set_priors(const struct catalog *c, struct catalog_view *view, struct pasar_err *err)
{
    double *votes = malloc((view->count + 1) * sizeof *votes);
    if (!votes)
        return pasar_err_nomem(err, "rating prior");
    double sum = 0;
    uint32_t rated = 0, voted = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        const struct catalog_product *p = &c->products[view->products[i]];
        if (!isnan(p->number[CATALOG_RATING])) {
            sum += p->number[CATALOG_RATING];
            rated++;
        }
        if (!isnan(p->number[CATALOG_RATING_COUNT]))
            votes[voted++] = p->number[CATALOG_RATING_COUNT];
    }
    qsort(votes, voted, sizeof *votes, by_value);
    view->rating_mean = rated ? sum / rated : NAN;
    view->votes_prior = voted && votes[voted / 2] > 1 ? votes[voted / 2] : 1;
    free(votes);
    return 0;
}

/* ------------------------------------------------------------------ /api/categories */

struct branch {
    const char *main, *second;   /* inside the category's path */
    size_t main_len, second_len; /* second_len 0 = a path of one level */
    uint32_t count;
};

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int by_branch(const void *a, const void *b)
{
    const struct branch *x = a, *y = b;
    int order = compare_text(x->main, x->main_len, y->main, y->main_len);
    return order ? order : compare_text(x->second, x->second_len, y->second, y->second_len);
}

static void write_seconds(struct pasar_buf *buf, const struct branch *list, size_t n, int counts)
{
    pasar_buf_addc(buf, '[');
    int wrote = 0;
    for (size_t i = 0; i < n;) {
        uint64_t count = 0;
        size_t j = i;
        while (j < n && by_branch(&list[i], &list[j]) == 0)
            count += list[j++].count;
        if (list[i].second_len > 0) {
            pasar_buf_adds(buf, wrote++ ? "," : "");
            pasar_buf_adds(buf, counts ? "{\"name\":" : "");
            jsontext_add_string(buf, list[i].second, list[i].second_len);
            if (counts)
                pasar_buf_printf(buf, ",\"count\":%llu}", (unsigned long long)count);
        }
        i = j;
    }
    pasar_buf_addc(buf, ']');
}

static int write_tree(struct catalog_view *view, const struct branch *list, size_t n, int counts, struct pasar_err *err)
{
    struct pasar_buf buf = {0};
    pasar_buf_addc(&buf, '{');
    for (size_t i = 0; i < n;) {
        uint64_t count = 0;
        size_t j = i;
        while (j < n && compare_text(list[i].main, list[i].main_len, list[j].main, list[j].main_len) == 0)
            count += list[j++].count;
        pasar_buf_adds(&buf, i ? "," : "");
        jsontext_add_string(&buf, list[i].main, list[i].main_len);
        if (counts)
            pasar_buf_printf(&buf, ":{\"count\":%llu,\"subcategories\":", (unsigned long long)count);
        else
            pasar_buf_addc(&buf, ':');
        write_seconds(&buf, list + i, j - i, counts);
        pasar_buf_adds(&buf, counts ? "}" : "");
        i = j;
    }
    pasar_buf_addc(&buf, '}');
    view->categories_json[counts] = pasar_buf_steal(&buf, &view->categories_json_len[counts]);
    return view->categories_json[counts] ? 0 : pasar_err_nomem(err, "category tree");
}

static int build_trees(const struct catalog *c, struct catalog_view *view, struct pasar_err *err)
{
    struct branch *list = calloc(c->category_count + 1, sizeof *list);
    size_t n = 0;
    if (!list)
        return pasar_err_nomem(err, "category tree");
    for (uint32_t i = 1; i < c->category_count; i++) {
        uint32_t count = view->category_start[i + 1] - view->category_start[i];
        if (count == 0)
            continue;
        struct branch *b = &list[n++];
        b->main = c->categories[i].path;
        b->main_len = strcspn(b->main, "|");
        b->second = b->main + b->main_len + (b->main[b->main_len] == '|');
        b->second_len = strcspn(b->second, "|");
        b->count = count;
    }
    qsort(list, n, sizeof *list, by_branch);
    int rc = write_tree(view, list, n, 0, err);
    if (rc == 0)
        rc = write_tree(view, list, n, 1, err);
    free(list);
    return rc;
}

/* ------------------------------------------------------------------ all together */

static int build_view(struct catalog *c, const uint32_t *best, int model, struct pasar_err *err)
{
    struct catalog_view *view = &c->views[model];
    for (uint32_t i = 0; i < c->count; i++)
        view->count += c->products[i].models >> model & 1;
    view->products = malloc((view->count + 1) * sizeof *view->products);
    view->members = calloc(c->count / 64 + 1, sizeof *view->members);
    view->clusters = malloc((c->count + 1) * sizeof *view->clusters);
    if (!view->products || !view->members || !view->clusters)
        return pasar_err_nomem(err, "products");
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        view->clusters[i] = c->products[i].cluster[model];
        if (c->products[i].models >> model & 1) {
            view->products[n++] = i;
            view->members[i / 64] |= (uint64_t)1 << i % 64;
        }
    }
    if (build_price_order(c, view, err) != 0 || build_category_order(c, view, best, model, err) != 0 ||
        build_medians(c, view, err) != 0)
        return -1;
    struct numbers numbers = {.catalog = c, .view = view};
    if (set_priors(c, view, err) != 0 ||
        order_by_number(&view->by_score, view->products, view->count, score_of, &numbers, err) != 0)
        return -1;
    return build_trees(c, view, err);
}

int catalog_orders_build(struct catalog *c, struct pasar_err *err)
{
    uint32_t *best = malloc((c->count + 1) * sizeof *best);
    int rc = best ? sort_categories(c, err) : pasar_err_nomem(err, "rating order");
    if (rc == 0)
        rc = build_orders(c, err);
    if (rc == 0)
        set_best(c, best);
    for (int m = 0; m < PASAR_MODELS && rc == 0; m++)
        rc = build_view(c, best, m, err);
    free(best);
    return rc;
}
