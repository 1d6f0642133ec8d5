/* "agreement" of manifest.json: what more data changed. */
#include <math.h>

#include "generation_private.h"

const int pasar_model_pairs[PASAR_MODEL_PAIRS][2] = {{1, 2}, {2, 3}, {1, 3}};

static json_t *pair_to_json(const struct pasar_agreement *agreement, const int models[2])
{
    struct pasar_json_out out = {json_object(), false};
    json_t *moves = json_array();

    for (size_t c = 0; c < agreement->move_count; c++)
        out.failed |= json_array_append_new(moves, pasar_json_number(agreement->moves[c])) != 0;
    pasar_json_put(&out, "models", json_pack("[ii]", models[0], models[1]));
    pasar_json_put_u64(&out, "rows", agreement->rows);
    pasar_json_put_u64(&out, "changed_rows", agreement->changed_rows);
    pasar_json_put_number(&out, "adjusted_rand", agreement->adjusted_rand);
    pasar_json_put(&out, "centroid_moves", moves);
    if (out.failed)
        json_decref(out.object);
    return out.failed ? NULL : out.object;
}

json_t *pasar_agreement_to_json(const struct pasar_manifest *manifest)
{
    json_t *array = json_array();

    for (size_t i = 0; i < manifest->agreement_count; i++) {
        if (json_array_append_new(array, pair_to_json(&manifest->agreement[i], pasar_model_pairs[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int read_pair(struct pasar_agreement *agreement, const json_t *json, size_t i, struct pasar_err *err)
{
    const int *pair = pasar_model_pairs[i];
    char where[32];

    snprintf(where, sizeof where, "agreement[%zu]", i);
    const json_t *models = pasar_json_array(json, where, "models", 2, 2, err);
    const json_t *moves = pasar_json_array(json, where, "centroid_moves", 1, PASAR_CLUSTERS_MAX, err);
    if (models == NULL || moves == NULL ||
        pasar_json_u64(json, where, "rows", 1, INT64_MAX, &agreement->rows, err) != 0 ||
        pasar_json_u64(json, where, "changed_rows", 0, agreement->rows, &agreement->changed_rows, err) != 0 ||
        pasar_json_double(json, where, "adjusted_rand", false, &agreement->adjusted_rand, err) != 0)
        return -1;
    if (json_integer_value(json_array_get(models, 0)) != pair[0] ||
        json_integer_value(json_array_get(models, 1)) != pair[1])
        return pasar_err_set(err, PASAR_EDATA, "%s.models: must be [%d, %d]", where, pair[0], pair[1]);
    for (size_t c = 0; c < json_array_size(moves); c++) {
        const json_t *move = json_array_get(moves, c);
        if (!json_is_number(move))
            return pasar_err_set(err, PASAR_EDATA, "%s.centroid_moves[%zu]: must be a number", where, c);
        agreement->moves[agreement->move_count++] = json_number_value(move);
    }
    return 0;
}

int pasar_agreement_read(struct pasar_manifest *manifest, const json_t *root, struct pasar_err *err)
{
    if (json_object_get(root, "agreement") == NULL)
        return 0;
    const json_t *array = pasar_json_array(root, "", "agreement", PASAR_MODEL_PAIRS, PASAR_MODEL_PAIRS, err);
    if (array == NULL)
        return -1;
    for (size_t i = 0; i < PASAR_MODEL_PAIRS; i++)
        if (read_pair(&manifest->agreement[i], json_array_get(array, i), i, err) != 0)
            return -1;
    manifest->agreement_count = PASAR_MODEL_PAIRS;
    return 0;
}

int pasar_agreement_check(const struct pasar_manifest *manifest, const struct pasar_model models[PASAR_MODELS],
                          struct pasar_err *err)
{
    if (manifest->agreement_count != 0 && manifest->agreement_count != PASAR_MODEL_PAIRS)
        return pasar_err_set(err, PASAR_EDATA, "agreement: must have %d entries", PASAR_MODEL_PAIRS);
    for (size_t i = 0; i < manifest->agreement_count; i++) {
        const struct pasar_agreement *agreement = &manifest->agreement[i];
        const struct pasar_model *earlier = &models[pasar_model_pairs[i][0] - 1];
        const struct pasar_model *later = &models[pasar_model_pairs[i][1] - 1];
        size_t common = earlier->k < later->k ? earlier->k : later->k;
        if (agreement->rows != earlier->rows || agreement->changed_rows > agreement->rows)
            return pasar_err_set(err, PASAR_EDATA, "agreement[%zu]: rows are not those of model %d", i,
                                 earlier->number);
        if (!(agreement->adjusted_rand >= -1 && agreement->adjusted_rand <= 1))
            return pasar_err_set(err, PASAR_EDATA, "agreement[%zu].adjusted_rand: must be -1 to 1", i);
        if (agreement->move_count != common)
            return pasar_err_set(err, PASAR_EDATA, "agreement[%zu].centroid_moves: must be %zu", i, common);
        for (size_t c = 0; c < common; c++)
            if (!isfinite(agreement->moves[c]) || agreement->moves[c] < 0)
                return pasar_err_set(err, PASAR_EDATA, "agreement[%zu].centroid_moves[%zu]: out of range", i, c);
    }
    return 0;
}
