/* Many matches: the set of them as bits, and the order of the first key, made at load, walked up to the page. */
#ifndef PASAR_API_SELECT_SET_H
#define PASAR_API_SELECT_SET_H

#include "api/selection.h"

/* 0, or -1 when memory ran out. */
int select_set(const struct selection *s, struct select_result *result) PASAR_MUSTCHECK;

#endif
