#include "api/logistic.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 10 };

static const float rate = 3;
static const float unlikely = 0.01f; /* a class of less has nothing to learn from a sample that is not its own */

struct fit {
    struct lsa_vector *weights;
    float *biases;
    float *squares; /* by class: sum of the squared gradients */
    float *shares;  /* by class: how likely it is that the current sample is of it */
    uint32_t classes;
};

/* shares = softmax of the logits. */
static void predict(struct fit *f, const struct lsa_vector *sample)
{
    float top = -INFINITY, sum = 0;
    for (uint32_t c = 0; c < f->classes; c++) {
        f->shares[c] = lsa_dot(&f->weights[c], sample) + f->biases[c];
        top = f->shares[c] > top ? f->shares[c] : top;
    }
    for (uint32_t c = 0; c < f->classes; c++)
        sum += f->shares[c] = expf(f->shares[c] - top);
    for (uint32_t c = 0; c < f->classes; c++)
        f->shares[c] /= sum;
}

static void learn(struct fit *f, const struct lsa_vector *sample, uint32_t label)
{
    predict(f, sample);
    for (uint32_t c = 0; c < f->classes; c++) {
        float gradient = f->shares[c] - (c == label ? 1 : 0); /* of the logit */
        if (fabsf(gradient) < unlikely)
            continue;
        f->squares[c] += gradient * gradient;
        float step = -rate * gradient / sqrtf(f->squares[c]);
        lsa_add(&f->weights[c], sample, step);
        f->biases[c] += step;
    }
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

/* Steps of so many visit all of `count` samples, and neighbours, which are alike, far from each other. */
static uint32_t stride(uint32_t count)
{
    uint32_t step = (uint32_t)(0.618 * count) | 1;
    while (common_divisor(step, count) != 1)
        step += 2;
    return step;
}

int logistic_fit(const struct lsa_vector *samples, const uint32_t *labels, uint32_t count, uint32_t classes,
                 struct lsa_vector *weights, float *biases, struct pasar_err *err)
{
    struct fit f = {.weights = weights,
                    .biases = biases,
                    .squares = calloc((size_t)classes + 1, sizeof *f.squares),
                    .shares = malloc(((size_t)classes + 1) * sizeof *f.shares),
                    .classes = classes};
    bool is_ready = f.squares && f.shares;
    uint32_t step = count > 0 ? stride(count) : 0, at = 0;
    memset(weights, 0, classes * sizeof *weights);
    memset(biases, 0, classes * sizeof *biases);
    for (uint64_t i = 0; is_ready && i < (uint64_t)ROUNDS * count; i++) {
        learn(&f, &samples[at], labels[at]);
        at = (uint32_t)(((uint64_t)at + step) % count);
    }
    free(f.squares);
    free(f.shares);
    return is_ready ? 0 : pasar_err_nomem(err, "logistic regression");
}
