/* /openapi.json: OpenAPI 3.1, written from the route table, so that it cannot say anything else. */
#ifndef PASAR_API_OPENAPI_H
#define PASAR_API_OPENAPI_H

#include "api/router.h"

void openapi_write(struct pasar_buf *buf, const struct route *table, size_t count, uint32_t max_limit);

#endif
