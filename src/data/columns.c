#include "data/columns.h"

#include "comm/comm.h"
#include "core/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_ROWS = 10 };                    /* fewer in sequence may be an accident */
static const int64_t NO_ROWS = INT64_MIN;    /* marks of dt_columns.start */
static const int64_t COUNTS_NOT = INT64_MAX; /* the same */
static const double LARGEST_WHOLE = 0x1p53;  /* whole numbers up to it are doubles */
static const double HALF_STEP = 0x1p-24;     /* relative; by which float32 rounds */

dt_code dt_columns_init(dt_columns *c, int64_t n, dt_error *err)
{
    *c = (dt_columns){.n = n};
    c->largest = dt_alloc(n, sizeof *c->largest, "the look of the columns", err);
    c->start = dt_alloc(n, sizeof *c->start, "the look of the columns", err);
    for (int64_t k = 0; k < n && !err->code; k++) {
        c->largest[k] = 0;
        c->start[k] = NO_ROWS;
    }
    return err->code;
}

static void note_largest(dt_columns *c, int64_t count, const float *x)
{
    float *largest = c->largest;
    for (int64_t i = 0; i < count; i++) {
        const float *row = x + i * c->n;
#pragma omp simd
        for (int64_t k = 0; k < c->n; k++) {
            float value = fabsf(row[k]);
            largest[k] = value > largest[k] ? value : largest[k];
        }
    }
}

/* The value in row 0, by that in this row, of a column that counts. */
static int64_t start_of(double value, int64_t row)
{
    bool whole = fabs(value) < LARGEST_WHOLE && value == floor(value);
    return whole ? (int64_t)value - row : COUNTS_NOT;
}

/* A column that does not count is mostly known by its second row. */
static void note_counting(dt_columns *c, int64_t row, int64_t count, const float *x)
{
    for (int64_t k = 0; k < c->n; k++) {
        if (c->start[k] == NO_ROWS)
            c->start[k] = start_of((double)x[k], row);
        for (int64_t i = 0; i < count && c->start[k] != COUNTS_NOT; i++) {
            double wanted = (double)(c->start[k] + row + i);
            if (!(fabs((double)x[i * c->n + k] - wanted) <= HALF_STEP * fabs(wanted)))
                c->start[k] = COUNTS_NOT;
        }
    }
}

void dt_columns_add(dt_columns *c, int64_t row, int64_t count, const float *x)
{
    if (count < 1)
        return;
    note_largest(c, count, x);
    note_counting(c, row, count, x);
    c->rows += count;
}

dt_code dt_columns_share(const dt_world *world, dt_columns *c, dt_error *err)
{
    int64_t *most = dt_alloc(3 * c->n, sizeof *most, "the look of the columns", err);
    if (dt_world_agree(world, err)) {
        free(most);
        return err->code;
    }
    int64_t *high = most + c->n, *low = high + c->n; /* of start; low is negated */
    for (int64_t k = 0; k < c->n; k++) {
        uint32_t bits; /* of floats from 0 on they have the order of the values */
        memcpy(&bits, &c->largest[k], sizeof bits);
        most[k] = bits;
        high[k] = c->start[k];
        low[k] = c->start[k] == COUNTS_NOT || c->start[k] == NO_ROWS ? c->start[k] : -c->start[k];
    }
    dt_max_int64(world, most, 3 * c->n);
    dt_sum_int64(world, &c->rows, 1);
    for (int64_t k = 0; k < c->n; k++) {
        uint32_t bits = (uint32_t)most[k];
        memcpy(&c->largest[k], &bits, sizeof bits);
        c->start[k] = high[k] == NO_ROWS || high[k] == -low[k] ? high[k] : COUNTS_NOT;
    }
    free(most);
    return DT_OK;
}

bool dt_columns_counts(const dt_columns *c, int64_t column)
{
    return c->rows >= LEAST_ROWS && c->start[column] != NO_ROWS && c->start[column] != COUNTS_NOT;
}

void dt_columns_free(dt_columns *c)
{
    free(c->largest);
    free(c->start);
    *c = (dt_columns){0};
}
