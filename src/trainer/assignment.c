/* Shortest augmenting paths with potentials. Index 0 of the arrays stands for "none", rows and columns count from 1. */
#include "trainer/assignment.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct paths {
    double *row_price, *col_price; /* dual variables */
    double *slack;                 /* per column: least reduced cost to the tree of this row */
    size_t *row_of;                /* per column: the row that has it */
    size_t *before;                /* per column: the column before it on the path */
    bool *in_tree;
};

static void paths_fini(struct paths *p)
{
    free(p->row_price);
    free(p->col_price);
    free(p->slack);
    free(p->row_of);
    free(p->before);
    free(p->in_tree);
}

static int paths_init(struct paths *p, size_t rows, size_t cols, struct pasar_err *err)
{
    p->row_price = calloc(rows + 1, sizeof *p->row_price);
    p->col_price = calloc(cols + 1, sizeof *p->col_price);
    p->slack = calloc(cols + 1, sizeof *p->slack);
    p->row_of = calloc(cols + 1, sizeof *p->row_of);
    p->before = calloc(cols + 1, sizeof *p->before);
    p->in_tree = calloc(cols + 1, sizeof *p->in_tree);
    if (p->row_price && p->col_price && p->slack && p->row_of && p->before && p->in_tree)
        return 0;
    paths_fini(p);
    return pasar_err_nomem(err, "assignment");
}

/* Grows the tree of row `row` until it reaches a free column, and turns the path to it around. */
static void augment(struct paths *p, const double *cost, size_t cols, size_t row)
{
    for (size_t j = 0; j <= cols; j++) {
        p->slack[j] = INFINITY;
        p->in_tree[j] = false;
    }
    p->row_of[0] = row;
    size_t at = 0;
    do {
        p->in_tree[at] = true;
        size_t i = p->row_of[at], next = 0;
        double least = INFINITY;
        for (size_t j = 1; j <= cols; j++) {
            if (p->in_tree[j])
                continue;
            double reduced = cost[(i - 1) * cols + j - 1] - p->row_price[i] - p->col_price[j];
            if (reduced < p->slack[j]) {
                p->slack[j] = reduced;
                p->before[j] = at;
            }
            if (p->slack[j] < least) {
                least = p->slack[j];
                next = j;
            }
        }
        for (size_t j = 0; j <= cols; j++) {
            if (p->in_tree[j]) {
                p->row_price[p->row_of[j]] += least;
                p->col_price[j] -= least;
            } else {
                p->slack[j] -= least;
            }
        }
        at = next;
    } while (p->row_of[at] != 0);
    while (at != 0) {
        size_t before = p->before[at];
        p->row_of[at] = p->row_of[before];
        at = before;
    }
}

int assignment_solve(const double *cost, size_t rows, size_t cols, size_t *column_of, struct pasar_err *err)
{
    assert(rows <= cols);
    struct paths p = {0};
    if (paths_init(&p, rows, cols, err) != 0)
        return -1;
    for (size_t row = 1; row <= rows; row++)
        augment(&p, cost, cols, row);
    for (size_t j = 1; j <= cols; j++)
        if (p.row_of[j] != 0)
            column_of[p.row_of[j] - 1] = j - 1;
    paths_fini(&p);
    return 0;
}
