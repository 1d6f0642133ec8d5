/* Texts as vectors, and which category they are of. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/classifier.h"
#include "api/logistic.h"
#include "support.h"

/* ------------------------------------------------------------------ rows */

static void test_sparse__columns_are_renamed_and_rows_made_unit_length(void **state)
{
    struct sparse m = {0};
    (void)state;
    sparse_add(&m, 0, 3);
    sparse_add(&m, 1, 9);
    sparse_add(&m, 2, 4);
    sparse_end_row(&m);
    sparse_add(&m, 1, 5);
    sparse_end_row(&m);
    sparse_add(&m, 2, -2);
    sparse_end_row(&m);
    sparse_rename_columns(&m, (const uint32_t[]){7, SPARSE_NO_COLUMN, 5});
    assert_false(m.failed);
    assert_int_equal(m.row_count, 3);
    assert_int_equal(m.count, 3);
    assert_int_equal(m.ends[0], 2);
    assert_int_equal(m.ends[1], 2); /* nothing is left of it */
    assert_int_equal(m.entries[0].column, 7);
    assert_float_equal(m.entries[0].value, 0.6, 1e-6);
    assert_int_equal(m.entries[1].column, 5);
    assert_float_equal(m.entries[1].value, 0.8, 1e-6);
    assert_float_equal(m.entries[2].value, -1, 1e-6);
    sparse_fini(&m);
}

/* ------------------------------------------------------------------ the space */

enum { COLUMNS = 200 };

/* What dimensions a and b have in common: 1 or 0 when a is b, else 0. */
static double gram(const struct lsa_vector *vectors, uint32_t columns, int a, int b)
{
    double sum = 0;
    for (uint32_t c = 0; c < columns; c++)
        sum += (double)vectors[c].lanes[a / 4][a % 4] * (double)vectors[c].lanes[b / 4][b % 4];
    return sum;
}

/* How many dimensions there are; all of them are orthonormal. */
static int count_dimensions(const struct lsa_vector *vectors, uint32_t columns)
{
    int count = 0;
    for (int a = 0; a < LSA_DIMS; a++) {
        bool is_there = gram(vectors, columns, a, a) > 0.5;
        count += is_there;
        assert_float_equal(gram(vectors, columns, a, a), (is_there ? 1 : 0), 1e-4);
        for (int b = 0; b < a; b++)
            assert_float_equal(gram(vectors, columns, a, b), 0, 1e-4);
    }
    return count;
}

/* Each word in texts of its own: the words are the singular vectors, the roots of how many texts have them the singular
 * values. */
static void test_lsa__the_space_keeps_what_most_texts_are_about(void **state)
{
    static struct lsa_vector vectors[COLUMNS];
    struct sparse texts = {0};
    struct pasar_err err = PASAR_ERR_INIT;
    (void)state;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        for (uint32_t i = 0; i < (c % 5 ? 9 : 1); i++) {
            sparse_add(&texts, c, 1);
            sparse_end_row(&texts);
        }
    }
    assert_int_equal(lsa_fit(&texts, COLUMNS, vectors, &err), 0);
    assert_int_equal(count_dimensions(vectors, COLUMNS), LSA_DIMS);
    for (uint32_t c = 0; c < COLUMNS; c++)
        assert_float_equal(sqrtf(lsa_dot(&vectors[c], &vectors[c])), (c % 5 ? 1 : 0), 0.01);
    sparse_fini(&texts);
}

static void test_lsa__few_texts_have_few_dimensions(void **state)
{
    static struct lsa_vector vectors[COLUMNS];
    struct sparse texts = {0};
    struct pasar_err err = PASAR_ERR_INIT;
    (void)state;
    for (uint32_t row = 0; row < 3; row++) {
        for (uint32_t i = 0; i < 4; i++)
            sparse_add(&texts, 50 * row + i * i, 0.5f);
        sparse_end_row(&texts);
    }
    assert_int_equal(lsa_fit(&texts, COLUMNS, vectors, &err), 0);
    assert_int_equal(count_dimensions(vectors, COLUMNS), 3);
    for (uint32_t row = 0; row < 3; row++) {
        struct lsa_vector text = {0};
        lsa_add_row(&text, &texts, row, vectors);
        assert_float_equal(lsa_dot(&text, &text), 1, 1e-4); /* nothing of it is lost */
    }
    sparse_fini(&texts);
    assert_int_equal(lsa_fit(&(struct sparse){0}, 2, vectors, &err), 0);
    assert_int_equal(count_dimensions(vectors, 2), 0);
}

/* ------------------------------------------------------------------ the classes */

enum { SAMPLES = 300, CLASSES = 4 };

/* Class k of 0, 1 and 3 is about dimension k, and a little about others. */
static void make_samples(struct lsa_vector *samples, uint32_t *labels)
{
    uint64_t state = 5;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        labels[i] = i % 3 == 2 ? 3 : i % 3;
        samples[i] = (struct lsa_vector){0};
        for (int d = 0; d < LSA_DIMS; d++)
            samples[i].lanes[d / 4][d % 4] = 0.02f * (float)(support_random(&state) % 100) / 100;
        samples[i].lanes[0][labels[i]] += 1;
        assert_true(lsa_normalize(&samples[i]));
    }
}

static float logit(const struct lsa_vector *weights, const float *biases, uint32_t class,
                   const struct lsa_vector *sample)
{
    return lsa_dot(&weights[class], sample) + biases[class];
}

static void test_logistic__a_sample_is_likeliest_of_its_class(void **state)
{
    static struct lsa_vector samples[SAMPLES], weights[CLASSES], again[CLASSES];
    uint32_t labels[SAMPLES];
    float biases[CLASSES], biases_again[CLASSES];
    struct pasar_err err = PASAR_ERR_INIT;
    (void)state;
    make_samples(samples, labels);
    assert_int_equal(logistic_fit(samples, labels, SAMPLES, CLASSES, weights, biases, &err), 0);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        for (uint32_t c = 0; c < CLASSES; c++) {
            if (c != labels[i])
                assert_true(logit(weights, biases, labels[i], &samples[i]) >
                            logit(weights, biases, c, &samples[i]) + 2);
        }
        assert_true(logit(weights, biases, 2, &samples[i]) < 0); /* the class without samples is never likely */
    }
    assert_int_equal(logistic_fit(samples, labels, SAMPLES, CLASSES, again, biases_again, &err), 0);
    assert_memory_equal(weights, again, sizeof weights);
    assert_memory_equal(biases, biases_again, sizeof biases);
}

static void test_logistic__nothing_is_learnt_of_nothing(void **state)
{
    struct lsa_vector weights[2], zero = {0};
    float biases[2];
    struct pasar_err err = PASAR_ERR_INIT;
    (void)state;
    assert_int_equal(logistic_fit(NULL, NULL, 0, 2, weights, biases, &err), 0);
    assert_memory_equal(&weights[1], &zero, sizeof zero);
    assert_float_equal(biases[0], 0, 0);
}

/* ------------------------------------------------------------------ both */

/*
 * As many things as the space has dimensions, each with two names that never come together, but beside the same word.
 * So there is room for the things, not for their names. The last term comes in one text.
 */
enum { THINGS = LSA_DIMS, ONCE = 3 * THINGS, TERMS };

static uint32_t name_of(uint32_t thing)
{
    return thing;
}

static uint32_t other_name_of(uint32_t thing)
{
    return THINGS + thing;
}

static void add_text(struct classifier *c, uint32_t thing, uint32_t name)
{
    classifier_add_text(c, (const uint32_t[]){name, 2 * THINGS + thing}, (const float[]){1, 1}, 2);
}

static void add_sample(struct classifier *c, uint32_t category, uint32_t term)
{
    classifier_add_sample(c, category, &term, &(float){1}, 1);
}

/* Categories 1 and 2 are of things 1 and 2, by their first names. */
static void fill(struct classifier *c)
{
    struct pasar_err err = PASAR_ERR_INIT;
    assert_int_equal(classifier_init(c, TERMS, 3, &err), 0);
    for (uint32_t thing = 0; thing < THINGS; thing++) {
        for (int i = 0; i < 5; i++) {
            add_text(c, thing, name_of(thing));
            add_text(c, thing, other_name_of(thing));
        }
    }
    classifier_add_text(c, (const uint32_t[]){ONCE}, (const float[]){1}, 1);
    for (int i = 0; i < 5; i++) {
        add_sample(c, 1, name_of(1));
        add_sample(c, 2, name_of(2));
        add_sample(c, 2, ONCE); /* is not known, and so no sample */
    }
    assert_int_equal(classifier_finish(c, &err), 0);
}

/* The scores of categories for one word. */
static bool ask(const struct classifier *c, uint32_t term, float scores[3])
{
    struct lsa_vector query = {0};
    bool is_known = classifier_ask(c, term, 2, &query);
    memset(scores, 0, 3 * sizeof *scores);
    classifier_score(c, &query, 1, scores);
    return is_known;
}

static void test_classifier__words_that_are_used_alike_mean_the_same(void **state)
{
    struct classifier c;
    float scores[3];
    (void)state;
    fill(&c);
    assert_true(ask(&c, name_of(1), scores));
    assert_true(scores[1] > scores[2] + 1);
    assert_true(ask(&c, other_name_of(1), scores));
    assert_true(scores[1] > scores[2] + 1);
    assert_true(ask(&c, other_name_of(2), scores));
    assert_true(scores[2] > scores[1] + 1);
    classifier_fini(&c);
}

static void test_classifier__a_word_of_one_text_is_not_known(void **state)
{
    struct classifier c;
    float scores[3];
    (void)state;
    fill(&c);
    assert_false(ask(&c, ONCE, scores));
    for (int i = 0; i < 3; i++)
        assert_float_equal(scores[i], 0, 0);
    classifier_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sparse__columns_are_renamed_and_rows_made_unit_length),
        cmocka_unit_test(test_lsa__the_space_keeps_what_most_texts_are_about),
        cmocka_unit_test(test_lsa__few_texts_have_few_dimensions),
        cmocka_unit_test(test_logistic__a_sample_is_likeliest_of_its_class),
        cmocka_unit_test(test_logistic__nothing_is_learnt_of_nothing),
        cmocka_unit_test(test_classifier__words_that_are_used_alike_mean_the_same),
        cmocka_unit_test(test_classifier__a_word_of_one_text_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
