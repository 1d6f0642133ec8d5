/* The tiled matrix. */
#include "trainer/matrix.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LARGE_PAGE = 2 << 20, LARGE_MATRIX = 8 << 20 }; /* bytes */

int matrix_init(struct matrix *m, size_t rows, size_t cols, struct pasar_err *err)
{
    *m = (struct matrix){.rows = rows, .cols = cols};
    if (cols < 1 || cols > MATRIX_MAX_COLS)
        return pasar_err_set(err, PASAR_EBUG, "a matrix of %zu columns", cols);
    size_t tile_bytes = cols * MATRIX_TILE * sizeof *m->cells;
    size_t tiles = matrix_tiles(m) > 0 ? matrix_tiles(m) : 1;
    if (rows > SIZE_MAX - MATRIX_TILE || tiles > SIZE_MAX / 2 / tile_bytes)
        return pasar_err_nomem(err, "feature matrix");
    /* Large pages spare the kernels a tenth of their time; the advice may be ignored. */
    bool large = tiles > LARGE_MATRIX / tile_bytes;
    size_t unit = large ? LARGE_PAGE : 64;
    size_t bytes = (tiles * tile_bytes + unit - 1) / unit * unit;
    m->bytes = bytes;
    m->cells = aligned_alloc(unit, bytes);
    if (!m->cells)
        return pasar_err_nomem(err, "feature matrix");
    if (large)
        (void)madvise(m->cells, bytes, MADV_HUGEPAGE);
    /* Only the last tile has cells that nobody writes; untouched pages cost nothing until they are used. */
    memset(m->cells + (tiles - 1) * cols * MATRIX_TILE, 0, tile_bytes);
    return 0;
}

void matrix_fini(struct matrix *m)
{
    free(m->cells);
    *m = (struct matrix){0};
}

void matrix_discard(struct matrix *m)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)m->cells + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)m->cells + m->bytes) / page * page;
    if (begin < end)
        (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}

void matrix_set_rows(struct matrix *m, size_t rows)
{
    m->rows = rows;
    size_t end = matrix_tiles(m) * MATRIX_TILE;
    for (size_t row = rows; row < end; row++)
        for (size_t col = 0; col < m->cols; col++)
            *matrix_at(m, row, col) = 0;
}

size_t matrix_block_tiles(const struct matrix *m)
{
    size_t spread = (matrix_tiles(m) + MATRIX_MAX_BLOCKS - 1) / MATRIX_MAX_BLOCKS;
    return spread > MATRIX_MIN_BLOCK ? spread : MATRIX_MIN_BLOCK;
}

size_t matrix_blocks(const struct matrix *m)
{
    size_t per_block = matrix_block_tiles(m);
    return (matrix_tiles(m) + per_block - 1) / per_block;
}
