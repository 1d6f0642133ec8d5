#include "api/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int classify_train(struct classify *c, const struct catalog *catalog, const struct vocabulary *vocabulary,
                   struct pasar_err *err)
{
    (void)catalog;
    (void)vocabulary;
    (void)err;
    memset(c, 0, sizeof *c);
    return 0;
}

void classify_fini(struct classify *c)
{
    free(c->weights);
    free(c->bias);
    free(c->class_category);
    free(c->category_class);
    free(c->term_feature);
    free(c->gram_slots);
    memset(c, 0, sizeof *c);
}

int classify_words(const struct classify *c, const struct classify_word *words, size_t count, float *p)
{
    (void)c;
    (void)words;
    (void)count;
    (void)p;
    return 0;
}
