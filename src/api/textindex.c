/*
 * Two passes over the catalogue: the first collects vocabulary, document frequencies and field lengths, the second
 * writes each posting to its final place. No list of all occurrences is ever held.
 */
#include "api/textindex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/fold.h"
#include "api/jsontext.h"
#include "api/tokens.h"

enum field { NAME, CATEGORY, ABOUT, FIELDS };
enum { ABOUT_WORDS_MAX = 120, DOC_WORDS_MAX = 400 };

/* BM25F: field weights and length normalisation, saturation. */
static const double field_weight[FIELDS] = {3.0, 2.0, 0.6};
static const double field_b[FIELDS] = {0.4, 0.3, 0.7};
static const double k1 = 1.2;

struct builder {
    struct textindex *index;
    const struct catalog *catalog;
    struct pasar_buf text; /* a field without its JSON escapes */
    struct tokens tokens;
    double length[FIELDS]; /* pass 1: sum over documents; pass 2: mean */
    struct posting {
        uint32_t term;
        uint8_t tf[FIELDS];
    } list[DOC_WORDS_MAX];
    size_t count, field_len[FIELDS];
    uint64_t *cursor; /* pass 2: where a term's next posting goes */
    float *weights;   /* pass 2: beside docs */
};

/* Splits one field of a product into b->tokens. */
static void split_field(struct builder *b, const struct catalog_product *p, enum field field)
{
    const char *json = b->catalog->text.data + p->json;
    pasar_buf_reset(&b->text);
    if (field == CATEGORY) {
        if (p->category != CATALOG_NO_CATEGORY)
            pasar_buf_adds(&b->text, b->catalog->categories[p->category].path);
    } else if (field == NAME && json[p->name] == '"') {
        jsontext_unescape(&b->text, json + p->name, p->name_len);
    } else if (field == ABOUT && json[p->about] == '"') {
        jsontext_unescape(&b->text, json + p->about, p->about_len);
    }
    tokens_split(&b->tokens, b->text.data, b->text.len, field == CATEGORY ? TOKENS_CAMEL : TOKENS_PLAIN);
    if (field == ABOUT && b->tokens.count > ABOUT_WORDS_MAX)
        b->tokens.count = ABOUT_WORDS_MAX;
}

static int by_term(const void *a, const void *b)
{
    const struct posting *x = a, *y = b;
    return x->term < y->term ? -1 : x->term > y->term;
}

/* Reads a product's words into b->list: one entry per term with its frequency in each field. */
static int read_document(struct builder *b, uint32_t product, struct pasar_err *err)
{
    struct vocabulary *v = &b->index->vocabulary;
    const struct catalog_product *p = &b->catalog->products[product];
    b->count = 0;
    for (int f = 0; f < FIELDS; f++) {
        split_field(b, p, f);
        if (b->tokens.failed || b->text.failed)
            return pasar_err_nomem(err, "search index");
        b->field_len[f] = b->tokens.count;
        for (size_t i = 0; i < b->tokens.count && b->count < DOC_WORDS_MAX; i++) {
            uint32_t word;
            if (b->cursor)
                word = (uint32_t)vocabulary_find(v, tokens_text(&b->tokens, i), b->tokens.list[i].len);
            else if (vocabulary_add(v, tokens_text(&b->tokens, i), b->tokens.list[i].len, product, &word, err) != 0)
                return -1;
            b->list[b->count] = (struct posting){v->words[word].term, {0}};
            b->list[b->count++].tf[f] = 1;
        }
    }
    qsort(b->list, b->count, sizeof *b->list, by_term);
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++) {
        if (kept > 0 && b->list[kept - 1].term == b->list[i].term) {
            for (int f = 0; f < FIELDS; f++)
                b->list[kept - 1].tf[f] = (uint8_t)(b->list[kept - 1].tf[f] + b->list[i].tf[f] > 255
                                                        ? 255
                                                        : b->list[kept - 1].tf[f] + b->list[i].tf[f]);
        } else {
            b->list[kept++] = b->list[i];
        }
    }
    b->count = kept;
    return 0;
}

static int count_words(struct builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    uint32_t cap = 0;
    for (uint32_t i = 0; i < b->catalog->count; i++) {
        if (read_document(b, i, err) != 0)
            return -1;
        if (x->vocabulary.term_count > cap) {
            uint32_t size = cap ? cap : 4096;
            while (size < x->vocabulary.term_count)
                size *= 2;
            struct textindex_term *terms = realloc(x->terms, size * sizeof *terms);
            if (!terms)
                return pasar_err_nomem(err, "search index");
            memset(terms + cap, 0, (size - cap) * sizeof *terms);
            x->terms = terms;
            cap = size;
        }
        for (size_t j = 0; j < b->count; j++)
            x->terms[b->list[j].term].count++;
        for (int f = 0; f < FIELDS; f++)
            b->length[f] += (double)b->field_len[f];
    }
    for (int f = 0; f < FIELDS; f++)
        b->length[f] = b->catalog->count && b->length[f] > 0 ? b->length[f] / b->catalog->count : 1;
    return 0;
}

static double term_weight(const struct builder *b, const struct posting *posting)
{
    double n = b->catalog->count, df = b->index->terms[posting->term].count, tf = 0;
    for (int f = 0; f < FIELDS; f++)
        tf += field_weight[f] * posting->tf[f] / (1 - field_b[f] + field_b[f] * (double)b->field_len[f] / b->length[f]);
    return log(1 + (n - df + 0.5) / (df + 0.5)) * tf / (k1 + tf);
}

static int write_postings(struct builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    uint64_t total = 0;
    uint32_t terms = x->vocabulary.term_count;
    b->cursor = malloc((terms + 1) * sizeof *b->cursor);
    if (!b->cursor)
        return pasar_err_nomem(err, "search index");
    for (uint32_t t = 0; t < terms; t++) {
        x->terms[t].first = b->cursor[t] = total;
        total += x->terms[t].count;
    }
    x->posting_count = total;
    x->docs = malloc((total + 1) * sizeof *x->docs);
    x->impacts = malloc(total + 1);
    b->weights = malloc((total + 1) * sizeof *b->weights);
    if (!x->docs || !x->impacts || !b->weights)
        return pasar_err_nomem(err, "search index");
    for (uint32_t i = 0; i < b->catalog->count; i++) {
        if (read_document(b, i, err) != 0)
            return -1;
        for (size_t j = 0; j < b->count; j++) {
            uint64_t at = b->cursor[b->list[j].term]++;
            x->docs[at] = i;
            b->weights[at] = (float)term_weight(b, &b->list[j]);
        }
    }
    return 0;
}

/* Quantises the weights and sorts each term's postings by falling impact (a counting sort; documents stay in order). */
static int sort_postings(struct builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    float top = 0;
    uint32_t longest = 0;
    for (uint64_t i = 0; i < x->posting_count; i++)
        top = b->weights[i] > top ? b->weights[i] : top;
    for (uint32_t t = 0; t < x->vocabulary.term_count; t++)
        longest = x->terms[t].count > longest ? x->terms[t].count : longest;
    x->scale = top > 0 ? top / 255 : 1;
    uint32_t *docs = malloc((longest + 1) * sizeof *docs);
    if (!docs)
        return pasar_err_nomem(err, "search index");
    for (uint32_t t = 0; t < x->vocabulary.term_count; t++) {
        uint64_t first = x->terms[t].first;
        uint32_t n = x->terms[t].count, start[257] = {0};
        for (uint32_t i = 0; i < n; i++) {
            long impact = lroundf(b->weights[first + i] / x->scale);
            x->impacts[first + i] = (uint8_t)(impact < 1 ? 1 : impact > 255 ? 255 : impact);
            start[256 - x->impacts[first + i]]++;
        }
        for (int i = 1; i < 257; i++)
            start[i] += start[i - 1];
        for (uint32_t i = 0; i < n; i++) /* bucket of impact v starts where those above it end */
            docs[start[255 - x->impacts[first + i]]++] = x->docs[first + i];
        for (int v = 255; v > 0; v--) {
            uint32_t from = v == 255 ? 0 : start[254 - v];
            memset(x->impacts + first + from, v, start[255 - v] - from);
        }
        memcpy(x->docs + first, docs, n * sizeof *docs);
    }
    free(docs);
    return 0;
}

static int fold_names(struct builder *b, struct pasar_err *err)
{
    struct textindex *x = b->index;
    x->name_start = malloc(((size_t)b->catalog->count + 1) * sizeof *x->name_start);
    x->info = calloc((size_t)b->catalog->count + 1, sizeof *x->info);
    if (!x->name_start || !x->info)
        return pasar_err_nomem(err, "names");
    for (uint32_t i = 0; i < b->catalog->count; i++) {
        const struct catalog_product *p = &b->catalog->products[i];
        const char *name = b->catalog->text.data + p->json + p->name;
        x->info[i].category = p->category;
        x->info[i].models = p->models;
        for (int m = 0; m < PASAR_MODELS; m++)
            x->info[i].cluster[m] = (uint8_t)p->cluster[m];
        x->name_start[i] = x->names.len;
        pasar_buf_reset(&b->text);
        if (name[0] == '"')
            jsontext_unescape(&b->text, name, p->name_len);
        fold_case(&x->names, b->text.data, b->text.len);
        pasar_buf_addc(&x->names, '\0');
    }
    x->name_start[b->catalog->count] = x->names.len;
    return x->names.failed || b->text.failed ? pasar_err_nomem(err, "names") : 0;
}

int textindex_build(struct textindex *index, const struct catalog *catalog, struct pasar_err *err)
{
    memset(index, 0, sizeof *index);
    index->catalog = catalog;
    struct builder *b = calloc(1, sizeof *b);
    int rc = b ? vocabulary_init(&index->vocabulary, err) : pasar_err_nomem(err, "search index");
    if (rc == 0) {
        b->index = index;
        b->catalog = catalog;
        rc = count_words(b, err);
    }
    if (rc == 0)
        rc = vocabulary_finish(&index->vocabulary, err);
    if (rc == 0)
        rc = write_postings(b, err);
    if (rc == 0)
        rc = sort_postings(b, err);
    if (rc == 0)
        rc = fold_names(b, err);
    if (rc == 0)
        rc = classify_train(&index->classify, catalog, &index->vocabulary, err);
    if (b) {
        pasar_buf_fini(&b->text);
        tokens_fini(&b->tokens);
        free(b->cursor);
        free(b->weights);
        free(b);
    }
    return rc;
}

void textindex_fini(struct textindex *index)
{
    vocabulary_fini(&index->vocabulary);
    classify_fini(&index->classify);
    free(index->terms);
    free(index->docs);
    free(index->impacts);
    free(index->name_start);
    free(index->info);
    pasar_buf_fini(&index->names);
    memset(index, 0, sizeof *index);
}
