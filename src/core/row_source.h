/* A row source gives the engine its samples. Either the rows are contiguous in memory, or a
 * callback copies them. The engine's threads call it themselves. So all threads wait for rows from
 * random places of memory at the same time, and each row is in the cache of the thread that
 * computes with it. Not collective. */
#ifndef DT_CORE_ROW_SOURCE_H
#define DT_CORE_ROW_SOURCE_H

#include <stdint.h>

typedef struct {
    const float *x; /* [rows,features], borrowed; NULL: the engine calls fetch */
    const void *y;  /* [rows,outputs] float or [rows] int32_t labels; NULL: unknown */

    /* Copy rows [begin, begin + n). Several threads call it at the same time, for different rows.
     *   x  [out] [n,features] rows are `stride` values apart
     *   y  [out] [n,outputs] or [n] */
    void (*fetch)(const void *from, int64_t begin, int64_t n, float *x, int64_t stride, void *y);
    const void *from; /* the first argument of fetch */

    /* The number of the first row among the samples of the run. The next rows have the next
     * numbers. Dropout depends on them. */
    int64_t first;
} dt_row_source;

#endif
