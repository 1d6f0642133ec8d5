/* The second half of loading a catalogue: sorting, per-model views, the ready-made category trees. */
#ifndef PASAR_API_CATALOG_ORDERS_H
#define PASAR_API_CATALOG_ORDERS_H

#include "api/catalog.h"

/* Called by catalog_finish once every row is in. 0 or -1 with err. */
int catalog_orders_build(struct catalog *catalog, struct pasar_err *err) PASAR_MUSTCHECK;

#endif
