/* The table itself. */
#include "api/handlers.h"
#include "api/router.h"

#define LIST (PARAM_BIT(PARAM_LIMIT) | PARAM_BIT(PARAM_OFFSET) | PARAM_BIT(PARAM_MODEL) | PARAM_ALL_MODELS)
#define FILTERS                                                                                                        \
    (PARAM_BIT(PARAM_SORT) | PARAM_BIT(PARAM_MIN_PRICE) | PARAM_BIT(PARAM_MAX_PRICE) | PARAM_BIT(PARAM_MIN_RATING) |   \
     PARAM_BIT(PARAM_CLUSTER))
#define STRICT PARAM_BIT(PARAM_STRICT)
#define MODEL  PARAM_BIT(PARAM_MODEL)

enum { LIST_LIMIT = 5, PLOT_LIMIT = 2000, PLOT_LIMIT_MAX = 20000 };

const struct route routes[] = {
    {"/api/categories", METHOD_GET, LIST | PARAM_BIT(PARAM_COUNTS), 0, 0, 0, true, handle_categories,
     "Main categories, each with its second level, sorted", "Categories"},
    {"/api/products", METHOD_GET, LIST | FILTERS | STRICT | PARAM_BIT(PARAM_CATEGORY), 0, LIST_LIMIT, 0, true,
     handle_products, "Products of a category, best rating first", "Products"},
    {"/api/products/{id}", METHOD_GET, MODEL, 0, 0, 0, true, handle_product, "One product", "Product"},
    {"/api/similar_products", METHOD_GET, LIST | STRICT | PARAM_BIT(PARAM_NAME) | PARAM_BIT(PARAM_PRODUCT_ID), 0,
     LIST_LIMIT, 0, true, handle_similar, "Products like some words or like another product, most similar first",
     "SimilarProducts"},
    {"/api/products_by_price", METHOD_GET, LIST | STRICT | PARAM_BIT(PARAM_TARGET_PRICE) | PARAM_BIT(PARAM_TOLERANCE),
     PARAM_BIT(PARAM_TARGET_PRICE), LIST_LIMIT, 0, true, handle_price, "Products around a price, best rating first",
     "Products"},
    {"/api/prices", METHOD_GET, MODEL | PARAM_BIT(PARAM_BINS), 0, 0, 0, true, handle_prices,
     "How many products lie at which prices, in stretches of a logarithmic scale", "Prices"},
    {"/api/models", METHOD_GET, 0, 0, 0, 0, true, handle_models, "The three models that are loaded", "Models"},
    {"/api/models/{n}", METHOD_GET, 0, 0, 0, 0, true, handle_model, "One model", "Model"},
    {"/api/models/{n}/lineage", METHOD_GET, PARAM_BIT(PARAM_PRODUCT_ID), PARAM_BIT(PARAM_PRODUCT_ID), 0, 0, true,
     handle_lineage, "Where a product in a model comes from: row, batch file, topic, partition, offsets", "Lineage"},
    {"/api/clusters", METHOD_GET, MODEL | PARAM_ALL_MODELS, 0, 0, 0, true, handle_clusters, "The clusters of a model",
     "Clusters"},
    {"/api/plot", METHOD_GET, MODEL | PARAM_BIT(PARAM_LIMIT), 0, PLOT_LIMIT, PLOT_LIMIT_MAX, true, handle_plot,
     "An even sample of the products as points, with the clusters' centres", "Plot"},
    {"/api/predict", METHOD_POST, MODEL, 0, 0, 0, true, handle_predict,
     "The model's cluster for each object of features", "Predictions"},
    {"/api/cluster_products_by_price_rating", METHOD_POST, 0, 0, 0, 0, true, handle_cluster_price_rating,
     "Clusters by discounted_price and rating", "Predictions"},
    {"/api/cluster_products_by_rating_count", METHOD_POST, 0, 0, 0, 0, true, handle_cluster_rating_count,
     "Clusters by rating and rating_count", "Predictions"},
    {"/api/cluster_products_by_discount", METHOD_POST, 0, 0, 0, 0, true, handle_cluster_discount,
     "Clusters by discount_percentage", "Predictions"},
    {"/healthz", METHOD_GET, 0, 0, 0, 0, false, handle_healthz, "200 while the process is alive", "Health"},
    {"/readyz", METHOD_GET, 0, 0, 0, 0, false, handle_readyz, "200 once a generation is loaded, 503 before", "Ready"},
    {"/metrics", METHOD_GET, 0, 0, 0, 0, false, handle_metrics, "Metrics in Prometheus' text format", NULL},
    {"/openapi.json", METHOD_GET, 0, 0, 0, 0, false, handle_openapi, "This description", NULL},
    {"/", METHOD_GET, 0, 0, 0, 0, false, handle_page, "The home page", NULL},
    {"/page/{name}", METHOD_GET, 0, 0, 0, 0, false, handle_page, "Parts of the home page", NULL},
};

const size_t route_count = PASAR_ARRAY_LEN(routes);
