/* About the API itself: alive, ready, counters, description; and the home page. */
#include "api/handlers.h"

#include <string.h>

#include "api/api.h"
#include "api/jsontext.h"
#include "api/lineage.h"
#include "pasar/clock.h"

void handle_healthz(struct request *r, struct reply *reply)
{
    (void)r;
    reply->no_store = true;
    pasar_buf_adds(&reply->body, "{\"status\":\"ok\"}");
}

/* {"status":…,"generation":…,"loaded_at":…,"rows":…,"products":…,"batches":…,"sources":[…],"error":null or why a newer
 * one is refused} */
void handle_readyz(struct request *r, struct reply *reply)
{
    struct api *api = r->api;
    const struct snapshot *s = r->snapshot;
    struct pasar_buf *buf = &reply->body;
    bool stopping = atomic_load(&api->stopping);
    char when[PASAR_CLOCK_TEXT_LEN + 1];
    reply->no_store = true;
    reply->status = s && !stopping ? 200 : 503;
    pasar_buf_printf(buf, "{\"status\":\"%s\"", stopping ? "stopping" : s ? "ready" : "not ready");
    if (s) {
        pasar_clock_format(s->loaded_at_us, when);
        pasar_buf_printf(buf, ",\"generation\":%s,\"loaded_at\":\"%s\",\"load_seconds\":", s->number, when);
        jsontext_add_rounded(buf, s->load_seconds, 3);
        pasar_buf_printf(buf, ",\"rows\":%llu,\"products\":%u,\"batches\":%zu", (unsigned long long)s->catalog.rows,
                         s->catalog.views[PASAR_MODELS - 1].count, s->generation.manifest.batch_count);
        pasar_buf_adds(buf, ",\"sources\":");
        lineage_add_sources(buf, &s->generation.manifest);
    } else {
        pasar_buf_adds(
            buf, ",\"generation\":null,\"loaded_at\":null,\"rows\":0,\"products\":0,\"batches\":0,\"sources\":[]");
        reply->retry_after_s = 1;
    }
    pthread_mutex_lock(&api->lock);
    pasar_buf_adds(buf, ",\"error\":");
    if (api->refused_reason[0])
        jsontext_add_string(buf, api->refused_reason, strlen(api->refused_reason));
    else if (s)
        pasar_buf_adds(buf, "null");
    else
        pasar_buf_adds(buf, "\"no generation is loaded yet\"");
    pthread_mutex_unlock(&api->lock);
    pasar_buf_addc(buf, '}');
}

void handle_metrics(struct request *r, struct reply *reply)
{
    reply->no_store = true;
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    pasar_metric_set(r->api->in_flight, (double)atomic_load(&r->api->busy));
    pasar_metrics_render(r->api->metrics, &reply->body);
}

void handle_openapi(struct request *r, struct reply *reply)
{
    reply->blob = &r->api->openapi;
}

void handle_page(struct request *r, struct reply *reply)
{
    const struct page_asset *asset = r->segment.len > 0 ? page_find(&r->api->page, r->segment.data, r->segment.len)
                                                        : page_find(&r->api->page, "index.html", 10);
    if (!asset) {
        reply_problem(reply, 404, "the home page has no such part");
        return;
    }
    reply->is_page = true;
    reply->blob = &asset->blob;
    reply->content_type = asset->content_type;
}
