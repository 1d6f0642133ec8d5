/* Search on catalogues of many blocks: what is left out makes no difference, and what is found is good. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/evidence.h"
#include "api/fold.h"
#include "api/pairs.h"
#include "support_search.h"

enum { PRODUCTS = 15000, CATEGORIES = 60, SYLLABLES = 20 };

static uint64_t state = 7;

static uint32_t draw(uint32_t n)
{
    return support_random(&state) % n;
}

/* Word `i` of a made-up language: two or three syllables. */
static const char *word(uint32_t i, char text[16])
{
    static const char *const syllables[SYLLABLES] = {"ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no",  "pu",
                                                     "ra", "se", "ti", "vo", "wu", "xa", "ye", "zi", "sto", "cha"};
    snprintf(text, 16, "%s%s%s", syllables[i % SYLLABLES], syllables[i / SYLLABLES % SYLLABLES],
             i % 3 ? syllables[(i * 7 + 3) % SYLLABLES] : "");
    return text;
}

/* A name of category k: a brand, words that any product may have, two that only this category has, a size. */
static void make_name(uint32_t k, char *name, size_t size)
{
    char a[16], b[16], c[16], d[16];
    uint32_t own = 60 + k * 5;
    snprintf(name, size, "%s %s %s%s%s%s %u cm", word(draw(20), a), word(own + draw(2), b), word(own + 2 + draw(3), c),
             draw(2) ? ", " : " ", draw(3) ? word(20 + draw(40), d) : "Pack", draw(2) ? " (red)" : " -", draw(40));
}

static int setup(void **unused)
{
    (void)unused;
    struct pasar_err err = PASAR_ERR_INIT;
    uint64_t model_rows[PASAR_MODELS] = {PRODUCTS / 3, PRODUCTS / 3 * 2, PRODUCTS};
    if (catalog_init(&catalog, &err) != 0)
        return -1;
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        char id[16], name[160], category[80], about[64], a[16], b[16], c[16];
        uint32_t k = draw(CATEGORIES) * draw(CATEGORIES) / CATEGORIES; /* some are larger */
        snprintf(id, sizeof id, "p%u", draw(30) ? i : i / 2);
        make_name(k, name, sizeof name);
        name[0] = (char)toupper((unsigned char)name[0]);
        snprintf(category, sizeof category, "Group%c|Kind%s", 'A' + (char)(k / 10), word(60 + k * 5, a));
        snprintf(about, sizeof about, "%s %s %s", word(20 + draw(40), a), word(draw(360), b), word(draw(360), c));
        struct row row = {id, draw(200) ? name : "", draw(100) ? category : "", about, 100, 4, draw(9), (int)draw(3)};
        if (support_add(&catalog, &row, model_rows) != 0)
            return -1;
    }
    return catalog_finish(&catalog, &err) != 0 || textindex_build(&textindex, &catalog, &err) != 0 ? -1 : 0;
}

/* One to six words, some of them cut, misspelt, or from nowhere. */
static void make_query(char *text, size_t size)
{
    char w[16];
    size_t at = 0;
    if (draw(8) == 0) {
        make_name(draw(CATEGORIES), text, size);
        return;
    }
    for (uint32_t n = 1 + draw(6); n > 0 && at + 24 < size; n--) {
        word(draw(380), w);
        if (draw(5) == 0)
            w[1 + draw((uint32_t)strlen(w) - 1)] = '\0';
        else if (draw(5) == 0)
            w[draw((uint32_t)strlen(w))] = 'q';
        at += (size_t)snprintf(text + at, size - at, "%s%s", at ? " " : "", w);
    }
}

static void test_search__what_is_pruned_makes_no_difference(void **unused)
{
    (void)unused;
    assert_true(textindex.block_count > 5);
    struct similar_scratch other = {0};
    for (int round = 0; round < 400; round++) {
        char text[200];
        const struct similar_hit *hits, *all;
        size_t count, all_count;
        uint32_t total, all_total;
        make_query(text, sizeof text);
        struct similar_query query = {.name = text,
                                      .len = strlen(text),
                                      .product = -1,
                                      .model = 1 + (int)draw(3),
                                      .offset = draw(4) ? 0 : draw(50),
                                      .limit = 1 + draw(draw(10) ? 10 : 1000),
                                      .contains_only = draw(10) == 0};
        if (draw(6) == 0)
            query.product = catalog.views[query.model - 1].products[draw(catalog.views[query.model - 1].count)];
        assert_int_equal(similar_search(&textindex, &query, &scratch, &hits, &count, &total), 0);
        query.exhaustive = true;
        assert_int_equal(similar_search(&textindex, &query, &other, &all, &all_count, &all_total), 0);
        assert_int_equal(total, all_total);
        assert_int_equal(count, all_count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(hits[i].product, all[i].product);
            assert_true(hits[i].score >= all[i].score && hits[i].score <= all[i].score);
            assert_true(i == 0 || hits[i - 1].score >= hits[i].score);
        }
    }
    similar_scratch_fini(&other);
}

static uint32_t count_containing(const char *text, int model)
{
    struct pasar_buf needle = {0};
    uint32_t count = 0;
    fold_case(&needle, text, strlen(text));
    for (uint32_t doc = 0; doc < textindex.doc_count; doc++) {
        size_t len = textindex.name_start[doc + 1] - textindex.name_start[doc] - 1;
        const char *name = textindex.names.data + textindex.name_start[doc];
        count += (textindex.models[doc] >> (model - 1) & 1) && memmem(name, len, needle.data, needle.len);
    }
    pasar_buf_fini(&needle);
    return count;
}

static void test_search__pieces_of_names_are_found_letter_for_letter(void **unused)
{
    (void)unused;
    for (int round = 0; round < 600; round++) {
        char text[200];
        const struct similar_hit *hits;
        size_t count;
        uint32_t total, doc = draw(textindex.doc_count);
        const char *name = textindex.names.data + textindex.name_start[doc];
        uint32_t len = (uint32_t)strlen(name);
        if (len == 0)
            continue;
        uint32_t from = draw(len), n = 1 + draw(draw(2) ? 8 : len - from);
        n = n < len - from ? n : len - from;
        memcpy(text, name + from, n);
        text[n] = '\0';
        struct similar_query query = {
            .name = text, .len = n, .product = -1, .model = 1 + round % 3, .limit = 1000, .contains_only = true};
        assert_int_equal(similar_search(&textindex, &query, &scratch, &hits, &count, &total), 0);
        uint32_t want = count_containing(text, query.model);
        want = want < SIMILAR_TOTAL_MAX ? want : SIMILAR_TOTAL_MAX;
        if (total != want)
            fail_msg("'%s': %u names contain it, %u were found", text, want, total);
        assert_int_equal(count, want < 1000 ? want : 1000);
        for (size_t i = 0; i < count; i++)
            assert_true(hits[i].contains);
    }
}

/* Share of the first five hits that are of the category that the words were drawn from. */
static double precision(bool misspelt, int rounds)
{
    double sum = 0;
    char a[16], b[16], text[40], category[80];
    for (int round = 0; round < rounds; round++) {
        const struct similar_hit *hits;
        size_t count, good = 0;
        uint32_t total, k = draw(CATEGORIES / 2), own = 60 + k * 5;
        snprintf(text, sizeof text, "%s %s", word(own + draw(2), a), word(20 + draw(40), b));
        if (misspelt) { /* the second letter of the telling word is left out */
            memmove(text + 1, text + 2, strlen(text) - 1);
        }
        snprintf(category, sizeof category, "Group%c|Kind%s", 'A' + (char)(k / 10), word(own, a));
        struct similar_query query = {.name = text, .len = strlen(text), .product = -1, .model = 3, .limit = 5};
        assert_int_equal(similar_search(&textindex, &query, &scratch, &hits, &count, &total), 0);
        for (size_t i = 0; i < count; i++) {
            const char *path = catalog.categories[catalog.products[hits[i].product].category].path;
            good += path && strcmp(path, category) == 0;
        }
        sum += (double)good / 5;
    }
    return sum / rounds;
}

static void test_search__hits_are_of_the_category_that_the_words_tell(void **unused)
{
    (void)unused;
    double plain = precision(false, 300), misspelt = precision(true, 300);
    if (plain < 0.9 || misspelt < 0.6)
        fail_msg("precision of the first five: %.3f, misspelt %.3f", plain, misspelt);
}

static void test_search__the_total_does_not_depend_on_the_page(void **unused)
{
    (void)unused;
    for (int round = 0; round < 50; round++) {
        char text[200];
        const struct similar_hit *hits;
        size_t count;
        uint32_t total, first;
        make_query(text, sizeof text);
        struct similar_query query = {.name = text, .len = strlen(text), .product = -1, .model = 3, .limit = 5};
        assert_int_equal(similar_search(&textindex, &query, &scratch, &hits, &count, &first), 0);
        query.offset = draw(20000);
        query.limit = 1000;
        assert_int_equal(similar_search(&textindex, &query, &scratch, &hits, &count, &total), 0);
        assert_int_equal(first, total);
        size_t want = query.offset >= total ? 0 : total - query.offset < 1000 ? total - query.offset : 1000;
        assert_int_equal(count, want);
    }
}

static void test_pairs__what_occurs_twice_is_kept_and_nothing_is_missed(void **unused)
{
    (void)unused;
    struct pairs pairs;
    struct pasar_err err = PASAR_ERR_INIT;
    uint32_t number, kept = 0;
    assert_int_equal(pairs_init(&pairs, 20000, &err), 0);
    for (uint32_t i = 0; i < 10000; i++) {
        pairs_note(&pairs, i, i * 3);
        if (i % 2)
            pairs_note(&pairs, i, i * 3);
    }
    for (uint32_t i = 0; i < 10000; i++) {
        assert_true(pairs_may_occur(&pairs, i, i * 3));
        if (i % 2)
            assert_true(pairs_is_repeated(&pairs, i, i * 3));
        if (!pairs_is_repeated(&pairs, i, i * 3))
            continue;
        assert_int_equal(pairs_add(&pairs, i, i * 3, &number, &err), 0);
        assert_int_equal(number, kept++);
        assert_int_equal(pairs_find(&pairs, i, i * 3), number);
    }
    assert_in_range(kept, 5000, 8500); /* the rest are collisions */
    assert_int_equal(pairs_find(&pairs, 3, 1), -1);
    pairs_fini(&pairs);
}

/* Three words in three categories; 0 is none, 1 and 2 are siblings, 3 stands alone. */
static void fill_evidence(struct evidence *e)
{
    static const uint32_t of[] = {4, 5, 5, 6};
    struct pasar_err err = PASAR_ERR_INIT;
    uint32_t *parent = malloc(sizeof of);
    assert_non_null(parent);
    memcpy(parent, of, sizeof of);
    assert_int_equal(evidence_init(e, 3, 3, parent, 4, 7, &err), 0);
    evidence_add_vector(e, (const uint32_t[]){0}, (const float[]){9}, 1);
    evidence_add_vector(e, (const uint32_t[]){1}, (const float[]){0.1f}, 1);
    evidence_add_named(e, 0, 2);
    evidence_add_told(e, 1, 1);
    evidence_add_label(e, 1, (const uint32_t[]){2, 0}, (const float[]){3, 1}, 2);
    assert_int_equal(evidence_close(e, 1, 2, &err), 0);
    evidence_add_named(e, 1, 2);
    assert_int_equal(evidence_close(e, 2, 1, &err), 0);
    evidence_add_vector(e, (const uint32_t[]){1, 2}, (const float[]){3, 4}, 2);
    evidence_add_named(e, 2, 2);
    assert_int_equal(evidence_close(e, 3, 1, &err), 0);
    assert_int_equal(evidence_finish(e, &err), 0);
}

static void test_evidence__products_of_a_category_count_alike_whatever_their_length(void **unused)
{
    (void)unused;
    struct evidence e;
    float cosine[7] = {0}, odds[7] = {0}, label[7] = {0};
    fill_evidence(&e);
    evidence_score(&e, 0, (struct evidence_weights){1, 1, 1}, cosine, odds, label);
    evidence_score(&e, 1, (struct evidence_weights){2, 1, 1}, cosine, odds, label);
    assert_float_equal(cosine[1], 3 * 0.70711, 1e-4);
    assert_float_equal(cosine[2], 0, 0);
    assert_float_equal(cosine[3], 2 * 0.6, 1e-4);
    evidence_fini(&e);
}

static void test_evidence__a_category_learns_from_its_siblings(void **unused)
{
    (void)unused;
    struct evidence e;
    float cosine[7] = {0}, odds[7] = {0}, label[7] = {0}, sum[4];
    fill_evidence(&e);
    evidence_score(&e, 0, (struct evidence_weights){1, 1, 1}, cosine, odds, label);
    for (uint32_t c = 1; c < 4; c++)
        sum[c] = odds[c] + odds[e.parent[c]] + e.absent[c];
    assert_true(sum[1] > sum[2]); /* that has the word */
    assert_true(sum[2] > sum[3]); /* whose sibling has it */
    assert_true(isinf(e.log_size[0]) && e.log_size[1] > e.log_size[2]);
    memset(odds, 0, sizeof odds);
    evidence_score(&e, 1, (struct evidence_weights){1, 1, 1}, cosine, odds, label);
    assert_true(odds[2] > odds[1] && odds[1] > 0); /* a description says less than a name */
    evidence_fini(&e);
}

static void test_evidence__a_category_is_known_by_its_name(void **unused)
{
    (void)unused;
    struct evidence e;
    float cosine[7] = {0}, odds[7] = {0}, label[7] = {0};
    fill_evidence(&e);
    evidence_score(&e, 2, (struct evidence_weights){1, 1, 1}, cosine, odds, label);
    assert_float_equal(label[1], 0.75, 1e-6); /* the rarer word of the two */
    assert_float_equal(label[3], 0, 0);       /* has the word, but not in its name */
    evidence_score(&e, 0, (struct evidence_weights){1, 0.5f, 0.5f}, cosine, odds, label);
    assert_float_equal(label[1], 0.875, 1e-6);
    assert_int_equal(e.head[1], 0);
    assert_true(e.head[0] == EVIDENCE_NO_TERM && e.head[2] == EVIDENCE_NO_TERM);
    evidence_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search__what_is_pruned_makes_no_difference),
        cmocka_unit_test(test_search__pieces_of_names_are_found_letter_for_letter),
        cmocka_unit_test(test_search__hits_are_of_the_category_that_the_words_tell),
        cmocka_unit_test(test_search__the_total_does_not_depend_on_the_page),
        cmocka_unit_test(test_pairs__what_occurs_twice_is_kept_and_nothing_is_missed),
        cmocka_unit_test(test_evidence__products_of_a_category_count_alike_whatever_their_length),
        cmocka_unit_test(test_evidence__a_category_learns_from_its_siblings),
        cmocka_unit_test(test_evidence__a_category_is_known_by_its_name),
    };
    return cmocka_run_group_tests(tests, setup, support_search_end);
}
