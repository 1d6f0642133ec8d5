/* The assignment problem: which column goes to which row at least total cost. */
#ifndef TRAINER_ASSIGNMENT_H
#define TRAINER_ASSIGNMENT_H

#include <stddef.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

/*
 * Hungarian method (Kuhn 1955) by shortest augmenting paths (Jonker, Volgenant 1987): O(rows^2 x cols). `cost` is
 * rows x cols, row-major, finite, rows <= cols. column_of[row] = the column that row gets, each column at most once.
 * 0, or -1 with err when out of memory.
 */
int assignment_solve(const double *cost, size_t rows, size_t cols, size_t *column_of,
                     struct pasar_err *err) PASAR_MUSTCHECK;

#endif
