#include "api/why.h"

#include <math.h>
#include <string.h>

#include "api/jsontext.h"

enum { WORDS_SHOWN = 4 };

static const float common_idf = 1; /* in more than about a third of the products: says little beside rarer words */

/* A JSON array of phrases under way. A phrase is text that needs escaping, so it is put together aside. */
struct phrases {
    struct pasar_buf *out;
    size_t count;
    struct pasar_buf *phrase;
};

static struct pasar_buf *begin(struct phrases *p)
{
    pasar_buf_reset(p->phrase);
    return p->phrase;
}

static void end(struct phrases *p)
{
    pasar_buf_adds(p->out, p->count++ ? "," : "");
    jsontext_add_string(p->out, p->phrase->data ? p->phrase->data : "", p->phrase->len);
    if (p->phrase->failed)
        p->out->failed = true;
}

/* ------------------------------------------------------------------ numbers and names as people write them */

static void add_grouped(struct pasar_buf *buf, uint64_t value)
{
    char text[32];
    size_t at = sizeof text, digits = 0;
    do {
        if (digits == 3 || (digits > 3 && digits % 2 == 1))
            text[--at] = ',';
        text[--at] = (char)('0' + value % 10);
        value /= 10;
        digits++;
    } while (value > 0);
    pasar_buf_add(buf, text + at, sizeof text - at);
}

void why_add_rupees(struct pasar_buf *buf, double value)
{
    double paise = round(value * 100);
    pasar_buf_adds(buf, "₹");
    if (!(paise >= 0 && paise < 1e17)) {
        jsontext_add_number(buf, value);
        return;
    }
    uint64_t whole = (uint64_t)paise / 100, rest = (uint64_t)paise % 100;
    if (rest > 0 && whole >= 10000) {
        whole += rest >= 50;
        rest = 0;
    }
    add_grouped(buf, whole);
    if (rest > 0)
        pasar_buf_printf(buf, ".%02u", (unsigned)rest);
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* A word begins at text[i], though no blank says so: "USB|Cables", "Home|Theater". */
static bool begins_word(const char *text, size_t len, size_t i)
{
    if (i == 0 || !is_upper(text[i]))
        return false;
    return is_lower(text[i - 1]) ||
           (is_upper(text[i - 1]) && i + 2 < len && is_lower(text[i + 1]) && is_lower(text[i + 2]));
}

void why_add_level(struct pasar_buf *buf, const char *level, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool is_and = level[i] == '&';
        if (is_and || level[i] == ',') {
            while (buf->len > 0 && buf->data[buf->len - 1] == ' ')
                buf->len--;
            pasar_buf_adds(buf, is_and ? " & " : ", ");
            while (i + 1 < len && level[i + 1] == ' ')
                i++;
            continue;
        }
        if (begins_word(level, len, i))
            pasar_buf_addc(buf, ' ');
        pasar_buf_addc(buf, level[i]);
    }
}

/* ------------------------------------------------------------------ words */

/* How rare the word is that word w of the query was taken for. */
static float idf_of(const struct why *why, size_t w)
{
    return why->snapshot->index.terms[why->scratch->words[w].terms[0].term].idf;
}

static void add_word(const struct why *why, size_t w, struct pasar_buf *phrase)
{
    const struct vocabulary *v = &why->snapshot->index.vocabulary;
    const struct similar_word *word = &why->scratch->words[w];
    if (word->repaired >= 0) {
        pasar_buf_add(phrase, vocabulary_text(v, (uint32_t)word->repaired), v->words[word->repaired].len);
        pasar_buf_adds(phrase, " for ");
    }
    pasar_buf_add(phrase, why->scratch->tokens.bytes.data + word->start, word->len);
}

/* "shares: braided, cable": the rarest words first, common ones only where there are no others. */
static void say_words(const struct why *why, uint64_t words, struct phrases *p)
{
    size_t best[WORDS_SHOWN], count = 0;
    for (size_t w = 0; w < why->scratch->word_count; w++) {
        size_t at = count;
        if (!(words >> w & 1) || idf_of(why, w) < why->word_min)
            continue;
        while (at > 0 && idf_of(why, best[at - 1]) < idf_of(why, w))
            at--;
        if (at == WORDS_SHOWN)
            continue;
        count += count < WORDS_SHOWN;
        memmove(best + at + 1, best + at, (count - at - 1) * sizeof *best);
        best[at] = w;
    }
    if (count == 0)
        return;
    struct pasar_buf *phrase = begin(p);
    for (size_t i = 0; i < count; i++) {
        pasar_buf_adds(phrase, i ? ", " : "shares: ");
        add_word(why, best[i], phrase);
    }
    end(p);
}

/* ------------------------------------------------------------------ category */

static uint32_t depth_of(const char *path)
{
    uint32_t levels = 1;
    for (const char *bar = path; (bar = strchr(bar, '|')) != NULL; bar++)
        levels++;
    return levels;
}

/* Levels that two paths begin with alike; the last of them, inside `a`, in *level and *len. */
static uint32_t common_levels(const char *a, const char *b, const char **level, size_t *len)
{
    uint32_t levels = 0;
    for (;;) {
        size_t n = strcspn(a, "|"), m = strcspn(b, "|");
        if (n != m || memcmp(a, b, n) != 0)
            return levels;
        *level = a;
        *len = n;
        levels++;
        if (!a[n] || !b[m])
            return levels;
        a += n + 1;
        b += m + 1;
    }
}

static void add_last(const struct catalog_category *category, struct pasar_buf *phrase)
{
    why_add_level(phrase, category->last, strlen(category->last));
}

/* "same category: USB Cables (all 4 levels)", "both in Electronics (1 of 4 levels)"; for words the category they point
 * to takes the product's place. */
static void say_category(const struct why *why, const struct similar_hit *hit, uint32_t category, struct phrases *p)
{
    const struct catalog_category *list = why->snapshot->catalog.categories;
    if (category == CATALOG_NO_CATEGORY)
        return;
    if (why->product < 0 && (hit->same_category || category == why->category)) {
        pasar_buf_adds(begin(p), "category: ");
        add_last(&list[category], p->phrase);
        end(p);
        return;
    }
    if (why->category == CATALOG_NO_CATEGORY)
        return;
    const char *level = NULL;
    size_t len = 0;
    uint32_t levels = common_levels(list[why->category].path, list[category].path, &level, &len);
    if (levels == 0)
        return;
    struct pasar_buf *phrase = begin(p);
    if (why->product < 0) {
        pasar_buf_adds(phrase, "near ");
        add_last(&list[why->category], phrase);
        pasar_buf_adds(phrase, ": ");
    }
    pasar_buf_adds(phrase, category == why->category ? "same category: " : "both in ");
    why_add_level(phrase, level, len);
    uint32_t depth = depth_of(list[why->category].path);
    if (category != why->category)
        pasar_buf_printf(phrase, " (%u of %u levels)", levels, depth);
    else if (depth > 1)
        pasar_buf_printf(phrase, " (all %u levels)", depth);
    end(p);
}

/* ------------------------------------------------------------------ price and rating */

/* `less` or `more` of a price or of stars; nothing where either is unknown. */
static void say_distance(double have, double reference, bool is_price, const char *less, const char *more,
                         const char *same, struct phrases *p)
{
    double distance = round(fabs(have - reference) * 100) / 100;
    if (isnan(distance))
        return;
    struct pasar_buf *phrase = begin(p);
    if (!(distance > 0)) {
        pasar_buf_adds(phrase, same);
    } else if (is_price) {
        why_add_rupees(phrase, distance);
    } else {
        jsontext_add_rounded(phrase, distance, 2);
        pasar_buf_adds(phrase, fabs(distance - 1) < 0.005 ? " star" : " stars");
    }
    if (distance > 0)
        pasar_buf_adds(phrase, have < reference ? less : more);
    end(p);
}

static void say_numbers(const struct why *why, const struct catalog_product *product, struct phrases *p)
{
    const struct catalog *c = &why->snapshot->catalog;
    double price = product->number[CATALOG_PRICE], rating = product->number[CATALOG_RATING];
    if (why->product >= 0) {
        const double *own = c->products[why->product].number;
        say_distance(price, own[CATALOG_PRICE], true, " cheaper", " dearer", "same price", p);
        say_distance(rating, own[CATALOG_RATING], false, " lower", " better", "same rating", p);
    } else if (product->category != CATALOG_NO_CATEGORY) {
        const struct catalog_median *median = &c->views[why->model - 1].medians[product->category];
        say_distance(price, median->price, true, " below category median", " above category median",
                     "category median price", p);
        say_distance(rating, median->rating, false, " below category median", " above category median",
                     "category median rating", p);
    }
}

/* ------------------------------------------------------------------ group */

/* A group that holds most products says nothing of one of them. */
static void say_group(const struct why *why, const struct catalog_product *product, struct phrases *p)
{
    const struct pasar_model *model = &why->snapshot->generation.models[why->model - 1];
    int cluster = product->cluster[why->model - 1];
    if (cluster < 0 || (size_t)cluster >= model->k || model->clusters[cluster].size * 2 > model->rows)
        return;
    pasar_buf_adds(begin(p), why->product < 0 ? "group: " : "same group: ");
    pasar_buf_adds(p->phrase, model->clusters[cluster].label);
    end(p);
}

/* ------------------------------------------------------------------ all together */

void why_init(struct why *why, const struct snapshot *snapshot, struct similar_scratch *scratch, int model,
              int64_t product)
{
    const struct catalog *c = &snapshot->catalog;
    *why = (struct why){.snapshot = snapshot, .scratch = scratch, .model = model, .product = product};
    if (product >= 0) {
        why->category = c->products[product].category;
    } else {
        float most = 0;
        for (uint32_t i = CATALOG_NO_CATEGORY + 1; i < c->category_count; i++) {
            if (scratch->bonus[i] > most) {
                most = scratch->bonus[i];
                why->category = i;
            }
        }
    }
    for (size_t w = 0; w < scratch->word_count && why->word_min < common_idf; w++)
        why->word_min = idf_of(why, w) >= common_idf ? common_idf : 0;
}

void why_add(const struct why *why, const struct similar_hit *hit, struct pasar_buf *buf)
{
    const struct catalog_product *product = &why->snapshot->catalog.products[hit->product];
    struct phrases p = {.out = buf, .phrase = &why->scratch->name};
    pasar_buf_addc(buf, '[');
    if (hit->product == why->product) {
        pasar_buf_adds(begin(&p), "its product id is the search");
        end(&p);
        pasar_buf_addc(buf, ']');
        return;
    }
    if (hit->contains) {
        pasar_buf_adds(begin(&p), "name contains the search");
        end(&p);
    }
    say_words(why, hit->words, &p);
    say_category(why, hit, product->category, &p);
    say_numbers(why, product, &p);
    if (hit->same_cluster)
        say_group(why, product, &p);
    if (p.count == 0) {
        pasar_buf_adds(begin(&p), "a few words in common");
        end(&p);
    }
    pasar_buf_addc(buf, ']');
}
