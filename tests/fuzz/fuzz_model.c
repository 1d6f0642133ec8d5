/*
 * Bytes → model. What is accepted holds what pasar_model_check promises, predicts a cluster that it has, and its own
 * form reads back to the same bytes; what is refused says why.
 */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "pasar/generation.h"

static void check_predictions(const struct pasar_model *model)
{
    static const double values[] = {0, -1, 399, 1e300, NAN};

    for (size_t i = 0; i < PASAR_ARRAY_LEN(values); i++) {
        double point[PASAR_FEATURES_MAX], distance;
        for (size_t f = 0; f < model->feature_count; f++)
            point[f] = values[(i + f) % PASAR_ARRAY_LEN(values)];
        fuzz_require(pasar_model_predict(model, point, &distance) < model->k);
        fuzz_require(distance >= 0);
    }
    for (size_t c = 0; c < model->k; c++)
        for (size_t i = 0; i < model->projection.count; i++)
            (void)pasar_model_project(model, c, i);
}

static void check_round_trip(const struct pasar_model *model)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_model again;
    char *first = pasar_model_to_json(model, &err);

    /* Refused only when a number for people, in real units, is past the range of a double. */
    if (first == NULL) {
        bool is_finite = true;
        for (size_t i = 0; i < model->k * model->feature_count; i++)
            is_finite &= isfinite(pasar_model_centroid(model, i / model->feature_count, i % model->feature_count)) != 0;
        for (size_t i = 0; i < model->k * model->projection.count; i++)
            is_finite &=
                isfinite(pasar_model_project(model, i / model->projection.count, i % model->projection.count)) != 0;
        fuzz_require(!is_finite);
        return;
    }
    fuzz_require(pasar_model_from_json(&again, first, strlen(first), &err) == 0);
    char *second = pasar_model_to_json(&again, &err);
    fuzz_require(second != NULL && strcmp(first, second) == 0);
    free(second);
    free(first);
    pasar_model_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct pasar_model model;

    if (pasar_model_from_json(&model, (const char *)data, len, &err) != 0) {
        fuzz_require(err.code == PASAR_EDATA && err.msg[0] != '\0');
        return 0;
    }
    fuzz_require(pasar_model_check(&model, &err) == 0);
    check_predictions(&model);
    check_round_trip(&model);
    pasar_model_fini(&model);
    return 0;
}
