/* The look of columns: how large their values are, and which column only counts the rows (an id).
 * It is noted while the rows are read anyway. Only maxima are kept, so that the result is the same
 * on any number of ranks. */
#ifndef DT_DATA_COLUMN_STATS_H
#define DT_DATA_COLUMN_STATS_H

#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t n;      /* columns */
    int64_t rows;   /* noted; on this rank, and on all after dt_column_stats_sum */
    float *largest; /* [n] absolute value */
    int64_t *start; /* [n] value in row 0 of the file if the column counts on from it; else, or
                       where no row was noted, one of two marks */
} dt_column_stats;

/* Not collective. To be ended with dt_column_stats_free, also after an error. */
dt_code dt_column_stats_init(dt_column_stats *columns, int64_t n, dt_error *err);

/* Note rows [row, row + count) of the file. Not collective.
 *   x  [count,n] */
void dt_column_stats_add(dt_column_stats *columns, int64_t row, int64_t count, const float *x);

/* Afterwards each rank's are those of all rows that were noted on any. Collective. */
dt_code dt_column_stats_sum(const dt_world *world, dt_column_stats *columns, dt_error *err);

/* Whether the column is k, k + 1, k + 2, ... over so many rows that it is no accident. */
bool dt_column_stats_is_index(const dt_column_stats *columns, int64_t column);

/* Safe on one that is all zero. */
void dt_column_stats_free(dt_column_stats *columns);

#endif
