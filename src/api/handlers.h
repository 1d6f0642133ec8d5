/* All handlers; each answers one route of the table. They run on the server's threads and only read. */
#ifndef PASAR_API_HANDLERS_H
#define PASAR_API_HANDLERS_H

#include "api/request.h"

/* Largest feature that a POST may bring: far above any price, and distances to it are still numbers. */
#define HANDLERS_FEATURE_MAX 1e15

/* handlers_categories.c */
void handle_categories(struct request *request, struct reply *reply);

/* handlers_products.c */
void handle_products(struct request *request, struct reply *reply);
void handle_product(struct request *request, struct reply *reply);
void handle_price(struct request *request, struct reply *reply);

/* handlers_prices.c */
void handle_prices(struct request *request, struct reply *reply);

/* handlers_similar.c */
void handle_similar(struct request *request, struct reply *reply);

/* handlers_models.c */
void handle_models(struct request *request, struct reply *reply);
void handle_model(struct request *request, struct reply *reply);
void handle_lineage(struct request *request, struct reply *reply);
void handle_clusters(struct request *request, struct reply *reply);
void handle_plot(struct request *request, struct reply *reply);

/* handlers_predict.c */
void handle_predict(struct request *request, struct reply *reply);
void handle_cluster_price_rating(struct request *request, struct reply *reply);
void handle_cluster_rating_count(struct request *request, struct reply *reply);
void handle_cluster_discount(struct request *request, struct reply *reply);

/* handlers_meta.c */
void handle_healthz(struct request *request, struct reply *reply);
void handle_readyz(struct request *request, struct reply *reply);
void handle_metrics(struct request *request, struct reply *reply);
void handle_openapi(struct request *request, struct reply *reply);
void handle_page(struct request *request, struct reply *reply);

#endif
