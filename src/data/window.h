/* A window: rows that are in memory at the same time, some on each rank, and shuffled together.
 * Data that fits into memory is one window; else an epoch is a sequence of windows. */
#ifndef DT_DATA_WINDOW_H
#define DT_DATA_WINDOW_H

#include "core/split.h"
#include <stdint.h>

/* Where the rows of a rank lie, one behind the other. */
typedef struct {
    const char *x, *y;
} dt_rows_of_rank;

/* A block of a streamed window whose samples share rows of x. */
typedef struct {
    int64_t at;     /* its first sample among those of the rank in the window */
    int64_t sample; /* the number of that sample among all that are trained on */
    int64_t row;    /* the row of the files that x of the block begins with */
} dt_window_block;

typedef struct {
    int64_t epoch;  /* counted from 1, if the window is streamed */
    int64_t index;  /* its number in the epoch, from 0 */
    int64_t first;  /* the position in the epoch of its first row */
    int64_t count;  /* its rows, on all ranks together */
    int64_t *begin; /* [ranks + 1] rank r has its rows [begin[r], begin[r + 1]); owned */
    void *x;        /* [own rows,features] uint8_t or float */
    void *y;        /* [own rows,outputs] float, or [own rows] int32_t labels */
    const dt_window_block *block; /* [blocks] of this rank, if samples of a block share rows; else
                                     NULL */
    int64_t blocks, block_bytes;  /* bytes from x of a block to x of the next */
    const dt_rows_of_rank *all;   /* [ranks] x and y of every rank, if this rank can read them; else
                                   NULL */
} dt_window;

/* The block that has a sample of this rank. */
static inline int64_t dt_window_find_block(const dt_window *w, int64_t at)
{
    int64_t low = 0, high = w->blocks; /* block[low].at <= at */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (w->block[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The rank that has a row of the window: the last whose rows begin at or before it. */
static inline int dt_window_owner(const dt_window *w, int ranks, int64_t row)
{
    int low = 0, high = ranks; /* begin[low] <= row < begin[high] */
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (w->begin[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

#endif
