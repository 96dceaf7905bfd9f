/* Streaming: windows of a data set that does not fit into memory. An epoch is a sequence of windows
 * of shuffled blocks of rows, which a thread reads ahead. A block is a number of consecutive rows
 * of the file, in whole chunks, so that an epoch reads and unpacks each chunk once. Each rank reads
 * some blocks of each window. The division into windows and blocks depends on the data and on the
 * memory that one rank may use, never on the number of ranks. While the stream is open, every other
 * caller of HDF5 takes dt_h5_lock. */
#ifndef DT_DATA_STREAM_H
#define DT_DATA_STREAM_H

#include "core/team.h"
#include "data/dataset.h"

typedef struct {
    int64_t block_rows;    /* of the file */
    int64_t blocks;        /* in the file */
    int64_t window_blocks; /* in a window */
    int64_t windows;       /* in an epoch */
    int64_t span; /* rows of x of a block, at most, where its samples share them; 0: they do not */
} dt_stream_plan;

/* The bytes that a row takes while it is streamed, if it takes row_bytes in a window: there are two
 * windows, since one is consumed while the next is read. */
int64_t dt_stream_row_bytes(int64_t row_bytes);

/* DT_ERR_MEMORY if the chunks of two blocks do not fit. Not collective; the same on every rank. */
dt_code dt_stream_plan_make(dt_stream_plan *plan, const dt_dataset *dataset, dt_error *err);

/* The largest number of rows of a window: on all ranks together, and on one rank. */
int64_t dt_stream_window_rows(const dt_stream_plan *plan, const dt_dataset *dataset);
int64_t dt_stream_rank_rows(const dt_stream_plan *plan, int ranks);

typedef struct dt_stream dt_stream;

typedef struct {
    uint64_t seed;
    bool shuffle;
    const dt_team *team;     /* the reading uses its cores; NULL: it uses one thread */
    int64_t epoch, position; /* where to begin: the epoch, from 1, and a position in it */
} dt_stream_options;

/* Start to read, with the window of the position. The dataset is borrowed. Not collective. */
dt_code dt_stream_open(dt_stream **stream, const dt_world *world, const dt_dataset *dataset,
                       const dt_stream_plan *plan, const dt_stream_options *options, dt_error *err);

/* Wait for the next window and return it; after the last window of an epoch comes the first of the
 * next. There are two windows: the caller must release the oldest before it takes a third, or it
 * waits for ever. If a window could not be read, its rows are zeros: see dt_stream_check. */
const dt_window *dt_stream_take(dt_stream *stream);

/* Release the oldest window that was taken. */
void dt_stream_release(dt_stream *stream);

/* DT_OK, or the error of the reading. Costs little. */
dt_code dt_stream_check(dt_stream *stream, dt_error *err);

/* Takes NULL. */
void dt_stream_close(dt_stream *stream);

#endif
