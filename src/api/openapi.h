/* /openapi.json: OpenAPI 3.1, written from the route table, so that it cannot say anything else. */
#ifndef PASAR_API_OPENAPI_H
#define PASAR_API_OPENAPI_H

#include "api/router.h"
#include "pasar/record.h"

void openapi_write(struct pasar_buf *buf, const struct route *table, size_t count, uint32_t max_limit);

/* Parts of it: the named schemas; one object of features for a POST. is_open: others may be asked for, too. */
void openapi_add_schemas(struct pasar_buf *buf);
void openapi_add_features(struct pasar_buf *buf, const enum pasar_column *columns, size_t n, bool is_open);

#endif
