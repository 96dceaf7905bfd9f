/* A tile of C, some rows by one panel, stays in registers while k runs: the scheme of BLIS (Van
 * Zee and van de Geijn, "BLIS: A Framework for Rapidly Instantiating BLAS Functionality", 2015),
 * but that rows are used where they lie, and weights are packed once a step (weights.c). On one
 * core (AVX2) a layer of 784 by 512 reaches 91 GFlop/s forward at 128 rows, where oneDNN's sgemm,
 * which packs the weights in each call, has 88, and 89 for the gradient of the weight, where that
 * has 95; in integers by blocks of 32 rows, which is what it is for, 83. */
#include "engine/tile.h"

#include <math.h>
#include <string.h>

enum {
    ROWS = DT_PRODUCT_ROWS, /* of C at a time, while that part of A stays in the second cache */
    GATHER_FROM = 64,       /* columns of C: for fewer a copy of A does not pay */
    /* of k at a time, at max: a panel of so many fits the first cache; whole vectors */
    STEPS = DT_LANES > 8 ? 256 : DT_PRODUCT_STEPS
};
_Static_assert((int)STEPS <= (int)DT_PRODUCT_STEPS, "the caller's room holds all steps");

static inline __attribute__((always_inline)) void store_tile(int rows, int wide, const operands *o,
                                                             float *c, int64_t ldc, bool add)
{
    vector acc[TILE_ROWS][2];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < wide; v++)
            acc[i][v] = (vector){0};
    multiply(rows, wide, o, acc);
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < wide; v++) {
            float *to = c + i * ldc + v * DT_LANES;
            store(to, add ? load(to) + acc[i][v] : acc[i][v]);
        }
}

/* wide: vectors of a row, 1 or 2 */
static void store_rows(int64_t rows, int wide, const operands *o, float *c, int64_t ldc, bool add)
{
#define STORE(height) store_tile(height, 2, o, c, ldc, add)
#define STORE_HALF(height) store_tile(height, 1, o, c, ldc, add)
    if (wide > 1)
        EACH_HEIGHT(STORE)
    else
        EACH_HEIGHT(STORE_HALF)
}

/* Of very few a copy is less than a call for it. */
static inline void copy_some(float *to, const float *from, int64_t n)
{
    if (n > 4)
        memcpy(to, from, (size_t)n * sizeof *to);
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = from[i];
}

/* A tile of a panel that is not full goes through memory of its own. */
static void store_narrow(int64_t rows, int64_t columns, const operands *o, float *c, int64_t ldc,
                         bool add)
{
    float tile[TILE_ROWS * DT_PANEL] = {0};
    for (int64_t i = 0; i < rows && add; i++)
        copy_some(tile + i * DT_PANEL, c + i * ldc, columns);
    store_rows(rows, wide_for(columns), o, tile, DT_PANEL, add);
    for (int64_t i = 0; i < rows; i++)
        copy_some(c + i * ldc, tile + i * DT_PANEL, columns);
}

/* Ask for what the next tiles want: a part of the next panel of B, which comes from a cache farther
 * off, and the next tile of C. */
static void prefetch(const dt_product *p, int64_t panel, int64_t step, int64_t begin, int64_t end)
{
    const float *b = p->b + panel * p->b_panel + step * p->b_step;
    for (int64_t i = begin; i < end && panel * DT_PANEL < p->n; i++)
        __builtin_prefetch(b + i * p->b_step);
}

static void prefetch_tile(const float *c, int64_t ldc)
{
    for (int64_t r = 0; r < TILE_ROWS; r++)
        __builtin_prefetch(c + r * ldc, 1);
}

static void gather_row(const float *from, int64_t apart, int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = from[i * apart];
}

/* Rows of a tile, multiplied. */
static void gather_scaled(const float *from, int64_t apart, int64_t n, const float *row, float *to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = from[i * apart] * row[i];
}

static void gather_whole(const float *from, const float *row, float *to)
{
    for (int64_t i = 0; i < TILE_ROWS; i++)
        to[i] = from[i] * row[i];
}

/* A, where its rows lie across memory, copied tile by tile: as each is read.
 *   row  [m] factors; NULL: 1 */
static void gather_rows(const dt_product *p, int64_t begin, int64_t end, int64_t step,
                        int64_t steps, const float *row, float *restrict to)
{
    for (int64_t i = begin, rows; i < end; i += rows) {
        const float *from = p->a + i * p->a_row + step * p->a_step;
        rows = choose_rows(end - i);
        bool whole = rows == TILE_ROWS && p->a_row == 1; /* a copy of known size is no call */
        for (int64_t k = 0; k < steps; k++, from += p->a_step, to += rows)
            if (whole && row)
                gather_whole(from, row + i, to);
            else if (whole)
                memcpy(to, from, TILE_ROWS * sizeof *to);
            else if (row)
                gather_scaled(from, p->a_row, rows, row + i, to);
            else
                gather_row(from, p->a_row, rows, to);
    }
}

void dt_product_gather(const dt_product *p, const float *row, float *to)
{
    gather_rows(p, 0, p->m, 0, p->k, row, to);
}

void dt_product_gather_some(const dt_product *p, const int64_t *which, float *to)
{
    for (int64_t i = 0, rows; i < p->m; i += rows) {
        const float *from = p->a;
        rows = choose_rows(p->m - i);
        for (int64_t k = 0; k < p->k; k++, from += p->a_step, to += rows)
            for (int64_t r = 0; r < rows; r++)
                to[r] = from[which[i + r] * p->a_row];
    }
}

/* Rows [begin, end) of C, over some steps of k. */
static void store_part(const dt_product *p, int64_t begin, int64_t end, int64_t step, int64_t steps,
                       float *c, int64_t ldc, bool add)
{
    int64_t tiles = (end - begin + TILE_ROWS - 1) / TILE_ROWS;
    float *gathered = p->scratch;
    bool gathers = gathered && p->a_row == 1 && p->a_step != 1 && p->n > GATHER_FROM;
    if (gathers)
        gather_rows(p, begin, end, step, steps, NULL, gathered);
    for (int64_t j = 0; j < p->n; j += DT_PANEL) {
        int64_t columns = dt_min(p->n - j, DT_PANEL), rows, tile = 0;
        for (int64_t i = begin; i < end; i += rows, tile++) {
            operands o = part_of(p, i, j / DT_PANEL, step, steps);
            rows = choose_rows(end - i);
            if (gathers) {
                o.a = gathered + (i - begin) * steps;
                o.a_step = rows;
            }
            prefetch(p, j / DT_PANEL + 1, step, steps * tile / tiles, steps * (tile + 1) / tiles);
            prefetch_tile(c + (i + rows) * ldc + j, ldc);
            if (columns == DT_PANEL)
                store_rows(rows, 2, &o, c + i * ldc + j, ldc, add);
            else
                store_narrow(rows, columns, &o, c + i * ldc + j, ldc, add);
        }
    }
}

float dt_product_sum(const float *values, int64_t n)
{
    return sum_values(values, n);
}

/* The end of a row that is no whole vector; zeros follow. */
static inline vector load_some(const float *from, int64_t n)
{
    float some[DT_LANES] = {0};
    for (int64_t i = 0; i < n; i++)
        some[i] = from[i];
    return load(some);
}

/* Of one column: a tile of a panel would compute all others as well.
 *   b       [k, to the end of its last vector] with zeros there
 *   padded  rows of A can be read as far, and are numbers there */
static inline __attribute__((always_inline)) void
store_column(const dt_product *p, const float *b, bool padded, float *c, int64_t ldc, bool add)
{
    int64_t whole = padded ? p->k : p->k / DT_LANES * DT_LANES;
    for (int64_t i = 0; i < p->m; i++) {
        const float *a = p->a + i * p->a_row;
        vector sum = {0};
        for (int64_t k = 0; k < whole; k += DT_LANES)
            sum += load(a + k) * load(b + k);
        if (whole < p->k)
            sum += load_some(a + whole, p->k - whole) * load(b + whole);
        c[i * ldc] = (add ? c[i * ldc] : 0) + sum_lanes(sum);
    }
}

/* In parts of k, for which there is room. */
static void store_columns(const dt_product *p, float *c, int64_t ldc, bool add)
{
    _Alignas(64) float b[STEPS];
    bool padded = p->a_row >= dt_panels_round(p->k);
    for (int64_t step = 0; step < p->k; step += STEPS) {
        dt_product part = *p;
        part.k = dt_min(p->k - step, STEPS);
        part.a += step;
        for (int64_t k = 0; k < STEPS && k < part.k + DT_LANES; k++)
            b[k] = k < part.k ? p->b[(step + k) * p->b_step] : 0;
        if (padded)
            store_column(&part, b, true, c, ldc, add || step > 0);
        else
            store_column(&part, b, false, c, ldc, add || step > 0);
    }
}

void dt_product_store(const dt_product *p, float *c, int64_t ldc, bool add)
{
    if (p->n == 1 && p->a_step == 1) {
        store_columns(p, c, ldc, add);
        return;
    }
    int64_t parts = (p->k + STEPS - 1) / STEPS;
    for (int64_t part = 0; part < parts; part++) {
        int64_t step = p->k * part / parts, steps = p->k * (part + 1) / parts - step;
        for (int64_t i = 0; i < p->m; i += ROWS)
            store_part(p, i, dt_min(p->m, i + ROWS), step, steps, c, ldc, add || part > 0);
    }
}

/* max[i] becomes |v[i]| times the factor, where that is larger; NaN stays. */
static void raise_max(int64_t n, const float *v, float factor, float *max)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float size = fabsf(v[i]) * factor;
        max[i] = ((size > max[i]) | (size != size)) ? size : max[i];
    }
}

static void raise_row(const float *lanes, float *max)
{
    for (int i = 0; i < DT_PANEL; i++)
        if (lanes[i] > *max || isnan(lanes[i]))
            *max = lanes[i];
}

void dt_product_measure(const dt_product *p, const float *row, float *row_max, float *column_max)
{
    float tile[TILE_ROWS * DT_PANEL];
    for (int64_t i = 0, rows; i < p->m; i += rows) {
        float lanes[TILE_ROWS][DT_PANEL] = {{0}};
        rows = choose_rows(p->m - i);
        for (int64_t j = 0; j < p->n; j += DT_PANEL) {
            int64_t columns = dt_min(p->n - j, DT_PANEL);
            operands o = part_of(p, i, j / DT_PANEL, 0, p->k);
            store_rows(rows, 2, &o, tile, DT_PANEL, false);
            for (int64_t t = 0; t < rows; t++) {
                if (row_max)
                    raise_max(columns, tile + t * DT_PANEL, 1, lanes[t]);
                if (column_max)
                    raise_max(columns, tile + t * DT_PANEL, row[i + t], column_max + j);
            }
        }
        for (int64_t t = 0; t < rows && row_max; t++)
            raise_row(lanes[t], &row_max[i + t]);
    }
}
