/* Samples as the engine takes them: where they lie one behind the other, or how to get them. The
 * engine's threads get their own rows themselves, so that rows from random places in memory are
 * waited for by all of them at once, and are in the cache of the one that computes with them. */
#ifndef DT_CORE_ROW_SOURCE_H
#define DT_CORE_ROW_SOURCE_H

#include <stdint.h>

typedef struct {
    const float *x; /* [rows,features], borrowed; NULL: they have to be fetched */
    const void *y;  /* [rows,outputs] float or [rows] int32_t labels; NULL: none are known */

    /* Copy rows [begin, begin + n). Called by several threads at a time, for different rows.
     *   x  [out] [n,features] rows stride values apart
     *   y  [out] [n,outputs] or [n] */
    void (*fetch)(const void *from, int64_t begin, int64_t n, float *x, int64_t stride, void *y);
    const void *from;

    int64_t first; /* number of the first row among the samples of the run, by which what is drawn
                      at random is told apart; the rows that follow have the next ones */
} dt_row_source;

#endif
