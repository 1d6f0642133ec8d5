#include "api/describe.h"

#include <math.h>
#include <string.h>

#include "api/jsontext.h"
#include "pasar/clock.h"
#include "pasar/num.h"

double describe_centroid(const struct pasar_model *model, size_t cluster, size_t f)
{
    double x = model->centroids[cluster * model->feature_count + f] * model->std[f] + model->mean[f];
    return model->transform[f] == PASAR_TRANSFORM_LOG1P ? expm1(x) : x;
}

static void add_member(struct pasar_buf *buf, const char *name, double value)
{
    pasar_buf_printf(buf, ",\"%s\":", name);
    jsontext_add_number(buf, value);
}

void describe_clusters(struct pasar_buf *buf, const struct pasar_model *model)
{
    pasar_buf_addc(buf, '[');
    for (size_t c = 0; c < model->k; c++) {
        const struct pasar_cluster *cluster = &model->clusters[c];
        pasar_buf_printf(buf, "%s{\"id\":%zu,\"size\":%llu,\"label\":", c ? "," : "", c,
                         (unsigned long long)cluster->size);
        jsontext_add_string(buf, cluster->label, strlen(cluster->label));
        pasar_buf_adds(buf, ",\"centroid\":{");
        for (size_t f = 0; f < model->feature_count; f++) {
            pasar_buf_printf(buf, "%s\"%s\":", f ? "," : "", pasar_columns[model->feature[f]].name);
            jsontext_add_rounded(buf, describe_centroid(model, c, f), 6);
        }
        pasar_buf_adds(buf, "},\"median\":{");
        for (size_t f = 0; f < model->feature_count; f++) {
            pasar_buf_printf(buf, "%s\"%s\":", f ? "," : "", pasar_columns[model->feature[f]].name);
            jsontext_add_number(buf, cluster->median[f]);
        }
        pasar_buf_adds(buf, "},\"top_categories\":[");
        for (size_t i = 0; i < cluster->top_count; i++) {
            pasar_buf_adds(buf, i ? ",{\"category\":" : "{\"category\":");
            jsontext_add_string(buf, cluster->top[i].category, strlen(cluster->top[i].category));
            pasar_buf_printf(buf, ",\"count\":%llu}", (unsigned long long)cluster->top[i].count);
        }
        pasar_buf_adds(buf, "]}");
    }
    pasar_buf_addc(buf, ']');
}

/* How this model agrees with the smaller ones: [{model, rows, changed_rows, adjusted_rand, centroid_moves}]. */
static void add_agreement(struct pasar_buf *buf, const struct pasar_manifest *manifest, int number)
{
    int wrote = 0;
    pasar_buf_adds(buf, ",\"agreement\":[");
    for (size_t i = 0; i < manifest->agreement_count; i++) {
        const struct pasar_agreement *a = &manifest->agreement[i];
        if (pasar_model_pairs[i][1] != number)
            continue;
        pasar_buf_printf(buf, "%s{\"model\":%d,\"rows\":%llu,\"changed_rows\":%llu", wrote++ ? "," : "",
                         pasar_model_pairs[i][0], (unsigned long long)a->rows, (unsigned long long)a->changed_rows);
        add_member(buf, "adjusted_rand", a->adjusted_rand);
        pasar_buf_adds(buf, ",\"centroid_moves\":[");
        for (size_t c = 0; c < a->move_count; c++) {
            pasar_buf_adds(buf, c ? "," : "");
            jsontext_add_rounded(buf, a->moves[c], 6);
        }
        pasar_buf_adds(buf, "]}");
    }
    pasar_buf_addc(buf, ']');
}

void describe_model(struct pasar_buf *buf, const struct pasar_generation *g, int index)
{
    const struct pasar_model *m = &g->models[index];
    char when[PASAR_CLOCK_TEXT_LEN + 1];
    pasar_clock_format(g->manifest.trained_at_us, when);
    pasar_buf_printf(buf, "{\"model\":%d,\"generation\":%llu,\"rows\":%llu,\"k\":%zu,\"features\":[", index + 1,
                     (unsigned long long)g->manifest.generation, (unsigned long long)m->rows, m->k);
    for (size_t f = 0; f < m->feature_count; f++)
        pasar_buf_printf(buf, "%s\"%s\"", f ? "," : "", pasar_columns[m->feature[f]].name);
    pasar_buf_addc(buf, ']');
    add_member(buf, "inertia", m->inertia);
    add_member(buf, "silhouette", m->silhouette);
    add_member(buf, "davies_bouldin", m->davies_bouldin);
    add_member(buf, "calinski_harabasz", m->calinski_harabasz);
    pasar_buf_printf(buf, ",\"trained_at\":\"%s\",\"clusters\":", when);
    describe_clusters(buf, m);
    add_agreement(buf, &g->manifest, index + 1);
    pasar_buf_addc(buf, '}');
}

void describe_models(struct pasar_buf *buf, const struct pasar_generation *g)
{
    pasar_buf_addc(buf, '[');
    for (int i = 0; i < PASAR_MODELS; i++) {
        pasar_buf_adds(buf, i ? "," : "");
        describe_model(buf, g, i);
    }
    pasar_buf_addc(buf, ']');
}
