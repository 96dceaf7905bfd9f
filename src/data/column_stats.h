/* Statistics of the columns of x or y: how large their values are, and whether a column is an
 * index, which only counts the rows. They are taken while the rows are read anyway. Only maxima are
 * kept, so that the result is the same on any number of ranks. */
#ifndef DT_DATA_COLUMN_STATS_H
#define DT_DATA_COLUMN_STATS_H

#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t n;      /* columns */
    int64_t rows;   /* rows added: on this rank, or on all ranks after dt_column_stats_sum */
    float *largest; /* [n] the largest absolute value of each */
    int64_t
        *start; /* [n] the value in row 0 of the file that an index counts on from; else, or where
                       no row was added, one of two marks */
} dt_column_stats;

/* Not collective. To be ended with dt_column_stats_free, also after an error. */
dt_code dt_column_stats_init(dt_column_stats *columns, int64_t n, dt_error *err);

/* Add rows [row, row + count) of the file. Not collective.
 *   x  [count,n] */
void dt_column_stats_add(dt_column_stats *columns, int64_t row, int64_t count, const float *x);

/* Afterwards every rank has the statistics of the rows that all ranks added. Collective. */
dt_code dt_column_stats_sum(const dt_world *world, dt_column_stats *columns, dt_error *err);

/* Whether the column is an index: k, k + 1, k + 2, ... over too many rows for an accident. */
bool dt_column_stats_is_index(const dt_column_stats *columns, int64_t column);

/* Safe on one that is all zero. */
void dt_column_stats_free(dt_column_stats *columns);

#endif
