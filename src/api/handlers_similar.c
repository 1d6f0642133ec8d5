/* /api/similar_products: ranked hits, each with its score and the reasons for it. */
#include "api/handlers.h"

#include <stdlib.h>
#include <string.h>

#include "api/items.h"
#include "api/jsontext.h"
#include "api/suggest.h"

/* Words that were taken for others. */
static void say_repairs(const struct request *r, bool has_words, struct pasar_buf *relaxed)
{
    const struct similar_scratch *s = r->scratch;
    const struct vocabulary *v = &r->snapshot->index.vocabulary;
    pasar_buf_reset(relaxed);
    for (size_t w = 0; has_words && w < s->word_count; w++) {
        const struct similar_word *word = &s->words[w];
        if (word->repaired < 0)
            continue;
        pasar_buf_adds(relaxed, relaxed->len ? ", " : "no product mentions ");
        pasar_buf_add(relaxed, tokens_text(&s->tokens, word->token), s->tokens.list[word->token].len);
        pasar_buf_adds(relaxed, "; taken for ");
        pasar_buf_add(relaxed, vocabulary_text(v, (uint32_t)word->repaired), v->words[word->repaired].len);
    }
}

static int find_similar(struct request *r, int model, bool strict, struct items *items, struct pasar_buf *relaxed)
{
    const struct snapshot *s = r->snapshot;
    const struct similar_hit *hits;
    size_t count;
    uint32_t total;
    struct similar_query query = {
        .name = r->params.text[PARAM_NAME],
        .len = r->params.text_len[PARAM_NAME],
        .product = -1,
        .model = model,
        .offset = items_offset(r),
        .limit = items_limit(r),
        .contains_only = r->params.number[PARAM_STRICT] != 0,
    };
    (void)strict; /* nearest first is what this endpoint is for; only the client itself can narrow it */
    if (r->params.given[PARAM_PRODUCT_ID]) {
        query.product =
            catalog_find(&s->catalog, r->params.text[PARAM_PRODUCT_ID], r->params.text_len[PARAM_PRODUCT_ID], model);
        query.contains_only = false;
        if (query.product == CATALOG_NO_MEMORY)
            return -1;
        if (query.product < 0) /* not in this model's catalogue */
            return 0;
    }
    if (similar_search(&s->index, &query, r->scratch, &hits, &count, &total) != 0)
        return -1;
    items->total = total;
    items->products = malloc((count + 1) * sizeof *items->products);
    items->hits = malloc((count + 1) * sizeof *items->hits);
    if (!items->products || !items->hits)
        return -1;
    items->count = count;
    say_repairs(r, query.product < 0 && !query.contains_only, relaxed);
    for (size_t i = 0; i < count; i++) {
        items->hits[i] = hits[i];
        items->products[i] = hits[i].product;
    }
    return 0;
}

static void add_reason(struct pasar_buf *buf, bool *first, const char *lead, const char *text, size_t len)
{
    struct pasar_buf reason = {0};
    pasar_buf_adds(&reason, lead);
    pasar_buf_add(&reason, text, len);
    pasar_buf_adds(buf, *first ? "" : ",");
    jsontext_add_string(buf, reason.data, reason.len);
    *first = false;
    buf->failed = buf->failed || reason.failed;
    pasar_buf_fini(&reason);
}

/* "shares: usb, cable (for cabel)" from the words of the query that were found. */
static void add_word_reason(const struct request *r, uint64_t words, struct pasar_buf *buf, bool *first)
{
    const struct similar_scratch *s = r->scratch;
    struct pasar_buf text = {0};
    size_t shown = 0;
    for (size_t w = 0; w < s->word_count && shown < 6; w++) {
        const struct similar_word *word = &s->words[w];
        if (!(words >> w & 1))
            continue;
        pasar_buf_adds(&text, shown++ ? ", " : "");
        if (word->repaired >= 0) {
            const struct vocabulary *v = &r->snapshot->index.vocabulary;
            pasar_buf_add(&text, vocabulary_text(v, (uint32_t)word->repaired), v->words[word->repaired].len);
            pasar_buf_adds(&text, " for ");
        }
        pasar_buf_add(&text, tokens_text(&s->tokens, word->token), s->tokens.list[word->token].len);
    }
    if (shown > 0)
        add_reason(buf, first, "shares: ", text.data, text.len);
    buf->failed = buf->failed || text.failed;
    pasar_buf_fini(&text);
}

static void write_hit(struct request *r, int model, const struct items *items, size_t i, struct pasar_buf *buf)
{
    const struct similar_hit *hit = &items->hits[i];
    const struct snapshot *s = r->snapshot;
    const struct catalog_product *p = &s->catalog.products[hit->product];
    bool first = true;
    catalog_add_json_open(&s->catalog, hit->product, model, buf);
    pasar_buf_adds(buf, ",\"score\":");
    jsontext_add_rounded(buf, hit->score, 4);
    pasar_buf_adds(buf, ",\"why\":[");
    if (hit->contains)
        add_reason(buf, &first, "name contains the search", "", 0);
    add_word_reason(r, hit->words, buf, &first);
    if (hit->same_category && p->category != CATALOG_NO_CATEGORY) {
        const char *last = s->catalog.categories[p->category].last;
        add_reason(buf, &first, r->params.given[PARAM_PRODUCT_ID] ? "same category: " : "category: ", last,
                   strlen(last));
    }
    if (hit->same_cluster && p->cluster[model - 1] >= 0) {
        const char *label = s->generation.models[model - 1].clusters[p->cluster[model - 1]].label;
        add_reason(buf, &first, "group: ", label, strlen(label));
    }
    if (first)
        add_reason(buf, &first, "a few words in common", "", 0);
    pasar_buf_adds(buf, "]}");
}

void handle_similar(struct request *r, struct reply *reply)
{
    const struct params *p = &r->params;
    bool has_name = p->given[PARAM_NAME] && p->text_len[PARAM_NAME] > 0;
    bool has_id = p->given[PARAM_PRODUCT_ID] && p->text_len[PARAM_PRODUCT_ID] > 0;
    if (has_name == has_id) {
        reply_problem(reply, 400, has_name ? "give name or product_id, not both" : "name or product_id is missing");
        return;
    }
    if (items_reply(r, reply, find_similar, write_hit) != 1)
        return;
    enum param given = has_id ? PARAM_PRODUCT_ID : PARAM_NAME;
    struct pasar_buf suggestions = {0};
    int model = items_model(r) == PARAM_MODEL_ALL ? PASAR_MODELS : items_model(r);
    pasar_buf_reset(&reply->relaxed);
    reply_problem(reply, 404, has_id ? "no product has the id '%.*s'" : "nothing resembles '%.*s'",
                  p->text_len[given] > 60 ? 60 : (int)p->text_len[given], p->text[given]);
    if (has_id)
        suggest_ids(&suggestions, r->snapshot, model, p->text[given], p->text_len[given]);
    else
        suggest_words(&suggestions, r->snapshot, model, p->text[given], p->text_len[given]);
    reply_suggest(reply, &suggestions);
    pasar_buf_fini(&suggestions);
}
