#include "data/column_stats.h"

#include "comm/comm.h"
#include "core/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_ROWS = 10 };                    /* fewer in sequence may be an accident */
static const int64_t NO_ROWS = INT64_MIN;  /* marks of dt_column_stats.start */
static const int64_t NO_INDEX = INT64_MAX; /* the same */
static const double MAX_WHOLE = 0x1p53;    /* whole numbers up to it are doubles */
static const double HALF_STEP = 0x1p-24;   /* relative; by which float32 rounds */

dt_code dt_column_stats_init(dt_column_stats *c, int64_t n, dt_error *err)
{
    *c = (dt_column_stats){.n = n};
    c->largest = dt_alloc(n, sizeof *c->largest, "the look of the columns", err);
    c->start = dt_alloc(n, sizeof *c->start, "the look of the columns", err);
    for (int64_t k = 0; k < n && !err->code; k++) {
        c->largest[k] = 0;
        c->start[k] = NO_ROWS;
    }
    return err->code;
}

static void update_largest(dt_column_stats *c, int64_t count, const float *x)
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
    bool whole = fabs(value) < MAX_WHOLE && value == floor(value);
    return whole ? (int64_t)value - row : NO_INDEX;
}

/* A column that does not count is mostly known by its second row. */
static void update_start(dt_column_stats *c, int64_t row, int64_t count, const float *x)
{
    for (int64_t k = 0; k < c->n; k++) {
        if (c->start[k] == NO_ROWS)
            c->start[k] = start_of((double)x[k], row);
        for (int64_t i = 0; i < count && c->start[k] != NO_INDEX; i++) {
            double wanted = (double)(c->start[k] + row + i);
            if (!(fabs((double)x[i * c->n + k] - wanted) <= HALF_STEP * fabs(wanted)))
                c->start[k] = NO_INDEX;
        }
    }
}

void dt_column_stats_add(dt_column_stats *c, int64_t row, int64_t count, const float *x)
{
    if (count < 1)
        return;
    update_largest(c, count, x);
    update_start(c, row, count, x);
    c->rows += count;
}

dt_code dt_column_stats_sum(const dt_world *world, dt_column_stats *c, dt_error *err)
{
    int64_t *bits_and_starts =
        dt_alloc(3 * c->n, sizeof *bits_and_starts, "the look of the columns", err);
    if (dt_world_agree(world, err)) {
        free(bits_and_starts);
        return err->code;
    }
    int64_t *high = bits_and_starts + c->n, *low = high + c->n; /* of start; low is negated */
    for (int64_t k = 0; k < c->n; k++) {
        uint32_t bits; /* of floats from 0 on they have the order of the values */
        memcpy(&bits, &c->largest[k], sizeof bits);
        bits_and_starts[k] = bits;
        high[k] = c->start[k];
        low[k] = c->start[k] == NO_INDEX || c->start[k] == NO_ROWS ? c->start[k] : -c->start[k];
    }
    dt_max_int64(world, bits_and_starts, 3 * c->n);
    dt_sum_int64(world, &c->rows, 1);
    for (int64_t k = 0; k < c->n; k++) {
        uint32_t bits = (uint32_t)bits_and_starts[k];
        memcpy(&c->largest[k], &bits, sizeof bits);
        c->start[k] = high[k] == NO_ROWS || high[k] == -low[k] ? high[k] : NO_INDEX;
    }
    free(bits_and_starts);
    return DT_OK;
}

bool dt_column_stats_is_index(const dt_column_stats *c, int64_t column)
{
    return c->rows >= MIN_ROWS && c->start[column] != NO_ROWS && c->start[column] != NO_INDEX;
}

void dt_column_stats_free(dt_column_stats *c)
{
    free(c->largest);
    free(c->start);
    *c = (dt_column_stats){0};
}
