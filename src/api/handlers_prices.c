/* How the prices of a catalogue are spread, for a histogram. */
#include "api/handlers.h"

#include <float.h>
#include <math.h>

#include "api/items.h"
#include "api/jsontext.h"

/*
 * {"model","total","low","high","counts"}: `counts` has a number for each of `bins` stretches from low to high that
 * are equally wide on a logarithmic scale; all of them add up to total. Prices of 0 have no place on such a scale.
 */
void handle_prices(struct request *r, struct reply *reply)
{
    int model = items_model(r);
    const struct catalog_view *view = &r->snapshot->catalog.views[model - 1];
    uint32_t bins = r->params.given[PARAM_BINS] ? (uint32_t)r->params.number[PARAM_BINS] : (uint32_t)PARAM_BINS_DEFAULT;
    struct pasar_buf *buf = &reply->body;
    uint32_t first, start, end;
    uint32_t total = catalog_price_range(view, DBL_TRUE_MIN, INFINITY, &first);
    double low = total > 0 ? view->prices[first] : NAN, high = total > 0 ? view->prices[view->priced_count - 1] : NAN;
    pasar_buf_printf(buf, "{\"model\":%d,\"total\":%u,\"low\":", model, total);
    jsontext_add_number(buf, low);
    pasar_buf_adds(buf, ",\"high\":");
    jsontext_add_number(buf, high);
    pasar_buf_adds(buf, ",\"counts\":[");
    start = first;
    for (uint32_t i = 1; i <= bins && total > 0; i++) {
        end = view->priced_count;
        if (i < bins) { /* the stretch ends below this price, where the next one begins */
            double edge = exp(log(low) + (log(high) - log(low)) * i / bins);
            (void)catalog_price_range(view, edge, INFINITY, &end);
        }
        pasar_buf_printf(buf, "%s%u", i > 1 ? "," : "", end - start);
        start = end;
    }
    pasar_buf_adds(buf, "]}");
    if (buf->failed)
        items_no_memory(reply);
}
