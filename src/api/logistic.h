/* Multinomial logistic regression: which class is a text of? */
#ifndef PASAR_API_LOGISTIC_H
#define PASAR_API_LOGISTIC_H

#include <stdint.h>

#include "api/lsa.h"
#include "pasar/attrs.h"
#include "pasar/err.h"

/*
 * Fits weights and biases, one for each class, to `count` samples of unit length and these classes: the logit of class
 * c is weights[c] * sample + biases[c]. By a few rounds of gradient descent, one sample at a time, each class with a
 * step of its own that shrinks as it learns (AdaGrad-Norm: Ward, Wu & Bottou, "AdaGrad stepsizes", 2019); that the
 * rounds are few is what keeps the weights small. The same samples give the same weights. 0, or -1 with err when memory
 * ran out.
 */
int logistic_fit(const struct lsa_vector *samples, const uint32_t *labels, uint32_t count, uint32_t classes,
                 struct lsa_vector *weights, float *biases, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
