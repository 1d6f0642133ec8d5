/*
 * n rows x d columns of doubles in tiles of 16 rows; inside a tile each column is contiguous. So a kernel loads the
 * same column of 8 neighbouring rows as one vector, and the columns of a row are still close together in memory.
 */
#ifndef TRAINER_MATRIX_H
#define TRAINER_MATRIX_H

#include <stddef.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

enum {
    MATRIX_TILE = 16,        /* rows */
    MATRIX_MAX_COLS = 8,     /* kernels are built for each number of columns up to this */
    MATRIX_MIN_BLOCK = 128,  /* tiles: 2048 rows */
    MATRIX_MAX_BLOCKS = 256, /* bounds the memory of per-block sums */
};

struct matrix {
    size_t rows, cols;
    double *cells; /* 64-byte aligned; rows past the last are zero */
    size_t bytes;  /* of cells */
};

/* Room for `rows` x `cols` (1 .. MATRIX_MAX_COLS) values that the caller will write; padding is zero. 0, or -1 with
 * err. Free with matrix_fini. */
int matrix_init(struct matrix *m, size_t rows, size_t cols, struct pasar_err *err) PASAR_MUSTCHECK;
void matrix_fini(struct matrix *m);

/* Shrinks or regrows to `rows` (at most what matrix_init was given); cells of the last tile past them become zero. */
void matrix_set_rows(struct matrix *m, size_t rows);

/* Forgets all cells and gives their memory back until they are written again. */
void matrix_discard(struct matrix *m);

static inline size_t matrix_tiles(const struct matrix *m)
{
    return (m->rows + MATRIX_TILE - 1) / MATRIX_TILE;
}

static inline double *matrix_at(const struct matrix *m, size_t row, size_t col)
{
    return m->cells + ((row / MATRIX_TILE) * m->cols + col) * MATRIX_TILE + row % MATRIX_TILE;
}

/*
 * Tiles of one block of work, and how many blocks there are: a function of the number of rows alone, so that sums per
 * block, added in block order, are the same for any number of threads.
 */
size_t matrix_block_tiles(const struct matrix *m);
size_t matrix_blocks(const struct matrix *m);

#endif
